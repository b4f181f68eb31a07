"""Overlapping spans made flat."""

from collections.abc import Collection, Sequence

from piispan.core import Span

__all__ = ["without_overlap"]


def without_overlap(spans: Sequence[Span], *, yields: Collection[str] = ()) -> list[Span]:
    """Overlapping spans joined into one that covers them all, under the label of the longest.

    Spans that only touch stay apart. The result is sorted.

    Args:
        spans: In any order.
        yields: Labels that give way to any other, however long they are.
    """
    joined: list[tuple[Span, Span]] = []  # (covering span, longest member)
    for span in sorted(spans, key=lambda s: (s.start, s.end)):
        if not joined or span.start >= joined[-1][0].end:
            joined.append((span, span))
            continue
        cover, longest = joined[-1]
        longest = max(longest, span, key=lambda s: (s.label not in yields, s.end - s.start))
        joined[-1] = Span(cover.start, max(cover.end, span.end), longest.label, longest.score), longest
    return [cover for cover, _ in joined]
