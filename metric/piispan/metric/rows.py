"""Rows of plain dicts, as ``evaluate`` takes them, checked before ``evaluate`` casts or prints them.

``evaluate`` turns a float offset into an int without a word, answers a missing key with a bare ``KeyError``, and puts
the rows themselves into its error messages. So rows are read strictly here first, and only offsets and labels go on:
neither texts nor values reach its cache files.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from operator import index
from pathlib import Path
from typing import SupportsIndex

from piispan.core.errors import DataError, SpanError
from piispan.core.labels import LabelSet
from piispan.core.spans import Span
from piispan.metric.span_scoring import score_spans

__all__ = ["SpanRow", "check_rows", "score_rows"]

SpanRow = dict[str, list[dict[str, int | str]]]
"""``{"spans": [{"start": int, "end": int, "label": str}]}``"""

_LARGEST_OFFSET = 2**31 - 1


def check_rows(predictions: object, references: object) -> tuple[list[SpanRow], list[SpanRow]]:
    """Both sides as rows of nothing but spans.

    Args:
        predictions: ``{"spans": [{"start", "end", "label"}]}`` for each document; other keys are passed over, so rows of
            ``predictions.jsonl`` serve.
        references: The same, with flat spans; rows of a data set serve. Where both sides have an ``id``, the ids must agree.

    Raises:
        DataError: Names the side, the index of the row and of the span, and the rule; never a value of a row.
    """
    predicted, gold = _rows("predictions", predictions), _rows("references", references)
    if len(predicted) != len(gold):
        raise DataError(f"predictions and references must be of one length, were: {len(predicted)} and {len(gold)}")
    for place, (left, right) in enumerate(zip(predicted, gold, strict=True)):
        if "id" in left and "id" in right and left["id"] != right["id"]:
            raise DataError(f"predictions[{place}] and references[{place}] have different ids; give both in one order")
    checked = [_spans(f"predictions[{place}]", row) for place, row in enumerate(predicted)]
    flat = [_flat(f"references[{place}]", _spans(f"references[{place}]", row)) for place, row in enumerate(gold)]
    return [_row(spans) for spans in checked], [_row(spans) for spans in flat]


def score_rows(
    predictions: Sequence[SpanRow],
    references: Sequence[SpanRow],
    labels: LabelSet | str | Path | None = None,
    resamples: int = 1000,
    seed: int = 0,
) -> dict[str, object]:
    """The flat scores of checked rows.

    Args:
        predictions: One row for each document.
        references: One row for each document, in the same order.
        labels: A label set, its name, or the path of its YAML file; by default the labels of the references.
        resamples: Bootstrap resamples; 0 leaves every interval ``None``.
        seed: Seed of the bootstrap.

    Raises:
        LabelError: If the label set cannot be loaded, or lacks a label of the references.
        DataError: If ``resamples`` or ``seed`` is negative.
    """
    gold = [_spans("references", row) for row in references]
    predicted = [_spans("predictions", row) for row in predictions]
    used = sorted({span.label for spans in gold for span in spans})
    if labels is None:
        names, labels_hash = tuple(used), f"data-{hashlib.sha256(json.dumps(used).encode()).hexdigest()[:12]}"
    else:
        label_set = labels if isinstance(labels, LabelSet) else LabelSet.load(labels)
        for name in used:
            label_set.require(name, "references: ")
        names, labels_hash = label_set.names, label_set.hash
    return score_spans(gold, predicted, names, labels_hash=labels_hash, resamples=resamples, seed=seed).to_dict()


def _rows(side: str, rows: object) -> list[Mapping[str, object]]:
    if not isinstance(rows, Iterable) or isinstance(rows, str | bytes | Mapping):
        raise DataError(f"{side} must be a list of rows, was: {type(rows).__name__}")
    checked: list[Mapping[str, object]] = []
    for place, row in enumerate(rows):
        if not isinstance(row, Mapping):
            raise DataError(f"{side}[{place}] must be a dict with the key spans, was: {type(row).__name__}")
        checked.append(row)
    return checked


def _spans(where: str, row: Mapping[str, object]) -> list[Span]:
    spans = row.get("spans")
    if not isinstance(spans, Iterable) or isinstance(spans, str | bytes | Mapping):
        problem = "lacks the key spans" if "spans" not in row else f"needs a list of spans, was: {type(spans).__name__}"
        raise DataError(f"{where} {problem}")
    return [_span(f"{where}, span {place}", span) for place, span in enumerate(spans)]


def _span(where: str, row: object) -> Span:
    if not isinstance(row, Mapping):
        raise DataError(f"{where}: must be a dict with the keys start, end and label, was: {type(row).__name__}")
    missing = [key for key in ("start", "end", "label") if key not in row]
    if missing:
        raise DataError(f"{where}: lacks the key {' and '.join(missing)}")
    try:
        return Span(_offset(row["start"]), _offset(row["end"]), row["label"])
    except SpanError as error:
        raise DataError(f"{where}: {error}") from None


def _offset(value: object) -> int:
    """A Python int from any integer type; bool and float are none."""
    if isinstance(value, bool) or not isinstance(value, SupportsIndex):
        raise SpanError(f"offsets must be integers, was: {type(value).__name__}")
    offset = index(value)
    if offset > _LARGEST_OFFSET:
        raise SpanError(f"offsets must be at most {_LARGEST_OFFSET}")
    return offset


def _flat(where: str, spans: Sequence[Span]) -> list[Span]:
    ordered = sorted(spans, key=lambda span: span.start)
    for left, right in pairwise(ordered):
        if left.overlaps(right):
            raise DataError(f"{where}: spans [{left.start}:{left.end}] and [{right.start}:{right.end}] overlap; gold spans must be flat")
    return ordered


def _row(spans: Sequence[Span]) -> SpanRow:
    return {"spans": [{"start": span.start, "end": span.end, "label": span.label} for span in spans]}
