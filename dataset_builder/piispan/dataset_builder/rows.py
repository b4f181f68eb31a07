"""From one parsed JSON row to one document: the checks and the two repairs that readers may make."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from piispan.core import DataError, Document, DocumentError, LabelError, LabelSet, Span
from piispan.dataset_builder.reports import ReadReport

__all__ = ["RowSchema", "document_row", "plain_row", "presidio_row", "require_label", "to_document"]


@dataclass(frozen=True, slots=True)
class RowSchema:
    """The keys under which a kind of file keeps a document and its spans."""

    text: str
    start: str
    end: str
    label: str
    value: str | None
    group: str


document_row = RowSchema("text", "start", "end", "label", None, "group")
"""A line of the project's own JSON Lines."""
presidio_row = RowSchema("full_text", "start_position", "end_position", "entity_type", "entity_value", "template_id")
"""An item of the Presidio research data."""


def plain_row(row: object, schema: RowSchema, default_id: str | None = None) -> dict[str, object]:
    """A row under the keys of ``document_row``, neither checked nor repaired.

    Raises:
        DataError: If it is not a JSON object.
    """
    if not isinstance(row, Mapping):
        raise DataError(f"not a JSON object but {type(row).__name__}")
    names = {schema.text: "text", schema.start: "start", schema.end: "end", schema.label: "label"}

    def renamed(keys: Mapping[str, object]) -> dict[str, object]:
        return {names.get(key, key): value for key, value in keys.items()}

    spans = row.get("spans")
    if isinstance(spans, list):
        spans = [renamed(span) if isinstance(span, Mapping) else span for span in spans]
    named: dict[str, object] = {} if default_id is None else {"id": default_id}
    return {**named, **renamed(row), "spans": spans}


def to_document(row: object, schema: RowSchema, report: ReadReport, labels: LabelSet | None, default_id: str | None = None) -> Document:
    """The document of one row, with span edges trimmed and spans sorted; repairs are counted in ``report``.

    Args:
        row: What JSON gave.
        schema: The keys to read.
        report: Counts repairs; the document itself is counted by the caller.
        labels: The labels that may occur, or ``None`` for any.
        default_id: Id of a row that has none; ``None`` when every row must have one.

    Raises:
        DataError: If the row is not such a document. The message holds ids, offsets and labels, never a value.
    """
    if not isinstance(row, Mapping):
        raise DataError(f"not a JSON object but {type(row).__name__}")
    identifier, text, group = _id_of(row, default_id), row.get(schema.text), row.get(schema.group)
    where = f"document {identifier!r}"
    if not isinstance(text, str):
        raise DataError(f"{where}: needs the key {schema.text}, a string")
    if group is not None and not isinstance(group, str | int):
        raise DataError(f"{where}: {schema.group} must be a string, a whole number or null")
    found = row.get("spans")
    if not isinstance(found, list):
        raise DataError(f"{where}: needs the key spans, a list")
    given = [_span_of(item, schema, text, f"{where}: span {index}", report) for index, item in enumerate(found)]
    if labels is not None:
        for span in given:
            require_label(labels, span, where)
    spans = sorted(given, key=lambda span: (span.start, span.end))
    report.reordered += spans != given
    for left, right in pairwise(spans):
        if left.overlaps(right):
            raise DataError(f"{where}: spans {left} and {right} overlap; spans must be flat")
    report.ignored.update(row.keys() - {"id", "spans", schema.text, schema.group})
    try:
        return Document(identifier, text, tuple(spans), None if group is None else str(group))
    except DocumentError as error:
        raise DataError(str(error)) from None


def _id_of(row: Mapping[str, object], default_id: str | None) -> str:
    identifier = row.get("id", default_id)
    if not isinstance(identifier, str) or not identifier:
        raise DataError("needs the key id, a non-empty string")
    if any("\ud800" <= char <= "\udfff" for char in identifier):
        raise DataError("the id holds a lone surrogate")
    return identifier


def require_label(labels: LabelSet, span: Span, where: str) -> None:
    """Refuse a span whose label is not in the set.

    Raises:
        DataError: The message says ``where``, the offsets and the nearest label.
    """
    try:
        labels.require(span.label, where=f"{where}: span at [{span.start}:{span.end}]: ")
    except LabelError as error:
        raise DataError(str(error)) from None


def _span_of(item: object, schema: RowSchema, text: str, where: str, report: ReadReport) -> Span:
    if not isinstance(item, Mapping):
        raise DataError(f"{where}: not a JSON object")
    start, end, label = item.get(schema.start), item.get(schema.end), item.get(schema.label)
    report.ignored.update(f"spans.{key}" for key in item.keys() - {schema.start, schema.end, schema.label, schema.value})
    if (
        not isinstance(start, int)
        or not isinstance(end, int)
        or bool in (type(start), type(end))
        or not isinstance(label, str)
        or not label
    ):
        raise DataError(f"{where}: needs {schema.start} and {schema.end}, whole numbers, and {schema.label}, a non-empty string")
    if not 0 <= start < end <= len(text):
        raise DataError(f"{where}: [{start}:{end}] does not lie inside the text of {len(text)} characters")
    value = text[start:end]
    if schema.value is not None and item.get(schema.value, value) != value:
        raise DataError(f"{where}: {schema.value} disagrees with what stands at [{start}:{end}]")
    left, right = len(value) - len(value.lstrip()), len(value) - len(value.rstrip())
    if left == len(value):
        raise DataError(f"{where}: [{start}:{end}] is nothing but white space")
    report.trimmed += bool(left or right)
    return Span(start + left, end - right, label)
