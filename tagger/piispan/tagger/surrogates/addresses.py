"""Postal addresses, part by part."""

import re
from functools import cache
from random import Random

from piispan.tagger.surrogates.avoiding import Source
from piispan.tagger.surrogates.han_addresses import han_address
from piispan.tagger.surrogates.letters import LETTER
from piispan.tagger.surrogates.locales import names_of, provider
from piispan.tagger.surrogates.places import city, is_state, place, postcode
from piispan.tagger.surrogates.seeding import normalised, pick
from piispan.tagger.surrogates.shapes import in_case_of, in_shape
from piispan.tagger.surrogates.tables import table
from piispan.tagger.surrogates.unspaced_names import is_unspaced

__all__ = ["address"]

_SEPARATOR = re.compile(r"(\s*[,;|\n\r]\s*)")
_STATE_AND_CODE = re.compile(r"(?P<before>.*?)(?P<state>\b[A-Z]{2}\b\.?)(?P<gap>\s+)(?P<code>\d{5}(?:-\d{4})?)(?P<after>\s*)", re.DOTALL)
_TRAILING_STATE = re.compile(r"(?P<before>.+?\s)(?P<state>[A-Z]{2})(?P<after>\s*)", re.DOTALL)
_STATE = re.compile(r"[A-Z]{2}\b")
_CODE_AND_CITY = re.compile(r"(?P<code>(?:[A-Z]{1,2}-)?\d{4,6})(?P<gap>\s+)(?P<city>[^\d]+)")
_CODE = re.compile(r"\s*(?:\d{5}(?:-\d{4})?|[A-Z]{1,2}\d[A-Z\d]?\s*\d[A-Z]{2}|[A-Z]\d[A-Z]\s?\d[A-Z]\d|\d{4,6})\s*")
_BRITISH_CODE = re.compile(r"(?P<before>.+\s)(?P<code>[A-Z]{1,2}\d[A-Z\d]?\s*\d[A-Z]{2})(?P<after>\s*)", re.DOTALL)
_BOX = re.compile(r"P\.?\s?O\.?\s?Box\b", re.IGNORECASE)
_TOKEN = re.compile(
    rf"(?P<ordinal>\d+)(?P<th>st|nd|rd|th)\b|(?P<word>{LETTER}+(?:['’]{LETTER}+)*)|(?P<number>\w+)|(?P<gap>.)", re.DOTALL | re.IGNORECASE
)


def address(source: Source, rng: Random, value: str) -> str | None:
    """An address in the shape of ``value``: numbers redrawn, names of streets and places by others, line breaks kept.

    Args:
        source: Where names are drawn from.
        rng: Source of chance for numbers.
        value: An address, a part of one, or a place.

    Returns:
        The address, or ``None`` where a name finds no other.
    """
    locale = source.locale_of(value)
    if is_unspaced(value, locale):
        return han_address(source, rng, value, locale)
    pieces = _SEPARATOR.split(value)
    written: list[str] = []
    for number, piece in enumerate(pieces):
        state = _STATE.match(pieces[number + 2]) if number + 2 < len(pieces) else None
        made = piece if number % 2 or not piece else _part(source, rng, piece, in_state=state is not None and is_state(state[0]))
        if made is None:
            return None
        written.append(made)
    return "".join(written)


def _part(source: Source, rng: Random, part: str, in_state: bool = False) -> str | None:
    """One part; before a state, what could be one itself ("New York") is a city."""
    if _CODE.fullmatch(part):
        return postcode(source, part)
    for pattern in (_STATE_AND_CODE, _TRAILING_STATE, _BRITISH_CODE):
        found = pattern.fullmatch(part)
        groups = found.groupdict() if found else {}
        if found and (pattern is _BRITISH_CODE or is_state(groups["state"].strip("."))):
            before = _part(source, rng, groups["before"], "state" in groups) if groups["before"].strip() else groups["before"]
            state = place(source, groups["state"]) if "state" in groups else ""
            code = postcode(source, groups["code"]) if "code" in groups else ""
            made = (before, state, groups.get("gap", ""), code, groups["after"])
            return None if None in made else "".join(filter(None, made))
    found = _CODE_AND_CITY.fullmatch(part)
    if found and not _kinds(part):
        code, town = postcode(source, found["code"]), place(source, found["city"])
        return code + found["gap"] + town if code and town else None
    if any(char.isdigit() for char in part) or _kinds(part):
        return _street(source, rng, part)
    if not any(char.isalpha() for char in part):
        return part
    town = city(source, part.strip()) if in_state else None
    return part.replace(part.strip(), in_case_of(town, part)) if town else place(source, part)


def _kinds(part: str) -> bool:
    """Whether a part says that it is a street or the like."""
    streets = table("places")["streets"]
    words = [match["word"].lower() for match in _TOKEN.finditer(part) if match["word"]]
    last = words[-1] if len(words) > 1 else ""
    return bool(_BOX.search(part)) or any(
        word in streets["before"] or (word in _suffixes() and word == last) or _ending(word) for word in words
    )


def _street(source: Source, rng: Random, part: str) -> str | None:
    """Numbers redrawn; each run of words that name something by one name."""
    boxed = _BOX.search(part)
    if boxed:
        return part[: boxed.end()] + in_shape(rng, part[boxed.end() :])
    tokens = list(_TOKEN.finditer(part))
    words = [place for place, token in enumerate(tokens) if token["word"]]
    roles = _roles([tokens[place]["word"] for place in words])
    by_token = dict(zip(words, roles, strict=True))
    written: list[str] = []
    run: list[int] = []
    seen_street = False
    for number, token in enumerate(tokens):
        role = by_token.get(number)
        if role == "name":
            run.append(number)
            continue
        if run and token["gap"] is not None and any(later in by_token and by_token[later] == "name" for later in (number + 1, number + 2)):
            continue
        if run:
            drawn = _named(source, part[tokens[run[0]].start() : tokens[run[-1]].end()], seen_street)
            if drawn is None:
                return None
            written.append(drawn)
            run = []
            if token["gap"] == ".":
                continue
        seen_street |= role == "suffix"
        written.append(_token(rng, token, role, source))
    if run:
        drawn = _named(source, part[tokens[run[0]].start() : tokens[run[-1]].end()], seen_street)
        if drawn is None:
            return None
        written.append(drawn)
    return "".join(written)


def _token(rng: Random, token: re.Match[str], role: str | None, source: Source) -> str:
    if token["ordinal"]:
        number = int(in_shape(rng, token["ordinal"]))
        suffix = "th" if 10 < number % 100 < 14 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
        return f"{number}{in_case_of(suffix, token['th'])}"
    if token["number"] or role == "letter":
        return in_shape(rng, token[0])
    if role == "compound":
        ending = _ending(token[0].lower())
        stem = source.word("surname", token[0][: -len(ending)], lambda drawn: pick(drawn, names_of(source.locale_of(token[0])).surnames))
        return in_case_of((stem or "Park") + ending, token[0])
    return token[0]


def _named(source: Source, run: str, after_street: bool) -> str | None:
    """A street's name, or a city's after the street."""
    if after_street:
        return place(source, run)
    surnames = names_of(source.locale_of(run)).surnames
    drawn = source.word("surname", run, lambda rng: pick(rng, surnames))
    return None if drawn is None else in_case_of(drawn, run)


def _roles(words: list[str]) -> list[str]:
    """What each word of a street is: ``suffix``, ``kept``, ``letter``, ``compound`` or ``name``."""
    streets, roles = table("places")["streets"], list[str]()
    for number, word in enumerate(words):
        small, after = word.lower(), words[number + 1].lower() if number + 1 < len(words) else ""
        if small in _suffixes() and not (after in _suffixes() or number == 0):
            roles.append("suffix")
        elif small in streets["directions"]:
            # "West Street" is called so.
            roles.append("name" if after in _suffixes() and "name" not in roles and len(word) > 2 else "kept")
        elif small in streets["before"] or small in streets["units"] or (small in streets["small"] and number + 1 < len(words)):
            roles.append("kept")
        elif len(word) == 1:
            roles.append("letter")
        else:
            roles.append("compound" if _ending(small) else "name")
    return roles


@cache
def _suffixes() -> frozenset[str]:
    listed = provider("address", "en_US").street_suffixes
    return frozenset([*map(normalised, listed), *table("places")["streets"]["suffixes"]])


def _ending(word: str) -> str:
    """The ending by which a word of one piece is a street ("Hauptstraße"); empty where there is none."""
    ends = table("places")["streets"]["ends"]
    return next((end for end in ends if word.endswith(end) and len(word) > len(end) + 2), "")
