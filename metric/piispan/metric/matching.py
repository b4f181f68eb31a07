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

__all__ = ["Matches", "Pairs", "match_spans", "maximum_matching"]


class Pairs(NamedTuple):
    """Spans of two tables, paired.

    Args:
        gold: Indices of gold spans, none twice. Shape: ``(pairs,)``
        predicted: The index of each one's partner, none twice. Shape: ``(pairs,)``
    """

    gold: IntArray
    predicted: IntArray


@dataclass(frozen=True, slots=True)
class Matches:
    """Which spans were paired.

    Args:
        boundaries: Spans with the same boundaries, label ignored: MUC's *correct*.
        partial: Spans that overlap, label ignored, none of them in ``boundaries``: MUC's *partial*.
        exact: Gold spans paired with their own boundaries and label. Shape: ``(gold spans,)``
        same_label: Spans that overlap and have one label, as many as possible, the exact ones among them.
        other_label: Of the spans in none of those, as many that overlap as possible. The two together are one pairing.
    """

    boundaries: Pairs
    partial: Pairs
    exact: BoolArray
    same_label: Pairs
    other_label: Pairs


def match_spans(gold: SpanTable, predicted: SpanTable) -> Matches:
    """Pair the gold spans with the predicted ones of the same corpus line.

    Args:
        gold: Flat spans; predictions may overlap each other.
        predicted: From the same call of ``lay_out``.
    """
    boundaries, partial = _pair(gold, predicted)
    # A line for each label, all laid end to end, makes "same label" a question of position alone.
    length = int(max(gold.end.max(initial=0), predicted.end.max(initial=0)))
    by_label = np.argsort(gold.label, kind="stable")
    own, touching = _pair(_on_lines(gold, length, by_label), _on_lines(predicted, length))
    same_label = Pairs(by_label[np.concatenate([own.gold, touching.gold])], np.concatenate([own.predicted, touching.predicted]))
    return Matches(boundaries, partial, gold.marked(by_label[own.gold]), same_label, _among_the_rest(gold, predicted, same_label))


def _among_the_rest(gold: SpanTable, predicted: SpanTable, taken: Pairs) -> Pairs:
    """As many overlapping pairs as possible of the spans that are not taken."""
    open_gold = np.flatnonzero(~gold.marked(taken.gold))
    open_predicted = np.flatnonzero(~predicted.marked(taken.predicted))
    own, touching = _pair(gold.rows(open_gold), predicted.rows(open_predicted))
    return Pairs(open_gold[np.concatenate([own.gold, touching.gold])], open_predicted[np.concatenate([own.predicted, touching.predicted])])


def _on_lines(table: SpanTable, length: int, order: IntArray | None = None) -> SpanTable:
    """The spans, in ``order``, moved to a line of ``length`` for each label."""
    shift = table.label * length
    moved = replace(table, start=table.start + shift, end=table.end + shift)
    return moved if order is None else moved.rows(order)


def _pair(gold: SpanTable, predicted: SpanTable) -> tuple[Pairs, Pairs]:
    """Pairs with the same boundaries, and pairs of others that overlap. The gold spans are flat and sorted, the others in any order."""
    if not len(gold):
        nothing = np.zeros(0, dtype=np.int64)
        return Pairs(nothing, nothing), Pairs(nothing, nothing)
    place = np.minimum(np.searchsorted(gold.start, predicted.start), len(gold) - 1)
    own = (gold.start[place] == predicted.start) & (gold.end[place] == predicted.end)
    rivals = np.flatnonzero(own)
    # Of several with the boundaries of one gold span, one that has its label comes first.
    rivals = rivals[np.lexsort((predicted.label[rivals] != gold.label[place[rivals]], place[rivals]))]
    taken, first_rival = np.unique(place[rivals], return_index=True)
    is_open = np.ones(len(gold), dtype=np.bool_)
    is_open[taken] = False
    open_gold, bidders = np.flatnonzero(is_open), np.flatnonzero(~own)
    first = np.searchsorted(gold.end[open_gold], predicted.start[bidders], side="right")
    last = np.searchsorted(gold.start[open_gold], predicted.end[bidders], side="left") - 1
    meets = first <= last
    places, chosen = maximum_matching(first[meets], last[meets])
    return Pairs(taken, rivals[first_rival]), Pairs(open_gold[places], bidders[meets][chosen])


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
