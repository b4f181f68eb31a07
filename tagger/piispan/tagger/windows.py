"""Long texts cut into overlapping windows, and the spans found in them merged at the seams.

Each window is decoded on its own. Together the windows hold every character of the text.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from piispan.core import CoverageError, Span

__all__ = ["Window", "cut_windows", "merge_windows"]

_CLOSERS = "[\"'”’»)\\]}」』）】]*"
_BREAK = re.compile(rf"(?P<stop>[.!?…؟।]{_CLOSERS}(?=\s)|[。！？｡]+{_CLOSERS})\s*|\s+")


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of a text that is decoded on its own.

    Args:
        start: Index of the first character, inclusive.
        end: Index after the last character, exclusive.
    """

    start: int
    end: int


def cut_windows(text: str, token_starts: Sequence[int], *, size: int, overlap: int) -> list[Window]:
    """Windows that cover ``text``, both their starts and their ends strictly ascending.

    A window ends, in its last quarter, after a paragraph, else after a sentence or a line, else at white
    space, else at any token. The next one starts ``overlap`` tokens before that end, or at such a break
    up to half as many tokens earlier. A text of at most ``size`` tokens is one window, the empty text too.

    Args:
        text: The text.
        token_starts: Index of the first character of each token, ascending; the tokens of one character
            share its index. A token reaches to the next start.
        size: Most tokens in a window, at least 2.
        overlap: Least tokens that neighbours share, from 0 to ``size - 1``; fewer only where characters
            of several tokens leave no room.

    Raises:
        ValueError: If ``size`` or ``overlap`` is out of range, if ``token_starts`` do not ascend within
            the text, or if one index starts more than ``size`` tokens.
    """
    if size < 2:
        raise ValueError(f"size must be at least 2 tokens, was: {size}")
    if not 0 <= overlap < size:
        raise ValueError(f"overlap must be at least 0 and below size ({size}), was: {overlap}")
    edges, tokens = _edges(text, token_starts, size)
    breaks = _breaks(text)
    # At most half of what a window adds is given up for a break: windows with a large overlap would hardly advance.
    slack = min(size // 4, (size - overlap) // 2)
    windows: list[Window] = []
    start = end = 0
    while (farthest := bisect_right(tokens, tokens[start] + size) - 1) < len(edges) - 1:
        earliest = max(end + 1, bisect_left(tokens, tokens[start] + size - slack))
        end = _best(breaks, edges, min(earliest, farthest), farthest)
        windows.append(Window(edges[start], edges[end]))
        # From any earlier start, the next window could not reach past this end.
        lowest = max(start + 1, bisect_left(tokens, tokens[end + 1] - size))
        latest = max(lowest, bisect_right(tokens, tokens[end] - overlap) - 1)
        # At least half of the advance is kept, for the same reason as above.
        back = min(overlap, tokens[latest] - tokens[start]) // 2
        start = _best(breaks, edges, max(lowest, bisect_left(tokens, tokens[latest] - back)), latest)
    return [*windows, Window(edges[start], len(text))]


def merge_windows(length: int, windows: Sequence[Window], spans: Sequence[Sequence[Span]]) -> list[Span]:
    """The spans of all windows as one flat, sorted list, with their scores.

    The seam of two neighbours is the middle of their overlap. A span belongs to the window between
    whose seams it starts; one that only reaches in from before the left seam counts too, as a missed
    span is a leak. Where two overlap the left window's stays, except that a span cut off by the end of
    its window is joined with a later window's span of its label that overlaps it and reaches further:
    the result covers both, with the score of the longer.

    Args:
        length: Characters of the text.
        windows: Windows as from ``cut_windows``: starts and ends strictly ascending.
        spans: For each window its spans, sorted and inside it, in the offsets of the whole text.

    Raises:
        CoverageError: If a character is in no window.
        ValueError: If the windows do not ascend, or ``spans`` are not one sequence per window.
    """
    _check_windows(length, windows)
    seams = [0, *((right.start + left.end) // 2 for left, right in pairwise(windows)), length][: len(windows) + 1]
    kept: list[Span] = []
    reach = 0  # end of the window that the last kept span's end comes from
    for window, found, (seam, next_seam) in zip(windows, spans, pairwise(seams), strict=True):
        for span in found:
            if not kept or span.start >= kept[-1].end:
                if seam < span.end and span.start < next_seam:
                    kept.append(span)
                    reach = window.end
            elif kept[-1].end == reach < span.end and kept[-1].label == span.label:
                kept[-1] = _joined(kept[-1], span, floor=kept[-2].end if len(kept) > 1 else 0)
                reach = window.end
    return kept


def _edges(text: str, token_starts: Sequence[int], size: int) -> tuple[list[int], list[int]]:
    """The offsets at which a cut may be, and how many tokens lie before each."""
    edges, tokens = [0], [0]
    last, length = 0, len(text)
    for index, offset in enumerate(token_starts):
        if offset == last:
            continue
        if not last < offset < length:
            raise ValueError(f"token_starts must ascend within the text of {length} characters, was: {offset} after {last}")
        edges.append(offset)
        tokens.append(index)
        last = offset
    if text:
        edges.append(length)
        tokens.append(len(token_starts))
    for index, (before, after) in enumerate(pairwise(tokens)):
        if after - before > size:
            raise ValueError(f"at most size ({size}) tokens may start at one offset, was: {after - before} at {edges[index]}")
    return edges, tokens


class _Breaks(NamedTuple):
    """Breaks of one kind: the first and the last offset at which each may be cut, both inclusive; ascending."""

    firsts: list[int]
    lasts: list[int]


def _breaks(text: str) -> tuple[_Breaks, _Breaks, _Breaks]:
    """The breaks after a paragraph, after a sentence or line, and at other white space."""
    paragraphs, sentences, spaces = kinds = (_Breaks([], []), _Breaks([], []), _Breaks([], []))
    for match in _BREAK.finditer(text):
        stop = match.end("stop")
        lines = max(match[0].count("\n"), match[0].count("\r"))
        kind = paragraphs if lines > 1 else sentences if lines or stop >= 0 else spaces
        # Some tokenizers start a token before white space, others after it: an edge on either side is a break.
        kind.firsts.append(match.start() if stop < 0 else stop)
        kind.lasts.append(match.end())
    return kinds


def _best(breaks: Sequence[_Breaks], edges: Sequence[int], lowest: int, highest: int) -> int:
    """Index of the last edge at a break of the best kind from ``lowest`` to ``highest``, both inclusive, else ``highest``."""
    for firsts, lasts in breaks:
        place = bisect_right(firsts, edges[highest]) - 1
        while place >= 0 and lasts[place] >= edges[lowest]:
            edge = bisect_right(edges, lasts[place], lowest, highest + 1) - 1
            if edges[edge] >= firsts[place]:
                return edge
            place -= 1  # A token goes across this break.
    return highest


def _joined(cut: Span, further: Span, floor: int) -> Span:
    # An edge that no window found could lie on white space, so a start below the floor is not clipped to it.
    start = min(cut.start, further.start) if further.start >= floor else cut.start
    longer = max(cut, further, key=lambda span: span.end - span.start)
    return Span(start, further.end, cut.label, longer.score)


def _check_windows(length: int, windows: Sequence[Window]) -> None:
    for left, right in pairwise(windows):
        if not (left.start < right.start and left.end < right.end):
            raise ValueError(f"windows must ascend in start and end, was: {left} before {right}")
    ends, starts = [0, *(w.end for w in windows)], [*(w.start for w in windows), length]
    gaps = [f"{end}:{start}" for end, start in zip(ends, starts, strict=True) if end < start]
    if gaps:
        raise CoverageError(f"no window covers the characters {', '.join(gaps)} of a text of {length}")
