"""Training text that stands in files that are to be published."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from piispan.core import WORD
from piispan.model_card.checks.faults import Fault
from piispan.model_card.checks.texts import Piece

__all__ = ["RUN", "copied_text_faults"]

RUN = 8
"""So many words in a row, letter case and punctuation apart, count as copied."""


def copied_text_faults(files: Mapping[str, Sequence[Piece]], texts: Iterable[str]) -> list[Fault]:
    """A fault for each file that holds ``RUN`` words in a row of any text. Nothing of either is kept or shown.

    Args:
        files: The files' text by their names; few words, against those of ``texts``.
        texts: The training documents; read once, in constant memory.
    """
    places: dict[tuple[str, ...], set[str]] = {}
    for name, pieces in files.items():
        for piece in pieces:
            for run in _runs(piece.text):
                places.setdefault(run, set()).add(name)
    copied = {name for text in texts for run in _runs(text) if run in places for name in places[run]} if places else set()
    what, mend = f"holds {RUN} words in a row of the training text", "take them out; training text must not be published"
    return [Fault(name, what, mend) for name in files if name in copied]


def _runs(text: str) -> Iterator[tuple[str, ...]]:
    words = [word.casefold() for word in WORD.findall(text)]
    return zip(*(words[start:] for start in range(RUN)), strict=False)
