"""Values written over in the shape of others: digits by digits, letters by letters, and letter case."""

import re
import unicodedata
from collections.abc import Mapping
from random import Random

from piispan.tagger.surrogates.seeding import pick

__all__ = ["in_case_of", "in_shape", "laid_over", "with_groups"]

_ALPHABETS = (
    "abcdefghijklmnopqrstuvwxyz",
    "абвгдежзийклмнопрстуфхцчшэюя",
    "αβγδεζηθικλμνξοπρστυφχψω",
    "京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川贵云藏陕甘青宁新",  # provinces, as on number plates
    "甲乙丙丁戊己庚辛",
    "一二三四五六七八九",
)
_HEXADECIMAL = "abcdef"


def in_shape(rng: Random, value: str, hexadecimal: bool = False) -> str:
    """``value`` with each digit and letter drawn anew.

    Args:
        rng: Source of chance.
        value: What to write over. A digit other than 0 that leads stays other than 0; letters keep case and script.
        hexadecimal: Whether letters from a to f stay among these.
    """
    drawn: list[str] = []
    for place, char in enumerate(value):
        if char.isdecimal():
            leads = (place == 0 or not value[place - 1].isalnum()) and unicodedata.decimal(char) > 0
            drawn.append(_digit(char, 1 + int(rng.random() * 9) if leads else int(rng.random() * 10)))
        elif char.isalpha():
            drawn.append(_letter(rng, char, hexadecimal))
        else:
            drawn.append(char)
    return "".join(drawn)


def _digit(like: str, number: int) -> str:
    """``number`` in the digits that ``like`` is of."""
    return chr(ord(like) - unicodedata.decimal(like) + number)


def _letter(rng: Random, char: str, hexadecimal: bool) -> str:
    small = char.lower()
    if hexadecimal and small in _HEXADECIMAL:
        return _cased(pick(rng, _HEXADECIMAL), char)
    for alphabet in _ALPHABETS:
        if small in alphabet:
            return _cased(pick(rng, alphabet), char)
    base = unicodedata.normalize("NFD", small)[0]
    if base in _ALPHABETS[0]:
        return _cased(pick(rng, _ALPHABETS[0]), char)
    # Letters near it in Unicode are of its script.
    near = chr((ord(char) & ~15) + int(rng.random() * 16))
    return near if unicodedata.category(near) == unicodedata.category(char) else char


def _cased(drawn: str, like: str) -> str:
    return drawn.upper() if like.isupper() else drawn


def in_case_of(drawn: str, value: str) -> str:
    """``drawn`` in the letter case of ``value``: all capitals, all small, or as it is."""
    cased = [char for char in value if char.isupper() or char.islower()]
    if cased and all(char.islower() for char in cased):
        return drawn.lower()
    if len(cased) > 1 and all(char.isupper() for char in cased):
        return drawn.upper()
    return drawn


def laid_over(value: str, characters: str) -> str:
    """``value`` with its ASCII letters and digits, in order, those of ``characters``, which must be as many; case as in ``value``."""
    source = iter(characters)
    return "".join(_cased(next(source).lower(), char) if char.isascii() and char.isalnum() else char for char in value)


def with_groups(match: re.Match[str], new: Mapping[str, str]) -> str:
    """What a pattern matched, with some of its named groups, which must not overlap, by others."""
    written, place = [], match.start()
    for name in sorted(new, key=match.start):
        written += [match.string[place : match.start(name)], new[name]]
        place = match.end(name)
    return "".join([*written, match.string[place : match.end()]])
