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

from dataclasses import dataclass, replace
from heapq import heappop, heappush
from typing import NamedTuple

import numpy as np

from piispan.metric.span_table import BoolArray, IntArray, SpanTable

__all__ = ["Matches", "match_spans", "maximum_matching"]


@dataclass(frozen=True, slots=True)
class Matches:
    """Which spans were paired. Where the label counts, both sides of a pair have it, so the gold side tells all.

    Args:
        exact: Gold spans paired with their own boundaries and label. Shape: ``(gold spans,)``, as the next three.
        boundaries: Gold spans paired with their own boundaries, label ignored: MUC's *correct*.
        overlap: Gold spans paired with an overlapping span of their label, the exact ones included.
        partial: Gold spans paired with an overlapping span, label ignored, the ``boundaries`` ones left out: MUC's *partial*.
        predicted_boundaries: The other side of ``boundaries``. Shape: ``(predicted spans,)``
        predicted_partial: The other side of ``partial``. Shape: ``(predicted spans,)``
    """

    exact: BoolArray
    boundaries: BoolArray
    overlap: BoolArray
    partial: BoolArray
    predicted_boundaries: BoolArray
    predicted_partial: BoolArray


def match_spans(gold: SpanTable, predicted: SpanTable) -> Matches:
    """Pair the gold spans with the predicted ones of the same corpus line.

    Args:
        gold: Flat spans; predictions may overlap each other.
        predicted: From the same call of ``lay_out``.
    """
    by_position = _pair(gold, predicted)
    # A line for each label, all laid end to end, makes "same label" a question of position alone.
    length = int(max(gold.end.max(initial=0), predicted.end.max(initial=0)))
    by_label = np.argsort(gold.label, kind="stable")
    same_label = _pair(_on_lines(gold, length, by_label), _on_lines(predicted, length))
    exact, overlap = np.zeros_like(same_label.same), np.zeros_like(same_label.same)
    exact[by_label], overlap[by_label] = same_label.same, same_label.same | same_label.touched
    return Matches(
        exact=exact,
        boundaries=by_position.same,
        overlap=overlap,
        partial=by_position.touched,
        predicted_boundaries=by_position.predicted_same,
        predicted_partial=by_position.predicted_touched,
    )


def _on_lines(table: SpanTable, length: int, order: IntArray | None = None) -> SpanTable:
    """The spans, ``order`` first, moved to a line of ``length`` for each label."""
    shift = table.label * length
    moved = replace(table, start=table.start + shift, end=table.end + shift)
    return moved if order is None else replace(moved, start=moved.start[order], end=moved.end[order], label=moved.label[order])


class _Pairs(NamedTuple):
    """Spans paired with their own boundaries (``same``) and by mere overlap (``touched``), on either side."""

    same: BoolArray
    touched: BoolArray
    predicted_same: BoolArray
    predicted_touched: BoolArray


def _pair(gold: SpanTable, predicted: SpanTable) -> _Pairs:
    """Pair the spans of a line. The gold spans are flat and sorted, the others in any order."""
    pairs = _Pairs(*(np.zeros(len(table), dtype=np.bool_) for table in (gold, gold, predicted, predicted)))
    if not len(gold):
        return pairs
    place = np.minimum(np.searchsorted(gold.start, predicted.start), len(gold) - 1)
    own = (gold.start[place] == predicted.start) & (gold.end[place] == predicted.end)
    rivals = np.flatnonzero(own)
    # Of several with the boundaries of one gold span, one that has its label comes first.
    rivals = rivals[np.lexsort((predicted.label[rivals] != gold.label[place[rivals]], place[rivals]))]
    taken, first_rival = np.unique(place[rivals], return_index=True)
    pairs.same[taken] = True
    pairs.predicted_same[rivals[first_rival]] = True
    open_gold, bidders = np.flatnonzero(~pairs.same), np.flatnonzero(~own)
    first = np.searchsorted(gold.end[open_gold], predicted.start[bidders], side="right")
    last = np.searchsorted(gold.start[open_gold], predicted.end[bidders], side="left") - 1
    meets = first <= last
    places, chosen = maximum_matching(first[meets], last[meets])
    pairs.touched[open_gold[places]] = True
    pairs.predicted_touched[bidders[meets][chosen]] = True
    return pairs


def maximum_matching(first: IntArray, last: IntArray) -> tuple[IntArray, IntArray]:
    """The places taken, and by whom, when as many as possible of the bidders get one place each (Glover's rule).

    Args:
        first: The first place each bidder can take, counted from 0. Shape: ``(bidders,)``
        last: The last one, inclusive, not before ``first``. Shape: ``(bidders,)``

    Returns:
        The places taken, ascending, and the index of each one's bidder. Both of shape ``(pairs,)``
    """
    order = np.argsort(first, kind="stable")
    firsts, lasts = first[order].tolist(), last[order].tolist()
    numbers = order.tolist()
    waiting: list[tuple[int, int]] = []
    taken: list[tuple[int, int]] = []
    place = bidder = 0
    while waiting or bidder < len(firsts):
        if not waiting:
            place = max(place, firsts[bidder])
        while bidder < len(firsts) and firsts[bidder] <= place:
            heappush(waiting, (lasts[bidder], numbers[bidder]))
            bidder += 1
        while waiting and waiting[0][0] < place:
            heappop(waiting)
        if waiting:
            taken.append((place, heappop(waiting)[1]))
            place += 1
    places, bidders = np.array(taken, dtype=np.int64).reshape(-1, 2).T
    return places, bidders
