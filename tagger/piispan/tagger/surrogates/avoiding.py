"""What a surrogate must not be: a value of the document, or a part of its text."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from random import Random

from piispan.tagger.surrogates.locales import locale_of
from piispan.tagger.surrogates.seeding import folded, normalised, seeded

__all__ = ["ATTEMPTS", "Avoided", "Source", "draw"]

ATTEMPTS = 60
"""Surrogates tried for one value before it is given up."""
_LONG = 4
"""Characters from which a surrogate must not stand anywhere in the text, values or not."""
_LETTERS = re.compile(r"[^\W\d_]+")
_BREAKS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"


class Avoided:
    """The values and words of one document.

    Args:
        text: The document.
        values: The values of all its spans, replaced or not.
    """

    def __init__(self, text: str, values: Iterable[str]) -> None:
        self._text = text
        self._casefolded = text.casefold()
        self._squeezed = " ".join(self._casefolded.split())
        self._words = frozenset(_LETTERS.findall(self._casefolded))
        self._values = frozenset(form for value in values for form in (folded(value), normalised(value)))

    def allows(self, made: str, value: str) -> bool:
        """Whether ``made`` may stand for ``value``: it is no value of the document, of 4 characters or more it is nowhere in the text,
        and it has no line break that ``value`` lacks.
        """
        plain = folded(made)
        if not plain or plain == folded(value) or plain in self._values or normalised(made) in self._values:
            return False
        if any("\ud800" <= char <= "\udfff" or (char in _BREAKS and char not in value) for char in made):
            return False
        return len(made) < _LONG or not (made in self._text or made.casefold() in self._casefolded or plain in self._squeezed)

    def allows_word(self, word: str) -> bool:
        """Whether a drawn name may be ``word``: no word of the text is, and of 4 characters or more it is nowhere in the text."""
        plain = word.casefold()
        return plain not in self._words and plain not in self._values and (len(plain) < _LONG or plain not in self._casefolded)


def draw(secret: bytes, kind: str, key: str, make: Callable[[Random], str | None], allowed: Callable[[str], bool]) -> str | None:
    """The first of some dozens of drawn values that is allowed.

    Args:
        secret: Of what everything is drawn.
        kind: What is drawn.
        key: The value that is replaced, normalised.
        make: Draws one, or ``None`` where none can be made, which ends the trying.
        allowed: Whether a drawn value will do.

    Returns:
        The value, or ``None`` where none could be made or was allowed.
    """
    for attempt in range(ATTEMPTS):
        made = make(seeded(secret, kind, key, attempt))
        if made is None:
            return None
        if allowed(made):
            return made
    return None


@dataclass(frozen=True, slots=True)
class Source:
    """Where the surrogates of a document are drawn from.

    Args:
        secret: Of what everything is drawn.
        avoided: What none may be.
        text: The document.
        locale: Faker's locale asked for, or ``None``.
    """

    secret: bytes
    avoided: Avoided
    text: str
    locale: str | None

    def word(self, kind: str, value: str, make: Callable[[Random], str | None]) -> str | None:
        """A name that stands for ``value`` wherever it is part of a longer value, or ``None`` where none is allowed."""
        key = normalised(value)
        return draw(self.secret, kind, key, make, lambda made: normalised(made) != key and self.avoided.allows_word(made))

    def locale_of(self, value: str) -> str:
        """The locale whose names stand for ``value``."""
        return locale_of(value, self.text, self.locale)
