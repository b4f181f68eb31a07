"""Dates cut to the year: 45 CFR 164.514(b)(2)(i)(C)."""

import re
from collections.abc import Iterator

from piispan.tagger.safe_harbor.date_readers import DateToken
from piispan.tagger.safe_harbor.date_tokens import date_tokens, names_a_birth
from piispan.tagger.safe_harbor.plain_form import MAX_LENGTH, plain_form

__all__ = ["year_only"]

_OVER_89 = 90
"""Years between a date and the reference year from which it shows an age over 89: 90 is reached before that year ends."""
_LONGEST_LIFE = 122
"""The longest documented life, in years (Jeanne Calment, 1875 to 1997)."""
_YEARS = range(1800, 2200)

_DAY = "[dDO]"
_DAYS = f"{_DAY}(?:(?:[JHC]|CJ){_DAY})*+"
_WITH_A_YEAR = tuple(
    re.compile(shape)
    for shape in (
        "(?P<y>[NZRX])",
        f"{_DAYS}H?MH?C?(?P<y>[YQA])",
        f"{_DAYS}H?MH?(?P<y>D)(?![HJ]?M)",  # 4-Mar-19, but not the first date of "4 March-19 April 2019"
        f"MH?C?{_DAYS}H?C?(?P<y>[YQA])",
        "MH?C?(?P<y>[YQ])",
        "MH?(?P<y>A)(?!H?C?[YQ])",
        f"(?P<y>[YQ])H?C?M(?:H?{_DAYS})?",
        f"(?P<y>A)HMH{_DAY}",
        "(?P<y>[YQ])",
    )
)
_WITHOUT_A_YEAR = re.compile(f"{_DAYS}H?M|M(?:H?{_DAYS})?|P")
_BETWEEN = re.compile("[JHC]+")
_TIME_FOLLOWS = re.compile(r"(?:\bat|@) ?(?:about|approximately|approx\.?|around|~|ca?\.?)?$")
_HOURS_FOLLOW = re.compile(r"\s?(?:h|hrs?|hours?|uhr)\b", re.IGNORECASE)
_INSIDE_A_NUMBER = re.compile(r"(?:[0-9]|(?<![0-9])[0-9]{3}[-./])\Z")


def year_only(value: str, *, reference_year: int, before: str = "", after: str = "") -> str | None:
    """The year of a date, or its years.

    The whole value must read as dates: in figures, with months in words, as ISO 8601 or in Chinese, with times, week days and ranges. A
    word that is not known makes it unreadable. Where the rule or the writing leaves it open:

    - A year is taken to show an age over 89 from 90 years before ``reference_year``; then nothing of the value stays.
    - Two figures are a year of the latest century that is not after ``reference_year``. After a word for a birth they must not be one of an
      age over 89 in the century before either, as far as a life lasts (122 years).
    - ``2018-12`` is a month. "Mar-19" and "March 4, 19" could name a day, "90s" an age: ``None``.
    - Four figures after "at" or before "hours" are a time of the day.

    Args:
        value: What was marked as a date.
        reference_year: The year that ages are told by.
        before: Up to 40 characters that stand before the value in the text.
        after: Some characters that stand after it.

    Returns:
        ``2019``, several in order of occurrence as ``2018-2019``, a decade as ``1990s``; ``None`` when no year can be told or one of them
        may not stay.
    """
    plain, context = plain_form(value), plain_form(before[-MAX_LENGTH:])
    if plain is None or _HOURS_FOLLOW.match(after) or (_INSIDE_A_NUMBER.search(before) and value[:1].isdigit()):
        return None
    plain = plain.rstrip(".,;: ")
    follows = plain_form(after[:MAX_LENGTH])
    birth = context is None or follows is None or any(map(names_a_birth, (context, plain, follows)))
    if context is not None and _TIME_FOLLOWS.search(context):
        plain = f"at {plain}"
    tokens = date_tokens(plain)
    figures = None if tokens is None else _figures(tokens)
    if not figures:
        return None
    years = [_year(each, reference_year, birth) for each in figures]
    return None if None in years else "-".join(dict.fromkeys(year for year in years if year))


def _figures(tokens: list[DateToken]) -> list[str] | None:
    """The years of a list of dates as figures, ``None`` if the tokens make no such list."""
    tokens = list(_without_idle_commas(tokens))
    kinds, position = "".join(token.kind for token in tokens), 0
    figures: list[str] = []
    while True:
        dated = next(filter(None, (shape.match(kinds, position) for shape in _WITH_A_YEAR)), None)
        match = dated or _WITHOUT_A_YEAR.match(kinds, position)
        if match is None:
            return None
        figures += tokens[dated.start("y")].figures if dated else ()
        if match.end() == len(kinds):
            return figures
        between = _BETWEEN.match(kinds, match.end())
        if between is None:
            return None
        position = between.end()


def _without_idle_commas(tokens: list[DateToken]) -> Iterator[DateToken]:
    """The tokens without commas at the ends or side by side, as silent words leave them."""
    last = "C"
    for number, token in enumerate(tokens):
        if token.kind == "C" and (last == "C" or all(later.kind == "C" for later in tokens[number:])):
            continue
        last = token.kind
        yield token


def _year(figures: str, reference_year: int, birth: bool) -> str | None:
    """A year or decade of two or four figures in four, ``None`` if it is no year or shows an age over 89."""
    number, decade = int(figures.removesuffix("s")), "s" if figures.endswith("s") else ""
    if len(figures.removesuffix("s")) == 2:
        number += reference_year - reference_year % 100
        number -= 100 if number > reference_year else 0
        youngest = reference_year - (number - 100) - (9 if decade else 0)
        if birth and youngest <= _LONGEST_LIFE:
            return None
    if number not in _YEARS or reference_year - number >= _OVER_89:
        return None
    return f"{number}{decade}"
