"""An age stays up to 89 and is 90+ above, in every shape."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from piispan.tagger.safe_harbor import age_or_category
from piispan.tagger.safe_harbor.numerals import chinese_number, with_figures

SHAPES = [
    "{}",
    "{} years old",
    "{}-year-old",
    "{} year old",
    "a {}-year-old",
    "{} y/o",
    "{} y.o.",
    "{} yrs",
    "{} years",
    "aged {}",
    "age {}",
]
SHAPES += ["Age: {}", "at age {}", "at the age of {}", "about {}", "{} years of age", "{}岁", "{} 周岁", "年龄{}岁"]
TIGHT = ["{}yo", "{}y", "{}yrs", "{}y/o"]
"""Shapes of figures alone."""
PIECES = """
    89 90 3 36 1,100 2½ 1/2 ninety six hundred 九十 百 零 岁 多 个月
    years old -year-old months weeks yo + - to and over under 90s 's s teens ²
"""
ages_in_pieces = st.lists(st.sampled_from([*PIECES.split(), " ", " ", " "]), max_size=8).map("".join)
SMALL = """
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen
"""
ONES, TENS = SMALL.split(), ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]


def in_words(age: int, link: str = "-") -> str:
    if age >= 100:
        return "one hundred" if age == 100 else f"one hundred and {in_words(age - 100, link)}"
    return ONES[age] if age < 20 else TENS[age // 10] + (f"{link}{ONES[age % 10]}" if age % 10 else "")


def in_chinese(age: int) -> str:
    hundreds, rest = divmod(age, 100)
    tens, ones = divmod(rest, 10)
    digits = "零一二三四五六七八九"
    if not hundreds:
        return f"{'' if tens == 1 else digits[tens]}十{digits[ones] if ones else ''}" if tens else digits[ones]
    return f"一百{digits[tens] if rest else ''}{'十' if tens else ''}{digits[ones] if ones else ''}"


def written(age: int) -> list[str]:
    spelt = [str(age), in_words(age), in_words(age, " ").capitalize(), in_chinese(age)]
    return [shape.format(each) for shape in SHAPES for each in spelt] + [shape.format(age) for shape in TIGHT]


@pytest.mark.parametrize("age", range(90))
def test_ages_up_to_89_stay(age: int) -> None:
    assert [age_or_category(value) for value in written(age)] == written(age)


@pytest.mark.parametrize("age", range(90, 131))
def test_ages_over_89_are_one_category(age: int) -> None:
    assert {age_or_category(value) for value in written(age)} == {"90+"}


@given(st.integers(1, 130), st.integers(1, 130))
def test_a_range_is_as_old_as_its_older_end(low: int, high: int) -> None:
    value = f"{low} to {high} years"
    assert age_or_category(value) == (value if max(low, high) <= 89 else "90+")


@given(st.integers(1, 99_999))
def test_months_weeks_and_days_are_parts_of_a_year(count: int) -> None:
    for unit, per_year in (("months", 12), ("weeks", 365.25 / 7), ("days", 365.25)):
        value = f"{count} {unit}"
        assert age_or_category(value) == (value if count / per_year <= 89 else "90+")


@settings(max_examples=500)
@given(st.one_of(st.text(max_size=40), ages_in_pieces))
def test_what_stays_holds_no_number_over_89(value: str) -> None:
    out = age_or_category(value)
    assert out in (None, "90+", value)
    if out == value != "90+":
        figures = with_figures(value.replace("½", " 1/2")) or ""
        assert re.search("month|week|月", figures) or all(int(number) < 90 for number in re.findall("[0-9]+", figures.replace(",", "")))


@pytest.mark.parametrize("numerals", ["", "百零", "零一", "十零", "二十十", "一百百", "七八", "九九", "百零零"])
def test_chinese_numerals_that_make_no_number(numerals: str) -> None:
    assert chinese_number(numerals) is None


@pytest.mark.timed
@pytest.mark.parametrize("unit", ["1", "1 ", "1-", "one ", "hundred and ", "九", "a ", "over ", "1 to ", "about ", "1 year ", "½", "ﷺ"])
def test_long_values_are_refused_at_once(unit: str) -> None:
    started = time.perf_counter()
    for length in (150, 199, 201, 100_000):
        assert age_or_category((unit * length)[:length] + "!") is None
    assert time.perf_counter() - started < 1
