"""From one row to one document: the checks and the repairs that readers may make."""

from collections.abc import Mapping
from itertools import pairwise

from piispan.core import DataError, Document, DocumentError
from piispan.dataset_builder.reading.reports import ReadReport
from piispan.dataset_builder.reading.schemas import Ends, Reading, RowSchema, document_row
from piispan.dataset_builder.reading.span_rows import require_label, spans_of

__all__ = ["Ends", "Reading", "RowSchema", "document_row", "plain_row", "require_label", "to_document"]


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


def to_document(row: object, schema: RowSchema, report: ReadReport, reading: Reading, default_id: str | None = None) -> Document:
    """The document of one row, with labels mapped, span edges trimmed and spans sorted; repairs are counted in ``report``.

    Args:
        row: What JSON gave.
        schema: The keys to read.
        report: Counts repairs; the document itself is counted by the caller.
        reading: Labels, and what offsets mean.
        default_id: Id of a row that has none; ``None`` when every row must have one.

    Raises:
        DataError: If the row is not such a document. The message holds ids, offsets and labels, never a value.
    """
    if not isinstance(row, Mapping):
        raise DataError(f"not a JSON object but {type(row).__name__}")
    identifier, text, group, provenance = _id_of(row, default_id), row.get(schema.text), row.get(schema.group), row.get("provenance")
    where = f"document {identifier!r}"
    if not isinstance(text, str):
        raise DataError(f"{where}: needs the key {schema.text}, a string")
    if group is not None and (not isinstance(group, str | int) or isinstance(group, bool)):
        raise DataError(f"{where}: {schema.group} must be a string, a whole number or null")
    if provenance is not None and not isinstance(provenance, str):
        raise DataError(f"{where}: provenance must be a string or null")
    found = row.get("spans")
    if not isinstance(found, list):
        raise DataError(f"{where}: needs the key spans, a list")
    given = spans_of(found, schema, text, where, report, reading)
    spans = sorted(given, key=lambda span: (span.start, span.end))
    report.reordered += spans != given
    for left, right in pairwise(spans):
        if left.overlaps(right):
            raise DataError(f"{where}: spans {left} and {right} overlap; spans must be flat")
    report.ignored.update(row.keys() - {"id", "spans", "provenance", schema.text, schema.group})
    try:
        return Document(identifier, text, tuple(spans), None if group is None else str(group), provenance)
    except DocumentError as error:
        raise DataError(str(error)) from None


def _id_of(row: Mapping[str, object], default_id: str | None) -> str:
    identifier = row.get("id")
    if identifier is None:
        identifier = default_id
    elif isinstance(identifier, int) and not isinstance(identifier, bool):
        identifier = str(identifier)
    if not isinstance(identifier, str) or not identifier:
        raise DataError("needs the key id, a non-empty string")
    if any("\ud800" <= char <= "\udfff" for char in identifier):
        raise DataError("the id holds a lone surrogate")
    return identifier
