"""Chinese numbers whose check characters hold: resident identity, unified social credit code, bank card."""

import random
from datetime import date

from piispan.dataset_builder.synthesis.accounts import luhn_digit
from piispan.dataset_builder.synthesis.grammar import Grammar, pick
from piispan.dataset_builder.synthesis.identifiers import vin_check

__all__ = [
    "bank_card",
    "credit_code",
    "credit_code_check",
    "grouped",
    "identity_check",
    "identity_number",
    "organisation_check",
    "vehicle_number",
]

_IDENTITY_CHECKS = "10X98765432"
_IDENTITY_WEIGHTS = tuple(2**place % 11 for place in range(17, 0, -1))
_CODE_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""GB 32100 leaves out I, O, S, V and Z."""
_CODE_WEIGHTS = tuple(3**place % 31 for place in range(17))
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_VEHICLE_MAKERS = ("LFV", "LSV", "LGX", "LVS", "LBV", "LHG", "LFM", "LSG", "L6T", "LRW", "LGW", "LZW", "LVG", "LE4", "LS5", "LC0")
_VEHICLE_CHARACTERS = "0123456789ABCDEFGHJKLMNPRSTUVWXYZ"

# Issuer prefixes of common cards with how many digits the whole number has.
_DEBIT = (
    *[("622202", 19), ("621226", 19), ("622848", 19), ("622845", 19), ("621700", 19), ("622700", 19), ("621661", 19), ("621785", 19)],
    *[("621799", 19), ("622188", 19), ("622260", 19), ("622588", 16), ("621483", 16), ("622609", 16), ("622622", 16), ("621691", 16)],
    *[("622689", 16), ("622155", 16), ("622521", 16), ("621792", 16), ("623058", 19), ("621462", 19)],
)
_CREDIT = (
    *[("625330", 16), ("622230", 16), ("628286", 16), ("622575", 16), ("622580", 16), ("622252", 16), ("625361", 16), ("622689", 16)],
    *[("439225", 16), ("518710", 16), ("545619", 16), ("524094", 16)],
)


def identity_check(digits: str) -> str:
    """The check character of the first 17 digits of a resident identity number (GB 11643, ISO 7064 MOD 11-2)."""
    return _IDENTITY_CHECKS[sum(int(digit) * weight for digit, weight in zip(digits, _IDENTITY_WEIGHTS, strict=True)) % 11]


def identity_number(rng: random.Random, region: str, birth: date, *, female: bool) -> str:
    """A resident identity number of 18 characters in one piece.

    Args:
        rng: Source of the sequence number.
        region: Six digits of GB/T 2260.
        birth: Date of birth.
        female: The sequence number is even for women, odd for men.
    """
    sequence = 2 * int(rng.random() * 250) + (2 if female else 1)
    digits = f"{region}{birth:%Y%m%d}{sequence:03d}"
    return digits + identity_check(digits)


def organisation_check(body: str) -> str:
    """The check character of the eight characters of an organisation code (GB 11714)."""
    total = sum(int(char, 36) * weight for char, weight in zip(body, _ORGANISATION_WEIGHTS, strict=True))
    return "0123456789X0"[11 - total % 11]


def credit_code_check(body: str) -> str:
    """The check character of the first 17 characters of a unified social credit code (GB 32100)."""
    total = sum(_CODE_ALPHABET.index(char) * weight for char, weight in zip(body, _CODE_WEIGHTS, strict=True))
    return _CODE_ALPHABET[-total % 31]


def credit_code(rng: random.Random, grammar: Grammar, region: str) -> str:
    """A unified social credit code: the number of an organisation, hence nobody's personal data."""
    kind = pick(rng, ("91", "91", "91", "92", "93", "51", "52", "12"))
    organisation = pick(rng, ("MA", "MA", "M", "", "")).ljust(8, "#")
    organisation = grammar.fill(organisation)
    body = f"{kind}{region}{organisation}{organisation_check(organisation)}"
    return body + credit_code_check(body)


def bank_card(rng: random.Random, grammar: Grammar, kind: str = "") -> str:
    """A bank card number of 16 or 19 digits that passes the Luhn check, in groups or not.

    Args:
        rng: Source of chance.
        grammar: Fills the digits.
        kind: ``debit``, ``credit``, or empty for either.
    """
    prefix, length = pick(rng, {"debit": _DEBIT, "credit": _CREDIT, "": (*_DEBIT, *_CREDIT)}[kind])
    digits = grammar.fill(prefix.ljust(length - 1, "#"))
    number = digits + luhn_digit(digits)
    widths = (6, 13) if length == 19 and rng.random() < 0.2 else (4, 4, 4, 4, 3)
    separator = pick(rng, ("", "", "", " ", " ", "-"))
    return separator.join(grouped(number, widths)) if separator else number


def grouped(characters: str, widths: tuple[int, ...]) -> list[str]:
    """``characters`` cut into pieces of these widths; empty pieces are left out."""
    ends = [sum(widths[: place + 1]) for place in range(len(widths))]
    pieces = [characters[end - width : end] for width, end in zip(widths, ends, strict=True)]
    return [piece for piece in pieces if piece]


def vehicle_number(rng: random.Random, grammar: Grammar) -> str:
    """A vehicle identification number of a Chinese maker: 17 characters whose ninth is the check digit (GB 16735)."""
    head = pick(rng, _VEHICLE_MAKERS) + "".join(pick(rng, _VEHICLE_CHARACTERS) for _ in range(5))
    tail = pick(rng, "EFGHJKLMNPRST") + pick(rng, _VEHICLE_CHARACTERS) + grammar.fill("######")
    return head + vin_check(f"{head}0{tail}") + tail
