"""Reading a JSON list out of whatever a model wrote. Never raises, and takes linear time."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["JsonList", "occurrences", "read_list"]

_DECODER = json.JSONDecoder()
_BRACKET = re.compile(r"[\[{]")
_ANSWER_START = re.compile(r'\[\s*[{\]]|\{\s*["}]')
"""Where a list of objects or an object can begin."""
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


def occurrences(source: str, value: str) -> list[int]:
    """Starts of every occurrence of ``value``, overlapping ones included, ascending."""
    starts, position = [], source.find(value)
    while position >= 0:
        starts.append(position)
        position = source.find(value, position + 1)
    return starts
