"""Label Studio's exports: tasks (JSON) and rows of one annotation each (JSON-MIN).

Results without spans (a choice, a rating) are counted as ignored; spans of a kind that cannot be read are an error, for nobody would
miss them. See https://labelstud.io/guide/export.
"""

from collections.abc import Mapping, Sequence

from piispan.core import DataError
from piispan.dataset_builder.reading.schemas import Reading

__all__ = ["is_label_studio", "label_studio_row", "labelled_span", "task_fields"]

Row = Mapping[str, object]

_WITHOUT_SPANS = frozenset({"choices", "datetime", "number", "pairwise", "ranker", "rating", "relation", "taxonomy", "textarea"})
"""Types of results that say nothing about spans, though those of one region repeat where it lies."""
_PLACES = frozenset({"start", "startOffset", "globalOffsets"})
"""Keys of values that say where a span lies."""


def is_label_studio(row: Row) -> bool:
    """Whether a row is a task, or one of JSON-MIN with a span."""
    listed = row.get("label")
    first = listed[0] if isinstance(listed, list) and listed else None
    return ("annotations" in row and "data" in row) or (isinstance(first, Mapping) and "labels" in first)


def task_fields(row: Row) -> Row:
    """What of a row a group or text can be taken from: of a task, its ``data``."""
    data = row.get("data")
    return data if "annotations" in row and isinstance(data, Mapping) else row


def label_studio_row(row: Row, reading: Reading) -> Row:
    """The row ``{"id", "text", "spans", "group"}`` of a task, by its annotation that was not cancelled; or of a row of JSON-MIN.

    Raises:
        DataError: If the task has none or several, several strings as text, or spans that cannot be read.
    """
    if "annotations" not in row and isinstance(row.get("label"), list):
        return _least_row(row, reading)
    data, annotations = row.get("data"), row.get("annotations")
    if not isinstance(data, Mapping) or not isinstance(annotations, list):
        raise DataError("a Label Studio task needs data and annotations")
    kept = [one for one in annotations if isinstance(one, Mapping) and not one.get("was_cancelled")]
    if len(kept) != 1:
        leave = "--on-error skip leaves it out"
        raise DataError(f"the task has {len(kept)} annotations that were not cancelled; it must have one ({leave})")
    results = kept[0].get("result")
    if not isinstance(results, list):
        raise DataError("the annotation needs the key result, a list")
    text_key, group_key = _text_key(data, reading), reading.group_field or "group"
    spans: list[object] = []
    others: dict[str, object] = {f"data.{key}": None for key in data if key not in {text_key, group_key}}
    for place, result in enumerate(results):
        if not isinstance(result, Mapping):
            raise DataError(f"result {place} is no object")
        if (span := _span(result, place)) is None:
            others[f"result.{result.get('type')}"] = None
        else:
            spans.append(span)
    return {"id": row.get("id"), "text": data.get(text_key), "spans": spans, "group": data.get(group_key), **others}


def _text_key(data: Row, reading: Reading) -> str:
    """Which key of ``data`` is the text: the one that was said, ``text``, or that of the only string."""
    strings = [key for key, value in data.items() if isinstance(value, str) and key not in {"group", reading.group_field}]
    if reading.text_field is not None:
        if reading.text_field not in strings:
            raise DataError(f"data has no string under {reading.text_field}; its strings: {', '.join(strings) or 'none'}")
        return reading.text_field
    if "text" in data or len(strings) < 2:
        return "text" if "text" in data or not strings else strings[0]
    raise DataError(f"data has several strings: {', '.join(strings)}; say which is the text (text_field, --text-field)")


def _span(result: Row, place: int) -> Row | None:
    """The span of a result; ``None`` for one that says nothing about spans."""
    value, kind = result.get("value"), result.get("type")
    if kind in _WITHOUT_SPANS:
        return None
    if not isinstance(value, Mapping):
        raise DataError(f"result {place} needs the key value, an object")
    if kind in {None, "labels"} and "labels" in value:
        return labelled_span(value, f"result {place}")
    if (isinstance(kind, str) and kind.endswith("labels")) or value.keys() & _PLACES:
        shown = f"of the type {kind}" if isinstance(kind, str) and kind.isidentifier() and kind != "labels" else "without a label"
        raise DataError(f"result {place} is a span {shown}, which cannot be read; only spans of plain text with labels are")
    return None


def labelled_span(value: Row, where: str) -> Row:
    """The span of ``{"start", "end", "text", "labels"}``, which must have one label."""
    labels = value.get("labels")
    if not isinstance(labels, Sequence) or isinstance(labels, str) or len(labels) != 1:
        raise DataError(f"{where} must have one label")
    return {"start": value.get("start"), "end": value.get("end"), "label": labels[0], "value": value.get("text")}


def _least_row(row: Row, reading: Reading) -> Row:
    """A row of JSON-MIN: ``data`` and the results of the label control beside each other."""
    listed = row["label"]
    if not isinstance(listed, list) or not all(isinstance(value, Mapping) for value in listed):
        raise DataError("label must be a list of objects")
    spans = [labelled_span(value, f"label {place}") for place, value in enumerate(listed)]
    rest = {name: value for name, value in row.items() if name != "label"}
    if "text" not in row and reading.text_field is None:
        raise DataError("needs the key text; say which key is the text (text_field, --text-field)")
    return {**rest, "spans": spans}
