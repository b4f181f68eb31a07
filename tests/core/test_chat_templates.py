"""The rows under the chat templates of the models people train: one BOS, one end of turn behind the answer, no thinking, no date."""

from datetime import date
from importlib.resources import files

import pytest
from tokenizers import AddedToken

from piispan.core import LabelSet, encode_chat, get_format, make_prompt
from piispan.core.chat import TEMPLATE_OPTIONS
from piispan.dataset_builder import synthesise
from piispan.trainer_ext import IGNORED, chat_row
from tests.tiny import tiny_tokenizer
from tests.vocabularies import mistral, smollm2

LABELS = LabelSet.load("presidio")
STYLES = ("plain", "few_shot", "dialogue")
DOCUMENTS = [document for document in synthesise(12, seed=6) if document.spans][:6]
SPECIAL = {
    "llama3": ("<|begin_of_text|>", "<|eot_id|>"),
    "llama3_1": ("<|begin_of_text|>", "<|eot_id|>"),
    "llama3_2": ("<|begin_of_text|>", "<|eot_id|>"),
    "qwen2_5": (None, "<|im_end|>"),
    "qwen3": (None, "<|im_end|>"),
    "qwen3_instruct_2507": (None, "<|im_end|>"),
    "gemma": ("<bos>", "<end_of_turn>"),
    "gemma3": ("<bos>", "<end_of_turn>"),
    "phi3": (None, "<|end|>"),
    "phi3_5": (None, "<|end|>"),
}
"""The token that a template begins with, if it writes one, and the one that ends a turn."""
THINKING = ("<think>", "</think>")


def tokenizer_of(name):
    """A tokenizer with the special tokens of a template; real ones for the vocabularies at hand."""
    if name in ("mistral", "smollm2"):
        return {"mistral": mistral, "smollm2": smollm2}[name](), *{"mistral": ("<s>", "</s>"), "smollm2": (None, "<|im_end|>")}[name]
    tokenizer, (first, last) = tiny_tokenizer(), SPECIAL[name]
    turns = ("<|start_header_id|>", "<|end_header_id|>", "<|im_start|>", "<start_of_turn>", "<|user|>", "<|assistant|>")
    tokens = [AddedToken(token, special=True, normalized=False) for token in (first, last, *turns, *THINKING) if token]
    tokenizer.add_tokens(tokens, special_tokens=True)
    tokenizer.bos_token = first or last
    # Phi 3 writes its end of text behind a conversation, which is another token than the end of a turn.
    tokenizer.eos_token = "<|endoftext|>" if name.startswith("phi") else last
    tokenizer.chat_template = files("trl").joinpath(f"chat_templates/{name}.jinja").read_text("utf-8")
    return tokenizer, first, last


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("name", [*SPECIAL, "mistral", "smollm2"])
def test_rows_are_as_the_models_makers_meant_them(name, style):
    tokenizer, first, last = tokenizer_of(name)
    prompt = make_prompt(style, LABELS, get_format("tagged"))
    end = tokenizer.convert_tokens_to_ids(last)
    for document in DOCUMENTS:
        example = prompt.row(document)
        messages = [*example["prompt"], *example["completion"]]
        assert [message["role"] for message in messages] == ["user", "assistant"] * (len(messages) // 2)
        row = chat_row(example, tokenizer)
        ids, bearing = row["input_ids"], [label for label in row["labels"] if label != IGNORED]
        if first:
            assert ids.count(tokenizer.convert_tokens_to_ids(first)) == 1
            assert ids[0] == tokenizer.convert_tokens_to_ids(first)
        assert bearing.count(end) == 1
        answer, closing = bearing[: bearing.index(end)], bearing[bearing.index(end) :]
        said = tokenizer.decode(answer).strip().removeprefix("]")  # "]<" is one token of Mistral's
        assert said == prompt.format.render(document).strip()
        assert tokenizer.decode(closing[1:]).strip() in {"", tokenizer.eos_token}
        assert not {tokenizer.convert_tokens_to_ids(mark) for mark in THINKING if mark in tokenizer.get_vocab()} & set(bearing)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("name", [*SPECIAL, "mistral", "smollm2"])
def test_rendered_text_and_rendered_tokens_agree(name, style):
    tokenizer, _, _ = tokenizer_of(name)
    prompt = make_prompt(style, LABELS, get_format("tagged"))
    for document in DOCUMENTS:
        example = prompt.row(document)
        messages = [*example["prompt"], *example["completion"]]
        text = tokenizer.apply_chat_template(messages, tokenize=False, **TEMPLATE_OPTIONS)
        assert tokenizer(text, add_special_tokens=False)["input_ids"] == encode_chat(tokenizer, messages, add_generation_prompt=False)
    frame = tokenizer.apply_chat_template(prompt.messages(""), tokenize=False, **TEMPLATE_OPTIONS)
    assert not any(date.today().strftime(form) in frame for form in ("%d %b %Y", "%Y-%m-%d", "%d %B %Y", "%B %d, %Y"))


def test_a_template_would_write_todays_date_if_it_were_not_told_otherwise():
    tokenizer, _, _ = tokenizer_of("llama3_2")
    messages = make_prompt("plain", LABELS, get_format("tagged")).messages("")
    assert date.today().strftime("%d %b %Y") in tokenizer.apply_chat_template(messages, tokenize=False)
