"""Dates, times and ages as people write them in English."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from piispan.dataset_builder.synthesis.grammar import pick

__all__ = ["age", "date_time", "random_moment", "written_moment"]

_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_PARTS_OF_DAY = ("morning", "afternoon", "evening", "night")
_ONES = ("", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen")
_TEENS = ("fifteen", "sixteen", "seventeen", "eighteen", "nineteen")
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_UNITS = (*_ONES, *_TEENS)


@dataclass(frozen=True, slots=True)
class _Moment:
    year: int
    month: int
    day: int
    hour: int
    minute: int
    weekday: str

    @property
    def name(self) -> str:
        return _MONTHS[self.month - 1]

    @property
    def ordinal(self) -> str:
        return f"{self.day}{'th' if 10 < self.day < 14 else {1: 'st', 2: 'nd', 3: 'rd'}.get(self.day % 10, 'th')}"

    @property
    def hour12(self) -> int:
        return (self.hour - 1) % 12 + 1

    @property
    def half(self) -> str:
        return "am" if self.hour < 12 else "pm"


_Writer = Callable[[_Moment], str]

_AGES = {"child": (1, 18), "young": (18, 30), "working": (18, 67), "adult": (18, 103), "elder": (62, 103)}
"""Youngest and one more than the oldest, by kind."""

_DATES: tuple[_Writer, ...] = (
    lambda m: f"{m.name} {m.day}, {m.year}",
    lambda m: f"{m.name} {m.day}, {m.year}",
    lambda m: f"{m.name} {m.ordinal}, {m.year}",
    lambda m: f"{m.day} {m.name} {m.year}",
    lambda m: f"{m.day} {m.name} {m.year}",
    lambda m: f"{m.ordinal} {m.name} {m.year}",
    lambda m: f"{m.ordinal} of {m.name}",
    lambda m: f"{m.name} {m.day}",
    lambda m: f"{m.name} {m.ordinal}",
    lambda m: f"{m.day} {m.name}",
    lambda m: f"{m.name[:3]} {m.day}, {m.year}",
    lambda m: f"{m.name[:3]}. {m.day}",
    lambda m: f"{m.day}-{m.name[:3]}-{m.year}",
    lambda m: f"{m.day:02d} {m.name[:3].upper()} {m.year}",
    lambda m: f"{m.year}-{m.month:02d}-{m.day:02d}",
    lambda m: f"{m.year}-{m.month:02d}-{m.day:02d}",
    lambda m: f"{m.month:02d}/{m.day:02d}/{m.year}",
    lambda m: f"{m.month}/{m.day}/{m.year}",
    lambda m: f"{m.month}/{m.day}/{m.year % 100:02d}",
    lambda m: f"{m.month}/{m.day}",
    lambda m: f"{m.day:02d}/{m.month:02d}/{m.year}",
    lambda m: f"{m.day:02d}.{m.month:02d}.{m.year}",
    lambda m: f"{m.day}.{m.month}.{m.year % 100:02d}",
    lambda m: f"{m.day:02d}-{m.month:02d}-{m.year}",
    lambda m: f"{m.year}/{m.month:02d}/{m.day:02d}",
    lambda m: f"{m.weekday}, {m.name} {m.day}",
    lambda m: f"{m.weekday}, {m.day} {m.name} {m.year}",
    lambda m: f"{m.weekday} the {m.ordinal}",
    lambda m: f"{m.weekday[:3]} {m.day} {m.name[:3]}",
)
_TIMES: tuple[_Writer, ...] = (
    lambda m: f"{m.hour:02d}:{m.minute:02d}",
    lambda m: f"{m.hour:02d}:{m.minute:02d}",
    lambda m: f"{m.hour12}:{m.minute:02d} {m.half}",
    lambda m: f"{m.hour12}:{m.minute:02d}{m.half}",
    lambda m: f"{m.hour12}:{m.minute:02d} {m.half.upper()}",
    lambda m: f"{m.hour12}.{m.minute:02d} {m.half[0]}.m.",
    lambda m: f"{m.hour12} {m.half}",
    lambda m: f"{m.hour12}{m.half}",
    lambda m: f"{m.hour12} o'clock",
    lambda m: f"{m.hour:02d}{m.minute:02d} hrs",
    lambda m: f"half past {_UNITS[m.hour12]}",
    lambda m: f"{m.hour:02d}:{m.minute:02d}:{m.day:02d}",
)
_MOMENTS: tuple[_Writer, ...] = (
    lambda m: f"{m.year}-{m.month:02d}-{m.day:02d} {m.hour:02d}:{m.minute:02d}",
    lambda m: f"{m.year}-{m.month:02d}-{m.day:02d}T{m.hour:02d}:{m.minute:02d}:{m.day:02d}Z",
    lambda m: f"{m.month:02d}/{m.day:02d}/{m.year} {m.hour12}:{m.minute:02d} {m.half.upper()}",
    lambda m: f"{m.day}.{m.month}.{m.year}, {m.hour:02d}:{m.minute:02d}",
    lambda m: f"{m.name} {m.day} at {m.hour12}{m.half}",
    lambda m: f"{m.weekday} at {m.hour:02d}:{m.minute:02d}",
    lambda m: f"{m.weekday}, {m.name} {m.day}, {m.hour12}:{m.minute:02d} {m.half}",
)
_WEEKDAY_FORMS: tuple[_Writer, ...] = (
    lambda m: m.weekday,
    lambda m: m.weekday,
    lambda m: f"{m.weekday} {_PARTS_OF_DAY[m.hour // 6]}",
    lambda m: f"{m.weekday} {_PARTS_OF_DAY[m.hour // 6]}",
    lambda m: f"{m.weekday}, {m.name} {m.day}",
    lambda m: f"{m.weekday} {m.ordinal}",
)
_RECURRING_FORMS: tuple[_Writer, ...] = (
    lambda m: m.weekday,
    lambda m: f"{m.weekday} {_PARTS_OF_DAY[m.hour // 6]}",
    lambda m: f"{m.weekday} at {m.hour12}{m.half}",
)
_MONTH_FORMS: tuple[_Writer, ...] = (
    lambda m: m.name,
    lambda m: f"{m.name} {m.year}",
    lambda m: f"{m.name} {m.year}",
    lambda m: f"{m.name} of {m.year}",
    lambda m: f"{m.name[:3]} {m.year}",
    lambda m: f"{m.month:02d}/{m.year}",
)
_KINDS: dict[str, tuple[_Writer, ...]] = {
    "date": _DATES,
    "time": _TIMES,
    "moment": _MOMENTS,
    "weekday": _WEEKDAY_FORMS,
    "recurring": _RECURRING_FORMS,
    "month": _MONTH_FORMS,
    "year": (lambda m: str(m.year),),
    "expiry": (lambda m: f"{m.month:02d}/{m.year % 100:02d}", lambda m: f"{m.month:02d}/{m.year}"),
}
_ANY = (*["date"] * 6, *["time"] * 2, "moment", "weekday", "month", "year")


def date_time(rng: random.Random, kind: str = "", year: int | None = None) -> str:
    """A date or time.

    Args:
        rng: Source of chance.
        kind: ``date``, ``birth`` (a date in full, of someone alive), ``time``, ``moment`` (both), ``weekday``,
            ``recurring`` (a day of every week), ``month``, ``year``, ``expiry`` (of a card), or empty for any of them.
        year: The year to write instead of one drawn.

    Raises:
        KeyError: If there is no such kind.
    """
    first, last = (1932, 2019) if kind == "birth" else (1988, 2029)
    drawn, month, day = (first + int(rng.random() * (last - first)), 1 + int(rng.random() * 12), 1 + int(rng.random() * 28))
    year = drawn if year is None else year
    moment = _Moment(year, month, day, int(rng.random() * 24), int(rng.random() * 12) * 5, pick(rng, _WEEKDAYS))
    if kind == "birth":
        return pick(rng, [form for form in _DATES if str(year % 100).zfill(2) in form(moment)])(moment)
    return pick(rng, _KINDS[kind or pick(rng, _ANY)])(moment)


def random_moment(rng: random.Random) -> datetime:
    """A moment in the years that dates are drawn from; never later in its month than the 28th."""
    return datetime(1988 + int(rng.random() * 41), 1 + int(rng.random() * 12), 1 + int(rng.random() * 28), int(rng.random() * 24))


def written_moment(moment: datetime, kind: str, form: float) -> str:
    """``moment`` as a kind of ``date_time`` other than ``birth`` writes it; ``form``, from 0 to 1, chooses among the ways.

    Raises:
        KeyError: If there is no such kind.
    """
    forms = _KINDS[kind or "date"]
    day = _Moment(moment.year, moment.month, moment.day, moment.hour, moment.minute, _WEEKDAYS[moment.weekday()])
    return forms[int(form * len(forms))](day)


def age(rng: random.Random, kind: str = "") -> str:
    """The number of years someone has lived, in digits or in words.

    Args:
        rng: Source of chance.
        kind: ``child`` (1 to 17), ``young`` (18 to 29), ``working`` (18 to 66), ``adult`` (18 to 102), ``elder`` (62 to 102),
            ``digits`` (any, never in words), or empty for any.
    """
    low, high = _AGES.get(kind, (1, 103))
    years = low + int(rng.random() * (high - low))
    return _in_words(years) if kind != "digits" and years < 100 and rng.random() < 0.2 else str(years)


def _in_words(years: int) -> str:
    if years < len(_UNITS):
        return _UNITS[years]
    tens, ones = divmod(years, 10)
    return _TENS[tens - 2] + (f"-{_ONES[ones]}" if ones else "")
