"""ZIP codes cut to the three digits that may stay: 45 CFR 164.514(b)(2)(i)(B)."""

import re
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from piispan.tagger.safe_harbor.plain_form import plain_form

__all__ = ["sparse_prefixes", "three_digits"]

_ZIP = re.compile(r"(?:(?P<state>(?!zip)[a-z][a-z. ]*?),? )?(?:zip(?: ?code)?:? ?)?(?P<prefix>[0-9]{3})[0-9]{2}(?:[- ]?[0-9]{4})?")
_PREFIX = re.compile(r"(?P<prefix>[0-9]{3})")


def three_digits(value: str) -> str | None:
    """The initial three digits of a US ZIP code.

    Read are five digits, ZIP+4, and three digits alone; before the code may stand a state or its abbreviation, and the word "ZIP". Nothing
    but the three digits is returned.

    Returns:
        The digits, ``000`` for those of ``sparse_prefixes``, or ``None`` when the value is not a ZIP code.
    """
    plain = plain_form(value)
    match = (_ZIP.fullmatch(plain) or _PREFIX.fullmatch(plain)) if plain is not None else None
    if match is None:
        return None
    state = match.groupdict().get("state")
    if state is not None and state not in _states() and re.sub("[. ]", "", state) not in _states():
        return None
    return "000" if match["prefix"] in sparse_prefixes() else match["prefix"]


@cache
def sparse_prefixes() -> frozenset[str]:
    """Initial three digits whose areas hold 20,000 people or fewer.

    The list is the one that the Department of Health and Human Services published from the 2000 Census (``zip3_census_2000.yaml`` names
    the source). The rule speaks of current data of the Census: who has newer figures must not lean on this list alone.
    """
    return frozenset(map(str, _shipped("zip3_census_2000.yaml")["prefixes"]))


@cache
def _states() -> frozenset[str]:
    shipped = _shipped("us_states.yaml")
    return frozenset([*shipped["abbreviations"].split(), *shipped["names"]])


def _shipped(name: str) -> Any:
    return yaml.safe_load((files("piispan.tagger.safe_harbor") / name).read_text("utf-8"))
