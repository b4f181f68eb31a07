"""One text redacted, with all that is needed to put it back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from piispan.core import RedactionError, Span
from piispan.tagger.redaction.covering import without_overlap
from piispan.tagger.redaction.keys import DocumentSecrets, RedactionKey
from piispan.tagger.redaction.operators import Operators
from piispan.tagger.redaction.policy import Policy

if TYPE_CHECKING:
    from presidio_anonymizer.entities import OperatorConfig

__all__ = ["Redaction", "Replacement", "redact_spans", "redact_text", "restore_text"]


@dataclass(frozen=True, slots=True)
class Replacement:
    """One span that was replaced.

    Args:
        start: Index in the redacted text of the first character of what stands there now, inclusive.
        end: Index after its last, exclusive; ``start`` where nothing stands there.
        label: The span's label.
        original: What stood there before. Personal data, kept out of ``repr``.
    """

    start: int
    end: int
    label: str
    original: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Redaction:
    """A redacted text.

    Args:
        text: The text with every span replaced; all other characters as they were.
        replacements: What was replaced, in order; offsets are those of ``text``.
    """

    text: str = field(repr=False)
    replacements: tuple[Replacement, ...] = ()

    @property
    def spans(self) -> list[Span]:
        """What stands in the place of each span, in the redacted text's offsets; those replaced by nothing are left out."""
        return [Span(one.start, one.end, one.label) for one in self.replacements if one.start < one.end]

    def restore(self) -> str:
        """The text as it was."""
        return restore_text(self.text, [(one.start, one.end, one.original) for one in self.replacements])


def redact_spans(text: str, spans: Sequence[Span], operators: Operators, secrets: DocumentSecrets) -> Redaction:
    """``text`` with each span replaced; every character outside the spans stays as it is.

    Each span gets a replacement of its own: neighbours of one label are not merged, as presidio-anonymizer's engine would do.

    Args:
        text: The text.
        spans: Spans within the text; overlapping ones are joined first.
        operators: What replaces which label.
        secrets: Keys of this document.

    Raises:
        RedactionError: If a span lies outside the text, or an operator's parameters are wrong.
    """
    flat = without_overlap(spans, yields={span.label for span in spans if operators.rule(span.label).operator == "keep"})
    if flat and flat[-1].end > len(text):
        raise RedactionError(f"span {flat[-1]} lies outside the text of {len(text)} characters")
    replacement = operators.for_document(text, flat, secrets)
    pieces: list[str] = []
    done: list[Replacement] = []
    position = written = 0
    for span in flat:
        kept, new = text[position : span.start], replacement(span)
        start = written + len(kept)
        written, position = start + len(new), span.end
        pieces += [kept, new]
        done.append(Replacement(start, written, span.label, text[span.start : span.end]))
    return Redaction("".join([*pieces, text[position:]]), tuple(done))


def redact_text(text: str, spans: Sequence[Span], operators: "Mapping[str, OperatorConfig] | None" = None) -> str:
    """``text`` with each span replaced by what presidio-anonymizer's operators make of it.

    Args:
        text: The text.
        spans: Spans within the text; overlapping ones are joined first.
        operators: ``OperatorConfig`` of presidio-anonymizer by label: ``replace`` (by ``<LABEL>`` unless ``new_value`` is given),
            ``redact``, ``mask``, ``hash``, ``encrypt``, ``keep`` and its others.
            The key ``DEFAULT`` serves every other label (``replace``).

    Raises:
        RedactionError: If a span lies outside the text, or an operator or its parameters are unknown.
    """
    return redact_spans(text, spans, Operators(Policy.from_operators(operators)), RedactionKey().for_document()).text


def restore_text(text: str, edits: Sequence[tuple[int, int, str]]) -> str:
    """A redacted text as it was.

    Args:
        text: The redacted text.
        edits: Start and end (exclusive) in the redacted text, and what stood there before, in order.

    Raises:
        RedactionError: If the edits are out of order or lie outside the text.
    """
    pieces, position = [], 0
    for start, end, original in edits:
        if not position <= start <= end <= len(text):
            raise RedactionError(f"an edit at [{start}:{end}] does not fit a text of {len(text)} characters")
        pieces += [text[position:start], original]
        position = end
    return "".join([*pieces, text[position:]])
