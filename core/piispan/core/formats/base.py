"""What every output format promises: ``render`` writes a document, ``parse`` reads any model output."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from piispan.core.labels import LabelSet
from piispan.core.spans import Document, Span

__all__ = ["Mention", "OutputFormat", "Parsed", "Problem", "flat_spans"]


class Problem(StrEnum):
    """What was wrong with a mention."""

    UNKNOWN_LABEL = "unknown_label"
    VALUE_NOT_IN_SOURCE = "value_not_in_source"
    WRONG_OFFSET = "wrong_offset"
    """Offsets that do not slice to the value, or an occurrence that does not exist."""
    NOT_A_SPAN = "not_a_span"
    """Empty, or nothing but white space."""


@dataclass(frozen=True, slots=True)
class Mention:
    """One entity as the model wrote it. ``value`` is personal data, kept out of ``repr``."""

    label: str
    value: str
    span: Span | None
    problems: frozenset[Problem] = frozenset()

    def __repr__(self) -> str:
        return f"Mention(label=<{len(self.label)} characters>, span={self.span}, problems={sorted(self.problems)})"


@dataclass(frozen=True, slots=True)
class Parsed:
    """What could be read of one model output.

    Args:
        mentions: Every mention that could be read, in the order written, faulty ones included.
        spans: The spans that hold without any repair: known label, exact offsets, sorted, none twice.
            They may overlap (JSON can say so). Empty when the text drifted.
        recovered: The spans after repair: drifted text mapped back through an edit alignment, wrong
            offsets replaced by the place of the value. Equal to ``spans`` when nothing was wrong.
        malformed: The output cannot be read whole (bad JSON, unbalanced or unknown tags, a line that
            is no token and tag).
        text_drift: The output repeats the text, but not this text. Always false for JSON.
        extraneous_text: There is something before or after the answer (an explanation, a code fence).
    """

    mentions: tuple[Mention, ...] = ()
    spans: tuple[Span, ...] = ()
    recovered: tuple[Span, ...] = ()
    malformed: bool = False
    text_drift: bool = False
    extraneous_text: bool = False


class OutputFormat(Protocol):
    """A way to write a tagged document as text, and to read it back."""

    @property
    def name(self) -> str:
        """Name in the registry, on the command line and in ``piispan.json``."""
        ...

    @property
    def instruction(self) -> str:
        """What the prompt tells the model to write; a paragraph without the label list."""
        ...

    def unwritable(self, document: Document) -> tuple[Span, ...]:
        """The spans that this format cannot express; empty for most formats."""
        ...

    def render(self, document: Document) -> str:
        """The answer the model should give for ``document``.

        Raises:
            FormatError: If ``unwritable`` is not empty; names the document and the offsets.
        """
        ...

    def parse(self, text: str, source: str, labels: LabelSet) -> Parsed:
        """Read a model output; never raises, whatever the output is.

        Args:
            text: The model's output.
            source: The text that was to be tagged.
            labels: The labels the model may use.
        """
        ...


def flat_spans(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Sorted, without doubles."""
    return tuple(sorted(set(spans), key=lambda span: (span.start, span.end, span.label)))
