"""Identifiers of clinicians, vehicles and devices whose check characters hold."""

import random

from piispan.dataset_builder.synthesis.accounts import luhn_digit
from piispan.dataset_builder.synthesis.grammar import Grammar, pick

__all__ = ["dea_number", "failing_luhn", "gtin_digit", "imei", "npi", "udi", "vin", "vin_check"]

_NPI_PREFIX = "80840"
"""Put before a National Provider Identifier for its Luhn check: the card issuer "health applications, United States"."""

_VIN_CHARACTERS = "0123456789ABCDEFGHJKLMNPRSTUVWXYZ"
_VIN_VALUES = dict(zip(_VIN_CHARACTERS, (*range(10), *range(1, 9), *range(1, 6), 7, 9, *range(2, 10)), strict=True))
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_VIN_YEARS = "123456789ABCDEFGHJKLMNPRSTVWXY"
_MAKERS = (
    *("1FT", "1G1", "1HG", "1C4", "1N4", "2T1", "2HG", "2C3", "3FA", "3VW", "3N1", "4T1", "4S3", "5YJ", "5NP", "5FN"),
    *("JHM", "JTD", "JN1", "KMH", "KNA", "WBA", "WVW", "WDD", "WAU", "YV1", "SAL", "ZFF"),
)


def npi(rng: random.Random, grammar: Grammar) -> str:
    """A National Provider Identifier: 10 digits, the last by Luhn over them with 80840 in front (45 CFR 162.406)."""
    digits = pick(rng, "12") + grammar.fill("########")
    return digits + luhn_digit(_NPI_PREFIX + digits)


def dea_number(rng: random.Random, grammar: Grammar) -> str:
    """A registration number for controlled substances: two letters, six digits, and the check digit of those six."""
    digits = grammar.fill("######")
    odd, even = (sum(int(digit) for digit in digits[start::2]) for start in (0, 1))
    return f"{pick(rng, 'ABFGM')}{grammar.fill('?')}{digits}{(odd + 2 * even) % 10}"


def vin(rng: random.Random, grammar: Grammar) -> str:
    """A vehicle identification number: 17 characters without I, O and Q, with the check digit of 49 CFR 565.15."""
    body = "".join(pick(rng, _VIN_CHARACTERS) for _ in range(5))
    tail = pick(rng, _VIN_YEARS) + pick(rng, _VIN_CHARACTERS) + grammar.fill("######")
    head = pick(rng, _MAKERS) + body
    return head + vin_check(f"{head}0{tail}") + tail


def vin_check(number: str) -> str:
    """The ninth character of a VIN, from the other 16 of ``number``: a digit or X."""
    total = sum(weight * _VIN_VALUES[char] for weight, char in zip(_VIN_WEIGHTS, number, strict=True))
    return "0123456789X"[total % 11]


def imei(rng: random.Random, grammar: Grammar) -> str:
    """The identity of a mobile device: 15 digits, the last by Luhn (3GPP TS 23.003), in groups or not."""
    digits = pick(rng, ("35", "35", "86", "01")) + grammar.fill("############")
    digits += luhn_digit(digits)
    separator = pick(rng, ("", "", " ", "-"))
    return separator.join((digits[:2], digits[2:8], digits[8:14], digits[14]))


def udi(rng: random.Random, grammar: Grammar) -> str:
    """A device identifier as GS1 writes it: item number with its check digit, expiry, serial number (21 CFR 830)."""
    item = "00" + grammar.fill("^##########")
    expiry = f"2{int(rng.random() * 10)}{1 + int(rng.random() * 12):02d}{1 + int(rng.random() * 28):02d}"
    return f"(01){item}{gtin_digit(item)}(17){expiry}(21){grammar.fill(pick(rng, ('??####', '######', '?#####?')))}"


def gtin_digit(digits: str) -> str:
    """The check digit of a GS1 item number, from the digits before it."""
    total = sum(int(digit) * (3 - 2 * (place % 2)) for place, digit in enumerate(reversed(digits)))
    return str(-total % 10)


def failing_luhn(rng: random.Random, grammar: Grammar) -> str:
    """16 digits in the groups of a payment card that no card can have: the Luhn check fails."""
    digits = grammar.fill("^##############")
    digits += str((int(luhn_digit(digits)) + 1 + int(rng.random() * 9)) % 10)
    separator = pick(rng, ("", " ", "-"))
    return separator.join(digits[start : start + 4] for start in range(0, 16, 4))
