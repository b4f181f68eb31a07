"""Where a tagger goes wrong: labels confused, edges moved, what leaks and from which documents. Ids and numbers, never a text."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from piispan.core.labels import LabelSet
from piispan.core.predictions import Prediction
from piispan.core.spans import Document
from piispan.metric.leak import measure_coverage
from piispan.metric.matching import Matches, match_spans
from piispan.metric.pairing import check_gold_labels, check_offsets, in_document_order
from piispan.metric.span_table import IntArray, SpanTable, lay_out

__all__ = ["Analysis", "EdgeErrors", "Leak", "analyse"]

_FARTHEST = 5
"""Edges that are off by so much or more are counted together."""


@dataclass(frozen=True, slots=True)
class EdgeErrors:
    """How far one edge of the spans that merely overlap is off.

    Args:
        early: Predicted edges that come too soon, by characters: 1, 2, … and last all from ``5`` on.
        late: Those that come too late, likewise.
        right: Those that are where they should be, while the other edge is not.
    """

    early: tuple[int, ...]
    late: tuple[int, ...]
    right: int


@dataclass(frozen=True, slots=True)
class Leak:
    """What one document leaves readable.

    Args:
        id: The document's id.
        characters: Gold characters under no predicted span.
        spans: Gold spans that are not wholly covered.
    """

    id: str
    characters: int
    spans: int


@dataclass(frozen=True, slots=True)
class Analysis:
    """The errors of a corpus.

    Args:
        labels: The rows and columns of ``confusion`` but the last, which is all labels that are not in the label set.
        confusion: Pairs of a gold and a predicted span, by gold label (rows) and predicted label: as many overlapping spans of one label as
            possible, then of what is left as many as possible. Shape: ``(labels + 1, labels + 1)``
        missed: Gold spans in no pair, by label. Shape: ``(labels + 1,)``
        spurious: Predicted spans in no pair, by label. Shape: ``(labels + 1,)``
        starts: Where the first edges of spans that merely overlap lie.
        ends: Where their second edges lie.
        leaked_characters: Gold characters under no predicted span, by gold label. Shape: ``(labels + 1,)``
        leaks: The documents with most of them, the worst first; of equals the one that comes first.
    """

    labels: tuple[str, ...]
    confusion: tuple[tuple[int, ...], ...]
    missed: tuple[int, ...]
    spurious: tuple[int, ...]
    starts: EdgeErrors
    ends: EdgeErrors
    leaked_characters: tuple[int, ...]
    leaks: tuple[Leak, ...]

    @property
    def most_leaked(self) -> str | None:
        """The label of the label set with most leaked characters; of equals the first; ``None`` where nothing leaks."""
        known = self.leaked_characters[: len(self.labels)]
        return self.labels[int(np.argmax(known))] if any(known) else None

    def confused(self, most: int = 10) -> list[tuple[str, str, int]]:
        """Gold label, predicted label and number of the pairs with different labels, the most frequent first."""
        names = (*self.labels, "other labels")
        cells = [
            (names[row], names[column], count)
            for row, counts in enumerate(self.confusion)
            for column, count in enumerate(counts)
            if count and row != column
        ]
        return sorted(cells, key=lambda cell: -cell[2])[:most]

    def to_dict(self) -> dict[str, object]:
        """Lists, dicts and numbers only."""
        return {
            "labels": list(self.labels),
            "confusion": [list(row) for row in self.confusion],
            "missed": list(self.missed),
            "spurious": list(self.spurious),
            "starts": {"early": list(self.starts.early), "late": list(self.starts.late), "right": self.starts.right},
            "ends": {"early": list(self.ends.early), "late": list(self.ends.late), "right": self.ends.right},
            "leaked_characters": list(self.leaked_characters),
            "most_leaked": self.most_leaked,
            "leaks": [{"id": leak.id, "characters": leak.characters, "spans": leak.spans} for leak in self.leaks],
        }


def analyse(documents: Sequence[Document], predictions: Sequence[Prediction], labels: LabelSet, *, most_leaks: int = 20) -> Analysis:
    """Count the errors of ``Prediction.spans``.

    Args:
        documents: The documents with their gold spans.
        predictions: One for each document, in any order.
        labels: The label set.
        most_leaks: How many documents to name.

    Raises:
        DataError: If an id occurs twice, the ids of the two do not match, or a predicted span lies outside its document.
        LabelError: If a gold label is not in the label set.
    """
    check_gold_labels(documents, labels)
    spans = [prediction.spans for prediction in in_document_order(documents, predictions)]
    check_offsets(documents, spans)
    gold, predicted = lay_out([document.spans for document in documents], spans, labels.names)
    matches = match_spans(gold, predicted)
    open_characters = gold.end - gold.start - measure_coverage(gold, predicted).covered
    partial = matches.partial
    return Analysis(
        labels=labels.names,
        confusion=_confusion(gold, predicted, matches),
        missed=_unpaired(gold, matches.same_label.gold, matches.other_label.gold),
        spurious=_unpaired(predicted, matches.same_label.predicted, matches.other_label.predicted),
        starts=_edges(predicted.start[partial.predicted] - gold.start[partial.gold]),
        ends=_edges(predicted.end[partial.predicted] - gold.end[partial.gold]),
        leaked_characters=_whole(gold.per_label(open_characters).sum(axis=0)),
        leaks=_leaks([document.id for document in documents], gold, open_characters, most_leaks),
    )


def _confusion(gold: SpanTable, predicted: SpanTable, matches: Matches) -> tuple[tuple[int, ...], ...]:
    size = gold.labels + 1
    pairs = [np.concatenate(sides) for sides in zip(matches.same_label, matches.other_label, strict=True)]
    row, column = (np.minimum(table.label[side], gold.labels) for table, side in zip((gold, predicted), pairs, strict=True))
    cells = np.bincount(row * size + column, minlength=size * size).reshape(size, size)
    return tuple(_whole(line) for line in cells)


def _unpaired(table: SpanTable, *paired: IntArray) -> tuple[int, ...]:
    return _whole(table.per_label(~table.marked(np.concatenate(paired))).sum(axis=0))


def _edges(off: IntArray) -> EdgeErrors:
    far = np.clip(off, -_FARTHEST, _FARTHEST)
    early, late = (np.bincount(np.abs(side), minlength=_FARTHEST + 1)[1:] for side in (far[far < 0], far[far > 0]))
    return EdgeErrors(_whole(early), _whole(late), int(np.count_nonzero(off == 0)))


def _leaks(ids: Sequence[str], gold: SpanTable, open_characters: IntArray, most: int) -> tuple[Leak, ...]:
    characters, spans = gold.per_document(open_characters)[:, 0], gold.per_document(open_characters > 0)[:, 0]
    worst: list[int] = np.argsort(-characters, kind="stable")[:most].tolist()
    return tuple(Leak(ids[index], int(characters[index]), int(spans[index])) for index in worst if characters[index])


def _whole(values: np.ndarray) -> tuple[int, ...]:
    return tuple(int(value) for value in values)
