"""Numbers keep their shape, and the checks that they passed."""

import random
import re
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from piispan.tagger.surrogates import date_offset
from piispan.tagger.surrogates.numbers import identity_check, luhn_digit
from piispan.tagger.surrogates.shapes import in_shape
from tests.tagger.surrogates.documents import one, surrogates


def shape(value: str) -> str:
    return re.sub(r"[0-9]", "9", re.sub(r"[A-Z]", "A", re.sub(r"[a-z]", "a", value)))


@pytest.mark.parametrize("value", ["123-45-6789", "123456789", "123 45 6789"])
def test_social_security_numbers_were_never_issued(value):
    made = one("ssn", value) or ""
    digits = re.sub(r"\D", "", made)
    assert shape(made) == shape(value)
    assert digits[0] == "9"
    assert 1 <= int(digits[3:5]) <= 49


@pytest.mark.parametrize("value", ["6789", "***-**-6789"])
def test_last_four(value):
    made = one("ssn", value) or ""
    assert shape(made) == shape(value)
    assert made != value


@given(st.text("0123456789", min_size=12, max_size=19), st.sampled_from(["", " ", "-"]))
def test_cards_pass_luhn(digits, separator):
    value = separator.join(digits[start : start + 4] for start in range(0, len(digits), 4))
    made = one("card", value) or ""
    plain = re.sub(r"\D", "", made)
    assert shape(made) == shape(value)
    assert plain[0] == digits[0]
    assert luhn_digit(plain[:-1]) == plain[-1]


@pytest.mark.parametrize(
    "value", ["DE89370400440532013000", "GB29 NWBK 6016 1331 9268 19", "gb29nwbk60161331926819", "FR14-2004-1010-0505-0001-3M02-606"]
)
def test_ibans_have_check_digits_that_hold(value):
    made = one("iban", value) or ""
    plain = re.sub(r"[^A-Z0-9]", "", made.upper())
    assert shape(made) == shape(value)
    assert made[:2] == value[:2]
    assert int("".join(str(int(char, 36)) for char in plain[4:] + plain[:4])) % 97 == 1


@pytest.mark.parametrize("kind", ["number", "ssn", "card"])
def test_chinese_identity_numbers(kind):
    made = one(kind, "110101199003070011") or ""
    assert re.fullmatch(r"\d{17}[\dX]", made)
    if kind != "card":
        assert identity_check(made[:17]) == made[17]
        assert int(made[16]) % 2 == 1
        assert made[6:14] == f"{date(1990, 3, 7) + timedelta(days=date_offset(b'secret')):%Y%m%d}"


def test_numbers_have_one_surrogate_however_grouped():
    spaced, joined = surrogates([("card", "4111 1111 1111 1111"), ("card", "4111111111111111")])
    assert spaced
    assert spaced.replace(" ", "") == joined


@pytest.mark.parametrize("value", ["MRN-004512", "A1234567", "1HGCM82633A004352", "x7", "12/34-a"])
def test_identifiers_keep_their_shape(value):
    made = one("number", value) or ""
    assert shape(made) == shape(value)
    assert made != value


def test_shapes_of_other_scripts():
    plate, digits, cyrillic = (in_shape(random.Random(1), value) for value in ("京A·12345", "１２３", "Ж12"))
    assert re.fullmatch(r"[\u4e00-\u9fff][A-Z]·\d{5}", plate)
    assert re.fullmatch(r"[０-９]{3}", digits)
    assert re.fullmatch(r"[А-Я]\d\d", cyrillic)


@pytest.mark.parametrize(
    ("value", "pattern"),
    [
        ("(212) 867-5309", r"\([2-9]\d\d\) 555-01\d\d"),
        ("212.867.5309", r"[2-9]\d\d\.555\.01\d\d"),
        ("+1 212 867 5309", r"\+1 [2-9]\d\d 555 01\d\d"),
        ("867-5309", r"555-01\d\d"),
        ("(415) 232-1234 ext. 55", r"\([2-9]\d\d\) 555-01\d\d ext\. \d\d"),
        ("212-867-5309 x123", r"[2-9]\d\d-555-01\d\d x\d{3}"),
        ("+44 20 7946 0958", r"\+44 \d\d \d{4} \d{4}"),
        ("020 7946 0958", r"0\d\d \d{4} \d{4}"),
        ("0044 20 7946 0958", r"0044 \d\d \d{4} \d{4}"),
        ("13800138000", r"1[35789]\d{9}"),
        ("+86 138 0013 8000", r"\+86 1[35789]\d \d{4} \d{4}"),
        ("+49 (0)30 123456", r"\+49 \(0\)\d\d \d{6}"),
        ("1-800-FLOWERS", r"\d-\d{3}-[A-Z]{7}"),
    ],
)
def test_telephone_numbers(value, pattern):
    made = one("phone", value) or ""
    assert re.fullmatch(pattern, made)
    assert made != value


def test_a_telephone_number_is_one_however_written():
    first, second = surrogates([("phone", "+1 212 867 5309"), ("phone", "(212) 867-5309")])
    assert first
    assert second
    assert re.sub(r"\D", "", first)[1:] == re.sub(r"\D", "", second)


@pytest.mark.parametrize(
    ("value", "pattern"), [("94110", r"\d{5}"), ("94110-1234", r"\d{5}-\d{4}"), ("SW1A 1AA", r"[A-Z]{2}\d[A-Z] \d[A-Z]{2}")]
)
def test_postal_codes(value, pattern):
    made = one("zip", value) or ""
    assert re.fullmatch(pattern, made)
    assert made != value


@pytest.mark.parametrize(
    ("value", "ages", "pattern"),
    [
        ("36", range(31, 42), r"(\d+)"),
        ("36-year-old", range(31, 42), r"(\d+)-year-old"),
        ("17", range(12, 18), r"(\d+)"),
        ("18", range(18, 24), r"(\d+)"),
        ("92", range(90, 105), r"(\d+)"),
        ("5 years old", range(1, 11), r"(\d+) years old"),
    ],
)
def test_ages_stay_in_their_band(value, ages, pattern):
    found = re.fullmatch(pattern, one("age", value) or "")
    assert found
    assert int(found[1]) in ages


def test_ages_in_words():
    made = one("age", "Thirty-six years old") or ""
    assert re.fullmatch(r"(Thirty|Forty)(-[a-z]+)? years old", made)
    assert re.fullmatch(r"[三四]十[一-九]?岁", one("age", "三十六岁") or "")
    assert [one("age", value) for value in ("old", "1842", "36 (thirty-six)")] == [None] * 3
