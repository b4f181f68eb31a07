"""A ZIP code gives its first three digits, and 000 where few people live."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from piispan.tagger.safe_harbor import sparse_prefixes, three_digits

LISTED = {"036", "059", "063", "102", "203", "556", "692", "790", "821", "823", "830", "831", "878", "879", "884", "890", "893"}
"""The 17 restricted ZIP codes of the guidance of November 26, 2012."""
NEIGHBOURS = sorted({f"{int(prefix) + step:03d}" for prefix in LISTED for step in (-1, 0, 1)})
ENDINGS = ["", "01", "99", "01-1234", "011234", "01 1234"]


def test_the_list_is_that_of_the_guidance() -> None:
    assert len(sparse_prefixes()) == 17
    assert sparse_prefixes() == LISTED


@pytest.mark.parametrize("prefix", NEIGHBOURS)
def test_listed_prefixes_and_their_neighbours(prefix: str) -> None:
    expected = "000" if prefix in LISTED else prefix
    assert {three_digits(prefix + ending) for ending in ENDINGS} == {expected}
    assert {three_digits(f"{state} {prefix}01") for state in ("NY", "N.H.", "West Virginia", "puerto rico")} == {expected}


@given(st.integers(0, 99_999), st.sampled_from(["", "-0001"]))
def test_every_code_gives_its_prefix_or_000(code: int, ending: str) -> None:
    digits = f"{code:05d}"
    assert three_digits(digits + ending) == ("000" if digits[:3] in LISTED else digits[:3])


@given(
    st.one_of(
        st.text(max_size=30), st.lists(st.sampled_from(["0", "3", "6", "1", "-", " ", "NH", "zip", "６", "⑥"]), max_size=12).map("".join)
    )
)
def test_nothing_but_three_digits_comes_out(value: str) -> None:
    out = three_digits(value)
    assert out is None or re.fullmatch("[0-9]{3}", out)


def test_long_values_are_refused() -> None:
    assert three_digits("0" * 100_000) is None
    assert three_digits("a " * 90 + "!") is None
