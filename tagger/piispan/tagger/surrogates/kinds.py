"""The kinds of value that surrogates are made for."""

from typing import Literal, get_args

__all__ = ["KINDS", "Kind"]

Kind = Literal[
    "name",
    "title",
    "age",
    "date",
    "phone",
    "email",
    "url",
    "ip",
    "ssn",
    "card",
    "iban",
    "zip",
    "address",
    "place",
    "organization",
    "group",
    "number",
]
"""``number`` is any identifier: digits by digits, letters by letters; ``group`` a nationality, religion or political group."""
KINDS: tuple[str, ...] = get_args(Kind)
