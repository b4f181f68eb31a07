"""Chance that depends on a secret and a value alone, never on what was drawn before."""

import hmac
import random
import unicodedata
from collections.abc import Sequence
from typing import TypeVar

__all__ = ["alphanumeric", "folded", "normalised", "pick", "seeded"]

_T = TypeVar("_T")


def seeded(secret: bytes, kind: str, value: str, attempt: int = 0) -> random.Random:
    """A source of chance that only whoever has the secret can make again.

    Args:
        secret: The key of HMAC-SHA256.
        kind: What is drawn; the same value of two kinds is two values.
        value: The value that is replaced, normalised.
        attempt: How many surrogates of the value were no good.
    """
    message = f"{kind}\0{attempt}\0{value}".encode("utf-8", "surrogatepass")
    return random.Random(int.from_bytes(hmac.digest(secret, message, "sha256"), "big"))  # noqa: S311 -- the seed is what is secret


def pick(rng: random.Random, choices: Sequence[_T]) -> _T:
    """One of ``choices``, which must not be empty. ``random.choice`` may change between Python versions; ``random.random`` does not."""
    return choices[int(rng.random() * len(choices))]


def folded(value: str) -> str:
    """The value without differences of letter case and white space: how values are compared."""
    return " ".join(value.casefold().split())


def normalised(value: str) -> str:
    """``folded``, and without differences of Unicode form (NFKC): how values are looked up."""
    return folded(unicodedata.normalize("NFKC", value))


def alphanumeric(value: str) -> str:
    """``normalised``, letters and digits alone, so that a number has one surrogate however it is grouped; all of it where it has none."""
    whole = normalised(value)
    return "".join(char for char in whole if char.isalnum()) or whole
