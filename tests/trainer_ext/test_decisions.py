"""Loss on decisions: the same as a masked softmax over the whole vocabulary, row by row, and shared over prefixes."""

from pathlib import Path

import pytest
import torch
from peft import PeftModel, get_peft_model
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from piispan.core import FormatError, TagTokens
from piispan.core.segments import TagGrammar, add_tag_tokens
from piispan.trainer_ext import (
    IGNORED,
    PiiSFTConfig,
    PiiSFTTrainer,
    PrefixSharingCollator,
    TokenRow,
    labelled_scores,
    lora_preset,
    prepare,
    token_row,
    use_shared_prefix_attention,
)
from tests.tiny import tiny_llama, tiny_tokenizer
from tests.trainer_ext.examples import DOCUMENTS, LABELS, plain_prompt


def made(tag_tokens: TagTokens) -> tuple[PreTrainedModel, PreTrainedTokenizerBase, list[TokenRow], list[int] | None]:
    model, tokenizer = tiny_llama(), tiny_tokenizer()
    added = add_tag_tokens(model, tokenizer, LABELS) if tag_tokens == "special" else None
    grammar = TagGrammar(tokenizer, LABELS, tag_tokens=tag_tokens)
    return model, tokenizer, prepare(DOCUMENTS, plain_prompt(), tokenizer, grammar=grammar, loss="decisions").rows, added


def masked_softmax_loss(model: PreTrainedModel, rows: list[TokenRow]) -> torch.Tensor:
    """Each row alone: all logits but those allowed at minus infinity."""
    total, count = torch.zeros((), dtype=torch.float64), 0
    for row in rows:
        logits = model(input_ids=torch.tensor([row["input_ids"]])).logits[0]
        choices = iter(row["choices"])
        for place, label in enumerate(row["labels"]):
            if label == IGNORED:
                continue
            mask = torch.full_like(logits[0], float("-inf"))
            mask[next(choices)] = 0
            total = total - (logits[place - 1] + mask).log_softmax(0)[label]
            count += 1
    return total / count


@pytest.mark.parametrize("tag_tokens", ["text", "special"])
def test_loss_and_gradients_are_those_of_a_masked_softmax(tag_tokens: TagTokens) -> None:
    model, tokenizer, rows, added = made(tag_tokens)
    adapted = get_peft_model(model, lora_preset(rank=4, tag_tokens=added))
    for name, parameter in adapted.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter)
    trained = {name: parameter for name, parameter in adapted.named_parameters() if parameter.requires_grad}
    assert (added is not None) == any("trainable_tokens" in name for name in trained)
    expected = masked_softmax_loss(adapted, rows)
    wanted = torch.autograd.grad(expected, list(trained.values()))
    use_shared_prefix_attention(model)
    scores, targets, _ = labelled_scores(adapted, dict(PrefixSharingCollator(tokenizer.pad_token_id)(rows)))
    loss = torch.nn.functional.cross_entropy(scores, targets)
    assert loss.item() == pytest.approx(expected.item(), rel=1e-6)
    for name, got, right in zip(trained, torch.autograd.grad(loss, list(trained.values())), wanted, strict=True):
        assert (got - right).norm() <= 1e-5 * right.norm(), name  # scores are float32


def test_forced_tokens_bear_no_loss() -> None:
    _, tokenizer, rows, _ = made("text")
    answers = prepare(DOCUMENTS, plain_prompt(), tokenizer, grammar=TagGrammar(tokenizer, LABELS)).rows
    for row, answer in zip(rows, answers, strict=True):
        assert row["input_ids"] == answer["input_ids"]
        chosen = [label for label in row["labels"] if label != IGNORED]
        assert len(chosen) == len(row["choices"]) < sum(label != IGNORED for label in answer["labels"])
        assert all(label in choice and len(choice) > 1 for label, choice in zip(chosen, row["choices"], strict=True))
        assert row["labels"][-1] == IGNORED  # the end of the turn is forced


def test_decisions_need_segments() -> None:
    with pytest.raises(FormatError, match="segments"):
        token_row(DOCUMENTS[0], plain_prompt(), tiny_tokenizer(), loss="decisions")


@pytest.mark.parametrize("tag_tokens", ["text", "special"])
def test_training_learns_the_decisions_and_an_adapter_brings_its_tag_tokens(tag_tokens: TagTokens, tmp_path: Path) -> None:
    model, tokenizer, rows, added = made(tag_tokens)
    _enlarge(model)
    config = PiiSFTConfig(tmp_path / "run", max_steps=40, logging_steps=1, per_device_train_batch_size=4, learning_rate=5e-2, use_cpu=True)
    trainer = PiiSFTTrainer(model, config, rows, processing_class=tokenizer, peft_config=lora_preset(rank=4, tag_tokens=added))
    losses = []
    trainer.add_callback(_Losses(losses))
    trainer.train()
    assert losses[-1] < losses[0] / 2
    trainer.model.save_pretrained(tmp_path / "adapter", save_embedding_layers=False)
    base, fresh = tiny_llama(), tiny_tokenizer()
    if tag_tokens == "special":
        add_tag_tokens(base, fresh, LABELS)
    _enlarge(base)
    loaded = PeftModel.from_pretrained(base, tmp_path / "adapter").eval()
    batch = torch.tensor([rows[0]["input_ids"]])
    trained = trainer.model.eval()
    assert torch.allclose(loaded(input_ids=batch).logits, trained(input_ids=batch).logits)
    assert fresh.get_vocab() == tokenizer.get_vocab()


def _enlarge(model: PreTrainedModel) -> None:
    """Random weights are too small for an adapter to make much of them."""
    model.get_output_embeddings().weight.data.mul_(20)


def _Losses(losses: list[float]):
    from transformers import TrainerCallback

    class Losses(TrainerCallback):
        def on_log(self, args, state, control, logs=None, **kwargs):
            losses.extend([logs["loss"]] if "loss" in logs else [])

    return Losses()


def test_added_tokens_begin_as_what_they_mean() -> None:
    model, tokenizer = tiny_llama(), tiny_tokenizer()
    before = model.get_input_embeddings().weight.detach().clone()
    ids = add_tag_tokens(model, tokenizer, LABELS)
    spelt = tokenizer.encode("<PERSON>", add_special_tokens=False)
    assert spelt == [ids[0]]
    letters = [tiny_tokenizer().encode(letter, add_special_tokens=False)[0] for letter in "<PERSON>"]
    assert torch.allclose(model.get_input_embeddings().weight[ids[0]], before[letters].mean(0))
    assert add_tag_tokens(model, tokenizer, LABELS) == ids  # once is enough
