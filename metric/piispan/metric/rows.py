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
from typing import Any, SupportsIndex, get_args

from piispan.core.errors import DataError, DocumentError, SpanError
from piispan.core.formats.base import Mention, OutputFormat, Parsed, Problem
from piispan.core.labels import Label, LabelSet
from piispan.core.spans import Document, Span
from piispan.metric.choices import Alignment
from piispan.metric.span_scoring import score_spans

__all__ = ["OutputRow", "SpanRow", "check_rows", "label_set_of", "read_outputs", "score_outputs", "score_rows"]

SpanRow = dict[str, list[dict[str, int | str]]]
"""``{"spans": [{"start": int, "end": int, "label": str}]}``"""
OutputRow = dict[str, Any]
"""A ``SpanRow`` with the repaired spans, the problems of each mention, and the faults of the output."""

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
    predicted, gold = _sides(predictions, references)
    checked = [_spans(f"predictions[{place}]", row) for place, row in enumerate(predicted)]
    flat = [_flat(f"references[{place}]", _spans(f"references[{place}]", row)) for place, row in enumerate(gold)]
    return [_row(spans) for spans in checked], [_row(spans) for spans in flat]


def read_outputs(predictions: object, references: object, output: OutputFormat, labels: LabelSet) -> tuple[list[OutputRow], list[SpanRow]]:
    """Raw outputs, read where their sources are at hand, as rows that hold nothing of either text.

    Args:
        predictions: ``{"output": str}`` for each document, what the model answered.
        references: ``{"text": str, "spans": [...]}`` for each document, in the same order.
        output: How the outputs are read.
        labels: The labels the model may use, and those of the references.

    Raises:
        DataError: Names the side, the index of the row and the rule; never a value of a row.
    """
    said, gold = _sides(predictions, references)
    rows, flat = [], []
    for place, (answer, reference) in enumerate(zip(said, gold, strict=True)):
        raw, text = answer.get("output"), reference.get("text")
        if not isinstance(raw, str):
            raise DataError(f"predictions[{place}] needs the key output, a string")
        if not isinstance(text, str):
            raise DataError(f"references[{place}] needs the key text, a string")
        spans = _flat(f"references[{place}]", _spans(f"references[{place}]", reference))
        try:
            document = Document(f"references[{place}]", text, tuple(spans))
        except DocumentError as error:
            raise DataError(str(error)) from None
        for span in spans:
            labels.require(span.label, f"references[{place}]: ")
        rows.append(_output_row(output.parse(raw, document.text, labels)))
        flat.append(_row(spans))
    return rows, flat


def score_outputs(
    predictions: Sequence[OutputRow],
    references: Sequence[SpanRow],
    labels: LabelSet,
    source: str,
    alignment: Alignment = "strict",
    resamples: int = 1000,
    seed: int = 0,
) -> dict[str, object]:
    """The flat scores of rows of ``read_outputs``.

    Args:
        predictions: One row for each document.
        references: One row for each document, in the same order.
        labels: The label set they were read with.
        source: The format they were read in.
        alignment: Whether to score the spans as they are (``strict``) or after repair (``recover``).
        resamples: Bootstrap resamples; 0 leaves every interval ``None``.
        seed: Seed of the bootstrap.

    Raises:
        DataError: If there is no such alignment, or ``resamples`` or ``seed`` is negative.
    """
    if alignment not in get_args(Alignment):
        raise DataError(f"alignment must be strict or recover, was: {alignment!r}")
    parsed = [_parsed(row) for row in predictions]
    return score_spans(
        [_spans("references", row) for row in references],
        [one.spans if alignment == "strict" else one.recovered for one in parsed],
        labels.names,
        labels_hash=labels.hash,
        parsed=parsed,
        source=f"{source}:{alignment}",
        resamples=resamples,
        seed=seed,
    ).to_dict()


def _output_row(parsed: Parsed) -> OutputRow:
    return {
        **_row(parsed.spans),
        "recovered": _row(parsed.recovered)["spans"],
        "problems": [sorted(mention.problems) for mention in parsed.mentions],
        "malformed": parsed.malformed,
        "text_drift": parsed.text_drift,
        "extraneous_text": parsed.extraneous_text,
    }


def _parsed(row: OutputRow) -> Parsed:
    """What was read, without the labels and values of the mentions: they are in no count."""
    problems: Sequence[Sequence[str]] = row["problems"]
    return Parsed(
        tuple(Mention("", "", None, frozenset(map(Problem, own))) for own in problems),
        tuple(_spans("predictions", row)),
        tuple(_spans("predictions", {"spans": row["recovered"]})),
        row["malformed"],
        row["text_drift"],
        row["extraneous_text"],
    )


def score_rows(
    predictions: Sequence[SpanRow],
    references: Sequence[SpanRow],
    labels: LabelSet | str | Path | Sequence[str] | None = None,
    resamples: int = 1000,
    seed: int = 0,
) -> dict[str, object]:
    """The flat scores of checked rows.

    Args:
        predictions: One row for each document.
        references: One row for each document, in the same order.
        labels: A label set, its name, the path of its YAML file, or a list of labels; by default the labels of the references.
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
        label_set = label_set_of(labels)
        for name in used:
            label_set.require(name, "references: ")
        names, labels_hash = label_set.names, label_set.hash
    return score_spans(gold, predicted, names, labels_hash=labels_hash, resamples=resamples, seed=seed).to_dict()


def label_set_of(labels: LabelSet | str | Path | Sequence[str]) -> LabelSet:
    """A label set, that of a name or a YAML file, or one of nothing but names.

    Raises:
        LabelError: If it cannot be loaded, or a name cannot be that of a label.
    """
    if isinstance(labels, LabelSet):
        return labels
    if isinstance(labels, str | Path):
        return LabelSet.load(labels)
    return LabelSet("list", tuple(Label(name, "a label") for name in labels))


def _sides(predictions: object, references: object) -> tuple[list[Mapping[str, object]], list[Mapping[str, object]]]:
    """Both sides as rows of one length, of which those with ids on both sides have the same."""
    predicted, gold = _rows("predictions", predictions), _rows("references", references)
    if len(predicted) != len(gold):
        raise DataError(f"predictions and references must be of one length, were: {len(predicted)} and {len(gold)}")
    for place, (left, right) in enumerate(zip(predicted, gold, strict=True)):
        if "id" in left and "id" in right and left["id"] != right["id"]:
            raise DataError(f"predictions[{place}] and references[{place}] have different ids; give both in one order")
    return predicted, gold


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
    label = row["label"]
    if isinstance(label, str) and any("\ud800" <= character <= "\udfff" for character in label):
        raise DataError(f"{where}: the label holds a lone surrogate")
    try:
        return Span(_offset(row["start"]), _offset(row["end"]), label)
    except SpanError as error:
        raise DataError(f"{where}: {error}") from None


def _offset(value: object) -> int:
    """A Python int from any integer type; bool and float are none."""
    if isinstance(value, bool) or not isinstance(value, SupportsIndex):
        raise SpanError(f"offsets must be integers, was: {type(value).__name__}")
    offset = index(value)
    if not 0 <= offset <= _LARGEST_OFFSET:
        raise SpanError(f"offsets must be at least 0 and at most {_LARGEST_OFFSET}")
    return offset


def _flat(where: str, spans: Sequence[Span]) -> list[Span]:
    ordered = sorted(spans, key=lambda span: span.start)
    for left, right in pairwise(ordered):
        if left.overlaps(right):
            raise DataError(f"{where}: spans [{left.start}:{left.end}] and [{right.start}:{right.end}] overlap; gold spans must be flat")
    return ordered


def _row(spans: Sequence[Span]) -> SpanRow:
    return {"spans": [{"start": span.start, "end": span.end, "label": span.label} for span in spans]}
