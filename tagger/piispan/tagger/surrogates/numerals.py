"""Numbers up to 199 in English words, and numbers in Chinese numerals."""

import re

__all__ = ["CHINESE_NUMERAL", "NUMBER_WORDS", "chinese_number", "in_chinese", "in_words", "number_of_words"]

_UNITS = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_TEN = "|".join(_TENS)
_ONE = "|".join(sorted(_UNITS[1:10], key=len, reverse=True))
_SMALL = "|".join(sorted(_UNITS, key=len, reverse=True))
NUMBER_WORDS = re.compile(
    rf"\b(?P<hundred>(?:one|a)\s+hundred(?:\s+and)?\s*)?(?:(?P<ten>{_TEN})(?:(?P<join>[\s-]?)(?P<one>{_ONE}))?|(?P<small>{_SMALL}))?\b",
    re.IGNORECASE,
)
"""A number in English words; may match nothing at all."""

_DIGITS = "零一二三四五六七八九"
CHINESE_NUMERAL = re.compile(r"[〇○零一二三四五六七八九十百两]+")
"""A run of Chinese numerals."""
_READ = {**{char: value for value, char in enumerate(_DIGITS)}, "〇": 0, "○": 0, "两": 2}


def number_of_words(match: re.Match[str]) -> int | None:
    """The number that a match of ``NUMBER_WORDS`` says, or ``None`` where it says none."""
    ten, one, small, hundred = match["ten"], match["one"], match["small"], match["hundred"]
    if not (ten or small or hundred):
        return None
    number = 100 if hundred else 0
    if ten:
        number += 20 + 10 * _TENS.index(ten.lower())
    for word in (one, small):
        number += _UNITS.index(word.lower()) if word else 0
    return number


def in_words(number: int, join: str = "-") -> str:
    """A number from 0 to 199 in English words; ``join`` stands between tens and ones."""
    if number >= 100:
        return "one hundred" + (f" and {in_words(number - 100, join)}" if number > 100 else "")
    if number < 20:
        return _UNITS[number]
    tens, ones = divmod(number, 10)
    return _TENS[tens - 2] + (f"{join}{_UNITS[ones]}" if ones else "")


def chinese_number(text: str) -> int | None:
    """The number below 200, or of digits one by one (二〇一九), that the numerals say; ``None`` where they say none."""
    if "十" not in text and "百" not in text:
        return int("".join(str(_READ[char]) for char in text)) if text else None
    match = re.fullmatch(r"(?:(?P<hundred>[一])百零?)?(?:(?P<ten>[一二三四五六七八九])?(?P<mark>十))?(?P<one>[一二三四五六七八九])?", text)
    if match is None:
        return None
    tens = (_READ[match["ten"]] if match["ten"] else 1) if match["mark"] else 0
    return (100 if match["hundred"] else 0) + 10 * tens + (_READ[match["one"]] if match["one"] else 0)


def in_chinese(number: int, one_by_one: bool = False) -> str:
    """A number below 200 in Chinese numerals, or any number digit by digit, as years are written."""
    if one_by_one:
        return "".join(_DIGITS[int(digit)] for digit in str(number)).replace("零", "〇")
    if number >= 100:
        rest = number - 100
        return "一百" + ("零" if 0 < rest < 10 else "") + (("一" if 10 <= rest < 20 else "") + in_chinese(rest) if rest else "")
    tens, ones = divmod(number, 10)
    return ("" if tens < 2 else _DIGITS[tens]) + ("十" if tens else "") + (_DIGITS[ones] if ones or not tens else "")
