"""What scoring gives back: typed, and flat as ``metrics.json`` wants it."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

from piispan.core.errors import DataError
from piispan.metric.bootstrap import Interval
from piispan.metric.hallucination import HallucinationRates

__all__ = ["METRIC_VERSION", "LabelScores", "Scores", "SeenRecall", "SemEvalCounts", "SpanScores", "signature_of"]

METRIC_VERSION = "0.3.0"
"""Version of the *definitions*: it changes when the same spans would get another score, not with the package."""


def signature_of(source: str, labels_hash: str, resamples: int, seed: int) -> str:
    """The settings a score cannot be quoted without.

    Args:
        source: What the predicted spans were read from: ``spans``, ``spans:utf16``, or a format and its alignment (``tagged:strict``).
        labels_hash: Stands for the label set.
        resamples: Of the bootstrap.
        seed: Of the bootstrap.
    """
    return f"piispan-metric:{METRIC_VERSION}|match:exact|input:{source}|labels:{labels_hash}|bootstrap:{resamples}:{seed}"


@dataclass(frozen=True, slots=True)
class SpanScores:
    """Precision, recall and F1 under one way to match; ``None`` where there is nothing to score."""

    precision: float | None
    recall: float | None
    f1: float | None


@dataclass(frozen=True, slots=True)
class SemEvalCounts:
    """MUC's five counts, as SemEval-2013 task 9.1 uses them.

    Args:
        correct: Pairs that are right.
        incorrect: Pairs that are wrong.
        partial: Pairs that count one half.
        missing: Gold spans that are in no pair.
        spurious: Predicted spans that are in no pair.
    """

    correct: int
    incorrect: int
    partial: int
    missing: int
    spurious: int


@dataclass(frozen=True, slots=True)
class SeenRecall:
    """Exact recall over gold spans whose value (case folded) was seen in training, and over the others."""

    seen: float | None
    unseen: float | None


@dataclass(frozen=True, slots=True)
class LabelScores:
    """Exact scores of one label; ``None`` where there is nothing to score.

    Args:
        n: Gold spans of the label: its support.
        precision: Share of its predictions that are right.
        recall: Share of its gold spans that were found.
        f1: Their harmonic mean; 0 when only gold or only predictions exist.
        char_recall: Share of its gold characters under any predicted span, of whatever label.
        leak_rate: ``1 - char_recall``.
        intervals: 95 % bootstrap intervals of the five ratios, by name.
        boundaries: Scores of the boundaries; recall of this label's gold spans, precision of its predictions, whatever the other's label.
        overlap: Scores of any overlap with the same label.
        partial: As ``boundaries``, with 1/2 for an overlap.
        counts: The counts behind ``partial``.
    """

    n: int
    precision: float | None
    recall: float | None
    f1: float | None
    char_recall: float | None
    leak_rate: float | None
    intervals: Mapping[str, Interval | None]
    boundaries: SpanScores
    overlap: SpanScores
    partial: SpanScores
    counts: SemEvalCounts

    def to_dict(self, *, details: bool = False) -> dict[str, object]:
        """As in ``metrics.json``; ``interval`` is that of ``f1``, and every interval a list of two. See ``Scores.to_dict``."""
        intervals = _lists(self.intervals)
        flat = {name: getattr(self, name) for name in ("n", "precision", "recall", "f1", "char_recall", "leak_rate")}
        more = {name: asdict(getattr(self, name)) for name in ("boundaries", "overlap", "partial", "counts")} if details else {}
        return {**flat, "interval": intervals["f1"], "intervals": intervals, **more}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """The scores of a corpus. Every ratio is between 0 and 1, or ``None`` where there is nothing to score; never NaN.

    Args:
        precision: Exact (boundaries and label), micro; ``None`` without predictions.
        recall: Exact, micro; ``None`` without gold spans.
        f1: Exact, micro; 0 when only gold or only predictions exist, ``None`` when neither does. So with every F.
        macro_f1: Mean exact F1 over the labels with gold spans.
        f2: Exact micro F with recall weighed double (beta = 2).
        f1_partial: Micro F1 with 1 for a correct pair and 1/2 for a partial one, label ignored.
        f1_boundaries: Micro F1 of the boundaries, label ignored.
        f1_overlap: Micro F1 of any overlap with the same label, each span used once.
        f1_strict: Exact micro F1 of the spans of raw outputs that hold without any repair; ``None`` when none were parsed.
        f1_recovered: The same of the repaired spans.
        char_recall: Share of gold characters under any predicted span, label ignored.
        char_precision: Share of predicted characters that are gold, label ignored.
        leak_rate: ``1 - char_recall``.
        leaked_documents: Share of all documents with an uncovered gold character.
        hallucination: The seven rates over the raw outputs, flat in ``to_dict``; all ``None`` when none were parsed.
        documents: Number of documents.
        spans: Number of gold spans.
        output_tokens_per_document: Mean tokens of an answer; ``None`` when any document lacks the number.
        per_label: By label, in the label set's order, those without gold spans included (``n`` is 0).
        intervals: 95 % bootstrap intervals over documents, by ratio.
        signature: Definition version, match mode, what was read and how, label set hash, resamples and seed.
        boundaries: Precision and recall behind ``f1_boundaries``.
        overlap: Precision and recall behind ``f1_overlap``.
        partial: Precision and recall behind ``f1_partial``.
        macro: Mean scores over the labels with gold spans, for each of the four ways to match.
        semeval: The five counts by SemEval's strategies: ``strict``, ``exact``, ``partial``, ``type``.
        seen: ``recall_seen`` and ``recall_unseen``; ``None``, and absent from ``to_dict``, unless seen values were given.
    """

    precision: float | None
    recall: float | None
    f1: float | None
    macro_f1: float | None
    f2: float | None
    f1_partial: float | None
    f1_boundaries: float | None
    f1_overlap: float | None
    f1_strict: float | None
    f1_recovered: float | None
    char_recall: float | None
    char_precision: float | None
    leak_rate: float | None
    leaked_documents: float | None
    hallucination: HallucinationRates
    documents: int
    spans: int
    output_tokens_per_document: float | None
    per_label: Mapping[str, LabelScores]
    intervals: Mapping[str, Interval | None]
    signature: str
    boundaries: SpanScores
    overlap: SpanScores
    partial: SpanScores
    macro: Mapping[str, SpanScores]
    semeval: Mapping[str, SemEvalCounts]
    seen: SeenRecall | None = None

    def to_dict(self, *, details: bool = False) -> dict[str, object]:
        """The flat keys of ``metrics.json``: numbers, ``None``, strings, lists and dicts only.

        Args:
            details: With every way to match by label, micro and macro, and with SemEval's counts, each a dict of its own.
        """
        flat: dict[str, object] = {name: getattr(self, name) for name in _FLAT}
        flat |= self.hallucination.to_dict()
        if self.seen is not None:
            flat |= {"recall_seen": self.seen.seen, "recall_unseen": self.seen.unseen}
        flat["per_label"] = {name: scores.to_dict(details=details) for name, scores in self.per_label.items()}
        flat["intervals"] = _lists(self.intervals)
        flat["signature"] = self.signature
        if details:
            flat["micro"] = {name: asdict(getattr(self, name)) for name in ("boundaries", "overlap", "partial")}
            flat["macro"] = {name: asdict(scores) for name, scores in self.macro.items()}
            flat["semeval"] = {name: asdict(counts) for name, counts in self.semeval.items()}
        return flat

    @property
    def exact(self) -> SpanScores:
        """``precision``, ``recall`` and ``f1``, beside ``boundaries``, ``overlap`` and ``partial``."""
        return SpanScores(self.precision, self.recall, self.f1)

    def f_beta(self, beta: float) -> float | None:
        """Exact micro F with recall weighed ``beta`` times: 0 when only gold or only predictions exist, ``None`` when neither does.

        Raises:
            DataError: If ``beta`` is not above 0 and finite.
        """
        if not 0 < beta < math.inf:
            raise DataError(f"beta must be above 0 and finite, was: {beta}")
        if self.precision is None or self.recall is None:
            return self.f1
        both = beta**2 * self.precision + self.recall
        return (1 + beta**2) * self.precision * self.recall / both if both else 0.0

    def __str__(self) -> str:
        figures = {"precision": self.precision, "recall": self.recall, "f1": self.f1, "leak_rate": self.leak_rate}
        return " ".join([*(f"{name}={_shown(value, self.intervals.get(name))}" for name, value in figures.items()), self.signature])


_NESTED = {
    "hallucination",
    "per_label",
    "intervals",
    "signature",
    "boundaries",
    "overlap",
    "partial",
    "macro",
    "semeval",
    "seen",
}
_FLAT = tuple(field.name for field in fields(Scores) if field.name not in _NESTED)


def _lists(intervals: Mapping[str, Interval | None]) -> dict[str, list[float] | None]:
    return {name: None if ends is None else list(ends) for name, ends in intervals.items()}


def _shown(value: float | None, interval: Interval | None) -> str:
    if value is None:
        return "none"
    return f"{value:.3f}" if interval is None else f"{value:.3f} [{interval[0]:.3f}, {interval[1]:.3f}]"
