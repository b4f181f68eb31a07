"""How far the dates and times of a document move."""

from piispan.tagger.surrogates.seeding import seeded

__all__ = ["date_offset", "minute_offset", "year_offset"]

_FEWEST, _MOST = 54, 208
"""Weeks. The fewest are more than a leap year, so that every year changes; the most are less than four years, so that every day does."""
_DAYS_OF_YEAR = 365.25
_HOURS: tuple[int, ...] = (*range(1, 12), *range(13, 23))
"""Not 12: a time without a.m. or p.m. would stay."""


def date_offset(secret: bytes) -> int:
    """Days that every date moves: negative, into the past, and whole weeks, so that days of the week stay right."""
    return -7 * (_FEWEST + int(seeded(secret, "date offset", "").random() * (_MOST - _FEWEST + 1)))


def year_offset(secret: bytes) -> int:
    """Years that a year without a day moves: the offset of dates in whole years, at least one; negative."""
    return -max(1, round(-date_offset(secret) / _DAYS_OF_YEAR))


def minute_offset(secret: bytes) -> int:
    """Minutes, from 60 to 1375, that a time without a date moves forward around the clock; a full hour moves by its hours alone."""
    rng = seeded(secret, "minute offset", "")
    return 60 * _HOURS[int(rng.random() * len(_HOURS))] + 5 * int(rng.random() * 12)
