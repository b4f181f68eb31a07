import re
from datetime import datetime
from random import Random

import pytest

from piispan.dataset_builder import synthesise
from piispan.dataset_builder.synthesis.frames import Slot
from piispan.dataset_builder.synthesis.ordered_dates import OrderedDates
from piispan.dataset_builder.synthesis.values import Values


@pytest.mark.parametrize("kind", ["date", "month", "year", "time", "full"])
def test_until_is_after_from(kind: str) -> None:
    dates, rng = OrderedDates(Random(1)), Random(2)

    def drawn() -> datetime:
        return datetime(1990 + int(rng.random() * 30), 1 + int(rng.random() * 12), 1, int(rng.random() * 24))

    for _ in range(500):
        dates.begin()
        begun, ended = dates.end("from2", kind, drawn), dates.end("until2", kind, drawn)
        assert begun is not None
        assert ended is not None
        assert begun[1] == ended[1]
        assert begun[0] < ended[0]
        assert (ended[0] - begun[0]).days <= 30 * 366
        assert kind != "time" or begun[0].date() == ended[0].date()
        assert kind != "year" or begun[0].year < ended[0].year
        assert kind != "month" or (begun[0].year, begun[0].month) < (ended[0].year, ended[0].month)
    assert dates.end("1", kind, drawn) is None


def test_ranges_of_one_document_are_apart() -> None:
    dates = OrderedDates(Random(1))
    first = dates.end("from", "year", lambda: datetime(1990, 1, 1))
    other = dates.end("from2in3", "year", lambda: datetime(2020, 1, 1))
    until = dates.end("until2in3", "year", lambda: datetime(1980, 1, 1))
    assert first is not None
    assert other is not None
    assert until is not None
    assert until[0].year > 2020
    dates.begin()
    fresh = dates.end("until", "year", lambda: datetime(1980, 1, 1))
    assert fresh is not None
    assert fresh[0].year == 1980


@pytest.mark.parametrize("side", ["train", "test"])
def test_ranges_hold_on_both_sides_of_the_partition(side: str) -> None:
    for language, label, kind in (("en", "DATE_TIME", "year"), ("en", "DATE_TIME", "month"), ("zh", "DATE", "full")):
        made, kept = Values(Random(5), language, "train" if side == "train" else "test"), 0
        for _ in range(200):
            made.begin()
            ends = [made.value(Slot(label, kind, key)) for key in ("from", "until")]
            years = [re.search(r"[12]\d{3}", end) for end in ends]
            if years[0] and years[1]:
                assert years[0][0] <= years[1][0]
                kept += 1
        assert kept > 50


def test_no_stay_ends_before_it_begins() -> None:
    checked = 0
    for document in synthesise(3000, seed=4, settings=["discharge_letter", "visa_application", "hr_letter"]):
        found = re.search(r"(?:from |Admitted )(\d{4}[-/]\d\d[-/]\d\d)(?: to |, discharged )(\d{4}[-/]\d\d[-/]\d\d)", document.text)
        if found:
            assert found[1] < found[2]
            checked += 1
    assert checked > 10


def test_age_and_date_of_birth_agree() -> None:
    for side in ("train", "test"):
        made = Values(Random(6), "en", "train" if side == "train" else "test")
        for _ in range(200):
            made.begin()
            born, years = made.value(Slot("DATE_TIME", "birth", "1")), made.value(Slot("AGE", "adult", "1"))
            assert str(2025 - int(years))[2:] in born
            assert 18 < int(years) < 94
