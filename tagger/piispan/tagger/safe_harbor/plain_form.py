"""A value in the one spelling that the rules read."""

import re
import unicodedata

__all__ = ["MAX_LENGTH", "plain_form"]

MAX_LENGTH = 200
"""Longest value that is read, in characters: no date, age or ZIP code is longer."""

_FRACTION = re.compile("[¼-¾⅐-⅞]")
_ALIKE = str.maketrans({**dict.fromkeys("‐‑‒–—―−", "-"), **dict.fromkeys("‘’ʼ′`´", "'"), "〜": "~", "、": ",", "。": ".", "⁄": "/"})


def plain_form(value: str) -> str | None:
    """A value in lower case with plain digits, hyphens, apostrophes and single spaces.

    Returns:
        The NFKC form, case-folded; ``½`` becomes `` 1/2``. ``None`` if either is longer than ``MAX_LENGTH``, or a digit in it comes from
        a sign that is more than a wide digit (a footnote's superscript, a number in a circle): joined to its neighbours it would make
        another number.
    """
    if len(value) > MAX_LENGTH or any(_hides_a_digit(character) for character in value):
        return None
    spaced = _FRACTION.sub(r" \g<0>", value)  # NFKC alone makes "21/2" of "2½"
    plain = " ".join(unicodedata.normalize("NFKC", spaced).casefold().translate(_ALIKE).split())
    return plain if len(plain) <= MAX_LENGTH else None


def _hides_a_digit(character: str) -> bool:
    if character.isascii() or _FRACTION.fullmatch(character) or unicodedata.decomposition(character).startswith("<wide>"):
        return False
    return any(part in "0123456789" for part in unicodedata.normalize("NFKC", character))
