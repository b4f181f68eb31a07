"""The spans of a corpus as columns, so that counting is array work.

All documents are laid end to end on one line: document ``d`` owns the positions from ``base[d]`` up to
``base[d + 1]``. Spans of different documents then never meet, and one sort or search serves the whole corpus.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import numpy.typing as npt

from piispan.core.spans import Span

__all__ = ["BoolArray", "FloatArray", "IntArray", "SpanTable", "lay_out"]

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SpanTable:
    """Spans in ascending order of (start, end, label), none twice.

    Args:
        document: Index of the span's document. Shape: ``(spans,)``
        start: First position on the corpus line, inclusive. Shape: ``(spans,)``
        end: Position after the last one, exclusive. Shape: ``(spans,)``
        label: Index in the list of labels; labels that are not in it have indices of their own
            from ``labels`` on. Shape: ``(spans,)``
        documents: Number of documents, those without spans included.
        labels: Number of labels in the list.
    """

    document: IntArray
    start: IntArray
    end: IntArray
    label: IntArray
    documents: int
    labels: int

    def __len__(self) -> int:
        return len(self.start)

    def rows(self, indices: IntArray) -> "SpanTable":
        """The spans of ``indices``, in their order."""
        columns = (self.document[indices], self.start[indices], self.end[indices], self.label[indices])
        return SpanTable(*columns, self.documents, self.labels)

    def marked(self, indices: IntArray) -> BoolArray:
        """Which spans are among ``indices``. Shape: ``(spans,)``"""
        marks = np.zeros(len(self), dtype=np.bool_)
        marks[indices] = True
        return marks

    def per_document(self, weights: npt.ArrayLike | None = None) -> FloatArray:
        """Sum of ``weights`` (one by default) over the spans of each document. Shape: ``(documents, 1)``"""
        return self._sum(self.document, 1, weights)

    def per_label(self, weights: npt.ArrayLike | None = None) -> FloatArray:
        """Sum of ``weights`` (one by default) by document and label.

        All labels that are not in the list share the last column. Shape: ``(documents, labels + 1)``
        """
        columns = self.labels + 1
        return self._sum(self.document * columns + np.minimum(self.label, self.labels), columns, weights)

    def _sum(self, cell: IntArray, columns: int, weights: npt.ArrayLike | None) -> FloatArray:
        size = self.documents * columns
        sums = np.bincount(cell, None if weights is None else np.asarray(weights, dtype=np.float64), minlength=size)
        return sums.astype(np.float64).reshape(self.documents, columns)


def lay_out(gold: Sequence[Sequence[Span]], predicted: Sequence[Sequence[Span]], labels: Sequence[str]) -> tuple[SpanTable, SpanTable]:
    """The gold and the predicted spans on one line, so that equal positions mean the same character.

    Args:
        gold: The spans of each document: flat (they may touch, never overlap).
        predicted: The spans predicted for each document, which may overlap. A span given twice counts once.
        labels: The labels that have a column of their own.

    Raises:
        ValueError: If the two are not of one length.
    """
    if len(gold) != len(predicted):
        raise ValueError(f"gold and predicted must be of one length, were: {len(gold)} and {len(predicted)}")
    codes = {label: index for index, label in enumerate(labels)}
    gold_columns, predicted_columns = _columns(gold, codes), _columns(predicted, codes)
    lengths = np.zeros(len(gold) + 1, dtype=np.int64)
    for document, _, end, _ in (gold_columns, predicted_columns):
        np.maximum.at(lengths, document + 1, end)
    base = np.cumsum(lengths)
    return _table(gold_columns, base, len(labels)), _table(predicted_columns, base, len(labels))


def _columns(spans: Sequence[Sequence[Span]], codes: dict[str, int]) -> tuple[IntArray, IntArray, IntArray, IntArray]:
    flat = list(chain.from_iterable(spans))

    def column(values: Iterable[int]) -> IntArray:
        return np.fromiter(values, dtype=np.int64, count=len(flat))

    counts = np.fromiter(map(len, spans), dtype=np.int64, count=len(spans))
    document = np.repeat(np.arange(len(spans), dtype=np.int64), counts)
    start, end = column(span.start for span in flat), column(span.end for span in flat)
    return document, start, end, column(codes.setdefault(span.label, len(codes)) for span in flat)


def _table(columns: tuple[IntArray, IntArray, IntArray, IntArray], base: IntArray, labels: int) -> SpanTable:
    document, start, end, label = columns
    start, end = start + base[document], end + base[document]
    order = np.lexsort((label, end, start))
    document, start, end, label = document[order], start[order], end[order], label[order]
    first = np.ones(len(start), dtype=np.bool_)
    first[1:] = (start[1:] != start[:-1]) | (end[1:] != end[:-1]) | (label[1:] != label[:-1])
    return SpanTable(document[first], start[first], end[first], label[first], len(base) - 1, labels)
