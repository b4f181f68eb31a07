"""Dates and times of one document, all moved alike and written in the shape they had."""

import re
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from functools import cache
from typing import Literal

from piispan.tagger.surrogates.clock_times import moved_time, time_pattern
from piispan.tagger.surrogates.date_forms import date_patterns
from piispan.tagger.surrogates.date_offsets import date_offset, minute_offset, year_offset
from piispan.tagger.surrogates.month_names import read_month
from piispan.tagger.surrogates.numerals import chinese_number, in_chinese
from piispan.tagger.surrogates.shapes import with_groups
from piispan.tagger.surrogates.tables import table

__all__ = ["DateMover", "DateOrder"]

DateOrder = Literal["mdy", "dmy"]

_YEAR = re.compile(r"(?<![\d/.-])(?:1\d{3}|2[01]\d\d)(?!\d|\s?(?:s|hrs?|hours|h)\b|['’]s)|(?<=\d{4}[-–/])(?:1\d{3}|2[01]\d\d)(?!\d)")
_BASIC_TIME = re.compile(r"(?<=T)\d{4}(?:\d{2})?(?!\d)|(?<=[\d ])[+-]\d{4}(?!\d)")
"""A time or zone without colons, beside a date."""
_NUMERIC = re.compile(r"(?<![\d/.-])(\d{1,2})(\s?[-/.]\s?)(\d{1,2})\2(?:\d{4}|\d{2})(?!\d)")
_WORD = re.compile(r"[^\W\d_]+")
_LEAP_FREE, _LEAP = 2019, 2020
"""Years taken for a day of a document in which no year stands."""
_MIDDLE = 15
"""Day that a month without a day is moved by."""


class DateMover:
    """Moves the dates of one document.

    Args:
        secret: Of what the offsets are drawn.
        values: The values of all the document's dates: they tell the order of day and month, and the year of days without one.
        order: The order of day and month where no date of the document tells it.
        language: Language of months' names that several languages share, such as "en".
    """

    def __init__(self, secret: bytes, values: Iterable[str], *, order: DateOrder = "mdy", language: str = "en") -> None:
        self._days, self._years, self._minutes = timedelta(days=date_offset(secret)), year_offset(secret), minute_offset(secret)
        self._language = language
        values = tuple(values)
        self._month_first = _month_first(values, order == "mdy")
        self._year: int | None = None
        self._seen: int | None = None
        for value in values:
            self.moved(value)
            if self._seen is not None:
                break
        self._year = self._seen

    def moved(self, value: str) -> str | None:
        """The date or time in ``value``, moved; the time of day stays where there is a date.

        Returns:
            The value in the shape it had, or ``None`` where it cannot be read, is relative ("yesterday"), or would be before the year 1.
        """
        done = _Pieces(value)
        for pattern in date_patterns():
            done.rewrite(pattern, self._date)
        done.rewrite(_YEAR, lambda match: _year(int(match[0]) + self._years))
        if done.changed:
            done.rewrite(_BASIC_TIME, lambda match: match[0])
            done.rewrite(time_pattern, lambda match: match[0])
        else:
            done.rewrite(time_pattern, lambda match: moved_time(match, self._minutes))
        return done.text() if done.changed and all(map(_tells_nothing, done.rest())) else None

    def _date(self, match: re.Match[str]) -> str | None:
        found = match.groupdict()
        if found.get("year2"):
            return self._years_of(match)
        if found.get("name"):
            month_name = read_month(found["name"], self._language)
            if month_name is None:
                return None
            month, day_group, month_group = month_name.month, "day", "name"
        elif found.get("first"):
            first = int(found["first"])
            month_first = first <= 12 if int(found["second"]) > 12 else first <= 12 and self._month_first
            month_name, (month_group, day_group) = None, ("first", "second") if month_first else ("second", "first")
            month = int(found[month_group])
        else:
            month_name, month_group, day_group = None, "month", "day"
            month = _number(found["month"])
        day = _number(found[day_group]) if found.get(day_group) else _MIDDLE
        year = _full_year(found["year"]) if found.get("year") else None
        then = self._moved(year, month, day)
        if then is None:
            return None
        if year is not None and found.get(day_group):
            self._seen = year
        new = {"year": _like_year(found["year"], then.year)} if year is not None else {}
        if found.get("day2"):
            end = self._moved(year, month, int(found["day2"]))
            if end is None or month_name is None:
                return None
            if end.month != then.month:
                return _across(then, end, month_name.renamed, year is not None)
            new |= {"day2": _like(found["day2"], end.day), **({"ordinal2": _ordinal(end.day, found)} if found["ordinal2"] else {})}
        padded = _padded(match, month_group, day_group)
        new[month_group] = month_name.renamed(then.month) if month_name else _like(found[month_group], then.month, padded)
        if found.get(day_group):
            new[day_group] = _like(found[day_group], then.day, padded and month_name is None)
        if found.get("ordinal"):
            new["ordinal"] = _ordinal(then.day, found)
        return with_groups(match, new)

    def _moved(self, year: int | None, month: int, day: int) -> date | None:
        fallback = self._year or (_LEAP if (month, day) == (2, 29) else _LEAP_FREE)
        try:
            return date(fallback if year is None else year, month, day) + self._days
        except (ValueError, OverflowError):
            return None

    def _years_of(self, match: re.Match[str]) -> str | None:
        year, end = int(match["year"]), int(match["year2"])
        if match["dash"] != "–" and 1 <= end <= 12 and (match["dash"] == "-" or end != (year + 1) % 100):
            then = self._moved(year, end, _MIDDLE)
            return None if then is None else with_groups(match, {"year": f"{then.year:04d}", "year2": f"{then.month:02d}"})
        moved = year + self._years
        return with_groups(match, {"year": f"{moved:04d}", "year2": f"{(end + self._years) % 100:02d}"}) if moved > 0 else None


class _Pieces:
    """A value of which parts are rewritten; what is rewritten is not looked at again."""

    def __init__(self, value: str) -> None:
        self._value = value
        self._done: list[tuple[int, int, str]] = []
        self._failed = False

    @property
    def changed(self) -> bool:
        """Whether anything was rewritten."""
        return bool(self._done)

    def rewrite(self, pattern: re.Pattern[str], written: Callable[[re.Match[str]], str | None]) -> None:
        """Each match of ``pattern`` outside what is done by ``written`` of it; ``None`` spoils the value."""
        for match in pattern.finditer(self._value):
            if match.start() < match.end() and not any(match.start() < end and start < match.end() for start, end, _ in self._done):
                new = written(match)
                self._failed |= new is None
                self._done.append((match.start(), match.end(), new or ""))

    def text(self) -> str | None:
        """The whole value as it is now; ``None`` where it is spoilt."""
        if self._failed:
            return None
        return "".join(
            piece
            for rest, new in zip([*self.rest()], [*(new for _, _, new in sorted(self._done)), ""], strict=True)
            for piece in (rest, new)
        )

    def rest(self) -> list[str]:
        """What was not rewritten: before the first part, between the parts, and after the last."""
        places = [0, *(place for start, end, _ in sorted(self._done) for place in (start, end)), len(self._value)]
        return [self._value[start:end] for start, end in zip(places[::2], places[1::2], strict=True)]


def _month_first(values: Iterable[str], otherwise: bool) -> bool:
    """Whether the month stands first, by the dates of which only one number can be a month; ``otherwise`` where they do not tell."""
    told = {int(match[1]) <= 12 for value in values for match in _NUMERIC.finditer(value) if (int(match[1]) <= 12) != (int(match[3]) <= 12)}
    return told.pop() if len(told) == 1 else otherwise


def _tells_nothing(rest: str) -> bool:
    """Whether what stands beside a date can stay: no digits, and no words that tell when."""
    if any(char.isdigit() for char in rest):
        return False
    words, han = _beside()
    return all(word.casefold() in words or han.issuperset(word) for word in _WORD.findall(rest))


@cache
def _beside() -> tuple[frozenset[str], frozenset[str]]:
    """Words, and characters of Chinese words, that may stand beside a date."""
    return frozenset(word for words in table("dates")["beside"] for word in words), frozenset(table("dates")["beside_han"])


def _number(token: str) -> int:
    if token.isdecimal():
        return int(token)
    return chinese_number(token) or 0


def _full_year(token: str) -> int:
    digits = token.lstrip("'’")
    year = _number(digits)
    return year if len(digits) == 4 else year + (2000 if year < 70 else 1900)


def _year(year: int) -> str | None:
    return f"{year:04d}" if year > 0 else None


def _like_year(token: str, year: int) -> str:
    if not token.lstrip("'’").isdecimal():
        return in_chinese(year, one_by_one=True)
    return f"{year:04d}" if len(token) == 4 else token[:-2] + f"{year % 100:02d}"


def _like(token: str, number: int, padded: bool = False) -> str:
    if not token.isdecimal():
        return in_chinese(number)
    return f"{number:02d}" if token.startswith("0") or (padded and len(token) == 2) else str(number)


def _padded(match: re.Match[str], *groups: str) -> bool:
    """Whether numbers below 10 have a 0 in front: a number of two digits leaves it open, one digit tells."""
    tokens = [match[group] for group in groups if group in match.re.groupindex and match[group]]
    return any(token.startswith("0") for token in tokens) or not ("月" in match[0] or any(len(token) == 1 for token in tokens))


def _ordinal(day: int, found: dict[str, str]) -> str:
    like = found["ordinal"] or found["ordinal2"]
    suffix = "th" if 10 < day < 14 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return suffix.upper() if like.isupper() else suffix


def _across(start: date, end: date, renamed: Callable[[int], str], with_year: bool) -> str:
    """A range that reaches into another month, for which the shape it had has no place."""
    years = (f" {start.year:04d}" if with_year and start.year != end.year else "", f" {end.year:04d}" if with_year else "")
    return " - ".join(f"{day.day} {renamed(day.month)}{year}" for day, year in zip((start, end), years, strict=True))
