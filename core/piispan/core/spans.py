"""Spans and documents: the types every room speaks.

Offsets are indices into a Python ``str`` (Unicode code points), half-open: ``text[start:end]``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from piispan.core.errors import DocumentError, SpanError

__all__ = ["Document", "Span"]


@dataclass(frozen=True, slots=True)
class Span:
    """One labelled stretch of a text.

    Args:
        start: Index of the first character, inclusive.
        end: Index after the last character, exclusive.
        label: Name of the label, as in the label set.
        score: Confidence between 0 and 1, or ``None``. Left out of comparison and hashing.

    Raises:
        SpanError: If the offsets are not integers, are negative, or ``start >= end``.
    """

    start: int
    end: int
    label: str
    score: float | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        for name, offset in (("start", self.start), ("end", self.end)):
            if not isinstance(offset, int) or isinstance(offset, bool):
                raise SpanError(f"{name} must be an int, was: {type(offset).__name__}")
        if not 0 <= self.start < self.end:
            raise SpanError(f"a span needs 0 <= start < end, was: start={self.start}, end={self.end}")
        if not isinstance(self.label, str) or not self.label:
            raise SpanError("label must be a non-empty string")

    @classmethod
    def trimmed(cls, text: str, start: int, end: int, label: str) -> "Span | None":
        """The span of ``text[start:end]`` without the white space at its edges; ``None`` where nothing is left."""
        value = text[start:end]
        begin = start + len(value) - len(value.lstrip())
        return cls(begin, begin + len(value.strip()), label) if value.strip() else None

    def __str__(self) -> str:
        return f"{self.label}[{self.start}:{self.end}]"

    def overlaps(self, other: "Span") -> bool:
        """Whether the two share at least one character."""
        return self.start < other.end and other.start < self.end

    def to_dict(self) -> dict[str, int | str]:
        """``{"start", "end", "label"}``, as in a document's JSON line."""
        return {"start": self.start, "end": self.end, "label": self.label}


@dataclass(frozen=True, slots=True)
class Document:
    """One text with its labelled spans. Checks itself; never repairs.

    Args:
        id: Name of the document, used in every message about it. Must not be personal data.
        text: The text. Kept out of ``repr``, so that no traceback or log shows it.
        spans: Flat spans in ascending order; touching is allowed, overlap and nesting are not.
        group: Near-duplicates (one template, one patient) share a group, or ``None``.
        provenance: How the document was made, in one line, or ``None``. Left out of comparison; must not be personal data.

    Raises:
        DocumentError: If a span lies outside the text, is empty or has white space at its edges,
            if spans are out of order or overlap, or if the text holds a lone surrogate.
    """

    id: str
    text: str = field(repr=False)
    spans: tuple[Span, ...] = ()
    group: str | None = None
    provenance: str | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        if not isinstance(self.id, str):
            raise DocumentError(f"a document's id must be a string, was: {type(self.id).__name__}")
        if not isinstance(self.text, str):
            raise DocumentError(f"document {self.id!r}: text must be a string, was: {type(self.text).__name__}")
        if not isinstance(self.spans, tuple):
            object.__setattr__(self, "spans", tuple(self.spans))
        self._check_surrogates()
        for span in self.spans:
            self._check_span(span)
        for left, right in pairwise(self.spans):
            if right.start < left.end:
                rule = "overlap" if left.overlaps(right) else "are out of order"
                raise DocumentError(f"document {self.id!r}: spans {left} and {right} {rule}; spans must be flat and sorted")

    def _check_surrogates(self) -> None:
        try:
            self.text.encode("utf-8")
        except UnicodeEncodeError as error:
            place = error.start
            # The codec's error carries the text itself, so it must not be chained.
            raise DocumentError(f"document {self.id!r}: lone surrogate at offset {place}") from None

    def _check_span(self, span: Span) -> None:
        if span.end > len(self.text):
            raise DocumentError(f"document {self.id!r}: span {span} lies outside the text of {len(self.text)} characters")
        if self.text[span.start].isspace() or self.text[span.end - 1].isspace():
            raise DocumentError(f"document {self.id!r}: span {span} has white space at its edge")

    def value(self, span: Span) -> str:
        """The characters of ``span``: personal data, never to be logged."""
        return self.text[span.start : span.end]

    def to_dict(self) -> dict[str, object]:
        """The document's JSON line: ``{"id", "text", "spans", "group"}``, and ``provenance`` where it has one."""
        row: dict[str, object] = {"id": self.id, "text": self.text, "spans": [s.to_dict() for s in self.spans], "group": self.group}
        return row if self.provenance is None else {**row, "provenance": self.provenance}

    @classmethod
    def from_dict(cls, row: Mapping[str, object]) -> "Document":
        """The document of one JSON line; ``group`` and ``provenance`` may be missing.

        Raises:
            DocumentError: If a key is missing or of the wrong type, or a check of the document fails.
        """
        missing = [key for key in ("id", "text", "spans") if key not in row]
        if missing:
            raise DocumentError(f"a document needs the keys id, text and spans; missing: {', '.join(missing)}")
        identifier, text, spans, group, provenance = row["id"], row["text"], row["spans"], row.get("group"), row.get("provenance")
        if not isinstance(identifier, str) or not isinstance(text, str):
            raise DocumentError("a document's id and text must be strings")
        if group is not None and not isinstance(group, str):
            raise DocumentError(f"document {identifier!r}: group must be a string or null")
        if provenance is not None and not isinstance(provenance, str):
            raise DocumentError(f"document {identifier!r}: provenance must be a string or null")
        if not isinstance(spans, Sequence) or isinstance(spans, str):
            raise DocumentError(f"document {identifier!r}: spans must be a list")
        return cls(identifier, text, tuple(_span_of(identifier, i, s) for i, s in enumerate(spans)), group, provenance)


def _span_of(identifier: str, index: int, row: object) -> Span:
    if not isinstance(row, Mapping) or not {"start", "end", "label"} <= row.keys():
        raise DocumentError(f"document {identifier!r}: span {index} needs the keys start, end and label")
    try:
        return Span(row["start"], row["end"], row["label"])
    except SpanError as error:
        raise DocumentError(f"document {identifier!r}: span {index}: {error}") from error
