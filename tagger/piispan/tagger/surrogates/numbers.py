"""Numbers of people and accounts: social security, identity cards, payment cards, bank accounts, and any other identifier."""

import re
from datetime import date, timedelta
from random import Random

from piispan.tagger.surrogates.seeding import pick
from piispan.tagger.surrogates.shapes import in_shape, laid_over
from piispan.tagger.surrogates.tables import table

__all__ = ["card", "iban", "identifier", "identity_check", "luhn_digit", "social_security"]

_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{10,30}", re.ASCII)
_IDENTITY = re.compile(r"\d{17}[\dX]", re.ASCII)
_DIGIT = re.compile(r"[0-9]")
_MIXED = re.compile(r"[^\W\d_]\d|\d[^\W\d_]")


def identifier(rng: Random, value: str, days: int) -> str | None:
    """Any identifier in its shape; a Chinese identity number with its check character.

    Args:
        rng: Source of chance.
        value: What is replaced.
        days: How far the date of birth in an identity number moves.
    """
    plain = _alphanumeric(value)
    if _IDENTITY.fullmatch(plain):
        born = _born(plain)
        if born is not None:
            return laid_over(value, _identity(rng, plain, born, days))
    return in_shape(rng, value)


def social_security(rng: Random, value: str, days: int) -> str | None:
    """A social security number that was never issued: its first three digits are 900 to 999, the next two 01 to 49.

    Those from 900 on are taxpayers' numbers, whose fourth and fifth digits are 50 and more (Internal Revenue Manual 3.13.2).
    Four digits become four others; a Chinese identity number stays one; all else keeps its shape.
    """
    digits = _DIGIT.findall(value)
    if len(digits) != 9 or len(_alphanumeric(value)) != 9:
        return identifier(rng, value, days)
    return laid_over(value, f"9{int(rng.random() * 100):02d}{1 + int(rng.random() * 49):02d}{1 + int(rng.random() * 9999):04d}")


def card(rng: Random, value: str, days: int) -> str | None:
    """A card number in the groups it had, with its first digit; of 12 to 19 digits, the last is by Luhn (ISO/IEC 7812-1)."""
    digits = "".join(_DIGIT.findall(value))
    if not 12 <= len(digits) <= 19 or _MIXED.search(value):
        return identifier(rng, value, days)
    drawn = digits[0] + "".join(str(int(rng.random() * 10)) for _ in digits[1:-1])
    replacing = iter(drawn + luhn_digit(drawn))
    return _DIGIT.sub(lambda _: next(replacing), value)


def iban(rng: Random, value: str, days: int) -> str | None:
    """A bank account number of the same country and shape, with check digits that hold (ISO 13616); national ones inside may not."""
    plain = _alphanumeric(value)
    if not _IBAN.fullmatch(plain):
        return identifier(rng, value, days)
    account = in_shape(rng, plain[4:])
    remainder = int("".join(str(int(char, 36)) for char in f"{account}{plain[:2]}00")) % 97
    return laid_over(value, f"{plain[:2]}{98 - remainder:02d}{account}")


def luhn_digit(digits: str) -> str:
    """The digit that makes ``digits`` pass the Luhn check when it follows them."""
    total = sum(sum(divmod(int(digit) * (2 - place % 2), 10)) for place, digit in enumerate(reversed(digits)))
    return str(-total % 10)


def identity_check(digits: str) -> str:
    """The last character of a Chinese identity number, from the 17 digits before it (GB 11643, ISO 7064 MOD 11-2)."""
    return "10X98765432"[sum(int(digit) * 2 ** (17 - place) for place, digit in enumerate(digits)) % 11]


def _identity(rng: Random, plain: str, born: date, days: int) -> str:
    """District, moved date of birth, a number of the day that is odd for men as before, and the check character."""
    serial = 2 * int(rng.random() * 499) + 2 - int(plain[16]) % 2
    digits = f"{pick(rng, table('numbers')['districts'])}{born + timedelta(days=days):%Y%m%d}{serial:03d}"
    return digits + identity_check(digits)


def _born(plain: str) -> date | None:
    try:
        born = date(int(plain[6:10]), int(plain[10:12]), int(plain[12:14]))
    except ValueError:
        return None
    return born if 1800 < born.year < 2100 else None


def _alphanumeric(value: str) -> str:
    return "".join(char for char in value if char.isascii() and char.isalnum()).upper()
