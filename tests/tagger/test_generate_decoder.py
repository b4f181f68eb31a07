"""Plain generation with the shared prefix equals plain generation of each text alone."""

import pytest
import torch
from transformers import GenerationConfig

from piispan.core import Document, LabelSet, TooLongError, encode_chat, get_format, make_prompt
from piispan.tagger import GenerateDecoder, Tagger
from tests.tiny import tiny_llama, tiny_tokenizer

LABELS = LabelSet.load("presidio").subset(["PERSON", "AGE"])
TEXTS = ["Ada is 36", "", "x", "Grace Hopper, aged 85, spoke to Ada.", "日本"]


@pytest.mark.parametrize("batch_size", [1, 2, 5])
def test_shared_prefix_gives_the_answers_of_single_texts(batch_size: int) -> None:
    model, tokenizer = tiny_llama(), tiny_tokenizer()
    prompt = make_prompt("plain", LABELS, get_format("tagged"))
    decoder = GenerateDecoder(model, tokenizer, prompt, batch_size=batch_size)
    for text, decoded in zip(TEXTS, decoder.decode(TEXTS), strict=True):
        asked = torch.tensor([encode_chat(tokenizer, prompt.messages(text), add_generation_prompt=True)])
        config = GenerationConfig(max_new_tokens=decoded.output_tokens, do_sample=False, eos_token_id=257, pad_token_id=257)
        alone = model.generate(asked, attention_mask=torch.ones_like(asked), generation_config=config)[0, asked.shape[1] :].tolist()
        ended = [token for token in alone if token != 257]
        assert decoded.output == tokenizer.decode(ended)


def test_progress_counts_every_text_and_order_is_kept() -> None:
    model, tokenizer = tiny_llama(), tiny_tokenizer()
    prompt = make_prompt("plain", LABELS, get_format("bio"))
    seen: list[int] = []
    documents = [Document(str(i), text) for i, text in enumerate(TEXTS)]
    tagger = Tagger(GenerateDecoder(model, tokenizer, prompt, batch_size=2), prompt)
    predictions = tagger.predict(documents, progress=seen.append)
    assert sum(seen) == len(TEXTS)
    assert [p.id for p in predictions] == [d.id for d in documents]
    assert all(p.seconds > 0 and p.output_tokens and p.passes >= p.output_tokens for p in predictions)


def test_nothing_to_decode() -> None:
    prompt = make_prompt("plain", LABELS, get_format("tagged"))
    assert GenerateDecoder(tiny_llama(), tiny_tokenizer(), prompt).decode([]) == []


def test_a_text_too_long_for_the_context_is_refused_by_number_and_without_its_text() -> None:
    prompt = make_prompt("plain", LABELS, get_format("tagged"))
    decoder = GenerateDecoder(tiny_llama(context=2000), tiny_tokenizer(), prompt)
    with pytest.raises(TooLongError, match="text 1: ") as error:
        decoder.decode(["short", "Zebedee " * 400])
    assert "Zebedee" not in str(error.value)


def test_batch_size_must_be_positive() -> None:
    prompt = make_prompt("plain", LABELS, get_format("tagged"))
    with pytest.raises(ValueError, match="at least 1, was: 0"):
        GenerateDecoder(tiny_llama(), tiny_tokenizer(), prompt, batch_size=0)
