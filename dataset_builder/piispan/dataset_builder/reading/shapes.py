"""How the rows of JSON files say a document: our own lines, Presidio's research data, ai4privacy, Nemotron-PII, Label Studio, doccano.

Each shape turns a row into one under its schema's keys, neither checked nor repaired; ``to_document`` does that for all of them.
"""

import ast
import json
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from piispan.core import DataError
from piispan.dataset_builder.reading.label_studio import is_label_studio, label_studio_row, labelled_span, task_fields
from piispan.dataset_builder.reading.schemas import Reading, RowSchema, document_row, presidio_row, with_chosen_fields

__all__ = ["SHAPES", "Shape", "shape_of"]

Row = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Shape:
    """One way to say a document as a JSON object.

    Args:
        name: Its name as a reader.
        schema: Where ``plain`` rows keep what.
        fits: Whether a row, the first of its file, is of this shape.
        bare: The row under the schema's keys.
        numbered: What rows without an id are numbered after: ``presidio`` for ``presidio-00000``; ``None`` when each must have one.
        fields: What of a row a group or text can be taken from.
    """

    name: str
    schema: RowSchema
    fits: Callable[[Row], bool]
    bare: Callable[[Row, Reading], Row]
    numbered: str | None = None
    fields: Callable[[Row], Row] = lambda row: row

    def plain(self, row: Row, reading: Reading) -> Row:
        """The row under the schema's keys, group and text from the keys that were said.

        Raises:
            DataError: If the row is not of this shape.
        """
        plain = self.bare(row, reading)
        if reading.group_field is None and reading.text_field is None:
            return plain
        return with_chosen_fields(plain, self.fields(row), self.schema, reading)


def shape_of(row: object) -> Shape:
    """The shape of a file's first row."""
    if not isinstance(row, Mapping):
        return SHAPES["jsonl"]
    return next(shape for shape in SHAPES.values() if shape.fits(row))


def _with_span_list(row: Row, key: str) -> Row:
    """The row, its spans read where they are a string of JSON or of Python, as Parquet and CSV tables keep them."""
    spans = row.get(key)
    if not isinstance(spans, str):
        return row
    try:
        return {**row, key: json.loads(spans)}
    except (ValueError, RecursionError):
        return {**row, key: _python_list(spans, key)}


def _python_list(spans: str, key: str) -> list[object]:
    """The list that Python's ``repr`` writes, as tables of the Hub have it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an invalid escape: its warning tells of the text
            found = ast.literal_eval(spans)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        found = None
    if not isinstance(found, list):
        raise DataError(f"{key} is a string that is no JSON list, nor one of Python")
    return found


def _own(row: Row, reading: Reading) -> Row:
    del reading
    row = _with_span_list(row, "spans")
    return {"id": row["uid"], **{key: value for key, value in row.items() if key != "uid"}} if "uid" in row and "id" not in row else row


def _ai4privacy(row: Row, reading: Reading) -> Row:
    del reading
    row = _with_span_list(row, "privacy_mask")
    named = {"id": row.get("id", row.get("uid")), "text": row.get("source_text"), "spans": row.get("privacy_mask")}
    return {**{key: value for key, value in row.items() if key not in {"uid", "source_text", "privacy_mask"}}, **named}


def _presidio(row: Row, reading: Reading) -> Row:
    del reading
    return row


def _doccano(row: Row, reading: Reading) -> Row:
    """A line of the JSONL export: ``label`` of triples, or ``entities`` of objects; the text under ``text``, or ``data`` in older ones."""
    del reading
    key = next(key for key in ("entities", "label", "labels") if key in row)
    given = row[key]
    if not isinstance(given, list):
        raise DataError(f"{key} must be a list")
    names = {"start_offset": "start", "end_offset": "end"}
    spans: list[object] = []
    for place, one in enumerate(given):
        if isinstance(one, Mapping) and "labels" in one:  # JSON-MIN of Label Studio, whose first row has no span
            spans.append(labelled_span(one, f"{key} {place}"))
        elif isinstance(one, Mapping):
            spans.append({names.get(name, name): value for name, value in one.items() if name != "id"})
        elif isinstance(one, list) and len(one) == 3:
            spans.append(dict(zip(("start", "end", "label"), one, strict=True)))
        else:
            raise DataError(f"{key} {place} is not [start, end, label]")
    rest = {name: value for name, value in row.items() if name != key}
    if "text" not in rest and isinstance(rest.get("data"), str):
        rest["text"] = rest.pop("data")
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
        Shape("presidio", presidio_row, lambda row: "full_text" in row, _presidio, numbered="presidio"),
        Shape("ai4privacy", document_row, lambda row: "privacy_mask" in row, _ai4privacy, numbered="ai4privacy"),
        Shape("label_studio", document_row, is_label_studio, label_studio_row, fields=task_fields),
        Shape("doccano", document_row, _is_doccano, _doccano, numbered="doccano"),
        Shape("jsonl", document_row, _is_any, _own),
    )
}
"""By name, in the order in which they are tried on a file's first row."""
