"""Whole numbers below 1,000 in English words and Chinese numerals."""

import re

__all__ = ["CHINESE_DIGIT", "chinese_figures", "chinese_number", "with_figures"]

_UNITS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9}
_TEENS = {"ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17}
_TEENS |= {"eighteen": 18, "nineteen": 19}
_TENS = {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}
_SMALL = {"zero": 0, **_UNITS, **_TEENS, **_TENS}
_DECADES = {word.removesuffix("y") + "ies": n for word, n in _TENS.items()}

_WORD = "|".join(sorted(_SMALL, key=len, reverse=True))
_BELOW_100 = rf"(?:(?P<tens>{'|'.join(_TENS)})[ -](?P<unit>{'|'.join(_UNITS)})|(?P<small>{_WORD}))(?![a-z])"
_ENGLISH = re.compile(
    rf"(?<![a-z])(?:(?P<hundreds>(?:(?:a|one|two|three)[ -])?hundred)(?![a-z])(?:(?: and | |-)(?={_WORD}))?)?(?:{_BELOW_100})?"
)
_DECADE = re.compile(rf"(?<![a-z])(?:{'|'.join(_DECADES)})(?![a-z])")

_CHINESE_DIGITS = {"〇": 0, "零": 0, "○": 0, "两": 2, "兩": 2, **{digit: n for n, digit in enumerate("一二三四五六七八九", start=1)}}
CHINESE_DIGIT = f"[{''.join(_CHINESE_DIGITS)}]"
"""A regular expression of one Chinese digit."""
_ONE_TO_NINE = "[一二两兩三四五六七八九]"
_CHINESE = re.compile(rf"(?:(?P<hundreds>{_ONE_TO_NINE}?)百(?P<zero>[零〇])?)?(?:(?P<tens>{_ONE_TO_NINE}?)十)?(?P<unit>{_ONE_TO_NINE})?")
_CHINESE_RUN = re.compile(f"(?:{CHINESE_DIGIT}|[十百])+")
_MIXED = re.compile(rf"[0-9](?:{CHINESE_DIGIT}|[十百])|(?:{CHINESE_DIGIT}|[十百])[0-9]")
_LINKING_ZERO = re.compile("(?<=[岁歲])零")  # 三岁零六个月: three years and six months


def with_figures(text: str) -> str | None:
    """A text in plain form with its numbers in figures: ``36-year-old`` for ``thirty-six-year-old``, ``90s`` for ``nineties``.

    Returns:
        The text, or ``None`` where Chinese numerals make no number, or stand beside figures.
    """
    text = _DECADE.sub(lambda match: f"{_DECADES[match[0]]}s", text)
    text = _ENGLISH.sub(lambda match: str(_english(match)) if match[0] else "", text)
    text = _LINKING_ZERO.sub("", text)
    if _MIXED.search(text):
        return None
    runs = {run: chinese_number(run) for run in _CHINESE_RUN.findall(text)}
    if None in runs.values():
        return None
    return _CHINESE_RUN.sub(lambda match: str(runs[match[0]]), text)


def chinese_number(numerals: str) -> int | None:
    """The number of Chinese numerals with 十 and 百 (四十二 is 42), ``None`` if they make none."""
    if numerals in ("零", "〇"):
        return 0
    match = _CHINESE.fullmatch(numerals)
    if match is None or not numerals or (match["zero"] and not (match["unit"] or match["tens"] is not None)):
        return None
    hundreds, tens = (0 if match[place] is None else _CHINESE_DIGITS.get(match[place], 1) for place in ("hundreds", "tens"))
    return 100 * hundreds + 10 * tens + _CHINESE_DIGITS.get(match["unit"] or "零", 0)


def chinese_figures(numerals: str) -> str:
    """Chinese digits one by one, as years are written: ``2019`` for 二〇一九. Other characters stay."""
    return "".join(str(_CHINESE_DIGITS.get(character, character)) for character in numerals)


def _english(match: re.Match[str]) -> int:
    hundreds = match["hundreds"] or ""
    count = _UNITS.get(re.split("[ -]", hundreds)[0], 1) if hundreds else 0
    below = _TENS[match["tens"]] + _UNITS[match["unit"]] if match["tens"] else _SMALL.get(match["small"] or "", 0)
    return 100 * count + below
