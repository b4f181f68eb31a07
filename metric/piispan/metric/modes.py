"""The same pairs under every way to match: by label, micro and macro; and the five counts of MUC and SemEval-2013.

``exact`` and ``overlap`` pair spans of one label, so a pair counts for that label on both sides. Under ``boundaries`` and ``partial`` the
labels of a pair may differ: recall then goes by the gold span's label, precision by the predicted one's.
"""

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Literal, NamedTuple, get_args

import numpy as np
import numpy.typing as npt

from piispan.metric.matching import Matches
from piispan.metric.scores import SemEvalCounts, SpanScores
from piispan.metric.span_table import FloatArray, SpanTable

__all__ = ["Mode", "ModeScores", "score_modes", "semeval_counts"]

Mode = Literal["exact", "boundaries", "overlap", "partial"]


class ModeScores(NamedTuple):
    """Scores under one way to match.

    Args:
        micro: Over all spans.
        macro: Mean over the labels with gold spans; a label that was never predicted has precision 0 there. ``None`` without any.
        per_label: In the label list's order.
    """

    micro: SpanScores
    macro: SpanScores
    per_label: tuple[SpanScores, ...]


def score_modes(gold: SpanTable, predicted: SpanTable, matches: Matches) -> Mapping[Mode, ModeScores]:
    """Scores under every way to match; both tables from one call of ``lay_out``."""
    same, touched = (
        (_by_label(gold, gold.marked(pairs.gold)), _by_label(predicted, predicted.marked(pairs.predicted)))
        for pairs in (matches.boundaries, matches.partial)
    )
    totals = _by_label(gold), _by_label(predicted)
    exact, overlap = _by_label(gold, matches.exact), _by_label(gold, gold.marked(matches.same_label.gold))
    found: dict[Mode, tuple[FloatArray, FloatArray]] = {
        "exact": (exact, exact),
        "boundaries": same,
        "overlap": (overlap, overlap),
        "partial": (same[0] + touched[0] / 2, same[1] + touched[1] / 2),
    }
    return {mode: _scores(found[mode], totals) for mode in get_args(Mode)}


def semeval_counts(gold: SpanTable, predicted: SpanTable, matches: Matches) -> tuple[dict[str, SemEvalCounts], tuple[SemEvalCounts, ...]]:
    """The counts by SemEval's four strategies, and those of ``partial`` by label.

    ``incorrect`` are the pairs that a strategy does not call right. ``type`` has a pairing of its own: spans of one label first, then what
    is left of both. By label, spurious spans go by the predicted label, all others by the
    gold one. (I. Segura-Bedmar, P. Martínez and M. Herrero-Zazo, "SemEval-2013 Task 9", 2013.)
    """
    correct, touched = (_by_label(gold, gold.marked(pairs.gold)) for pairs in (matches.boundaries, matches.partial))
    missing = _by_label(gold) - correct - touched
    paired = np.concatenate([matches.boundaries.predicted, matches.partial.predicted])
    spurious = _by_label(predicted, ~predicted.marked(paired))
    by_label = [SemEvalCounts(int(c), 0, int(p), int(m), int(s)) for c, p, m, s in zip(correct, touched, missing, spurious, strict=True)]
    pairs = int(correct.sum() + touched.sum())
    open_ends = int(missing.sum()), int(spurious.sum())

    alike, others = len(matches.same_label.gold), len(matches.other_label.gold)

    def pairs_of(right: int) -> SemEvalCounts:
        return SemEvalCounts(right, pairs - right, 0, *open_ends)

    return {
        "strict": pairs_of(int(matches.exact.sum())),
        "exact": pairs_of(int(correct.sum())),
        "partial": SemEvalCounts(int(correct.sum()), 0, int(touched.sum()), *open_ends),
        "type": SemEvalCounts(alike, others, 0, len(gold) - alike - others, len(predicted) - alike - others),
    }, tuple(by_label[:-1])


def _by_label(table: SpanTable, weights: npt.ArrayLike | None = None) -> FloatArray:
    """Sum of ``weights`` by label, those that are not in the list last. Shape: ``(labels + 1,)``"""
    sums: FloatArray = table.per_label(weights).sum(axis=0)
    return sums


def _scores(found: tuple[FloatArray, FloatArray], totals: tuple[FloatArray, FloatArray]) -> ModeScores:
    """From what was found and what there is, each by label on the gold and on the predicted side."""
    rows = list(zip(*found, *totals, strict=True))
    per_label = tuple(_span_scores(*row) for row in rows[:-1])
    supported = [scores for scores, row in zip(per_label, rows, strict=False) if row[2]]
    macro = SpanScores(*(_mean([getattr(scores, name) for scores in supported]) for name in ("precision", "recall", "f1")))
    return ModeScores(_span_scores(*(side.sum() for side in (*found, *totals))), macro, per_label)


def _mean(values: Sequence[float | None]) -> float | None:
    return fmean(value or 0.0 for value in values) if values else None


def _span_scores(found_gold: float, found_predicted: float, gold: float, predicted: float) -> SpanScores:
    precision = float(found_predicted / predicted) if predicted else None
    recall = float(found_gold / gold) if gold else None
    if precision is None and recall is None:
        return SpanScores(None, None, None)
    # The harmonic mean of the two, without rounding on the way.
    both = found_predicted * gold + found_gold * predicted
    return SpanScores(precision, recall, float(2 * found_gold * found_predicted / both) if both else 0.0)
