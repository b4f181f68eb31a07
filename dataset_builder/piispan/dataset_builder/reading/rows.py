"""From one row to one document: the checks and the repairs that readers may make."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise, product
from typing import Literal, get_args

from piispan.core import DataError, Document, DocumentError, LabelError, LabelSet, OffsetUnit, Span, code_points_at
from piispan.dataset_builder.reading.reports import ReadReport

__all__ = ["Ends", "Reading", "RowSchema", "document_row", "plain_row", "presidio_row", "require_label", "to_document"]

Ends = Literal["exclusive", "inclusive"]
"""Whether a span's end is the offset after its last character, or that of it."""


@dataclass(frozen=True, slots=True)
class RowSchema:
    """The keys under which a kind of file keeps a document and its spans."""

    text: str
    start: str
    end: str
    label: str
    value: str
    group: str


document_row = RowSchema("text", "start", "end", "label", "value", "group")
"""A line of the project's own JSON Lines."""
presidio_row = RowSchema("full_text", "start_position", "end_position", "entity_type", "entity_value", "template_id")
"""An item of the Presidio research data."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How rows are read.

    Args:
        labels: The labels that may occur once they are mapped, or ``None`` for any.
        label_map: Labels of the file by those of the project; ``None`` leaves spans of a label out. Labels not in it stay as they are.
        offsets: What offsets count.
        ends: Whether ends are exclusive.

    Raises:
        DataError: If ``offsets`` or ``ends`` is none of these.
    """

    labels: LabelSet | None = None
    label_map: Mapping[str, str | None] = field(default_factory=dict)
    offsets: OffsetUnit = "code_points"
    ends: Ends = "exclusive"

    def __post_init__(self) -> None:
        if self.offsets not in get_args(OffsetUnit) or self.ends not in get_args(Ends):
            raise DataError(
                f"offsets must be {', '.join(get_args(OffsetUnit))} and ends exclusive or inclusive, were: {self.offsets!r}, {self.ends!r}"
            )


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
    if group is not None and not isinstance(group, str | int):
        raise DataError(f"{where}: {schema.group} must be a string, a whole number or null")
    if provenance is not None and not isinstance(provenance, str):
        raise DataError(f"{where}: provenance must be a string or null")
    found = row.get("spans")
    if not isinstance(found, list):
        raise DataError(f"{where}: needs the key spans, a list")
    given = _spans_of(found, schema, text, where, report, reading)
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


def _spans_of(found: Sequence[object], schema: RowSchema, text: str, where: str, report: ReadReport, reading: Reading) -> list[Span]:
    """The spans with their labels mapped, edges trimmed, in the row's order."""
    rows = [_SpanRow.of(item, schema, f"{where}: span {index}", report) for index, item in enumerate(found)]
    if any("\ud800" <= character <= "\udfff" for character in text):
        return []  # ``Document`` names the place
    places = code_points_at(text, reading.offsets)
    spans = []
    for row in rows:
        if fault := row.fault(text, places, reading.ends):
            raise DataError(f"{row.where}: {fault}{_other_counting(rows, text, reading)}")
        label = reading.label_map.get(row.label, row.label)
        if label is None:
            report.unmapped[row.label] += 1
            continue
        span = _trimmed(text, *row.within(places, reading.ends), label, report)
        if reading.labels is not None:
            require_label(reading.labels, span, where)
        spans.append(span)
    return spans


@dataclass(frozen=True, slots=True)
class _SpanRow:
    """A span as its row says it; ``value`` is what should stand there, where the row says that."""

    start: int
    end: int
    label: str
    value: str | None
    value_key: str
    where: str

    @classmethod
    def of(cls, item: object, schema: RowSchema, where: str, report: ReadReport) -> "_SpanRow":
        if not isinstance(item, Mapping):
            raise DataError(f"{where}: not a JSON object")
        start, end, label, value = (item.get(key) for key in (schema.start, schema.end, schema.label, schema.value))
        key = schema.value
        if schema.value not in item and isinstance(item.get("text"), str):  # as Nemotron-PII and Label Studio have it
            key, value = "text", item["text"]
        if value is not None and not isinstance(value, str):
            raise DataError(f"{where}: {key} must be a string")
        report.ignored.update(f"spans.{name}" for name in item.keys() - {schema.start, schema.end, schema.label, schema.value, key})
        if (
            not isinstance(start, int)
            or not isinstance(end, int)
            or bool in (type(start), type(end))
            or not isinstance(label, str)
            or not label
        ):
            raise DataError(f"{where}: needs {schema.start} and {schema.end}, whole numbers, and {schema.label}, a non-empty string")
        return cls(start, end, label, value, key, where)

    def within(self, places: Mapping[int, int], ends: Ends) -> tuple[int, int]:
        """First character and the one after the last, in code points; -1 for an offset that is none."""
        return places.get(self.start, -1), places.get(self.end + (ends == "inclusive"), -1)

    def fault(self, text: str, places: Mapping[int, int], ends: Ends) -> str:
        """What is wrong with the offsets, or nothing."""
        start, end = self.within(places, ends)
        if not 0 <= start < end:
            length = max(places)
            unit = "characters" if length == len(text) else "units"
            return f"[{self.start}:{self.end}] does not lie inside the text of {length} {unit}"
        if self.value is not None and self.value != text[start:end]:
            return f"{self.value_key} disagrees with what stands at [{self.start}:{self.end}]"
        return "" if text[start:end].strip() else f"[{self.start}:{self.end}] is nothing but white space"


def _other_counting(rows: Sequence[_SpanRow], text: str, reading: Reading) -> str:
    """What the offsets of a row could be, where they cannot be what they were taken for."""
    fitting = []
    for offsets, ends in product(get_args(OffsetUnit), get_args(Ends)):
        places = code_points_at(text, offsets)
        if (offsets, ends) != (reading.offsets, reading.ends) and not any(row.fault(text, places, ends) for row in rows):
            fitting.append(f"offsets={offsets}, ends={ends}")
    return f"; its spans fit with {' or '.join(fitting)}" if fitting and rows else ""


def _trimmed(text: str, start: int, end: int, label: str, report: ReadReport) -> Span:
    value = text[start:end]
    left, right = len(value) - len(value.lstrip()), len(value) - len(value.rstrip())
    report.trimmed += bool(left or right)
    return Span(start + left, end - right, label)


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


def require_label(labels: LabelSet, span: Span, where: str) -> None:
    """Refuse a span whose label is not in the set.

    Raises:
        DataError: The message says ``where``, the offsets and the nearest label.
    """
    try:
        labels.require(span.label, where=f"{where}: span at [{span.start}:{span.end}]: ")
    except LabelError as error:
        raise DataError(str(error)) from None
