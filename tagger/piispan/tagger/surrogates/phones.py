"""Telephone and fax numbers."""

import re
from random import Random

from piispan.tagger.surrogates.seeding import pick
from piispan.tagger.surrogates.shapes import in_shape
from piispan.tagger.surrogates.tables import table

__all__ = ["phone", "phone_key"]

_EXTENSION = re.compile(r"[\s,;]*(?:ext(?:ension)?|x|#|доб|转|轉|分机|内線)\s*[.:]?\s*\d+\s*$", re.IGNORECASE)
_DIGIT = re.compile(r"[0-9]")
_NORTH_AMERICAN = re.compile(r"1?[2-9]\d{2}[2-9]\d{6}")
_LOCAL = re.compile(r"\s*[2-9]\d{2}[\s.-]\d{4}\s*", re.ASCII)
_LEADING = re.compile(r"0+")
_FEWEST = 7


def phone(rng: Random, value: str) -> str | None:
    """A number with the same separators, country code and length.

    Those of North America are of exchange 555, lines 0100 to 0199, which are kept for fiction (ATIS-0300048); others may be anyone's.
    """
    found = _EXTENSION.search(value)
    number, extension = (value[: found.start()], found[0]) if found else (value, "")
    digits = "".join(_DIGIT.findall(number))
    fresh = _digits(rng, number, digits)
    if fresh is None or any(char.isalpha() for char in number):
        return in_shape(rng, value)
    replacing = iter(fresh)
    return _DIGIT.sub(lambda _: next(replacing), number) + _redrawn(rng, extension)


def phone_key(value: str) -> str:
    """A number's digits, without separators and North America's code: what its writings have in common."""
    digits = "".join(_DIGIT.findall(value))
    return digits[1:] if _NORTH_AMERICAN.match(digits) and digits.startswith("1") else digits


def _digits(rng: Random, number: str, digits: str) -> str | None:
    plus = number.lstrip(" (").startswith("+")
    line = f"555{100 + int(rng.random() * 100):04d}"
    if _NORTH_AMERICAN.fullmatch(digits) and (not plus or digits.startswith("1")):
        return f"{digits[:-10]}{pick(rng, table('numbers')['area_codes'])}{line}"
    if _LOCAL.fullmatch(number):
        return line
    if len(digits) < _FEWEST:
        return None
    kept = _country(digits) if plus or digits.startswith("00") else ""
    kept += (_LEADING.match(digits[len(kept) :]) or [""])[0]
    mobile = ""
    if kept in ("", "86", "0086") and len(digits) == len(kept) + 11 and digits[len(kept)] == "1":
        # China's mobile numbers.
        mobile = "1" + pick(rng, "35789")
    rest = digits[len(kept + mobile) :]
    # A first digit other than 0 tells mobile from fixed lines in many countries.
    first = mobile or rest[:1]
    return kept + first + "".join(str(int(rng.random() * 10)) for _ in digits[len(kept + first) :])


def _country(digits: str) -> str:
    """The country code, with the zeros before it."""
    zeros = "00" if digits.startswith("00") else ""
    code = digits[len(zeros) :]
    length = 1 if code[:1] in ("1", "7") else 2 if int(code[:2] or 0) in table("numbers")["country_codes"] else 3
    return zeros + code[:length]


def _redrawn(rng: Random, extension: str) -> str:
    return _DIGIT.sub(lambda _: str(int(rng.random() * 10)), extension)
