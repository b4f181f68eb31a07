import random
from collections.abc import Callable

import pytest

from piispan.dataset_builder.synthesis.accounts import luhn_digit
from piispan.dataset_builder.synthesis.grammar import Grammar
from piispan.dataset_builder.synthesis.identifiers import dea_number, failing_luhn, gtin_digit, imei, npi, udi, vin, vin_check

RNG = random.Random(3)
GRAMMAR = Grammar(RNG, "en", {})


def many(maker: Callable[[random.Random, Grammar], str]) -> list[str]:
    return [maker(RNG, GRAMMAR) for _ in range(300)]


@pytest.mark.parametrize("known", ["1M8GDM9AXKP042788", "11111111111111111", "1HGCM82633A004352"])
def test_vin_check_is_that_of_textbooks(known: str) -> None:
    assert vin_check(known) == known[8]
    assert vin_check(known[:-1] + ("7" if known[-1] != "7" else "6")) != known[8]


def test_vins_hold() -> None:
    for number in many(vin):
        assert len(number) == 17
        assert not set(number) & set("IOQ")
        assert vin_check(number) == number[8]
        assert number[9] not in "UZ0"


def test_npis_pass_luhn_with_their_prefix() -> None:
    assert luhn_digit("80840" + "123456789") == "3"  # the example of the standard: 1234567893
    for number in many(npi):
        assert len(number) == 10
        assert number[0] in "12"
        assert luhn_digit("80840" + number[:-1]) == number[-1]


def test_dea_numbers_hold() -> None:
    for number in many(dea_number):
        digits = [int(digit) for digit in number[2:]]
        assert (digits[0] + digits[2] + digits[4] + 2 * (digits[1] + digits[3] + digits[5])) % 10 == digits[6]


def test_device_identifiers_hold() -> None:
    assert gtin_digit("629104150021") == "3"  # the example of GS1: 6291041500213
    for number in many(imei):
        digits = number.replace(" ", "").replace("-", "")
        assert len(digits) == 15
        assert luhn_digit(digits[:-1]) == digits[-1]
    for identifier in many(udi):
        assert identifier.startswith("(01)")
        assert gtin_digit(identifier[4:17]) == identifier[17]


def test_card_like_numbers_are_no_cards() -> None:
    for number in many(failing_luhn):
        digits = number.replace(" ", "").replace("-", "")
        assert len(digits) == 16
        assert luhn_digit(digits[:-1]) != digits[-1]
