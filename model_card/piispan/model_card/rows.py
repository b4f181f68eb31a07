"""The tables of a card as typed rows, figures still numbers."""

from collections.abc import Sequence
from dataclasses import dataclass

from piispan.core import SAFE_HARBOR_CATEGORIES, LabelSet
from piispan.model_card.measured import Interval, LabelScore, Measured

__all__ = ["FINDING", "HALLUCINATION", "FigureRow", "LabelRow", "SafeHarborRow", "figure_rows", "label_rows", "safe_harbor_rows"]

FINDING = {
    "precision": "Precision (exact)",
    "recall": "Recall (exact)",
    "f1": "F1 (exact, micro)",
    "macro_f1": "F1 (exact, macro over labels)",
    "char_recall": "Character recall",
    "leak_rate": "Leak rate",
    "leaked_documents": "Leaked documents",
}
"""Figures of the first table: what was found and what leaks."""

HALLUCINATION = {
    "hallucination_rate": "Hallucinated mentions, of either kind",
    "value_not_in_source_rate": "Mentions whose value is not in the text",
    "unknown_label_rate": "Mentions whose label is not in the list",
    "offset_error_rate": "Outputs with wrong offsets",
    "malformed_rate": "Malformed outputs",
    "text_drift_rate": "Outputs that change the text",
    "extraneous_text_rate": "Outputs with extra text",
}
"""Figures of the second table: whether the output can be trusted."""


@dataclass(frozen=True, slots=True)
class FigureRow:
    """A figure before and after fine-tuning, with its intervals."""

    title: str
    before: float | None
    before_interval: Interval | None
    after: float | None
    after_interval: Interval | None


@dataclass(frozen=True, slots=True)
class LabelRow:
    """A label of the set with its scores; ``n`` 0 when no gold span of it was measured."""

    name: str
    description: str
    score: LabelScore


@dataclass(frozen=True, slots=True)
class SafeHarborRow:
    """One of the 18 categories.

    Args:
        letter: Its paragraph of 45 CFR 164.514(b)(2)(i).
        title: Its name.
        tested: Labels of the category that occurred in the measured documents.
        untested: Labels of the category that did not.
        n: Gold spans of the category.
        recall: Share of them found with exact boundaries and label, or ``None``.
    """

    letter: str
    title: str
    tested: tuple[str, ...]
    untested: tuple[str, ...]
    n: int
    recall: float | None

    @property
    def status(self) -> str:
        """``tested``, ``untested`` (there is a label for it, and no example was measured) or ``not covered``."""
        if self.tested:
            return "tested"
        return "untested" if self.untested else "not covered"


def figure_rows(titles: dict[str, str], before: Measured, after: Measured) -> list[FigureRow]:
    """One row for each key of ``titles``, in order."""
    return [
        FigureRow(title, before.figures[key], before.intervals.get(key), after.figures[key], after.intervals.get(key))
        for key, title in titles.items()
    ]


def label_rows(labels: LabelSet, measured: Measured) -> list[LabelRow]:
    """One row for each label of the set, in its order, measured or not."""
    nothing = LabelScore(n=0)
    return [LabelRow(label.name, label.description, measured.per_label.get(label.name, nothing)) for label in labels]


def safe_harbor_rows(labels: LabelSet, measured: Measured) -> list[SafeHarborRow]:
    """All 18 categories, A to R, whatever the label set."""
    rows = []
    for letter, title in SAFE_HARBOR_CATEGORIES.items():
        names = [label.name for label in labels if label.safe_harbor == letter]
        scores = {name: measured.per_label[name] for name in names if name in measured.per_label}
        tested = tuple(name for name in names if name in scores and scores[name].n > 0)
        untested = tuple(name for name in names if name not in tested)
        n, recall = _pooled_recall([scores[name] for name in tested])
        rows.append(SafeHarborRow(letter, title, tested, untested, n, recall))
    return rows


def _pooled_recall(scores: Sequence[LabelScore]) -> tuple[int, float | None]:
    """Gold spans of ``scores`` together, and the share of them that was found."""
    n = sum(score.n for score in scores)
    found = 0.0
    for score in scores:
        if score.recall is None:
            return n, None
        found += score.recall * score.n
    return n, found / n if n else None
