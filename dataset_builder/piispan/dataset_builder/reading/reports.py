"""What a reader did with a file: documents read, spans mended, rows refused."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from piispan.core import Document

__all__ = ["ReadReport", "Reject", "Unit"]

Unit = Literal["line", "item", "file"]
"""What the rows of a file are counted by."""
_FEW = 3
"""Spans that cut words from which on their share tells something."""


@dataclass(frozen=True, slots=True)
class Reject:
    """One row that was left out.

    Args:
        unit: What ``number`` counts: ``line`` from 1, ``item`` from 0 in a JSON array, ``file`` from 1 and by name in a folder.
        number: Place of the row in its file.
        reason: What was wrong, without any of the text.
        file: Name of the file, where a folder of several was read.
    """

    unit: Unit
    number: int
    reason: str
    file: str | None = None

    def __str__(self) -> str:
        return f"{f'{self.file}, ' if self.file else ''}{self.unit} {self.number}: {self.reason}"


@dataclass(slots=True)
class ReadReport:
    """Counts of one reading; filled while the documents stream by.

    Args:
        documents: Documents read.
        spans: Spans read, by label.
        trimmed: Spans whose edges held white space, which was cut off.
        reordered: Documents whose spans were not in ascending order, and were sorted.
        rejects: Rows left out, in the order of the file.
        unmapped: Spans left out because a label map has no label for theirs, by the file's label.
        mapped: Labels of the label map that occurred.
        inside_words: Spans that begin or end inside a word, as ``piispan.core.WORD`` has it, so that their offsets may be wrong.
        ignored: How often there was a field for which a document has no place, by its name; ``spans.NAME`` for one of a span.
    """

    documents: int = 0
    spans: Counter[str] = field(default_factory=Counter)
    trimmed: int = 0
    reordered: int = 0
    rejects: list[Reject] = field(default_factory=list)
    unmapped: Counter[str] = field(default_factory=Counter)
    ignored: Counter[str] = field(default_factory=Counter)
    mapped: set[str] = field(default_factory=set)
    inside_words: int = 0

    def count(self, document: Document) -> None:
        """Add one document and its spans."""
        self.documents += 1
        self.spans.update(span.label for span in document.spans)

    def doubt(self) -> str | None:
        """A sentence when so many spans cut words that the offsets seem to count something else, or ``None``."""
        spans, cut = self.spans.total(), self.inside_words
        if not (cut >= _FEW and cut * 5 > spans) and not (cut >= 2 and cut == spans):
            return None
        return (
            f"{cut} of {spans} spans begin or end inside a word; if their offsets count UTF-16 units or bytes, say offsets=utf16 or "
            "offsets=bytes, and if their ends are inclusive, ends=inclusive (--offsets, --ends)"
        )

    def to_dict(self) -> Mapping[str, object]:
        """The counts as JSON can hold them; the rejects as ``{"line" | "item" | "file", "reason"}``."""
        return {
            "documents": self.documents,
            "spans": dict(sorted(self.spans.items())),
            "trimmed": self.trimmed,
            "reordered": self.reordered,
            "unmapped": dict(sorted(self.unmapped.items())),
            "inside_words": self.inside_words,
            "ignored": dict(sorted(self.ignored.items())),
            "rejects": [
                {**({"file": reject.file} if reject.file else {}), reject.unit: reject.number, "reason": reject.reason}
                for reject in self.rejects
            ],
        }
