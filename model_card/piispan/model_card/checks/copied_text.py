"""Training text that stands in files that are to be published."""

import html
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence

from piispan.core import WORD
from piispan.model_card.checks.faults import Fault
from piispan.model_card.checks.texts import Piece

__all__ = ["RUN", "copied_text_faults"]

RUN = 8
"""So many words in a row count as copied; of scripts without spaces, where each character counts as a word, twice as many."""

_LETTERS = 3
"""So many of them have a letter: a row of zeros in a table is nobody's text."""
_LETTER = re.compile(r"[^\W\d_]")


def copied_text_faults(files: Mapping[str, Sequence[Piece]], texts: Iterable[str]) -> list[Fault]:
    """A fault for each file that holds ``RUN`` words in a row of any text. Nothing of either is kept or shown.

    Letter case, punctuation, markup between words, HTML entities and the Unicode normal form make no difference.

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
    words = WORD.findall(unicodedata.normalize("NFKC", html.unescape(text)).casefold().replace("_", " "))
    for start in range(len(words) - RUN + 1):
        run = tuple(words[start : start + RUN])
        if sum(map(_is_unspaced, run)) > RUN // 2:
            run = tuple(words[start : start + 2 * RUN])
            if len(run) < 2 * RUN:
                continue
        if sum(1 for word in run if _LETTER.search(word)) >= _LETTERS:
            yield run


def _is_unspaced(word: str) -> bool:
    """Whether a word is a character of a script without spaces between words."""
    return len(word) == 1 and ord(word) >= 0x3005
