"""Dates, times and ages as people write them in Chinese."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from piispan.dataset_builder.synthesis.grammar import pick

__all__ = ["age", "date_of", "in_characters", "random_date", "written_date"]

_DIGITS = "〇一二三四五六七八九"
_WEEKDAYS = "一二三四五六日"
_HALVES = ((6, "凌晨"), (12, "上午"), (13, "中午"), (18, "下午"), (24, "晚上"))
"""Parts of the day, each with the hour in which the next begins."""
_LUNAR_MONTHS = ("正", "二", "三", "四", "五", "六", "七", "八", "九", "十", "冬", "腊")


@dataclass(frozen=True, slots=True)
class _Moment:
    year: int
    month: int
    day: int
    hour: int
    minute: int

    @property
    def weekday(self) -> str:
        return _WEEKDAYS[date(self.year, self.month, self.day).weekday()]

    @property
    def year_characters(self) -> str:
        return "".join(_DIGITS[int(digit)] for digit in str(self.year))

    @property
    def month_and_day(self) -> str:
        return f"{in_characters(self.month)}月{in_characters(self.day)}"

    @property
    def lunar_day(self) -> str:
        return f"初{in_characters(self.day)}" if self.day <= 10 else in_characters(self.day).replace("二十", "廿", int(self.day > 20))

    @property
    def half(self) -> str:
        return next(half for end, half in _HALVES if self.hour < end)

    @property
    def clock(self) -> str:
        """The hour of a twelve-hour clock, with what is said of the minutes."""
        hour = (self.hour - 1) % 12 + 1
        return f"{self.half}{hour}点" + ("" if not self.minute else "半" if self.minute == 30 else f"{self.minute:02d}分")


_Writer = Callable[[_Moment], str]

_FULL: tuple[_Writer, ...] = (
    *[lambda m: f"{m.year}年{m.month}月{m.day}日"] * 6,
    *[lambda m: f"{m.year}年{m.month:02d}月{m.day:02d}日"] * 2,
    *[lambda m: f"{m.year}-{m.month:02d}-{m.day:02d}"] * 3,
    lambda m: f"{m.year}/{m.month}/{m.day}",
    lambda m: f"{m.year}/{m.month:02d}/{m.day:02d}",
    lambda m: f"{m.year}.{m.month}.{m.day}",
    lambda m: f"{m.year}.{m.month:02d}.{m.day:02d}",
    lambda m: f"{m.year}{m.month:02d}{m.day:02d}",
    lambda m: f"{m.year} 年 {m.month} 月 {m.day} 日",
    lambda m: f"{m.year_characters}年{m.month_and_day}日",
    lambda m: f"{m.year}年{m.month}月{m.day}号",
)
_SHORT: tuple[_Writer, ...] = (
    *[lambda m: f"{m.month}月{m.day}日"] * 3,
    *[lambda m: f"{m.month}月{m.day}号"] * 2,
    lambda m: f"{m.month_and_day}号",
    lambda m: f"{m.month}月{m.day}日（周{m.weekday}）",
    lambda m: f"{m.month}月{m.day}日星期{m.weekday}",
    lambda m: f"{m.year % 100:02d}年{m.month}月{m.day}日",
)
_LUNAR: tuple[_Writer, ...] = (
    lambda m: f"{m.year}年农历{_LUNAR_MONTHS[m.month - 1]}月{m.lunar_day}",
    lambda m: f"农历{_LUNAR_MONTHS[m.month - 1]}月{m.lunar_day}",
)
_MOMENTS: tuple[_Writer, ...] = (
    *[lambda m: f"{m.month}月{m.day}日{m.clock}"] * 3,
    lambda m: f"{m.month}月{m.day}号{m.clock}",
    lambda m: f"{m.year}年{m.month}月{m.day}日{m.hour}时{m.minute:02d}分",
    lambda m: f"{m.year}年{m.month}月{m.day}日{m.hour}时许",
    lambda m: f"{m.year}-{m.month:02d}-{m.day:02d} {m.hour:02d}:{m.minute:02d}",
    lambda m: f"{m.year}/{m.month:02d}/{m.day:02d} {m.hour:02d}:{m.minute:02d}:{m.day + m.month:02d}",
    lambda m: f"{m.month}月{m.day}日 {m.hour:02d}:{m.minute:02d}",
)
_APPOINTMENTS: tuple[_Writer, ...] = (
    *[lambda m: f"{m.month}月{m.day}日{m.clock}"] * 3,
    lambda m: f"{m.month}月{m.day}号{m.clock}",
    lambda m: f"{m.month}月{m.day}日 {m.hour:02d}:{m.minute:02d}",
    lambda m: f"{m.year}-{m.month:02d}-{m.day:02d} {m.hour:02d}:{m.minute:02d}",
)
_CALENDAR_YEARS: tuple[_Writer, ...] = (lambda m: f"{m.year}年", lambda m: f"{m.year}年", lambda m: f"{m.year_characters}年")
_MONTHS: tuple[_Writer, ...] = (
    *[lambda m: f"{m.year}年{m.month}月"] * 4,
    lambda m: f"{m.year}.{m.month:02d}",
    lambda m: f"{m.year}/{m.month:02d}",
    lambda m: f"{m.year_characters}年{in_characters(m.month)}月",
)
_TIMES: tuple[_Writer, ...] = (
    *[lambda m: f"{m.hour:02d}:{m.minute:02d}"] * 2,
    *[lambda m: m.clock] * 2,
    lambda m: f"{m.hour}时{m.minute:02d}分",
)
_KINDS: dict[str, tuple[_Writer, ...]] = {
    "": (*_FULL, *_FULL, *_SHORT),
    "full": _FULL,
    "birth": (*_FULL * 2, _LUNAR[0]),
    "short": _SHORT,
    "lunar": _LUNAR,
    "moment": _MOMENTS,
    "appointment": _APPOINTMENTS,
    "month": _MONTHS,
    "year": _CALENDAR_YEARS,
    "time": _TIMES,
    "digits": (lambda m: f"{m.year}{m.month:02d}{m.day:02d}",),
    "numeric": (lambda m: f"{m.year}-{m.month:02d}-{m.day:02d}",),
}
_YEARS = {"birth": (1940, 2007), "child": (2008, 2023), "old": (1940, 1965), "month": (1996, 2026), "year": (1996, 2026)}
_OFFICE_HOURS = (8, 21)
_RECENT = (2012, 2027)


def random_date(rng: random.Random, kind: str = "") -> date:
    """A day in the years that suit a kind of ``date_of``, a ``child`` or an ``old`` person; never later in its month than the 28th."""
    first, end = _YEARS.get(kind, _RECENT)
    return date(first + int(rng.random() * (end - first)), 1 + int(rng.random() * 12), 1 + int(rng.random() * 28))


def date_of(rng: random.Random, kind: str = "") -> str:
    """A date or time.

    Args:
        rng: Source of chance.
        kind: ``full`` (year, month and day), ``short`` (mostly without the year), ``birth`` (in full, of someone of age, now and then
            by the lunar calendar), ``lunar``, ``moment`` (day and time), ``appointment`` (the same, by day), ``month``
            (with its year), ``year``, ``time``, ``digits`` (eight), ``numeric`` (with hyphens), or empty for a date with or without
            its year.

    Raises:
        KeyError: If there is no such kind.
    """
    return written_date(rng, random_date(rng, kind), kind)


def written_date(rng: random.Random, day: date, kind: str = "", form: float | None = None) -> str:
    """``day`` as a kind of ``date_of`` writes it; what a kind shows of the time is drawn, and so is the form unless given.

    Args:
        rng: Source of chance.
        day: What to write.
        kind: As in ``date_of``.
        form: From 0 to 1, to choose among the ways of a kind.

    Raises:
        KeyError: If there is no such kind.
    """
    first, end = _OFFICE_HOURS if kind == "appointment" else (0, 24)
    hour, minute = first + int(rng.random() * (end - first)), int(rng.random() * 12) * 5
    form = rng.random() if form is None else form
    return _KINDS[kind][int(form * len(_KINDS[kind]))](_Moment(day.year, day.month, day.day, hour, minute))


def age(rng: random.Random, kind: str = "", years: int | None = None) -> str:
    """How long someone has lived, with its unit, in digits or in characters.

    Args:
        rng: Source of chance.
        kind: ``newborn`` (days), ``infant`` (months), ``toddler`` (3 to 6 years), ``child`` (1 to 17), ``young`` (18 to 35),
            ``adult`` (18 to 79), ``old`` (60 to 99), or empty for any number of years.
        years: The age to write instead of one drawn.

    Raises:
        KeyError: If there is no such kind.
    """
    if kind == "infant":
        return pick(rng, _INFANT)(1 + int(rng.random() * 11))
    if kind == "newborn":
        return f"{1 + int(rng.random() * 28)}天"
    if years is None:
        low, high = {"toddler": (3, 7), "child": (1, 18), "young": (18, 36), "adult": (18, 80), "old": (60, 100), "": (1, 100)}[kind]
        years = low + int(rng.random() * (high - low))
    chance = rng.random()
    if chance < 0.12:
        return f"{in_characters(years)}岁"
    return f"{years}周岁" if chance < 0.2 else f"{years} 岁" if chance < 0.25 else f"{years}岁"


_INFANT: tuple[Callable[[int], str], ...] = (
    lambda n: f"{n}个月",
    lambda n: f"{n}个月大",
    lambda n: f"{in_characters(n) if n != 2 else '两'}个月",
    lambda n: f"{1 + n % 3}岁{n}个月",
    lambda n: f"{n}月龄",
)


def in_characters(number: int) -> str:
    """A number from 1 to 99 in Chinese characters.

    Raises:
        ValueError: If it is not from 1 to 99.
    """
    if not 0 < number < 100:
        raise ValueError(f"number must be from 1 to 99, was: {number}")
    tens, ones = divmod(number, 10)
    return ("" if tens < 2 else _DIGITS[tens]) + ("十" if tens else "") + (_DIGITS[ones] if ones else "")
