"""What every decoder promises."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from piispan.core import Span

__all__ = ["Decoded", "Decoder", "DecoderName", "Progress"]

DecoderName = Literal["verbatim", "generate"]

Progress = Callable[[int], None]
"""Called with the number of texts just done."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """One raw answer. ``output`` is personal data.

    Args:
        output: What the model wrote.
        passes: Forward passes that this text took part in.
        seconds: Wall time of its batch, shared equally.
        output_tokens: Tokens of the answer, the end-of-turn token included.
        finished: The model ended the answer itself; false when it was cut at its token budget.
        spans: What the answer says, by a decoder that cannot be misread; ``None`` when ``output`` has to be parsed.
        windows: Stretches in which the text was read, which together hold every character.
    """

    output: str = field(repr=False)
    passes: int
    seconds: float
    output_tokens: int
    finished: bool = True
    spans: tuple[Span, ...] | None = None
    windows: int = 1


class Decoder(Protocol):
    """Turns texts into raw answers in the prompt's output format."""

    @property
    def name(self) -> str:
        """Name on the command line, in results and on the card."""
        ...

    def stream(self, texts: Iterable[str]) -> Iterator[Decoded]:
        """One answer per text, in the texts' order, in memory that does not grow with their number."""
        ...

    def decode(self, texts: Sequence[str], progress: Progress | None = None) -> list[Decoded]:
        """One answer per text, in the texts' order."""
        ...
