"""A date gives its years and nothing else, whatever it holds."""

import re
import time
import unicodedata
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from piispan.tagger.safe_harbor import year_only
from piispan.tagger.safe_harbor.numerals import chinese_figures

REFERENCE_YEAR = 2026
PIECES = """
    2019 1936 19 '19 '85 3 04 31 85 March mar. März Monday of the , - / . : to and & ; born b. DOB 4th 3月 4日 年 二〇一九年 三月 十
    12:30 T15:30 pm hours h at 1530 s 's 1990s FY Q3 20190304 3/4/19 2019-03-04 ② ２ ½ ² x
"""
dates_in_pieces = st.lists(st.sampled_from([*PIECES.split(), " ", " ", ""]), max_size=12).map("".join)
shapes = st.sampled_from(
    ["%Y-%m-%d", "%Y%m%d", "%m%d%Y", "%d%m%Y", "%m/%d/%Y", "%d.%m.%Y", "%B %d, %Y", "%d %b %Y", "%A, %d %B %Y", "%Y年%m月%d日", "%d-%b-%Y"]
)


@settings(max_examples=500)
@given(st.one_of(st.text(max_size=60), dates_in_pieces), st.one_of(st.just(""), st.text(max_size=40), dates_in_pieces))
def test_only_years_of_the_value_come_out(value: str, before: str) -> None:
    out = year_only(value, reference_year=REFERENCE_YEAR, before=before)
    if out is None:
        return
    assert re.fullmatch(r"[0-9]{4}s?(-[0-9]{4}s?)*", out)
    given_figures = chinese_figures(unicodedata.normalize("NFKC", value))
    for year in re.findall("[0-9]{4}", out):
        assert year in given_figures or re.search(rf"(?<![0-9]){year[2:]}(?![0-9])", given_figures)
        assert REFERENCE_YEAR - int(year) < 90


@given(st.dates(date(1937, 1, 1), date(2199, 12, 31)), shapes)
def test_a_day_gives_its_year(day: date, shape: str) -> None:
    assert year_only(day.strftime(shape), reference_year=REFERENCE_YEAR) == str(day.year)


@given(st.dates(date(1800, 1, 1), date(1936, 12, 31)), shapes)
def test_a_day_of_someone_over_89_gives_nothing(day: date, shape: str) -> None:
    assert year_only(day.strftime(shape), reference_year=REFERENCE_YEAR) is None


@given(st.dates(date(1900, 1, 1), date(2190, 12, 31)), st.integers(2, 400), shapes)
def test_the_later_year_does_not_save_the_earlier(day: date, days: int, shape: str) -> None:
    both = f"{day.strftime(shape)} to {(day + timedelta(days)).strftime(shape)}"
    kept = year_only(both, reference_year=day.year + 89)
    assert kept is not None
    assert kept.startswith(str(day.year))
    assert year_only(both, reference_year=day.year + 90) is None


@given(st.integers(0, 99))
def test_a_birth_of_two_figures_stays_only_where_no_century_shows_over_89(figures: int) -> None:
    out = year_only(f"3/4/{figures:02d}", reference_year=REFERENCE_YEAR, before="born ")
    over_89 = any(90 <= REFERENCE_YEAR - century - figures <= 122 for century in (1800, 1900, 2000))
    assert (out is None) == over_89


@pytest.mark.parametrize("reference_year", [-5, 0, 99, 1850, 3000, 10**9])
def test_any_reference_year_does(reference_year: int) -> None:
    for value in ("3/4/19", "'85", "2019", "'90s", "1990s"):
        out = year_only(value, reference_year=reference_year)
        assert out is None or re.fullmatch("[0-9]{4}s?", out)


@pytest.mark.timed
@pytest.mark.parametrize(
    "unit", ["2019-", "1-", "4,", "2019-Mar-", "March 4, ", "1 and ", " ", "-", "' ", "二", "(", "1:", "ﷺ", "b", "fy", "\n2", "09:"]
)
def test_long_values_are_refused_at_once(unit: str) -> None:
    started = time.perf_counter()
    for length in (150, 199, 201, 100_000):
        value = (unit * length)[:length]
        assert year_only(value + "!", reference_year=REFERENCE_YEAR, before=value) is None
    assert time.perf_counter() - started < 1
