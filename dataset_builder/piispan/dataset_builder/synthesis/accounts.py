"""Payment cards and bank accounts whose check digits hold."""

import random

from piispan.dataset_builder.synthesis.grammar import Grammar, pick

__all__ = ["card_number", "iban", "iban_remainder", "luhn_digit"]

# Brand patterns (ISO/IEC 7812 prefixes) without the check digit, and how the brand groups its digits.
_CARDS: tuple[tuple[str, tuple[int, ...]], ...] = (
    *[("4" + "#" * 14, (4, 4, 4, 4))] * 4,
    *[("5^" + "#" * 13, (4, 4, 4, 4))] * 3,
    ("222^" + "#" * 11, (4, 4, 4, 4)),
    ("4" + "#" * 11, (4, 3, 3, 3)),
    *[("37" + "#" * 12, (4, 6, 5)), ("34" + "#" * 12, (4, 6, 5))],
    *[("6011" + "#" * 11, (4, 4, 4, 4)), ("65" + "#" * 13, (4, 4, 4, 4))],
    *[("36" + "#" * 11, (4, 6, 4)), ("38" + "#" * 11, (4, 6, 4)), ("30^" + "#" * 10, (4, 6, 4))],
    ("35^" + "#" * 12, (4, 4, 4, 4)),
    *[("6304" + "#" * 8, (4, 4, 5)), ("5018" + "#" * 14, (4, 4, 4, 4, 3)), ("62" + "#" * 16, (4, 4, 4, 4, 3))],
)
_SEPARATORS = ("", "", "", " ", " ", " ", "-", "-")

# The BBAN of each country in the SWIFT IBAN registry: # a digit, ? a capital letter, ! a letter or digit.
_IBANS = {
    "DE": "#" * 18,
    "GB": "????" + "#" * 14,
    "FR": "#" * 10 + "!" * 11 + "##",
    "ES": "#" * 20,
    "IT": "?" + "#" * 10 + "!" * 12,
    "NL": "????" + "#" * 10,
    "BE": "#" * 12,
    "CH": "#" * 5 + "!" * 12,
    "AT": "#" * 16,
    "PL": "#" * 24,
    "PT": "#" * 21,
    "SE": "#" * 20,
    "NO": "#" * 11,
    "DK": "#" * 14,
    "FI": "#" * 14,
    "IE": "????" + "#" * 14,
    "LU": "###" + "!" * 13,
    "CZ": "#" * 20,
    "GR": "#" * 7 + "!" * 16,
    "HU": "#" * 24,
    "RO": "????" + "!" * 16,
    "TR": "#" * 6 + "!" * 16,
    "SA": "##" + "!" * 18,
    "AE": "#" * 19,
    "IL": "#" * 19,
    "MT": "????" + "#" * 5 + "!" * 18,
}
_COUNTRIES = tuple(_IBANS)


def card_number(rng: random.Random, grammar: Grammar) -> str:
    """A card number of 13 to 19 digits that passes the Luhn check, in groups or not."""
    pattern, groups = pick(rng, _CARDS)
    digits = grammar.fill(pattern)
    digits += luhn_digit(digits)
    separator = pick(rng, _SEPARATORS)
    return separator.join(_grouped(digits, groups)) if separator else digits


def iban(rng: random.Random, grammar: Grammar) -> str:
    """An IBAN whose check digits hold (ISO 13616), in groups of four, of another width, or in one piece.

    The national check digits inside it are as random as the rest.
    """
    country = pick(rng, _COUNTRIES)
    pattern = "".join(pick(rng, "###?") if char == "!" else char for char in _IBANS[country])
    account = grammar.fill(pattern)
    number = f"{country}{98 - iban_remainder(f'{country}00{account}'):02d}{account}"
    separator = pick(rng, ("", "", " ", " ", " ", "-"))
    return separator.join(_grouped(number, (4,) * 9))


def luhn_digit(digits: str) -> str:
    """The digit that makes ``digits`` pass the Luhn check when it follows them."""
    total = sum(sum(divmod(int(digit) * (2 - place % 2), 10)) for place, digit in enumerate(reversed(digits)))
    return str(-total % 10)


def iban_remainder(number: str) -> int:
    """The number modulo 97 after ISO 13616; 1 for a valid IBAN without spaces."""
    return int("".join(str(int(char, 36)) for char in number[4:] + number[:4])) % 97


def _grouped(characters: str, widths: tuple[int, ...]) -> list[str]:
    groups, start = [], 0
    for width in widths:
        groups.append(characters[start : start + width])
        start += width
    return [group for group in groups if group]
