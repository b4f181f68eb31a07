"""Reading a JSON list out of whatever a model wrote. Never raises, and takes linear time."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["JsonList", "occurrences", "read_list"]

_DECODER = json.JSONDecoder()
_MOST_FAILURES = 200
"""Failed starts after which the rest of an output is given up, so that no output can stall the reader."""


@dataclass(frozen=True, slots=True)
class JsonList:
    """The objects that could be read. ``whole``: the output is one JSON list of objects and nothing else."""

    objects: tuple[dict[str, object], ...]
    whole: bool
    extraneous: bool


def _decode(text: str, start: int) -> tuple[object, int] | None:
    try:
        return _DECODER.raw_decode(text, start)
    except (ValueError, RecursionError):
        return None


def read_list(text: str) -> JsonList:
    """The JSON list that the output is or holds; failing that, the objects in it one by one."""
    body = text.strip()
    whole = _decode(body, 0) if body else None
    if whole and whole[1] == len(body):
        return _of_value(whole[0], extraneous=False)
    for start in _starts(body, "["):
        if (found := _decode(body, start)) and isinstance(found[0], list):
            inner = _of_value(found[0], extraneous=True)
            return JsonList(inner.objects, False, True)
    objects = tuple(_objects(body))
    before = body[: body.find("[")] if "[" in body else body
    return JsonList(objects, False, bool(before.strip()) and not body.startswith("{"))


def _of_value(value: object, *, extraneous: bool) -> JsonList:
    if not isinstance(value, list):
        return JsonList((value,) if isinstance(value, dict) else (), False, extraneous)
    objects = tuple(item for item in value if isinstance(item, dict))
    return JsonList(objects, len(objects) == len(value), extraneous)


def _starts(text: str, character: str) -> Iterator[int]:
    position = text.find(character)
    for _ in range(_MOST_FAILURES):
        if position < 0:
            return
        yield position
        position = text.find(character, position + 1)


def _objects(text: str) -> Iterator[dict[str, object]]:
    position, failures = text.find("{"), 0
    while position >= 0 and failures < _MOST_FAILURES:
        found = _decode(text, position)
        if found and isinstance(found[0], dict):
            yield found[0]
        failures += found is None
        position = text.find("{", found[1] if found else position + 1)


def occurrences(source: str, value: str) -> list[int]:
    """Starts of every occurrence of ``value``, overlapping ones included, ascending."""
    starts, position = [], source.find(value)
    while position >= 0:
        starts.append(position)
        position = source.find(value, position + 1)
    return starts
