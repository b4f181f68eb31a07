"""Conversations encoded together have the ids that each has alone, with every vocabulary and every template."""

from importlib.resources import files

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from piispan.core import Document, LabelSet, encode_chat, encode_chats, get_format, make_prompt
from piispan.dataset_builder import synthesise
from tests.tiny import tiny_tokenizer
from tests.vocabularies import NAMES, by_name

LABELS = LabelSet.load("presidio")
STYLES = ("plain", "few_shot", "dialogue")
HOSTILE = ("", " ", "\n\n", " Ada ", "<|im_end|>", "<s>Ada</s>", "x[/INST]y", "é́\u200d", "a\ue000b\uf8ffc", "<PERSON>", "Text:\n", "\t0")
TEXTS = [document.text for document in synthesise(20, seed=4)]
TEMPLATES = {
    file.name.removesuffix(".jinja"): file.read_text("utf-8")
    for file in files("trl").joinpath("chat_templates").iterdir()
    if file.name.endswith(".jinja") and not file.name.startswith("llava_next")
}


def conversations(style, texts):
    prompt = make_prompt(style, LABELS, get_format("tagged"))
    rows = [prompt.row(Document("x", text)) for text in texts]
    return [[*row["prompt"], *row["completion"]] for row in rows]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("asking", [False, True])
def test_ids_are_those_of_each_alone(name, style, asking):
    tokenizer = by_name(name)
    chats = [chat[: -1 if asking else None] for chat in conversations(style, [*TEXTS, *HOSTILE, *TEXTS])]
    assert encode_chats(tokenizer, chats, add_generation_prompt=asking) == [
        encode_chat(tokenizer, chat, add_generation_prompt=asking) for chat in chats
    ]


@pytest.mark.parametrize("template", sorted(TEMPLATES))
def test_ids_are_those_of_each_alone_under_every_template_of_trl(template):
    tokenizer = tiny_tokenizer()
    tokenizer.chat_template = TEMPLATES[template]
    chats = conversations("few_shot", [*TEXTS[:6], *HOSTILE[1:]])  # a template of images takes no empty answer
    assert encode_chats(tokenizer, chats, add_generation_prompt=False) == [
        encode_chat(tokenizer, chat, add_generation_prompt=False) for chat in chats
    ]


@given(st.lists(st.one_of(st.text(max_size=12), st.sampled_from(HOSTILE)), max_size=6), st.sampled_from(NAMES))
@settings(max_examples=60)
def test_any_texts(texts, name):
    texts = [text.encode("utf-8", "ignore").decode() for text in texts]
    tokenizer, chats = by_name(name), conversations("dialogue", texts)
    assert encode_chats(tokenizer, chats, add_generation_prompt=False) == [
        encode_chat(tokenizer, chat, add_generation_prompt=False) for chat in chats
    ]


class Counting:
    """A tokenizer that counts the characters it is given."""

    def __init__(self, tokenizer):
        self.tokenizer, self.characters = tokenizer, 0
        self.chat_template = tokenizer.chat_template
        self.added_tokens_decoder = tokenizer.added_tokens_decoder

    def __call__(self, texts, **options):
        self.characters += sum(map(len, texts))
        return self.tokenizer(texts, **options)

    def apply_chat_template(self, conversation, **options):
        if options["tokenize"]:
            self.characters += sum(len(message["content"]) for message in conversation)
        return self.tokenizer.apply_chat_template(conversation, **options)


@pytest.mark.parametrize("style", ["few_shot", "dialogue"])
@pytest.mark.parametrize("name", NAMES)
def test_what_is_shared_is_encoded_once(name, style):
    counting = Counting(by_name(name))
    chats = conversations(style, TEXTS * 10)
    encode_chats(counting, chats, add_generation_prompt=False)
    own = 2 * sum(map(len, TEXTS)) * 10
    assert counting.characters < 1.5 * own + 2 * 2 * len(chats[0][0]["content"]) + 20_000
    assert counting.characters < 0.3 * sum(len(message["content"]) for chat in chats for message in chat)


def test_a_text_between_a_marker_that_is_no_token_of_its_own():
    """Without a special token to part at, and with one that takes the spaces beside it, each is encoded whole or rightly parted."""
    tokenizer = tiny_tokenizer()
    tokenizer.chat_template = "{% for message in messages %}{{ message.role }}: {{ message.content | trim }} {% endfor %}"
    chats = conversations("dialogue", [*TEXTS, *HOSTILE])
    assert encode_chats(tokenizer, chats, add_generation_prompt=False) == [
        encode_chat(tokenizer, chat, add_generation_prompt=False) for chat in chats
    ]


def test_no_conversations():
    assert encode_chats(tiny_tokenizer(), [], add_generation_prompt=True) == []


WITH_MORE = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{% if m.reasoning_content is defined %}{{ m.reasoning_content }}{% endif %}"
    "{% if m.tool_calls is defined %}{{ m.tool_calls[0].function.arguments.x }}{% endif %}"
    "{% if m.content is defined and m.content is string %}{{ m.content }}"
    "{% elif m.content is defined and m.content is iterable %}{{ m.content[0].text }}{% endif %}<|im_end|>\n{% endfor %}"
)


@pytest.mark.parametrize(
    "answer",
    [
        {"content": "b", "reasoning_content": "x<|im_end|>\n"},
        {"tool_calls": [{"type": "function", "function": {"name": "f", "arguments": {"x": "y<|im_end|>"}}}]},
        {"content": None, "tool_calls": [{"type": "function", "function": {"name": "f", "arguments": {"x": "y"}}}]},
        {"content": [{"type": "text", "text": "z<|im_end|>"}]},
    ],
)
def test_messages_that_hold_more_than_a_string_are_encoded_as_alone(answer):
    tokenizer = tiny_tokenizer()
    tokenizer.chat_template = WITH_MORE
    chats = [[{"role": "user", "content": "a"}, {"role": "assistant", "content": str(number)}] for number in range(4)]
    chats[1] = [chats[1][0], {"role": "assistant", **answer}]
    found = encode_chats(tokenizer, chats, add_generation_prompt=False)
    assert found == [encode_chat(tokenizer, chat, add_generation_prompt=False) for chat in chats]
    assert [ids.count(tokenizer.eos_token_id) for ids in found] == [2] * 4
