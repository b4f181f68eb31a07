"""The spans of a row: offsets verified, labels mapped, edges trimmed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import get_args

from piispan.core import WORD, DataError, LabelError, LabelSet, OffsetUnit, Span, code_points_at
from piispan.dataset_builder.reading.reports import ReadReport
from piispan.dataset_builder.reading.schemas import Ends, Reading, RowSchema

__all__ = ["require_label", "spans_of"]

_one_word = WORD.fullmatch


def spans_of(found: Sequence[object], schema: RowSchema, text: str, where: str, report: ReadReport, reading: Reading) -> list[Span]:
    """The spans with their labels mapped, edges trimmed, in the row's order.

    Raises:
        DataError: If one is malformed, does not lie in the text, disagrees with its value, or has an unknown label; begins with ``where``.
    """
    rows = [_SpanRow.of(item, schema, f"{where}: span {index}", report) for index, item in enumerate(found)]
    if any("\ud800" <= character <= "\udfff" for character in text):
        return []  # ``Document`` names the place
    places = code_points_at(text, reading.offsets)
    spans = []
    for row in rows:
        if fault := row.fault(text, places, reading.ends):
            raise DataError(f"{row.where}: {fault}{_other_counting(rows, text, reading)}")
        label = reading.label_map.get(row.label, row.label)
        if reading.label_map and row.label in reading.label_map:
            report.mapped.add(row.label)
        if label is None:
            report.unmapped[row.label] += 1
            continue
        span = _trimmed(text, *row.within(places, reading.ends), label, report)
        if reading.labels is not None:
            require_label(reading.labels, span, where)
        # What stands outside is told faster than whether it is of the same word, and mostly is white space.
        if text[span.end : span.end + 1].isalnum() or (span.start and text[span.start - 1].isalnum()):
            report.inside_words += _cuts_word(text, span.start, span.end)
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


def _cuts_word(text: str, start: int, end: int) -> bool:
    """Whether a span begins or ends between two characters of one word."""
    begins_inside = start > 0 and _one_word(text, start - 1, start + 1) is not None
    return begins_inside or (end < len(text) and _one_word(text, end - 1, end + 1) is not None)


def _trimmed(text: str, start: int, end: int, label: str, report: ReadReport) -> Span:
    value = text[start:end]
    left, right = len(value) - len(value.lstrip()), len(value) - len(value.rstrip())
    report.trimmed += bool(left or right)
    return Span(start + left, end - right, label)


def require_label(labels: LabelSet, span: Span, where: str) -> None:
    """Refuse a span whose label is not in the set.

    Raises:
        DataError: The message says ``where``, the offsets and the nearest label.
    """
    try:
        labels.require(span.label, where=f"{where}: span at [{span.start}:{span.end}]: ")
    except LabelError as error:
        raise DataError(f"{error}; piispan data convert --label-map FILE changes labels") from None
