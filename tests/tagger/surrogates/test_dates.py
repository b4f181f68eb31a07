"""Dates move by whole weeks, in the shape they had."""

import re
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from piispan.tagger.surrogates import date_offset
from tests.tagger.surrogates.documents import one, surrogates

SECRET = b"dates"
DAYS = timedelta(days=date_offset(SECRET))
FORMATS = [
    *("%Y-%m-%d", "%Y/%m/%d", "%m/%d/%Y", "%m-%d-%Y", "%B %d, %Y", "%d %B %Y", "%b %d, %Y", "%d %b %Y", "%d-%b-%Y", "%Y%m%d"),
    *("%A, %B %d, %Y", "%a %d %b %Y", "%Y年%m月%d日", "%Y-%m-%dT%H:%M:%SZ", "%m/%d/%Y %I:%M %p", "%Y-%m-%d %H:%M", "%B %d, %Y at %H:%M"),
]


def moved(value: str, **options: str) -> str | None:
    return one("date", value, secret=SECRET, **options)


@given(st.binary(max_size=20))
def test_the_offset_is_of_weeks(secret):
    days = date_offset(secret)
    assert days % 7 == 0
    assert -208 * 7 <= days <= -54 * 7
    assert days == date_offset(secret)


@given(st.datetimes(datetime(1900, 1, 1), datetime(2199, 12, 31, 23, 59)), st.sampled_from(FORMATS))
@settings(max_examples=300)
def test_every_full_date_moves_alike(moment, form):
    if "%b" in form and moment.month == 5:
        moment = moment.replace(month=6, day=min(moment.day, 30))  # "May" may be short or long.
    moment = moment.replace(microsecond=0) if "%S" in form else moment.replace(second=0, microsecond=0)
    written = moved(moment.strftime(form))
    # Two digits leave open whether a number below 10 would have a zero.
    assert written is not None
    assert _unpadded(written) == _unpadded((moment + DAYS).strftime(form))


def _unpadded(written: str) -> str:
    return re.sub(r"(?<!\d)0(?=\d)", "", written)


@given(st.lists(st.dates(date(1950, 1, 1), date(2100, 1, 1)), min_size=2, max_size=5, unique=True))
@settings(max_examples=50)
def test_intervals_stay(days):
    made = surrogates([("date", f"{day:%d %B %Y}") for day in days], secret=SECRET)
    read = [datetime.strptime(value, "%d %B %Y").date() if value else None for value in made]
    assert all(new is None or new - old == DAYS for old, new in zip(days, read, strict=True))


@pytest.mark.parametrize(
    ("value", "day", "written"),
    [
        ("2019/3/4", (2019, 3, 4), "{d.year}/{d.month}/{d.day}"),
        ("3/4/19", (2019, 3, 4), "{d.month}/{d.day}/{d:%y}"),
        ("25.03.2019", (2019, 3, 25), "{d:%d.%m.%Y}"),
        ("March 3rd, 2019", (2019, 3, 3), "{d:%B} {d.day}{th}, {d.year}"),
        ("3rd of March 2019", (2019, 3, 3), "{d.day}{th} of {d:%B} {d.year}"),
        ("MARCH 3, 2019", (2019, 3, 3), "{month} {d.day}, {d.year}"),
        ("Mar. 3, 2019", (2019, 3, 3), "{d:%b}. {d.day}, {d.year}"),
        ("04 mar 19", (2019, 3, 4), "{small} {d:%y}"),
        ("4-Mar-2019", (2019, 3, 4), "{d.day}-{d:%b}-{d.year}"),
        ("March 2019", (2019, 3, 15), "{d:%B} {d.year}"),
        ("March 3", (2019, 3, 3), "{d:%B} {d.day}"),
        ("2019-03", (2019, 3, 15), "{d:%Y-%m}"),
        ("03/2019", (2019, 3, 15), "{d:%m/%Y}"),
        ("3/14", (2019, 3, 14), "{d.month}/{d.day}"),
        ("Monday, March 4, 2019", (2019, 3, 4), "{d:%A}, {d:%B} {d.day}, {d.year}"),
        ("2019-03-04T12:30:05+02:00", (2019, 3, 4), "{d:%Y-%m-%d}T12:30:05+02:00"),
        ("20190304T123000Z", (2019, 3, 4), "{d:%Y%m%d}T123000Z"),
        ("3/4/2019 2:30 PM", (2019, 3, 4), "{d.month}/{d.day}/{d.year} 2:30 PM"),
        ("2019年3月4日", (2019, 3, 4), "{d.year}年{d.month}月{d.day}日"),
        ("2019年03月14日", (2019, 3, 14), "{d.year}年{d:%m}月{d:%d}日"),
        ("3月4日", (2019, 3, 4), "{d.month}月{d.day}日"),
        ("2019-03-04 to 2019-03-04", (2019, 3, 4), "{d:%Y-%m-%d} to {d:%Y-%m-%d}"),
    ],
)
def test_shapes(value, day, written):
    then = date(*day) + DAYS
    th = "th" if 10 < then.day < 14 else {1: "st", 2: "nd", 3: "rd"}.get(then.day % 10, "th")
    assert moved(value) == written.format(d=then, th=th, month=f"{then:%B}".upper(), small=f"{then:%d %b}".lower())


@pytest.mark.parametrize(
    ("value", "expected"),
    [("2019", "{a}"), ("2018-2019", "{b}-{a}"), ("2018–19", "{b}–{short}"), ("2019年", "{a}年"), ("in 2019", "in {a}")],
)
def test_years_move_by_whole_years(value, expected):
    year = 2019 - round(-DAYS.days / 365.25)
    assert moved(value) == expected.format(a=year, b=year - 1, short=f"{year % 100:02d}")


def test_ranges_and_other_languages():
    first, last = (date(2019, 3, day) + DAYS for day in (4, 6))
    assert (first, last) == (date(2016, 8, 22), date(2016, 8, 24))
    assert moved("4-6 March 2019") == "22-24 August 2016"
    assert moved("March 4-6, 2019") == "August 22-24, 2016"
    assert moved("4. März 2019") == "22. August 2016"
    assert moved("4 mars 2019") == "22 août 2016"
    assert moved("4 de marzo de 2019") == "22 de agosto de 2016"
    assert moved("二〇一九年三月四日") == "二〇一六年八月二十二日"


@pytest.mark.parametrize(
    "value", ["yesterday", "Monday", "two weeks ago", "1990s", "31/02/2019", "0001-01-01", "last March", "half past three", ""]
)
def test_what_cannot_be_read_stays_unmade(value):
    assert value == "" or moved(value) is None


@pytest.mark.parametrize(("order", "expected"), [("mdy", date(2019, 3, 4)), ("dmy", date(2019, 4, 3))])
def test_order_of_day_and_month(order, expected):
    form = "%m/%d/%Y" if order == "mdy" else "%d/%m/%Y"
    assert moved("03/04/2019", date_order=order) == f"{expected + DAYS:{form}}"


def test_other_dates_tell_the_order():
    made = surrogates([("date", "03/04/2019"), ("date", "25/04/2019")], secret=SECRET)
    assert made[0] == f"{date(2019, 4, 3) + DAYS:%d/%m/%Y}"


def test_the_year_of_another_date_is_taken():
    made = surrogates([("date", "March 3"), ("date", "March 10, 2020")], secret=SECRET)
    then = date(2020, 3, 3) + DAYS
    assert made[0] == f"{then:%B} {then.day}"


def test_times_move_by_one_offset():
    first, second = surrogates([("date", "08:00"), ("date", "09:30")], secret=SECRET)
    assert first
    assert second
    apart = datetime.strptime(second, "%H:%M") - datetime.strptime(first, "%H:%M")
    assert apart % timedelta(days=1) == timedelta(minutes=90)
    hour = moved("3 pm")
    assert hour
    assert hour.endswith(("am", "pm"))
    assert hour != "3 pm"


def test_a_range_into_another_month():
    days = [date(2019, 3, day) + DAYS for day in (1, 28)]
    written = moved("1-28 March 2019")
    assert written
    assert str(days[1].year) in written
    assert f"{days[1]:%B}" in written


def test_an_age_where_dates_are():
    made = moved("92 years old")
    assert made
    assert made.endswith(" years old")
    assert int(made.split()[0]) >= 90
