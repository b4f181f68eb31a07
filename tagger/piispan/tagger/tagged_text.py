"""What a tagger says of one text."""

from dataclasses import dataclass

from piispan.core import Span

__all__ = ["TaggedText"]


@dataclass(frozen=True, slots=True)
class TaggedText:
    """The spans of one text.

    Args:
        spans: Sorted.
        faithful: The answer was whole, well formed and true to the text. When it was not, spans may be missing.
        windows: Stretches in which the text was read, which together hold every character.
    """

    spans: tuple[Span, ...]
    faithful: bool = True
    windows: int = 1
