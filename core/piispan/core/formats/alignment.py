"""Places of a drifted output mapped back to the source by an edit alignment."""

from bisect import bisect_left, bisect_right
from collections.abc import Hashable, Iterable, Sequence
from itertools import islice, takewhile

__all__ = ["Alignment", "equal_blocks"]

LARGEST_PRODUCT = 100_000_000
"""Above this product of lengths, common ends left out, the alignment is not computed and nothing between the ends is recovered."""


def equal_blocks(output: Sequence[Hashable], source: Sequence[Hashable]) -> list[tuple[int, int, int]]:
    """Runs that a minimal edit script leaves as they are: (start in output, start in source, length)."""
    shorter = min(len(output), len(source))
    head = _shared(output, source)
    tail = _shared(islice(reversed(output), shorter - head), islice(reversed(source), shorter - head))
    left, right = output[head : len(output) - tail], source[head : len(source) - tail]
    from rapidfuzz.distance import Levenshtein

    codes = Levenshtein.opcodes(left, right) if len(left) * len(right) <= LARGEST_PRODUCT else ()
    between = [(head + c.src_start, head + c.dest_start, c.src_end - c.src_start) for c in codes if c.tag == "equal"]
    blocks = [(0, 0, head), *between, (len(output) - tail, len(source) - tail, tail)]
    return [block for block in blocks if block[2]]


def _shared(left: Iterable[Hashable], right: Iterable[Hashable]) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(left, right, strict=False)))


class Alignment:
    """Maps stretches of ``output`` to stretches of ``source`` (characters, half-open)."""

    def __init__(self, output: str, source: str) -> None:
        self._source = source
        self._blocks = equal_blocks(output, source)
        self._starts = [start for start, _, _ in self._blocks]
        self._ends = [start + length for start, _, length in self._blocks]

    def to_source(self, start: int, end: int) -> tuple[int, int] | None:
        """The smallest stretch of the source that holds every unchanged character of ``[start, end)``.

        White space at its edges is cut off. ``None`` when nothing but white space is left.
        """
        first = bisect_right(self._ends, start)
        last = bisect_left(self._starts, end) - 1
        if first > last:
            return None
        out_first, src_first, _ = self._blocks[first]
        out_last, src_last, length = self._blocks[last]
        begin = src_first + max(start - out_first, 0)
        stop = src_last + min(end - out_last, length)
        value = self._source[begin:stop]
        core = value.strip()
        if not core:
            return None
        begin += len(value) - len(value.lstrip())
        return begin, begin + len(core)
