"""Countries, states and cities."""

import re
from functools import cache

from piispan.tagger.surrogates.avoiding import Source
from piispan.tagger.surrogates.letters import WORD
from piispan.tagger.surrogates.locales import names_of, provider, script_of
from piispan.tagger.surrogates.seeding import normalised, pick
from piispan.tagger.surrogates.shapes import in_case_of, in_shape
from piispan.tagger.surrogates.tables import table

__all__ = ["city", "is_state", "place", "postcode"]

_FEWEST = 10


def place(source: Source, value: str) -> str | None:
    """Another place of the same sort: a country, a state or its abbreviation, or a city of the language; None if none is allowed.

    Args:
        source: Where it is drawn from.
        value: The name of one place; words such as "County" stay.
    """
    found = re.fullmatch(r"(\W*)(.*?)(\W*)", value, re.DOTALL)
    before, name, after = found.groups() if found else ("", value, "")
    for writing in (value.strip(), name):
        listed = _list_of(source.locale_of(name), writing)
        if listed:
            drawn = _from_list(source, writing, listed)
            return None if drawn is None else value.replace(writing, drawn, 1)
    kept = [word for word in WORD.findall(name) if word.casefold() in table("places")["kept"]]
    words = WORD.findall(name)
    if kept and len(kept) < len(words):
        return _among_kept(source, value)
    if not words:
        return None
    drawn = city(source, name)
    return None if drawn is None else before + in_case_of(drawn, name) + after


def _from_list(source: Source, name: str, listed: tuple[str, ...]) -> str | None:
    drawn = source.word("place", name, lambda rng: pick(rng, listed))
    return None if drawn is None else in_case_of(drawn, name)


def city(source: Source, name: str) -> str | None:
    """Another city."""
    cities = _cities(source.locale_of(name))
    return source.word("city", name, lambda rng: pick(rng, cities))


def postcode(source: Source, value: str) -> str | None:
    """A postal code in the shape of ``value``, the same wherever it stands."""
    return source.word("zip", value, lambda rng: in_shape(rng, value))


def is_state(word: str) -> bool:
    """Whether a word of two capitals is a state of the United States."""
    return word in provider("address", "en_US").states_abbr


def _among_kept(source: Source, value: str) -> str | None:
    """A city in the place of each run of words that are not kept."""
    kept = "|".join(table("places")["kept"])
    pieces = re.split(rf"((?:^|(?<=\W))(?:{kept})(?:$|(?=\W)))", value, flags=re.IGNORECASE)
    written: list[str] = []
    for number, piece in enumerate(pieces):
        if number % 2 or not WORD.search(piece):
            written.append(piece)
            continue
        name = piece.strip()
        drawn = city(source, name)
        if drawn is None:
            return None
        written.append(piece.replace(name, in_case_of(drawn, name), 1))
    return "".join(written)


def _list_of(locale: str, name: str) -> tuple[str, ...] | None:
    """The list of countries or states that a name is on."""
    key = normalised(name)
    return next((names for keys, names in _lists(locale) if (name if name.isupper() else key) in keys or key in keys), None)


@cache
def _lists(locale: str) -> tuple[tuple[frozenset[str], tuple[str, ...]], ...]:
    """Lists of countries and states, each with what is looked up: the names normalised, short ones in capitals as they are."""
    states, own = provider("address", "en_US"), provider("address", locale)
    short = [tuple(states.states_abbr), *map(tuple, table("places")["countries"])]
    others = [getattr(own, kind, ()) for kind in ("states", "provinces", "prefectures")]
    # An addition in brackets ("Korea (North)") would look out of place.
    long = [
        tuple(one for one in names if "(" not in one and "," not in one)
        for names in (states.states, own.countries, states.countries, *others)
    ]
    return (*((frozenset(names), names) for names in short), *((frozenset(map(normalised, names)), names) for names in long if names))


@cache
def _cities(locale: str) -> tuple[str, ...]:
    """Names of cities of a locale; surnames where Faker lists none, as many places are named after people."""
    own = provider("address", locale)
    listed = next((names for kind in ("cities", "city_names") if isinstance(names := getattr(own, kind, None), tuple)), ())
    names = tuple(dict.fromkeys(one for one in listed if one and not any(char.isdigit() for char in one)))
    if len(names) >= _FEWEST and script_of(names[0]) == script_of(names_of(locale).surnames[0]):
        return names
    return tuple(table("places")["cities"]) if locale.startswith("en") else names_of(locale).surnames
