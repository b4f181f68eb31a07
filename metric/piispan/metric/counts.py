"""The counts of a corpus by document: what is added up before any ratio is taken."""

from dataclasses import dataclass, fields
from itertools import accumulate
from typing import Self

import numpy as np

from piispan.metric.hallucination import OUTPUT_COUNTS
from piispan.metric.leak import Coverage
from piispan.metric.matching import Matches
from piispan.metric.span_table import BoolArray, FloatArray, SpanTable

__all__ = ["Counts", "count"]


@dataclass(frozen=True, slots=True)
class Counts:
    """Whole numbers, kept as floats so that weighted sums are one matrix product (exact below 2**53).

    A row is a document, or a sum of documents. Per label the last column holds all labels that are not in the list.

    Args:
        documents: 1 for each document. Shape: ``(rows, 1)``, as all that follow unless they say otherwise.
        gold: Gold spans. Shape: ``(rows, labels + 1)``
        predicted: Predicted spans, doubles removed. Shape: ``(rows, labels + 1)``
        exact: Gold spans found with boundaries and label. Shape: ``(rows, labels + 1)``
        gold_characters: Characters of gold spans. Shape: ``(rows, labels + 1)``
        covered_characters: Those under any predicted span. Shape: ``(rows, labels + 1)``
        boundaries: Gold spans found with their boundaries, label ignored.
        partial: Gold spans paired by mere overlap, label ignored.
        overlap: Gold spans paired with an overlapping span of their label.
        predicted_characters: Characters under any predicted span.
        leaked: Documents with a gold character that is not covered.
        outputs: What ``count_outputs`` counts; 0 without raw outputs. Shape: ``(rows, len(OUTPUT_COUNTS))``
        readings: Exact and predicted spans of the outputs as they are, and the same after repair; 0 without them. Shape: ``(rows, 4)``
        seen: Gold spans whose value training saw, and those of them found; 0 where that is not known. Shape: ``(rows, 2)``
    """

    documents: FloatArray
    gold: FloatArray
    predicted: FloatArray
    exact: FloatArray
    gold_characters: FloatArray
    covered_characters: FloatArray
    boundaries: FloatArray
    partial: FloatArray
    overlap: FloatArray
    predicted_characters: FloatArray
    leaked: FloatArray
    outputs: FloatArray
    readings: FloatArray
    seen: FloatArray

    def total(self) -> "Counts":
        """The sum over all rows, as one row."""
        return Counts(*(column.sum(axis=0, keepdims=True) for column in self._columns()))

    def to_matrix(self) -> FloatArray:
        """All columns side by side. Shape: ``(rows, columns)``"""
        return np.hstack(self._columns())

    def with_matrix(self, matrix: FloatArray) -> Self:
        """The counts whose ``to_matrix()`` is ``matrix``; the columns are those of ``self``. Shape: ``(any, columns)``"""
        edges = list(accumulate(column.shape[1] for column in self._columns()))
        return type(self)(*np.split(matrix, edges[:-1], axis=1))

    def _columns(self) -> list[FloatArray]:
        return [getattr(self, column.name) for column in fields(self)]


def count(
    gold: SpanTable,
    predicted: SpanTable,
    matches: Matches,
    coverage: Coverage,
    *,
    outputs: FloatArray | None = None,
    readings: FloatArray | None = None,
    seen: BoolArray | None = None,
) -> Counts:
    """The counts of each document.

    Args:
        gold: The gold spans.
        predicted: The predicted spans.
        matches: Which gold spans were found.
        coverage: Which characters were covered.
        outputs: What ``count_outputs`` gives.
        readings: As ``Counts`` says.
        seen: Whether training saw the value of each gold span. Shape: ``(gold spans,)``
    """
    rows = gold.documents
    return Counts(
        documents=np.ones((rows, 1)),
        gold=gold.per_label(),
        predicted=predicted.per_label(),
        exact=gold.per_label(matches.exact),
        gold_characters=gold.per_label(gold.end - gold.start),
        covered_characters=gold.per_label(coverage.covered),
        boundaries=gold.per_document(gold.marked(matches.boundaries.gold)),
        partial=gold.per_document(gold.marked(matches.partial.gold)),
        overlap=gold.per_document(gold.marked(matches.same_label.gold)),
        predicted_characters=coverage.predicted,
        leaked=coverage.leaked,
        outputs=np.zeros((rows, len(OUTPUT_COUNTS))) if outputs is None else outputs,
        readings=np.zeros((rows, 4)) if readings is None else readings,
        seen=np.zeros((rows, 2)) if seen is None else np.hstack([gold.per_document(seen), gold.per_document(seen & matches.exact)]),
    )
