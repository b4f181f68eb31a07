"""From counts to ratios, once for the corpus and once for every bootstrap resample: the same formulas serve both.

Nothing to score is NaN in here and ``None`` outside (``as_score``):

- precision is undefined without predictions, recall without gold spans;
- F is ``(1 + beta**2) TP / (beta**2 gold + predicted)``: 0 when only one side has spans, undefined when neither has.
"""

import numpy as np

from piispan.metric.counts import Counts
from piispan.metric.hallucination import OUTPUT_COUNTS
from piispan.metric.span_table import FloatArray

__all__ = ["SPAN_FIGURES", "as_score", "headline_ratios", "label_ratios", "ratio", "span_ratios"]

SPAN_FIGURES = (
    "precision",
    "recall",
    "f1",
    "macro_f1",
    "f2",
    "f1_partial",
    "f1_boundaries",
    "f1_overlap",
    "char_recall",
    "char_precision",
    "leak_rate",
    "leaked_documents",
)
"""The headline figures that take spans alone."""


def ratio(part: FloatArray, whole: FloatArray) -> FloatArray:
    """``part / whole``, NaN where ``whole`` is 0. Both of one shape, which is the result's."""
    result = np.full(whole.shape, np.nan)
    np.divide(part, whole, out=result, where=whole > 0)
    return result


def as_score(value: float) -> float | None:
    """A plain ``float``, or ``None`` for NaN: nothing to score."""
    return None if np.isnan(value) else float(value)


def _f(found: FloatArray, gold: FloatArray, predicted: FloatArray, beta: float = 1.0) -> FloatArray:
    return ratio((1 + beta**2) * found, beta**2 * gold + predicted)


def span_ratios(found: FloatArray, gold: FloatArray, predicted: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Precision, recall and F1. All arguments and results of one shape."""
    return ratio(found, predicted), ratio(found, gold), _f(found, gold, predicted)


def label_ratios(counts: Counts) -> dict[str, FloatArray]:
    """Exact ``precision``, ``recall`` and ``f1``, ``char_recall`` and ``leak_rate``, of each label of the list.

    Shape of each: ``(rows, labels)``
    """
    precision, recall, f1 = span_ratios(counts.exact, counts.gold, counts.predicted)
    char_recall = ratio(counts.covered_characters, counts.gold_characters)
    every = {"precision": precision, "recall": recall, "f1": f1, "char_recall": char_recall, "leak_rate": 1.0 - char_recall}
    return {name: values[:, :-1] for name, values in every.items()}


def headline_ratios(counts: Counts) -> dict[str, FloatArray]:
    """Every ratio of the corpus, by name: ``SPAN_FIGURES``, those of raw outputs, and recall by seen values. Shape of each: ``(rows,)``

    ``precision``, ``recall``, ``f1`` and ``f2`` are exact and micro; ``macro_f1`` is the mean over the labels with gold
    spans; ``f1_partial`` counts a correct pair 1 and a partial one 1/2.
    """
    found, gold, predicted = (column.sum(axis=1) for column in (counts.exact, counts.gold, counts.predicted))
    precision, recall, f1 = span_ratios(found, gold, predicted)
    supported, by_label = counts.gold[:, :-1] > 0, _f(counts.exact, counts.gold, counts.predicted)[:, :-1]
    half_right = counts.boundaries[:, 0] + 0.5 * counts.partial[:, 0]
    covered, gold_characters = counts.covered_characters.sum(axis=1), counts.gold_characters.sum(axis=1)
    char_recall = ratio(covered, gold_characters)
    return {
        "precision": precision,
        "recall": recall,
        "f1": f1,
        "macro_f1": ratio(np.where(supported, by_label, 0.0).sum(axis=1), supported.sum(axis=1).astype(np.float64)),
        "f2": _f(found, gold, predicted, beta=2.0),
        "f1_partial": _f(half_right, gold, predicted),
        "f1_boundaries": _f(counts.boundaries[:, 0], gold, predicted),
        "f1_overlap": _f(counts.overlap[:, 0], gold, predicted),
        "char_recall": char_recall,
        "char_precision": ratio(covered, counts.predicted_characters[:, 0]),
        "leak_rate": 1.0 - char_recall,
        "leaked_documents": ratio(counts.leaked[:, 0], counts.documents[:, 0]),
        **_output_ratios(counts, gold),
        **_seen_ratios(counts, found, gold),
    }


def _output_ratios(counts: Counts, gold: FloatArray) -> dict[str, FloatArray]:
    """Exact F1 of the outputs as they are and after repair, and the rates of ``HallucinationRates``."""
    columns = dict(zip(OUTPUT_COUNTS, counts.outputs.T, strict=True))
    outputs, mentions = columns["outputs"], columns["mentions"]
    as_is, said, repaired, mended = counts.readings.T
    faults = {name: ratio(columns[name], outputs) for name in ("offset_error", "malformed", "text_drift", "extraneous_text")}
    rates = {name: ratio(columns[name], mentions) for name in ("hallucination", "value_not_in_source", "unknown_label")}
    return {
        "f1_strict": np.where(outputs > 0, _f(as_is, gold, said), np.nan),
        "f1_recovered": np.where(outputs > 0, _f(repaired, gold, mended), np.nan),
        **{f"{name}_rate": values for name, values in {**rates, **faults}.items()},
    }


def _seen_ratios(counts: Counts, found: FloatArray, gold: FloatArray) -> dict[str, FloatArray]:
    """Exact recall over the gold spans whose value training saw, and over the others; means something only where that is known."""
    seen, seen_found = counts.seen.T
    return {"recall_seen": ratio(seen_found, seen), "recall_unseen": ratio(found - seen_found, gold - seen)}
