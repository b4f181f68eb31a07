"""Prompt styles: a document as chat messages.

Every style alternates strictly between user and assistant and has no system role, because several
chat templates (Mistral-7B-Instruct-v0.2 among them) reject anything else. All that stands before the
text is the same for every document: training and decoding share its computation.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Literal, TypedDict

import yaml

from piispan.core.errors import FormatError
from piispan.core.formats.base import OutputFormat
from piispan.core.formats.tagged import TaggedFormat
from piispan.core.labels import LabelSet
from piispan.core.spans import Document

__all__ = ["STYLES", "Message", "Prompt", "Row", "choose_examples", "make_prompt", "shipped_examples"]


class Message(TypedDict):
    """One chat message."""

    role: Literal["user", "assistant"]
    content: str


class Row(TypedDict):
    """A conversational ``prompt``/``completion`` row, as TRL takes it, with its document."""

    prompt: list[Message]
    completion: list[Message]
    id: str
    text: str
    spans: list[dict[str, int | str]]


_Turns = Callable[["Prompt"], list[Message]]


@dataclass(frozen=True, slots=True)
class Prompt:
    """One style for one label set and output format.

    Args:
        style: Name of the style, one of ``STYLES``.
        labels: The labels the model may use.
        format: What the model is asked to write.
        examples: Worked examples, in the order shown. They become part of every prompt, so they must
            not be personal data.
    """

    style: str
    labels: LabelSet
    format: OutputFormat
    examples: tuple[Document, ...] = field(default=(), repr=False)

    def messages(self, text: str) -> list[Message]:
        """The messages up to the last user turn, which ends with ``text``."""
        *turns, last = _STYLES[self.style](self)
        return [*turns, _user(f"{last['content']}{text}")]

    def row(self, document: Document) -> Row:
        """The training row of ``document``.

        Raises:
            FormatError: If the output format cannot write one of its spans.
        """
        return {
            "prompt": self.messages(document.text),
            "completion": [_assistant(self.format.render(document))],
            "id": document.id,
            "text": document.text,
            "spans": [span.to_dict() for span in document.spans],
        }


def make_prompt(style: str, labels: LabelSet, format: OutputFormat, examples: Sequence[Document] | None = None) -> Prompt:  # noqa: A002
    """The prompt of a style.

    Args:
        style: One of ``STYLES``.
        labels: The labels the model may use.
        format: What the model is asked to write.
        examples: Worked examples for ``few_shot`` and ``dialogue``; by default the synthetic ones that
            ship with the label set. They must never come from a test split.

    Raises:
        FormatError: If there is no such style, or it needs examples and has none.
        LabelError: If an example has a label that is not in ``labels``.
    """
    if style not in _STYLES:
        raise FormatError(f"no prompt style named {style!r}; known: {', '.join(STYLES)}")
    count = _EXAMPLES[style]
    pool = shipped_examples(labels) if examples is None else examples
    for document in pool:
        for span in document.spans:
            labels.require(span.label, f"example {document.id!r}: ")
    chosen = choose_examples([d for d in pool if not format.unwritable(d)], labels, count)
    if len(chosen) < min(count, 1):
        raise FormatError(
            f"prompt style {style!r} needs worked examples, and label set {labels.name!r} ships none; use 'plain', or examples= in Python"
        )
    return Prompt(style, labels, format, tuple(chosen))


def shipped_examples(labels: LabelSet) -> list[Document]:
    """The package's own synthetic examples whose labels are all in ``labels``."""
    path = files("piispan.core") / "examples" / f"{labels.name}.yaml"
    if not path.is_file():
        return []
    known = LabelSet.load(labels.name)
    documents = []
    for number, text in enumerate(yaml.safe_load(path.read_text("utf-8"))):
        document = TaggedFormat().read(text, known, f"{labels.name}-example-{number}")
        if all(span.label in labels for span in document.spans):
            documents.append(document)
    return documents


def choose_examples(documents: Sequence[Document], labels: LabelSet, count: int) -> list[Document]:
    """``count`` documents that together show as many labels as can be; the same for the same input.

    Greedy cover; ties go to the shorter text, then to the earlier document.
    """
    left = list(documents)
    chosen: list[Document] = []
    wanted = set(labels.names)
    while left and len(chosen) < count:
        best = max(left, key=lambda d: (len(wanted & {s.label for s in d.spans}), -len(d.text)))
        chosen.append(best)
        left.remove(best)
        wanted -= {span.label for span in best.spans}
    return chosen


def _user(content: str) -> Message:
    return {"role": "user", "content": content}


def _assistant(content: str) -> Message:
    return {"role": "assistant", "content": content}


def _label_list(labels: LabelSet) -> str:
    return "Labels:\n" + "\n".join(f"- {label.name}: {label.description}" for label in labels)


_TEXT = "Text:\n"


def _plain(prompt: Prompt) -> list[Message]:
    return [_user(f"{prompt.format.instruction}\n\n{_label_list(prompt.labels)}\n\n{_TEXT}")]


def _few_shot(prompt: Prompt) -> list[Message]:
    turns: list[Message] = []
    lead = f"{prompt.format.instruction}\n\n{_label_list(prompt.labels)}\n\n{_TEXT}"
    for example in prompt.examples:
        turns += [_user(lead + example.text), _assistant(prompt.format.render(example))]
        lead = _TEXT
    return [*turns, _user(lead)]


def _dialogue(prompt: Prompt) -> list[Message]:
    (example,) = prompt.examples
    answer = f"{prompt.format.render(example)}\n\n{_reasons(example, prompt.labels)}"
    return [
        _user(f"{prompt.format.instruction} Before we begin, say in one sentence what you will do."),
        _assistant("I will find every piece of personal data, give it exactly one label of your list, and answer in the form you ask for."),
        _user(f"{_label_list(prompt.labels)}\n\nHere is an example. {_TEXT}{example.text}\n\nGive the answer, and say why it is right."),
        _assistant(answer),
        _user(f"Right. For the next text give the answer alone. {_TEXT}"),
    ]


def _reasons(example: Document, labels: LabelSet) -> str:
    descriptions: Mapping[str, str] = {label.name: label.description for label in labels}
    if not example.spans:
        return "This is right because nothing in the text is personal data."
    parts = [f'"{example.value(span)}" is {span.label} ({descriptions[span.label]})' for span in example.spans]
    return f"This is right because {'; '.join(parts)}; and everything else is no personal data."


_STYLES: Mapping[str, _Turns] = {"plain": _plain, "few_shot": _few_shot, "dialogue": _dialogue}
_EXAMPLES: Mapping[str, int] = {"plain": 0, "few_shot": 3, "dialogue": 1}

STYLES: tuple[str, ...] = tuple(_STYLES)
"""Names of the prompt styles."""
