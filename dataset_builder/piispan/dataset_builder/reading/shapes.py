"""How the rows of JSON files say a document: our own lines, Presidio's research data, ai4privacy, Nemotron-PII, Label Studio, doccano.

Each shape turns a row into one under its schema's keys, neither checked nor repaired; ``to_document`` does that for all of them.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from piispan.core import DataError
from piispan.dataset_builder.reading.rows import RowSchema, document_row, presidio_row

__all__ = ["SHAPES", "Shape", "shape_of"]

Row = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Shape:
    """One way to say a document as a JSON object.

    Args:
        name: Its name as a reader.
        schema: Where ``plain`` rows keep what.
        fits: Whether a row, the first of its file, is of this shape.
        plain: The row under the schema's keys.
        numbered: What rows without an id are numbered after: ``presidio`` for ``presidio-00000``; ``None`` when each must have one.
    """

    name: str
    schema: RowSchema
    fits: Callable[[Row], bool]
    plain: Callable[[Row], Row]
    numbered: str | None = None


def shape_of(row: object) -> Shape:
    """The shape of a file's first row."""
    if not isinstance(row, Mapping):
        return SHAPES["jsonl"]
    return next(shape for shape in SHAPES.values() if shape.fits(row))


def _with_span_list(row: Row, key: str) -> Row:
    """The row, its spans read where they are a string of JSON, as Parquet and CSV tables keep them."""
    spans = row.get(key)
    if not isinstance(spans, str):
        return row
    try:
        return {**row, key: json.loads(spans)}
    except (ValueError, RecursionError):
        raise DataError(f"{key} is a string that is no JSON list") from None


def _own(row: Row) -> Row:
    row = _with_span_list(row, "spans")
    return {"id": row["uid"], **{key: value for key, value in row.items() if key != "uid"}} if "uid" in row and "id" not in row else row


def _ai4privacy(row: Row) -> Row:
    row = _with_span_list(row, "privacy_mask")
    named = {"id": row.get("id", row.get("uid")), "text": row.get("source_text"), "spans": row.get("privacy_mask")}
    return {**{key: value for key, value in row.items() if key not in {"uid", "source_text", "privacy_mask"}}, **named}


def _label_studio(row: Row) -> Row:
    """A task of the JSON export; of its annotations the one that was not cancelled."""
    data, annotations = row.get("data"), row.get("annotations")
    if not isinstance(data, Mapping) or not isinstance(annotations, list):
        raise DataError("a Label Studio task needs data and annotations")
    kept = [one for one in annotations if isinstance(one, Mapping) and not one.get("was_cancelled")]
    if len(kept) != 1:
        raise DataError(f"the task has {len(kept)} annotations that were not cancelled; it must have one")
    texts = [key for key, value in data.items() if isinstance(value, str)]
    text = data.get("text", data[texts[0]] if len(texts) == 1 else None)
    results = kept[0].get("result")
    if not isinstance(results, list):
        raise DataError("the annotation needs the key result, a list")
    spans: list[object] = []
    others: dict[str, object] = {}
    for place, result in enumerate(results):
        value = result.get("value") if isinstance(result, Mapping) else None
        if not isinstance(value, Mapping):
            raise DataError(f"result {place} needs the key value, an object")
        labels = value.get("labels")
        if labels is None:  # a choice, a relation, a rating: nothing about a span
            others[f"result.{result.get('type')}"] = None
        elif not isinstance(labels, list) or len(labels) != 1:
            raise DataError(f"result {place} must have one label")
        else:
            spans.append({"start": value.get("start"), "end": value.get("end"), "label": labels[0], "value": value.get("text")})
    return {"id": row.get("id"), "text": text, "spans": spans, **others}


def _doccano(row: Row) -> Row:
    """A line of the JSONL export: ``label`` of triples, or ``entities`` of objects."""
    key = next(key for key in ("entities", "label", "labels") if key in row)
    given = row[key]
    if not isinstance(given, list):
        raise DataError(f"{key} must be a list")
    names = {"start_offset": "start", "end_offset": "end"}
    spans: list[object] = []
    for place, one in enumerate(given):
        if isinstance(one, Mapping):
            spans.append({names.get(name, name): value for name, value in one.items() if name != "id"})
        elif isinstance(one, list) and len(one) == 3:
            spans.append(dict(zip(("start", "end", "label"), one, strict=True)))
        else:
            raise DataError(f"{key} {place} is not [start, end, label]")
    rest = {name: value for name, value in row.items() if name != key}
    return {**rest, "spans": spans}


def _is_any(row: Row) -> bool:
    del row
    return True


def _is_doccano(row: Row) -> bool:
    given = row.get("entities", row.get("label", row.get("labels")))
    return "spans" not in row and isinstance(given, list)


SHAPES: Mapping[str, Shape] = {
    shape.name: shape
    for shape in (
        Shape("presidio", presidio_row, lambda row: "full_text" in row, lambda row: row, numbered="presidio"),
        Shape("ai4privacy", document_row, lambda row: "privacy_mask" in row, _ai4privacy, numbered="ai4privacy"),
        Shape("label_studio", document_row, lambda row: "annotations" in row and "data" in row, _label_studio),
        Shape("doccano", document_row, _is_doccano, _doccano, numbered="doccano"),
        Shape("jsonl", document_row, _is_any, _own),
    )
}
"""By name, in the order in which they are tried on a file's first row."""
