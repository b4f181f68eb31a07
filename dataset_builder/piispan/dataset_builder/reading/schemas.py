"""Where rows keep what, and how they are to be read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from piispan.core import DataError, LabelSet, OffsetUnit

__all__ = ["Ends", "Reading", "RowSchema", "document_row", "presidio_row", "with_chosen_fields"]

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
        group_field: Key of the row whose value is the group, for rows with keys; ``None`` for the layout's own. Of a Label Studio task, a
            key of its ``data``.
        text_field: Key of the row whose value is the text, likewise.

    Raises:
        DataError: If ``offsets`` or ``ends`` is none of these.
    """

    labels: LabelSet | None = None
    label_map: Mapping[str, str | None] = field(default_factory=dict)
    offsets: OffsetUnit = "code_points"
    ends: Ends = "exclusive"
    group_field: str | None = None
    text_field: str | None = None

    def __post_init__(self) -> None:
        if self.offsets not in get_args(OffsetUnit) or self.ends not in get_args(Ends):
            raise DataError(
                f"offsets must be {', '.join(get_args(OffsetUnit))} and ends exclusive or inclusive, were: {self.offsets!r}, {self.ends!r}"
            )


def with_chosen_fields(plain: Mapping[str, object], row: Mapping[str, object], schema: RowSchema, reading: Reading) -> Mapping[str, object]:
    """A row with its group and text from the keys that were said.

    Args:
        plain: The row under the schema's keys.
        row: The row as the file has it.
        schema: The keys.
        reading: Says ``group_field`` and ``text_field``.

    Raises:
        DataError: If the row lacks one.
    """
    chosen = [(schema.group, reading.group_field, "group"), (schema.text, reading.text_field, "text")]
    found = {key: value for key, value in plain.items() if key == "id" or key not in {reading.group_field, reading.text_field}}
    for key, field_name, what in chosen:
        if field_name is not None and field_name not in row:
            raise DataError(f"needs the key {field_name}, which is to be the {what}")
        if field_name is not None:
            found[key] = row[field_name]
    return found
