"""Addresses and places that Chinese, Japanese and Korean write from the large to the small: 北京市海淀区中关村大街27号3单元."""

import re
from functools import cache
from random import Random
from typing import Any

from piispan.tagger.surrogates.avoiding import Source
from piispan.tagger.surrogates.locales import names_of, provider
from piispan.tagger.surrogates.places import place
from piispan.tagger.surrogates.seeding import pick
from piispan.tagger.surrogates.shapes import in_shape
from piispan.tagger.surrogates.tables import table

__all__ = ["han_address"]

_CHARACTER = r"[\u3005-\u3007\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3]"
_NUMERAL = "〇零一二三四五六七八九十百"
_LONGEST = 9


def han_address(source: Source, rng: Random, value: str, locale: str) -> str | None:
    """An address with the same parts: names by others of their list, numbers by others of their shape.

    Args:
        source: Where names are drawn from.
        rng: Source of chance for numbers.
        value: An address or place.
        locale: One of Chinese, Japanese or Korean.
    """
    written: list[str] = []
    for match in _pattern(locale[:2]).finditer(value):
        drawn: str | None = match[0]
        if match["name"]:
            drawn = _name(source, match["name"], match["unit"], locale)
        elif match["left"]:
            whole = len(match["left"]) == len(value.strip())
            drawn = place(source, match["left"]) if whole else _name(source, match["left"], "", locale)
        elif match["numeral"]:
            drawn = "".join(char if char in "十百" else pick(rng, "一二三四五六七八九") for char in match["numeral"])
        elif match["other"]:
            drawn = in_shape(rng, match["other"])
        if drawn is None:
            return None
        written.append(drawn)
    return "".join(written)


@cache
def _pattern(language: str) -> re.Pattern[str]:
    """A name with its unit, a number, what is left of a run of characters, or one other character."""
    data = table("han_addresses")[language]
    units = "|".join(sorted((unit for units in data["units"].values() for unit in units), key=len, reverse=True))
    after = "|".join(sorted(data["after_numbers"], key=len, reverse=True))
    return re.compile(
        rf"(?P<numeral>[{_NUMERAL}]+)(?=(?:{after}))"
        rf"|(?<=[\dA-Za-z{_NUMERAL}])(?P<counted>{after})"
        rf"|(?P<name>{_CHARACTER}{{1,{_LONGEST}}}?)(?P<unit>{units})(?!{units})"
        rf"|(?P<left>{_CHARACTER}+)|(?P<other>\d+|.)",
        re.DOTALL,
    )


def _name(source: Source, name: str, unit: str, locale: str) -> str | None:
    data = table("han_addresses")[locale[:2]]
    kind = next((kind for kind, units in data["units"].items() if unit in units), "communities")
    names = _pool(locale, kind)
    drawn = source.word(f"han {kind}", name, lambda rng: pick(rng, names))
    return None if drawn is None else drawn + unit


@cache
def _pool(locale: str, kind: str) -> tuple[str, ...]:
    """Names of a kind, without the unit after them."""
    data: Any = table("han_addresses")[locale[:2]]
    listed = data.get(kind) or getattr(provider("address", locale), kind, ()) or names_of(locale).surnames
    units = data["units"].get(kind, ())
    stems = (_stem(name, units) for name in listed)
    return tuple(dict.fromkeys(stem for stem in stems if stem and " " not in stem))


def _stem(name: str, units: Any) -> str:
    unit = next((unit for unit in sorted(units, key=len, reverse=True) if name.endswith(unit) and len(name) > len(unit) + 1), "")
    return name.removesuffix(unit) if unit else name
