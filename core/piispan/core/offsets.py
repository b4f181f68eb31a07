"""What offsets count: Python's code points, the UTF-16 units of Java, JavaScript and C#, or the bytes of UTF-8 (Go, Rust)."""

from collections.abc import Iterator, Mapping
from typing import Literal

__all__ = ["OffsetUnit", "code_points_at"]

OffsetUnit = Literal["code_points", "utf16", "bytes"]


def code_points_at(text: str, unit: OffsetUnit) -> Mapping[int, int]:
    """The code point at every offset in ``unit`` that falls between two characters, the end of the text among them.

    Args:
        text: A text without lone surrogates.
        unit: What the offsets count.
    """
    if unit == "code_points" or text.isascii():
        return _Same(len(text))
    places, reached = {0: 0}, 0
    for place, character in enumerate(text, 1):
        reached += len(character.encode("utf-8")) if unit == "bytes" else 2 if ord(character) > 0xFFFF else 1
        places[reached] = place
    return places


class _Same(Mapping[int, int]):
    """Every offset up to a length is its own; takes no memory."""

    def __init__(self, length: int) -> None:
        self._offsets = range(length + 1)

    def __getitem__(self, offset: int) -> int:
        if offset not in self._offsets:
            raise KeyError(offset)
        return offset

    def __iter__(self) -> Iterator[int]:
        return iter(self._offsets)

    def __len__(self) -> int:
        return len(self._offsets)
