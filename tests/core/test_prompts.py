"""Prompts: alternating turns, one prefix for every text, worked examples inside the label set."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from piispan.core import (
    FORMATS,
    STYLES,
    Document,
    FormatError,
    LabelError,
    LabelSet,
    Prompt,
    Span,
    choose_examples,
    get_format,
    make_prompt,
    shipped_examples,
)
from tests.core.strategies import LABELS, documents, texts

PROMPTS = [make_prompt(style, LabelSet.load(name), get_format(f)) for style in STYLES for name in LabelSet.shipped() for f in FORMATS]
every_prompt = pytest.mark.parametrize("prompt", PROMPTS, ids=lambda p: f"{p.style}-{p.labels.name}-{p.format.name}")


@every_prompt
@settings(max_examples=20, deadline=None)
@given(one=texts, other=texts)
def test_turns_alternate_and_end_with_the_text(prompt, one, other):
    messages, others = prompt.messages(one), prompt.messages(other)
    assert [message["role"] for message in messages] == (["user", "assistant"] * len(messages))[: len(messages)]
    assert messages[-1]["role"] == "user"
    assert messages[:-1] == others[:-1]
    assert messages[-1]["content"].endswith(one)
    lead = messages[-1]["content"][: len(messages[-1]["content"]) - len(one)]
    assert lead.endswith("Text:\n")
    assert others[-1]["content"] == lead + other


@every_prompt
def test_every_label_is_described_once(prompt):
    whole = "\n".join(message["content"] for message in prompt.messages(""))
    for label in prompt.labels:
        assert whole.count(f"- {label.name}: {label.description}\n") == 1
    assert whole.count(prompt.format.instruction) == 1


def test_unknown_style():
    with pytest.raises(FormatError, match="no prompt style named 'zero'; known: plain, few_shot, dialogue"):
        make_prompt("zero", LABELS, get_format("tagged"))


def test_few_shot_shows_three_examples_the_same_each_time():
    first, again = (make_prompt("few_shot", LABELS, get_format("tagged")) for _ in range(2))
    assert first == again
    assert len(first.examples) == 3
    messages = first.messages("x")
    assert len(messages) == 7
    for number, example in enumerate(first.examples):
        assert messages[2 * number]["content"].endswith(f"Text:\n{example.text}")
        assert messages[2 * number + 1]["content"] == first.format.render(example)


def test_dialogue_restates_the_task_and_gives_reasons():
    prompt = make_prompt("dialogue", LABELS, get_format("tagged"))
    task, restated, shown, answer, last = prompt.messages("x")
    (example,) = prompt.examples
    assert task["content"].startswith(prompt.format.instruction)
    assert "exactly one label" in restated["content"]
    assert example.text in shown["content"]
    assert answer["content"].startswith(prompt.format.render(example))
    for span in example.spans:
        assert f'"{example.value(span)}" is {span.label} (' in answer["content"]
    assert last["content"].endswith("Text:\nx")


def test_dialogue_without_spans_gives_a_reason_too():
    prompt = make_prompt("dialogue", LABELS, get_format("json"), [Document("d", "Rain again.")])
    assert prompt.messages("x")[3]["content"] == "[]\n\nThis is right because nothing in the text has a label of the list."


@pytest.mark.parametrize("name", LabelSet.shipped())
@pytest.mark.parametrize("style", ["few_shot", "dialogue"])
def test_examples_never_show_a_label_outside_the_subset(name, style):
    labels = LabelSet.load(name)
    shown = {span.label for document in shipped_examples(labels) for span in document.spans}
    assert shown == set(labels.names)
    for size in range(1, len(labels)):
        part = labels.subset(labels.names[:size])
        prompt = make_prompt(style, part, get_format("tagged"))
        assert {span.label for example in prompt.examples for span in example.spans} <= set(part.names)
        whole = "\n".join(message["content"] for message in prompt.messages(""))
        assert not [label for label in labels.names[size:] if f"<{label}>" in whole or f"- {label}:" in whole]


def test_examples_with_unknown_labels_are_refused():
    example = Document("e1", "Ann", (Span(0, 3, "PERSON"),))
    with pytest.raises(LabelError, match=r"^example 'e1': unknown label 'PERSON'"):
        make_prompt("few_shot", LABELS.subset(["GPE"]), get_format("tagged"), [example])


@pytest.mark.parametrize("style", ["few_shot", "dialogue"])
def test_styles_that_need_examples_say_so(style):
    own = LabelSet("mine", LABELS.labels)
    assert shipped_examples(own) == []
    with pytest.raises(FormatError, match="label set 'mine' ships none; use 'plain', or give examples"):
        make_prompt(style, own, get_format("tagged"))
    assert make_prompt("plain", own, get_format("tagged")).examples == ()


def test_examples_that_the_format_cannot_write_are_passed_over():
    joined, apart = Document("a", "Annex", (Span(0, 3, "PERSON"),)), Document("b", "Ann ex", (Span(0, 3, "PERSON"),))
    assert make_prompt("dialogue", LABELS, get_format("bio"), [joined, apart]).examples == (apart,)


@settings(max_examples=100, deadline=None)
@given(st.lists(documents(), max_size=5), st.integers(0, 6))
def test_chosen_examples_are_of_the_pool_and_cover_first(pool, count):
    chosen = choose_examples(pool, LABELS, count)
    assert len(chosen) == min(count, len(pool))
    assert all(document in pool for document in chosen)
    assert chosen == choose_examples(pool, LABELS, count)
    if chosen:
        assert len({span.label for span in chosen[0].spans}) == max(len({span.label for span in d.spans}) for d in pool)


@given(documents())
def test_row_is_prompt_and_completion_with_the_document(document):
    prompt = make_prompt("plain", LABELS, get_format("tagged"))
    assert prompt.row(document) == {
        "prompt": prompt.messages(document.text),
        "completion": [{"role": "assistant", "content": prompt.format.render(document)}],
        "id": document.id,
        "text": document.text,
        "spans": document.to_dict()["spans"],
    }


def test_row_of_an_unwritable_document_names_it():
    prompt = Prompt("plain", LABELS, get_format("bio"))
    with pytest.raises(FormatError, match="document 'd7'"):
        prompt.row(Document("d7", "Annex", (Span(0, 3, "PERSON"),)))
