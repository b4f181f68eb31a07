"""How much personal data a redaction by these predictions would leave readable: labels do not matter here.

A gold character is *covered* when any predicted span holds it, whatever its label. ``char_recall`` is the share
of gold characters covered, ``leak_rate`` is ``1 - char_recall``, ``leaked_documents`` is the share of *all*
documents with at least one gold character left open, and ``char_precision`` is the share of predicted characters
that are gold. A character under several predicted spans counts once.
"""

from dataclasses import dataclass

import numpy as np

from piispan.metric.span_table import FloatArray, IntArray, SpanTable

__all__ = ["Coverage", "measure_coverage"]


@dataclass(frozen=True, slots=True)
class Coverage:
    """Characters, counted.

    Args:
        covered: Characters of each gold span under any predicted span. Shape: ``(gold spans,)``
        predicted: Characters under any predicted span. Shape: ``(documents, 1)``
        leaked: 1 where the document has a gold character that is not covered, else 0. Shape: ``(documents, 1)``
    """

    covered: IntArray
    predicted: FloatArray
    leaked: FloatArray


def measure_coverage(gold: SpanTable, predicted: SpanTable) -> Coverage:
    """Count what the union of the predicted spans covers; both tables are from one call of ``lay_out``."""
    start, end, document = _union(predicted)
    lengths = end - start
    before = np.concatenate(([0], np.cumsum(lengths)))

    def covered_before(position: IntArray) -> IntArray:
        piece = np.searchsorted(start, position, side="right")
        beyond = np.maximum(end[piece - 1] - position, 0) if len(end) else np.zeros_like(position)
        return before[piece] - np.where(piece > 0, beyond, 0)

    covered = covered_before(gold.end) - covered_before(gold.start)
    per_document = np.bincount(document, lengths, minlength=gold.documents).astype(np.float64).reshape(-1, 1)
    leaked = gold.per_document(covered < gold.end - gold.start) > 0
    return Coverage(covered, per_document, leaked.astype(np.float64))


def _union(table: SpanTable) -> tuple[IntArray, IntArray, IntArray]:
    """Disjoint pieces that cover what the spans cover: start, end and document of each, ascending."""
    reach = np.maximum.accumulate(table.end) if len(table) else table.end
    opens = np.ones(len(table), dtype=np.bool_)
    opens[1:] = table.start[1:] >= reach[:-1]
    closes = np.roll(opens, -1)
    return table.start[opens], reach[closes], table.document[opens]
