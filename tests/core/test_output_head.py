"""A narrowed head gives the columns of the whole one, and their gradients."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from peft import LoraConfig, get_peft_model
from torch import nn

from piispan.core import ModelError
from piispan.core.output_head import narrowed_head
from tests.tiny import tiny_gemma3, tiny_llama

IDS = torch.tensor([[1, 2, 3, 4]])
TOKENS = torch.tensor([258, 3, 259, 77])


def _tied(tied: bool) -> nn.Module:
    model = tiny_llama()
    if tied:
        model.config.tie_word_embeddings = True
        model.lm_head.weight = model.model.embed_tokens.weight
    return model


def _with_trained_tokens(rows: list[int] | dict[str, list[int]], *, tied: bool = False) -> nn.Module:
    adapted = get_peft_model(_tied(tied), LoraConfig(target_modules=["q_proj"], trainable_token_indices=rows))
    for parameter in adapted.parameters():
        if parameter.requires_grad:
            nn.init.normal_(parameter)
    return adapted


def _with_bias() -> nn.Module:
    model = tiny_llama()
    model.lm_head.bias = nn.Parameter(torch.randn(260, dtype=torch.float64))
    return model


def _with_lora_head() -> nn.Module:
    return get_peft_model(tiny_llama(), LoraConfig(target_modules=["lm_head"], init_lora_weights=False))


MODELS = {
    "plain": tiny_llama,
    "capped": tiny_gemma3,
    "bias": _with_bias,
    "lora": _with_lora_head,
    "trained tokens, tied": lambda: _with_trained_tokens([258, 259], tied=True),
    "trained tokens, apart": lambda: _with_trained_tokens({"embed_tokens": [258, 259], "lm_head": [258, 259]}),
}


@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
def test_its_logits_and_gradients_are_those_of_the_whole_head(make) -> None:
    model = make()
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    weights = torch.randn(1, 4, 4, dtype=torch.float64)
    whole = model(input_ids=IDS).logits[..., TOKENS]
    with narrowed_head(model, TOKENS):
        narrow = model(input_ids=IDS).logits
    torch.testing.assert_close(narrow, whole)
    for ours, right in zip(*(torch.autograd.grad(out, trained, weights, allow_unused=True) for out in (narrow, whole)), strict=True):
        torch.testing.assert_close(ours, right)
    assert model(input_ids=IDS).logits.shape == (1, 4, model.config.vocab_size)


def test_a_disabled_adapter_stays_disabled() -> None:
    model = _with_trained_tokens([258, 259], tied=True)
    with model.disable_adapter(), narrowed_head(model, TOKENS):
        narrow = model(input_ids=IDS).logits
    with model.disable_adapter():
        torch.testing.assert_close(narrow, model(input_ids=IDS).logits[..., TOKENS])


def test_a_merged_adapter_that_is_disabled_stays_disabled() -> None:
    model = _with_trained_tokens([258, 259], tied=True)
    model.merge_adapter()
    with model.disable_adapter(), narrowed_head(model, TOKENS):
        narrow = model(input_ids=IDS).logits
    with model.disable_adapter():
        torch.testing.assert_close(narrow, model(input_ids=IDS).logits[..., TOKENS])


def test_a_head_that_others_patched_keeps_their_patch() -> None:
    model = tiny_llama()
    whole = model(input_ids=IDS).logits[..., TOKENS]
    patched = model.lm_head.forward
    model.lm_head.forward = lambda hidden: 2 * patched(hidden)
    with narrowed_head(model, TOKENS):
        torch.testing.assert_close(model(input_ids=IDS).logits, 2 * whole)
    torch.testing.assert_close(model(input_ids=IDS).logits[..., TOKENS], 2 * whole)


def test_threads_do_not_mix_up_their_tokens() -> None:
    model = tiny_llama()
    expected = model(input_ids=IDS).logits

    def narrow(first: int) -> bool:
        tokens = torch.arange(first, first + 4)
        with narrowed_head(model, tokens):
            return model(input_ids=IDS).logits.allclose(expected[..., tokens])

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(narrow, range(200)))


def test_an_error_leaves_the_head_as_it_was() -> None:
    model = tiny_llama()
    with pytest.raises(RuntimeError, match="in the middle"), narrowed_head(model, TOKENS):
        raise RuntimeError("in the middle")
    assert model(input_ids=IDS).logits.shape == (1, 4, 260)


def test_a_model_without_a_head_is_refused() -> None:
    with pytest.raises(ModelError, match="LlamaModel has no output head"), narrowed_head(tiny_llama().model, TOKENS):
        pass
