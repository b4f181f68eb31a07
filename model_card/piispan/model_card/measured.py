"""One side of ``metrics.json``, before or after, read into types and checked."""

from collections.abc import Mapping
from dataclasses import dataclass

from piispan.core import LabelSet
from piispan.model_card.errors import CardError

__all__ = ["COUNTS", "RATES", "Interval", "LabelScore", "Measured"]

Interval = tuple[float, float]
"""Lower and upper end of a 95 % bootstrap interval over documents."""

RATES = (
    "precision",
    "recall",
    "f1",
    "macro_f1",
    "char_recall",
    "leak_rate",
    "leaked_documents",
    "hallucination_rate",
    "value_not_in_source_rate",
    "unknown_label_rate",
    "offset_error_rate",
    "malformed_rate",
    "text_drift_rate",
    "extraneous_text_rate",
)
"""Keys whose figures are shares between 0 and 1."""

COUNTS = ("documents", "spans")


@dataclass(frozen=True, slots=True)
class LabelScore:
    """The exact scores of one label.

    Args:
        n: Gold spans of the label in the measured documents.
        precision: Share of predicted spans that are right, or ``None`` when there were none.
        recall: Share of gold spans that were found, or ``None`` when there were none.
        f1: Their harmonic mean, or ``None``.
        interval: 95 % interval of ``f1``, or ``None``.
    """

    n: int
    precision: float | None = None
    recall: float | None = None
    f1: float | None = None
    interval: Interval | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    """The figures of one model on one split; whatever was not measured is ``None``.

    Args:
        figures: Every key of ``RATES``, and ``output_tokens_per_document``.
        intervals: 95 % intervals of those figures that have one.
        per_label: Scores of the labels that were measured.
        documents: Measured documents, or ``None``.
        spans: Gold spans in them, or ``None``.
        signature: Settings of the metric, or ``None``.
    """

    figures: Mapping[str, float | None]
    intervals: Mapping[str, Interval]
    per_label: Mapping[str, LabelScore]
    documents: int | None
    spans: int | None
    signature: str | None

    @classmethod
    def of(cls, metrics: Mapping[str, object], labels: LabelSet, where: str) -> "Measured":
        """Read the flat keys of one side of ``metrics.json``; keys that no card shows are passed over.

        Raises:
            CardError: If a share is outside 0 to 1, a count is negative, an interval is not two
                ordered numbers, or a label is not of ``labels``; the message begins with ``where``.
        """
        figures = {key: _share(metrics.get(key), f"{where}.{key}") for key in RATES}
        tokens = "output_tokens_per_document"
        figures[tokens] = _number(metrics.get(tokens), f"{where}.{tokens}")
        intervals = {key: _interval(pair, f"{where}.intervals.{key}") for key, pair in _table(metrics, "intervals", where).items()}
        per_label = {}
        for name, row in _table(metrics, "per_label", where).items():
            if name not in labels:
                raise CardError(f"{where}.per_label: {name!r} is not in label set {labels.name!r}")
            per_label[name] = _label_score(row, f"{where}.per_label.{name}")
        signature = metrics.get("signature")
        if not (signature is None or isinstance(signature, str)):
            raise CardError(f"{where}.signature: must be a string")
        documents, spans = (_count(metrics.get(key), f"{where}.{key}") for key in COUNTS)
        known = {key: pair for key, pair in intervals.items() if key in figures and pair is not None}
        return cls(figures, known, per_label, documents, spans, signature)


def _label_score(row: object, where: str) -> LabelScore:
    if not isinstance(row, Mapping):
        raise CardError(f"{where}: must hold n, precision, recall and f1")
    n = _count(row.get("n"), f"{where}.n")
    if n is None:
        raise CardError(f"{where}.n: must be the count of gold spans")
    precision, recall, f1 = (_share(row.get(key), f"{where}.{key}") for key in ("precision", "recall", "f1"))
    return LabelScore(n, precision, recall, f1, _interval(row.get("interval"), f"{where}.interval"))


def _table(metrics: Mapping[str, object], key: str, where: str) -> Mapping[str, object]:
    table = metrics.get(key)
    if table is None:
        return {}
    if not isinstance(table, Mapping):
        raise CardError(f"{where}.{key}: must be a mapping")
    return table


def _number(value: object, where: str) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
        raise CardError(f"{where}: must be a number of 0 or more, or None")
    return float(value)


def _share(value: object, where: str) -> float | None:
    number = _number(value, where)
    if number is not None and number > 1:
        raise CardError(f"{where}: must be a share between 0 and 1, was: {number:g}")
    return number


def _count(value: object, where: str) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise CardError(f"{where}: must be a count of 0 or more")
    return value


def _interval(pair: object, where: str) -> Interval | None:
    if pair is None:
        return None
    if not isinstance(pair, list | tuple) or len(pair) != 2:
        raise CardError(f"{where}: must be [lower, upper]")
    low, high = _number(pair[0], where), _number(pair[1], where)
    if low is None or high is None or low > high:
        raise CardError(f"{where}: the lower end must not be above the upper one")
    return low, high
