"""What a piece of a date says, by the groups of the pattern that found it.

Kinds: ``N`` a whole numeric date, ``Z`` a numeric month with its year, ``R`` two years ("2018/19"), ``X`` a decade, ``Y`` a year,
``Q`` a year of two figures that is marked as one ("'85"), ``A`` two figures that can be a year only, ``D`` two that can be a day or a
year, ``d`` one figure for a day, ``O`` an ordinal, ``M`` a month, ``P`` a numeric day and month, ``J`` a word or sign that joins,
``H`` a tight ``-``, ``/`` or ``.``, ``C`` a comma, and "" what says nothing about the year.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from piispan.tagger.safe_harbor.numerals import chinese_figures, chinese_number

__all__ = [
    "DateToken",
    "Reader",
    "chinese_day",
    "chinese_month",
    "chinese_year",
    "day_and_month",
    "decade",
    "decade_of_1900",
    "month_and_year",
    "read_token",
    "two_years",
    "whole_date",
]


@dataclass(frozen=True, slots=True)
class DateToken:
    """A token of a date.

    Args:
        kind: Its kind, see the module.
        figures: The years in it as figures: ``2019``, ``19`` for two of them, with an ``s`` for a decade.
    """

    kind: str
    figures: tuple[str, ...] = ()


Reader = str | Callable[[re.Match[str]], DateToken | None]
"""A kind, of a token whose figures are the group ``y`` if there is one; or what makes a token, or none, of a match."""


def read_token(match: re.Match[str], read: Reader) -> DateToken | None:
    """The token of a match, ``None`` if its figures make none."""
    if not isinstance(read, str):
        return read(match)
    year = match.groupdict().get("y")
    return DateToken(read, (year,) if year else ())


def whole_date(match: re.Match[str]) -> DateToken | None:
    """A day of the calendar from ``y``, ``m`` and ``d``; where the year stands last, ``m`` and ``d`` may be the other way round."""
    month, day, year = int(match["m"]), int(match["d"]), match["y"]
    turned = match.start("y") > match.start("d") and _is_a_day(day, month, year)
    return DateToken("N", (year,)) if turned or _is_a_day(month, day, year) else None


def _is_a_day(month: int, day: int, year: str) -> bool:
    try:
        date(int(year) if len(year) == 4 else 2000, month, day)
    except ValueError:
        return False
    return True


def month_and_year(match: re.Match[str]) -> DateToken | None:
    """The year of the group ``y`` where ``m`` is a month."""
    return DateToken("Z", (match["y"],)) if 1 <= int(match["m"]) <= 12 else None


_LONGEST_RANGE = 20
"""Years that "2001-21" may span; beyond that the two figures are no year."""


def two_years(match: re.Match[str]) -> DateToken | None:
    """The years of ``first`` and ``last``, the latter in two figures: "2018/19"."""
    first, last = int(match["first"]), int(match["last"])
    second = first - first % 100 + last
    second += 100 if second <= first else 0
    return DateToken("R", (match["first"], f"{second:04d}")) if second - first <= _LONGEST_RANGE else None


def day_and_month(match: re.Match[str]) -> DateToken | None:
    """A day without a year from ``m`` and ``d`` in either order."""
    month, day = int(match["m"]), int(match["d"])
    return DateToken("P") if _is_a_day(month, day, "2000") or _is_a_day(day, month, "2000") else None


def decade(match: re.Match[str]) -> DateToken:
    """The decade that begins with ``y``."""
    return DateToken("X", (f"{match['y']}s",))


def decade_of_1900(match: re.Match[str]) -> DateToken | None:
    """A decade of the 20th century from a multiple of ten: 九十."""
    ten = _number(match["y"])
    return DateToken("X", (f"{1900 + ten}s",)) if ten else None


def chinese_year(match: re.Match[str]) -> DateToken:
    """A year of four figures or Chinese digits."""
    return DateToken("Y", (chinese_figures(match["y"]),))


def chinese_month(match: re.Match[str]) -> DateToken | None:
    """A month by its number ``n``."""
    return DateToken("M") if 1 <= (_number(match["n"]) or 0) <= 12 else None


def chinese_day(match: re.Match[str]) -> DateToken | None:
    """A day by its number ``n``."""
    return DateToken("O") if 1 <= (_number(match["n"]) or 0) <= 31 else None


def _number(numerals: str) -> int | None:
    return int(numerals) if numerals.isascii() else chinese_number(numerals)
