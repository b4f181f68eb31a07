"""Prompt styles: a document as chat messages.

Every style alternates strictly between user and assistant and has no system role, because several
chat templates (Mistral-7B-Instruct-v0.2 among them) reject anything else. All that stands before the
text is the same for every document: training and decoding share its computation.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from piispan.core.errors import FormatError
from piispan.core.files import read_utf8
from piispan.core.formats.base import OutputFormat
from piispan.core.labels import LabelSet
from piispan.core.messages import Message, Row, assistant, user
from piispan.core.prompt_templates import TEMPLATE_ENDING, render_template
from piispan.core.spans import Document
from piispan.core.worked_examples import choose_examples, shipped_examples

__all__ = ["OWN_STYLE", "STYLES", "Prompt", "is_style", "make_prompt"]


@dataclass(frozen=True, slots=True)
class Prompt:
    """One style for one label set and output format.

    Args:
        style: Name of the style, one of ``STYLES``, or ``OWN_STYLE``.
        labels: The labels the model may use.
        format: What the model is asked to write.
        examples: Worked examples, in the order shown. They become part of every prompt, so they must
            not be personal data.
        template: Source of the Jinja template of ``OWN_STYLE``; see ``piispan.core.prompt_templates``.

    Raises:
        FormatError: If the template cannot be rendered, or its turns are not those of a prompt.
    """

    style: str
    labels: LabelSet
    format: OutputFormat
    examples: tuple[Document, ...] = field(default=(), repr=False)
    template: str | None = field(default=None, repr=False)
    _turns: tuple[Message, ...] = field(init=False, repr=False, compare=False)
    _around: tuple[str, str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.template is None:
            *turns, last = _STYLES[self.style](self)
            around = last["content"], ""
        else:
            answered = [(example.text, self.format.render(example)) for example in self.examples]
            turns, around = render_template(self.template, self.format.instruction, self.labels, answered)
        object.__setattr__(self, "_turns", tuple(turns))
        object.__setattr__(self, "_around", around)

    def messages(self, text: str) -> list[Message]:
        """The messages up to the last user turn, which holds ``text``: at its end, in every style but ``OWN_STYLE``."""
        before, after = self._around
        return [*(turn.copy() for turn in self._turns), user(f"{before}{text}{after}")]

    @property
    def fingerprint(self) -> str:
        """SHA-256 of all that stands around a text: prompts of one fingerprint ask alike."""
        return hashlib.sha256(json.dumps([self._turns, self._around], ensure_ascii=False).encode()).hexdigest()

    def for_labels(self, labels: LabelSet) -> "Prompt":
        """The same prompt for some of its labels, in the order of ``labels``; worked examples show these alone."""
        shown = [replace(example, spans=tuple(span for span in example.spans if span.label in labels)) for example in self.examples]
        return replace(self, labels=labels, examples=tuple(shown))

    def row(self, document: Document) -> Row:
        """The training row of ``document``.

        Raises:
            FormatError: If the output format cannot write one of its spans.
        """
        return {
            "prompt": self.messages(document.text),
            "completion": [assistant(self.format.render(document))],
            "id": document.id,
            "text": document.text,
            "spans": [span.to_dict() for span in document.spans],
        }


def make_prompt(
    style: str | Path,
    labels: LabelSet,
    format: OutputFormat,  # noqa: A002
    examples: Sequence[Document] | None = None,
    template: str | None = None,
) -> Prompt:
    """The prompt of a style.

    Args:
        style: One of ``STYLES``; the path of a Jinja template, which ends in ``.jinja``; or ``OWN_STYLE`` with its ``template``.
        labels: The labels the model may use.
        format: What the model is asked to write.
        examples: Worked examples to choose from; by default the synthetic ones that ship with the label set. ``few_shot`` shows three of
            them, ``dialogue`` one, those that together show the most labels; a template gets all that are given, or three of those that
            ship. They must never come from a test split.
        template: Source of a Jinja template; see ``piispan.core.prompt_templates``.

    Raises:
        FormatError: If there is no such style, it needs examples and has none, or the template cannot be rendered.
        LabelError: If an example has a label that is not in ``labels``.
    """
    style = str(style)
    if not is_style(style, template):
        raise FormatError(f"no prompt style named {style!r}; known: {', '.join(STYLES)}, and the path of a template that ends in .jinja")
    if template is None and style not in _STYLES:
        template = read_utf8(Path(style), FormatError)
    pool = shipped_examples(labels) if examples is None else list(examples)
    for document in pool:
        for span in document.spans:
            labels.require(span.label, f"example {document.id!r}: ")
    writable = [document for document in pool if not format.unwritable(document)]
    if template is not None:
        shown = choose_examples(writable, labels, _EXAMPLES["few_shot"]) if examples is None else writable
        return Prompt(OWN_STYLE, labels, format, tuple(shown), template)
    shown = choose_examples(writable, labels, _EXAMPLES[style])
    if len(shown) < min(_EXAMPLES[style], 1):
        raise FormatError(
            f"prompt style {style!r} needs worked examples, and label set {labels.name!r} ships none; use 'plain', or give examples"
        )
    return Prompt(style, labels, format, tuple(shown))


def is_style(style: str, template: str | None = None) -> bool:
    """Whether ``make_prompt`` takes ``style``: a name of ``STYLES``, the path of a template, or ``OWN_STYLE`` with its template."""
    return style in _STYLES or style.endswith(TEMPLATE_ENDING) if template is None else style == OWN_STYLE


def _label_list(labels: LabelSet) -> str:
    return "Labels:\n" + "\n".join(f"- {label.name}: {label.description}" for label in labels)


_Turns = Callable[[Prompt], list[Message]]
_TEXT = "Text:\n"


def _plain(prompt: Prompt) -> list[Message]:
    return [user(f"{prompt.format.instruction}\n\n{_label_list(prompt.labels)}\n\n{_TEXT}")]


def _few_shot(prompt: Prompt) -> list[Message]:
    turns: list[Message] = []
    lead = f"{prompt.format.instruction}\n\n{_label_list(prompt.labels)}\n\n{_TEXT}"
    for example in prompt.examples:
        turns += [user(lead + example.text), assistant(prompt.format.render(example))]
        lead = _TEXT
    return [*turns, user(lead)]


def _dialogue(prompt: Prompt) -> list[Message]:
    (example,) = prompt.examples
    answer = f"{prompt.format.render(example)}\n\n{_reasons(example, prompt.labels)}"
    return [
        user(f"{prompt.format.instruction} Before we begin, say in one sentence what you will do."),
        assistant("I will find every piece of personal data, give it exactly one label of your list, and answer in the form you ask for."),
        user(f"{_label_list(prompt.labels)}\n\nHere is an example. {_TEXT}{example.text}\n\nGive the answer, and say why it is right."),
        assistant(answer),
        user(f"Right. For the next text give the answer alone. {_TEXT}"),
    ]


def _reasons(example: Document, labels: LabelSet) -> str:
    descriptions: Mapping[str, str] = {label.name: label.description for label in labels}
    if not example.spans:
        return "This is right because nothing in the text has a label of the list."
    parts = [f'"{example.value(span)}" is {span.label} ({descriptions[span.label]})' for span in example.spans]
    return f"This is right because {'; '.join(parts)}; and nothing else in the text has a label of the list."


_STYLES: Mapping[str, _Turns] = {"plain": _plain, "few_shot": _few_shot, "dialogue": _dialogue}
_EXAMPLES: Mapping[str, int] = {"plain": 0, "few_shot": 3, "dialogue": 1}

STYLES: tuple[str, ...] = tuple(_STYLES)
"""Names of the prompt styles that ship."""
OWN_STYLE = "jinja"
"""Name of every style that is a template of the user's."""
