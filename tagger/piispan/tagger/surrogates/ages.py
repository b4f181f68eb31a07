"""Ages, in digits or in words."""

import re
from random import Random

from piispan.tagger.surrogates.numerals import CHINESE_NUMERAL, NUMBER_WORDS, chinese_number, in_chinese, in_words, number_of_words
from piispan.tagger.surrogates.shapes import in_case_of

__all__ = ["age", "is_age"]

_DIGITS = re.compile(r"\d+")
_BANDS = (range(18), range(18, 90), range(90, 105))
"""Minors, adults, and those whose age names them (45 CFR 164.514(b)(2)(i)(C))."""
_SPREAD = 5
_OLDEST = 130
_AGE = re.compile(
    r"(?:aged?|age:|age of)\s*\d{1,3}"
    r"|\d{1,3}\s*-?\s*(?:years?|yrs?|y\.?/?o\b|months?|weeks?|days?)[\s-]*(?:old|of age)\b"
    r"|\d{1,3}\s*(?:y/?o\b|岁|周岁)",
    re.IGNORECASE,
)


def age(rng: Random, value: str) -> str | None:
    """Other years within a few of those in ``value``, of the same band: under 18, under 90, or older.

    Returns:
        The value with each number replaced, in digits or words as it was, or ``None`` where there is none.
    """
    numbers = _DIGITS.findall(value)
    if numbers:
        if any(number_of_words(match) is not None for match in NUMBER_WORDS.finditer(value)):
            return None
        if any(len(number) > 3 or int(number) > _OLDEST for number in numbers):
            return None
        return _DIGITS.sub(lambda match: str(_near(rng, int(match[0]))).zfill(len(match[0]) if match[0].startswith("0") else 1), value)
    for match in NUMBER_WORDS.finditer(value):
        number = number_of_words(match)
        if number is not None:
            words = in_words(_near(rng, number), match["join"] or "-")
            words = words[:1].upper() + words[1:] if match[0][:1].isupper() else words
            return value[: match.start()] + in_case_of(words, match[0]) + value[match.end() :]
    for match in CHINESE_NUMERAL.finditer(value):
        number = chinese_number(match[0])
        if number is not None and number <= _OLDEST:
            return value[: match.start()] + in_chinese(_near(rng, number)) + value[match.end() :]
    return None


def is_age(value: str) -> bool:
    """Whether a value of another kind, such as a date, is an age."""
    return _AGE.search(value) is not None or (value.strip().isdecimal() and 90 <= int(value) <= _OLDEST)


def _near(rng: Random, number: int) -> int:
    band = next((band for band in _BANDS if number in band), _BANDS[-1])
    choices = [other for other in band if 0 < abs(other - number) <= _SPREAD and other > 0] or [other for other in band if other != number]
    return choices[int(rng.random() * len(choices))]
