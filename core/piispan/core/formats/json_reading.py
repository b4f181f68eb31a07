"""Reading a JSON list out of whatever a model wrote. Never raises, and takes linear time."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["JsonList", "Places", "read_list"]

_DECODER = json.JSONDecoder()
_BRACKET = re.compile(r"[\[{]")
_ANSWER_START = re.compile(r'\[\s*[{\]]|\{\s*["}]')
"""Where a list of objects or an object can begin."""
_CHARACTERS_LOOKED_AT = 1_000_000_000
"""Characters of the source that the values of one output may be compared with: about half a second."""
_FIND = 2500
"""Characters that could be compared while a search begins."""
_PASSES = 8
"""Failed attempts may together read the output this many times, so that no output can stall the reader."""


@dataclass(frozen=True, slots=True)
class JsonList:
    """The objects that could be read. ``whole``: the output is one JSON list of objects and nothing else."""

    objects: tuple[dict[str, object], ...]
    whole: bool
    extraneous: bool


def read_list(text: str) -> JsonList:
    """The JSON list that the output is or holds; failing that, the objects in it one by one."""
    body = text.strip()
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return _read_around(body)
    items = value if isinstance(value, list) else [value]
    objects = tuple(item for item in items if isinstance(item, dict))
    return JsonList(objects, isinstance(value, list) and len(objects) == len(items), False)


def _read_around(body: str) -> JsonList:
    """The first list of objects, or every object, of an output that holds something else as well."""
    first = _BRACKET.search(body)
    extraneous = bool(body[: first.start()] if first else body)
    objects: list[dict[str, object]] = []
    for value in _values(body):
        if isinstance(value, dict):
            objects.append(value)
            continue
        extraneous = True
        if value:
            return JsonList(tuple(item for item in value if isinstance(item, dict)), False, True)
    return JsonList(tuple(objects), False, extraneous)


def _values(text: str) -> Iterator[list[object] | dict[str, object]]:
    """The outermost readable objects and lists of objects, from left to right."""
    budget = _PASSES * len(text)
    match = _ANSWER_START.search(text)
    while match and budget > 0:
        start = match.start()
        try:
            value, end = _DECODER.raw_decode(text, start)
            yield value
        except (ValueError, RecursionError) as error:
            end = start + 1
            # The standard error counts the lines before it, which costs a fast pass over the text.
            budget -= _characters_read(error, text, start) + len(text) // 100
        match = _ANSWER_START.search(text, end)


def _characters_read(error: Exception, text: str, start: int) -> int:
    """At most what a failed attempt read."""
    if isinstance(error, json.JSONDecodeError) and not error.msg.startswith("Unterminated"):
        return error.pos - start + 1
    return len(text) - start


class Places:
    """Where values stand in one source, looked up within a budget, so that no output can stall the reader.

    Occurrences may overlap. A source of one letter and an answer of many long values would take the product of all three.

    Args:
        source: The text that was to be tagged.
    """

    def __init__(self, source: str) -> None:
        self._source = source
        self._left = _CHARACTERS_LOOKED_AT
        self._backwards: str | None = None
        self._starts: dict[str, list[int]] = {}
        self._absent: set[str] = set()

    @property
    def exhausted(self) -> bool:
        """Whether the budget is spent; places found since then mean nothing."""
        return self._left < 0

    def nearest(self, value: str, start: int) -> int | None:
        """The start of the occurrence nearest to ``start``, the earlier of two; ``None`` when there is none."""
        bound = min(max(start, 0), len(self._source))
        if bound == start and self._source.startswith(value, start):
            return start
        if value in self._absent:
            return None
        known = [place for place in (self._find_before(value, bound), self._find(value, bound)) if place >= 0]
        if not known and not self.exhausted:
            self._absent.add(value)
        return min(known, key=lambda place: abs(place - start), default=None)

    def ranked(self, value: str, rank: int) -> tuple[int | None, int | None]:
        """The start of the occurrence of that rank, counted from 0, twice; or ``None`` and the last one, ``None`` when there is none."""
        starts = self._starts.setdefault(value, [])
        while not 0 <= rank < len(starts) and not self.exhausted:
            place = self._find(value, starts[-1] + 1 if starts else 0)
            if place < 0:
                return None, starts[-1] if starts else None
            starts.append(place)
        return (starts[rank], starts[rank]) if 0 <= rank < len(starts) else (None, None)

    def _find_before(self, value: str, bound: int) -> int:
        """The last start before ``bound``, -1 for none; ``str.rfind`` takes the product of both lengths."""
        if self.exhausted or not bound:
            return -1
        if self._backwards is None:
            self._backwards = self._source[::-1]
        length, begin = len(self._source) - len(value), max(len(self._source) - bound + 1 - len(value), 0)
        place = self._backwards.find(value[::-1], begin)
        self._left -= _FIND + len(value) + (len(self._source) if place < 0 else place) - begin
        return length - place if place >= 0 else -1

    def _find(self, value: str, start: int) -> int:
        if self.exhausted:
            return -1
        place = self._source.find(value, start)
        self._left -= _FIND + (len(self._source) if place < 0 else place + len(value)) - start
        return place
