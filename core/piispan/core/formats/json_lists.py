"""``json`` and ``json_values``: a list of entities, with offsets or with occurrence numbers.

The field names are those of the Presidio research data. With ``json`` the model must count
characters; with ``json_values`` it says which occurrence of the value it means, counted from 0, and
code finds the offsets.
"""

import json
from collections.abc import Callable, Mapping
from itertools import count

from piispan.core.formats.base import Mention, Parsed, Problem, flat_spans
from piispan.core.formats.json_reading import Places, read_list
from piispan.core.labels import LabelSet
from piispan.core.spans import Document, Span

__all__ = ["JsonFormat", "JsonValuesFormat"]

_Place = Callable[[Mapping[str, object], str, Places], tuple[int | None, int | None]]
"""(object, its value, places) -> (start as written or None when it is wrong, nearest right start or None)."""


class JsonFormat:
    """A JSON list of ``entity_type``, ``entity_value``, ``start_position``, ``end_position``."""

    name = "json"
    instruction = (
        "Find all personal data in the text. Answer with a JSON list of objects with the keys entity_type (the label), "
        "entity_value, start_position and end_position (character offsets, end exclusive); [] when there is none."
    )

    def unwritable(self, document: Document) -> tuple[Span, ...]:
        """Always empty."""
        del document
        return ()

    def render(self, document: Document) -> str:
        """One JSON list on one line."""
        rows = [
            {"entity_type": s.label, "entity_value": document.value(s), "start_position": s.start, "end_position": s.end}
            for s in document.spans
        ]
        return json.dumps(rows, ensure_ascii=False)

    def parse(self, text: str, source: str, labels: LabelSet) -> Parsed:
        """Read the list. A span holds when its offsets slice to its value. See ``OutputFormat.parse``."""
        return _parse(text, source, labels, ("start_position", "end_position"), _by_offsets)


class JsonValuesFormat:
    """A JSON list of ``entity_type``, ``entity_value``, ``occurrence`` (0-based)."""

    name = "json_values"
    instruction = (
        "Find all personal data in the text. Answer with a JSON list of objects with the keys entity_type (the label), "
        "entity_value (copied exactly) and occurrence (0 for the first place where the value stands in the text, "
        "1 for the second, and so on); [] when there is none."
    )

    def unwritable(self, document: Document) -> tuple[Span, ...]:
        """Always empty."""
        del document
        return ()

    def render(self, document: Document) -> str:
        """One JSON list on one line."""
        rows = []
        for span in document.spans:
            value = document.value(span)
            rows.append({"entity_type": span.label, "entity_value": value, "occurrence": _rank(document.text, value, span.start)})
        return json.dumps(rows, ensure_ascii=False)

    def parse(self, text: str, source: str, labels: LabelSet) -> Parsed:
        """Read the list and find each value's place. See ``OutputFormat.parse``."""
        return _parse(text, source, labels, ("occurrence",), _by_occurrence)


def _is_index(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _rank(text: str, value: str, start: int) -> int:
    """How many occurrences of ``value``, overlapping ones included, stand before ``start``."""
    place = text.find(value)
    for rank in count():
        if place >= start:
            return rank
        place = text.find(value, place + 1)
    raise AssertionError


def _by_offsets(row: Mapping[str, object], value: str, places: Places) -> tuple[int | None, int | None]:
    start, end = row["start_position"], row["end_position"]
    assert isinstance(start, int)  # noqa: S101  # checked by the caller for every number key
    near = places.nearest(value, start)
    return (near if near == start and end == start + len(value) else None), near


def _by_occurrence(row: Mapping[str, object], value: str, places: Places) -> tuple[int | None, int | None]:
    rank = row["occurrence"]
    assert isinstance(rank, int)  # noqa: S101  # checked by the caller for every number key
    return places.ranked(value, rank)


def _parse(text: str, source: str, labels: LabelSet, numbers: tuple[str, ...], place: _Place) -> Parsed:
    read = read_list(text)
    mentions: list[Mention] = []
    recovered: list[Span] = []
    whole = read.whole
    places = Places(source)
    known: dict[tuple[object, ...], tuple[Mention, Span | None]] = {}
    for row in read.objects:
        label, value = row.get("entity_type"), row.get("entity_value")
        if not isinstance(label, str) or not isinstance(value, str) or not all(_is_index(row.get(key)) for key in numbers):
            whole = False
            continue
        key = (label, value, *(row[name] for name in numbers))
        if key not in known:
            found = _mention(row, label, value, places, labels, place)
            if places.exhausted and not found[0].span:  # it may stand there, and nobody looked
                whole = False
                continue
            known[key] = found
        mention, near = known[key]
        mentions.append(mention)
        recovered += [near] if near else []
    spans = flat_spans(m.span for m in mentions if m.span)
    return Parsed(tuple(mentions), spans, flat_spans(recovered), not whole, extraneous_text=read.extraneous)


def _mention(
    row: Mapping[str, object], label: str, value: str, places: Places, labels: LabelSet, place: _Place
) -> tuple[Mention, Span | None]:
    """The mention as written, and the span it most likely meant."""
    problems = set() if label in labels else {Problem.UNKNOWN_LABEL}
    core = value.strip()
    if not core:
        return Mention(label, value, None, frozenset({*problems, Problem.NOT_A_SPAN})), None
    written, near = place(row, value, places)
    if near is None:
        problems.add(Problem.VALUE_NOT_IN_SOURCE)
    elif written is None:
        problems.add(Problem.WRONG_OFFSET)
    if label not in labels or near is None:
        return Mention(label, value, None, frozenset(problems)), None
    lead = len(value) - len(value.lstrip())
    meant = Span(near + lead, near + lead + len(core), label)
    return Mention(label, value, None if problems else meant, frozenset(problems)), meant
