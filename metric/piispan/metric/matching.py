"""Which gold spans were found, under four ways to match.

=============  ==========================================================================================
``exact``      Same boundaries and same label.
``boundaries``  Same boundaries, label ignored.
``overlap``    At least one character in common and the same label.
``partial``    Label ignored: same boundaries are *correct*, an overlap is *partial* and counts one half
               (MUC-5 as SemEval-2013 task 9.1 uses it, its "partial boundary match").
=============  ==========================================================================================

In each of them a gold span and a predicted span are used at most once, and as many as possible are paired:
the count never depends on the order of the predictions, and never on which overlapping one comes first.

Why the pairing is optimal. Gold spans are flat, so a prediction with the boundaries of a gold span meets no
other gold span, and pairing the two first never costs a pair. What is left is a *convex* bipartite graph: each
prediction meets a run of neighbouring gold spans. For these Glover's rule is optimal (F. Glover, "Maximum
matching in a convex bipartite graph", Naval Research Logistics Quarterly 14, 1967): go through the gold spans
in order and give each the waiting prediction whose run ends first.
"""

from dataclasses import dataclass
from heapq import heappop, heappush

import numpy as np

from piispan.metric.span_table import BoolArray, IntArray, SpanTable

__all__ = ["Matches", "match_spans", "maximum_matching"]


@dataclass(frozen=True, slots=True)
class Matches:
    """For each gold span, whether it was paired. All of shape ``(gold spans,)``.

    Args:
        exact: Paired with its own boundaries and label.
        boundaries: Paired with its own boundaries, label ignored: MUC's *correct*.
        overlap: Paired with an overlapping span of its label, the exact ones included.
        partial: Paired with an overlapping span, label ignored, the ``boundaries`` ones left out: MUC's *partial*.
    """

    exact: BoolArray
    boundaries: BoolArray
    overlap: BoolArray
    partial: BoolArray


def match_spans(gold: SpanTable, predicted: SpanTable) -> Matches:
    """Pair the gold spans with the predicted ones of the same corpus line.

    Args:
        gold: Flat spans; predictions may overlap each other.
        predicted: From the same call of ``lay_out``.
    """
    boundaries, partial = _pair(gold.start, gold.end, predicted.start, predicted.end)
    # A line for each label, all laid end to end, makes "same label" a question of position alone.
    length = int(max(gold.end.max(initial=0), predicted.end.max(initial=0)))
    by_label = np.argsort(gold.label, kind="stable")
    shift, predicted_shift = gold.label[by_label] * length, predicted.label * length
    found, touched = _pair(
        gold.start[by_label] + shift, gold.end[by_label] + shift, predicted.start + predicted_shift, predicted.end + predicted_shift
    )
    exact, overlap = np.zeros_like(found), np.zeros_like(found)
    exact[by_label], overlap[by_label] = found, found | touched
    return Matches(exact=exact, boundaries=boundaries, overlap=overlap, partial=partial)


def _pair(gold_start: IntArray, gold_end: IntArray, start: IntArray, end: IntArray) -> tuple[BoolArray, BoolArray]:
    """For each gold span of a line: paired with its own boundaries; paired by mere overlap.

    The gold spans are flat and sorted, the others in any order. Shape of both: ``(gold spans,)``
    """
    exact, touched = np.zeros(len(gold_start), dtype=np.bool_), np.zeros(len(gold_start), dtype=np.bool_)
    if not len(gold_start):
        return exact, touched
    place = np.minimum(np.searchsorted(gold_start, start), len(gold_start) - 1)
    same = (gold_start[place] == start) & (gold_end[place] == end)
    exact[place[same]] = True
    open_gold = np.flatnonzero(~exact)
    first = np.searchsorted(gold_end[open_gold], start[~same], side="right")
    last = np.searchsorted(gold_start[open_gold], end[~same], side="left") - 1
    meets = first <= last
    touched[open_gold[maximum_matching(first[meets], last[meets])]] = True
    return exact, touched


def maximum_matching(first: IntArray, last: IntArray) -> IntArray:
    """The places taken when as many as possible of the bidders get one place each (Glover's rule).

    Args:
        first: The first place each bidder can take, counted from 0. Shape: ``(bidders,)``
        last: The last one, inclusive, not before ``first``. Shape: ``(bidders,)``

    Returns:
        The places taken, ascending. Shape: ``(pairs,)``
    """
    order = np.argsort(first, kind="stable")
    firsts, lasts = first[order].tolist(), last[order].tolist()
    waiting: list[int] = []
    taken: list[int] = []
    place = bidder = 0
    while waiting or bidder < len(firsts):
        if not waiting:
            place = max(place, firsts[bidder])
        while bidder < len(firsts) and firsts[bidder] <= place:
            heappush(waiting, lasts[bidder])
            bidder += 1
        while waiting and waiting[0] < place:
            heappop(waiting)
        if waiting:
            heappop(waiting)
            taken.append(place)
            place += 1
    return np.array(taken, dtype=np.int64)
