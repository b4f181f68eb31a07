"""What a reader did with a file: documents read, spans mended, rows refused."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from piispan.core import Document

__all__ = ["ReadReport", "Reject", "Unit"]

Unit = Literal["line", "item", "file"]
"""What the rows of a file are counted by."""


@dataclass(frozen=True, slots=True)
class Reject:
    """One row that was left out.

    Args:
        unit: What ``number`` counts: ``line`` from 1, ``item`` from 0 in a JSON array, ``file`` from 1 and by name in a folder.
        number: Place of the row in its file.
        reason: What was wrong, without any of the text.
    """

    unit: Unit
    number: int
    reason: str


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
        ignored: How often there was a field for which a document has no place, by its name; ``spans.NAME`` for one of a span.
    """

    documents: int = 0
    spans: Counter[str] = field(default_factory=Counter)
    trimmed: int = 0
    reordered: int = 0
    rejects: list[Reject] = field(default_factory=list)
    unmapped: Counter[str] = field(default_factory=Counter)
    ignored: Counter[str] = field(default_factory=Counter)

    def count(self, document: Document) -> None:
        """Add one document and its spans."""
        self.documents += 1
        self.spans.update(span.label for span in document.spans)

    def to_dict(self) -> Mapping[str, object]:
        """The counts as JSON can hold them; the rejects as ``{"line" | "item", "reason"}``."""
        return {
            "documents": self.documents,
            "spans": dict(sorted(self.spans.items())),
            "trimmed": self.trimmed,
            "reordered": self.reordered,
            "unmapped": dict(sorted(self.unmapped.items())),
            "ignored": dict(sorted(self.ignored.items())),
            "rejects": [{reject.unit: reject.number, "reason": reject.reason} for reject in self.rejects],
        }
