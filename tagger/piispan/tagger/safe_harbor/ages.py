"""Ages over 89 put in one category: 45 CFR 164.514(b)(2)(i)(C)."""

import re
from dataclasses import dataclass
from fractions import Fraction

from piispan.tagger.safe_harbor.numerals import with_figures
from piispan.tagger.safe_harbor.plain_form import plain_form

__all__ = ["age_or_category"]

_OVER_89 = "90+"
_OLDEST = 130
"""A number above this one, without a word that makes it an age, is something else."""

_PER_YEAR = {"years": Fraction(1), "months": Fraction(12), "weeks": Fraction(36525, 700), "days": Fraction(36525, 100)}
_UNITS = {
    "years": r"years?|yrs?\.?|y\.?[ /-]?o\.?|y|周岁|周歲|岁|歲",
    "months": r"months?|mths?\.?|mos?\.?|个月|個月|月龄",
    "weeks": r"weeks?|wks?\.?|周|週",
    "days": r"days?|天|日龄",
}
_NUMBER = r"(?:[0-9]{1,3} [1-9]/[2-9]|[1-9]/[2-9]|[0-9]{1,3}\.[0-9]{1,2}|[1-9][0-9]?,[0-9]{3}|[1-9][0-9]{0,4}|0[0-9]?)(?!,?[0-9]|\.[0-9]|/)"
_UNIT = "|".join(f"(?:{spelling})" for spelling in _UNITS.values())
_QUANTITY = rf"{_NUMBER}(?:[ -]?(?:{_UNIT})(?![a-z]))?"

_ABOUT = r"about|approximately|approx\.?|around|roughly|circa|ca?\.|almost|nearly|~|约|近|将近"
_LEAD = rf"(?:at (?:the )?age(?: of)?|ages?(?: of)?|aged|年龄|现年|享年|between|(?:{_ABOUT})|an?) ?[:=]? ?"
_OVER = r"over|above|older than|more than|greater than|past|>"
_FROM = r">=|≥|at least"
_UNDER = r"under|below|younger than|less than|up to|at most|<=|≤|<"
_FROM_TAIL = r"\+|plus|(?:and|or) (?:over|older|above|more|up)|以上"
_UNDER_TAIL = r"(?:and|or) (?:under|younger|below|less)|以下"
_AGE = re.compile(
    rf"(?P<lead>(?:{_LEAD}){{0,2}})(?:(?P<over>{_OVER})|(?P<from>{_FROM})|(?P<under>{_UNDER}))? ?(?:the age of |age )?"
    rf"(?P<first>{_QUANTITY})(?:(?P<link> ?(?:-|~|to|through|or|and|,|至|到) ?| |(?<=[岁歲]))(?P<second>{_QUANTITY}))?"
    rf"(?P<old>[ -](?:old|of age))? ?(?:(?P<from_tail>{_FROM_TAIL})|(?P<under_tail>{_UNDER_TAIL}))?\.?"
)
_PART = r"(?:(?:early|mid|middle|late|lower|low|upper|high)[ -])?"
_WHOSE = r"(?:(?:in )?(?:the|his|her|their|my|your|our) |in )?"
_DECADE = re.compile(rf"{_WHOSE}{_PART}(?P<first>[1-9][0-9]?0)'?s(?: ?(?:-|to|or) ?{_PART}(?P<second>[1-9][0-9]?0)'?s)?")
_CHINESE_DECADE = re.compile(r"(?P<first>[1-9][0-9]?0)(?: ?[多余餘来]) ?(?:周?[岁歲])")
_TEENS = re.compile(rf"{_WHOSE}{_PART}teens|(?:a )?teenager")
_GENARIAN = re.compile(r"(?:an? )?(?:(?P<young>quadra|quinqua|sexa|septua|octo)genarian|nonagenarian|(?:(?:semi-?)?super-?)?centenarian)s?")


def age_or_category(value: str) -> str | None:
    """An age as written when it is 89 or less, and ``90+`` when it is over 89.

    The whole value must read as an age: one number, a range, years and months, a decade ("in his 40s"), in figures, English words or
    Chinese numerals. Months, weeks and days count as parts of a year, and 89.5 years are over 89. Where the rule leaves it open:

    - An open age ("over 85", "65+", "65 and older") can take in ages over 89: ``None`` below that limit, ``90+`` above it.
    - A bare number above 130 is no age: ``None``; with a word that makes it one ("131 years old"), ``90+``. A range
      that ends there is none: ``None``.
    - Bare figures that are as well a day and a month ("3-4", "1.5") are no ages: ``None``. "3-4 years" and "18-25" stay.

    Returns:
        The value itself, ``90+``, or ``None`` when it cannot be read safely.
    """
    plain = plain_form(value)
    text = with_figures(plain) if plain is not None else None
    if text is None:
        return None
    if match := _GENARIAN.fullmatch(text):
        return value if match["young"] else _OVER_89
    if _TEENS.fullmatch(text):
        return value
    if match := _DECADE.fullmatch(text) or _CHINESE_DECADE.fullmatch(text):
        return _of_decades([int(ten) for ten in match.groups() if ten], value)
    match = _AGE.fullmatch(text)
    return _of_age(match, value) if match else None


def _of_decades(decades: list[int], value: str) -> str | None:
    if max(decades) > _OLDEST or min(decades) < 20:
        return None
    return _OVER_89 if max(decades) >= 90 else value


@dataclass(frozen=True, slots=True)
class _Quantity:
    """A number as written, and its unit if it has one."""

    figures: str
    unit: str | None

    @classmethod
    def read(cls, text: str) -> "_Quantity":
        figures = re.match(_NUMBER, text)
        spelt = text[figures.end() :].lstrip(" -") if figures else ""
        unit = next((unit for unit, spelling in _UNITS.items() if re.fullmatch(spelling, spelt)), None)
        return cls(figures[0] if figures else "", unit)

    def years(self, unit: str) -> Fraction:
        return sum((Fraction(part.replace(",", "")) for part in self.figures.split()), Fraction(0)) / _PER_YEAR[self.unit or unit]


def _of_age(match: re.Match[str], value: str) -> str | None:
    quantities = [_Quantity.read(match[name]) for name in ("first", "second") if match[name]]
    unit = quantities[-1].unit or "years"
    years = _one_age(quantities, match["link"]) or [quantity.years(unit) for quantity in quantities]
    said = any(quantity.unit for quantity in quantities) or bool(match["old"]) or re.search("age|年", match["lead"]) is not None
    if len(years) == 2 and not match["link"].strip():
        return None
    if max(years) > _OLDEST and (not said or len(years) > 1):
        return None
    if match["over"] or match["from"] or match["from_tail"]:
        lowest = min(years)
        return _OVER_89 if lowest > 89 or (match["over"] and lowest == 89) else None
    if max(years) > 89:
        return None if match["under"] or match["under_tail"] else _OVER_89
    return None if not said and _may_be_a_day(quantities) else value


def _one_age(quantities: list[_Quantity], link: str | None) -> list[Fraction]:
    """The age of "2 years and 3 months"; nothing if the quantities are two ages or one."""
    units = [quantity.unit for quantity in quantities]
    if link is None or link.strip() not in ("", "and", ",") or units[0] == units[-1] or None in units:
        return []
    return [sum((quantity.years("years") for quantity in quantities), Fraction(0))]


def _may_be_a_day(quantities: list[_Quantity]) -> bool:
    """Whether bare figures could be a day and a month."""
    if len(quantities) == 1 and re.fullmatch("[1-9]/[2-9]", quantities[0].figures):
        return True
    parts = [part for quantity in quantities for part in quantity.figures.split(".")]
    if len(parts) != 2 or any(not part.isdecimal() for part in parts):
        return False
    low, high = sorted(map(int, parts))
    return low <= 12 and high <= 31
