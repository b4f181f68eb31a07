"""What a tagger says of one text."""

from dataclasses import dataclass

from piispan.core import Span

__all__ = ["UNFAITHFUL", "TaggedText"]

UNFAITHFUL = "the answer was cut, malformed or untrue to the text, so a span may be missing"
"""Why a text is refused whose answer is not faithful."""


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
