"""Names of people of many origins, in Latin script, and the e-mail addresses they might have."""

import random
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module

from piispan.dataset_builder.partitions import Partition, names_on_side
from piispan.dataset_builder.synthesis.grammar import Grammar, load_rules, pick

__all__ = ["People", "Person"]

_FAKER_LOCALES: dict[int, tuple[str, ...]] = {
    12: ("en_US",),
    5: ("en_GB",),
    3: ("en_IN",),
    2: ("en_IE", "en_NZ", "en_PK", "en_KE", "de_DE", "fr_FR", "es_ES", "es_MX", "it_IT"),
    1: (
        *("en_NG", "yo_NG", "zu_ZA", "de_AT", "fr_QC", "es_CO", "pt_BR", "nl_NL", "sv_SE", "no_NO"),
        *("da_DK", "fi_FI", "hu_HU", "cs_CZ", "tr_TR", "ro_RO", "hr_HR", "id_ID"),
        *("pt_PT", "nl_BE", "ga_IE", "es_CL", "sk_SK", "sl_SI", "et_EE", "tw_GH"),
    ),
}
"""Faker's lists by how often they are drawn from; every one is in Latin script."""
_ORIGINS: dict[int, tuple[str, ...]] = {
    4: ("chinese", "korean", "japanese", "vietnamese", "arabic", "slavic"),
    2: ("portuguese", "hispanic", "gaelic", "anglo", "french", "germanic"),
    1: (
        *("greek_women", "greek_men", "icelandic_women", "icelandic_men", "polish_women", "polish_men", "czech_women"),
        *("lithuanian_women", "lithuanian_men", "bulgarian_women", "bulgarian_men", "south_slavic", "albanian", "hungarian"),
        *("romanian", "finnish", "scandinavian", "dutch", "italian", "turkish", "hebrew", "ashkenazi", "persian", "afghan"),
        *("kurdish", "caucasian", "central_asian", "sikh", "south_asian", "east_asian", "southeast_asian", "malay", "filipino"),
        *("pacific", "maghrebi", "gulf", "west_african", "east_african", "horn_african", "southern_african"),
    ),
}
"""Origins whose names stand in the vocabulary, as ``given_…`` and ``family_…``, by how often they are drawn from."""
_DOUBLED = 0.04
"""The share of people whose family name is put together from two of their origin's."""
_UNFOLDED = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ß": "ss", "æ": "ae", "œ": "oe", "ı": "i", "ð": "d", "þ": "th"})


@dataclass(frozen=True, slots=True)
class Person:
    """A made-up person: what the surface forms are made of."""

    given: str
    family: str
    middle: str


Names = tuple[tuple[str, ...], tuple[str, ...]]


@lru_cache
def _origins(language: str, partition: Partition) -> tuple[Names, ...]:
    """Given and family names by origin, as often as the origin is to be drawn."""
    rules, origins = load_rules(language), list[Names]()
    for weight, locale in ((weight, locale) for weight, locales in _FAKER_LOCALES.items() for locale in locales):
        provider = import_module(f"faker.providers.person.{locale}").Provider
        family = names_on_side(provider.last_names, partition)
        for gender in ("female", "male"):
            given = names_on_side(getattr(provider, f"first_names_{gender}", provider.first_names), partition)
            origins.extend([(given, family)] * weight)
    for weight, origin in ((weight, origin) for weight, names in _ORIGINS.items() for origin in names):
        given, family = (
            names_on_side(("".join(term.text for term in production) for production in rules[f"{part}_{origin}"]), partition)
            for part in ("given", "family")
        )
        origins.extend([(given, family)] * weight)
    return tuple(origins)


class People:
    """Draws people and writes their names.

    Args:
        rng: Source of chance.
        language: Whose vocabulary to use.
        partition: Every given name and every family name is on this side, hence every full name too.
    """

    def __init__(self, rng: random.Random, language: str, partition: Partition) -> None:
        self._rng, self._all = rng, _origins(language, partition)

    def draw(self) -> Person:
        """A new person."""
        given, family = pick(self._rng, self._all)
        first, second = pick(self._rng, family), pick(self._rng, family)
        double = f"{first}{pick(self._rng, ('-', '-', ' '))}{second}"
        name = double if self._rng.random() < _DOUBLED and first != second else first
        return Person(pick(self._rng, given), name, pick(self._rng, given))

    def given(self) -> str:
        """A given name."""
        return self.draw().given

    def family(self) -> str:
        """A family name as the vocabulary has it."""
        return pick(self._rng, pick(self._rng, self._all)[1])

    def slug(self) -> str:
        """A family name as it might stand in a domain: small ASCII letters."""
        return _fold(self.family()) or "home"

    def name(self, person: Person, kind: str) -> str:
        """One way to write the person.

        Args:
            person: Whom.
            kind: ``given``, ``family``, ``full``, ``listed`` (family name first), or empty for any of many.

        Raises:
            KeyError: If there is no such kind.
        """
        if not kind:
            chance = self._rng.random()
            kind = "full" if chance < 0.66 else "given" if chance < 0.8 else "family" if chance < 0.9 else "initial"
        if kind == "full":
            return pick(self._rng, _FULL)(person)
        return _KINDS[kind](person)

    def mailbox(self, person: Person, grammar: Grammar) -> str:
        """The part of an e-mail address before the @: of this person, of a role, or of neither."""
        chance, given, family = self._rng.random(), _fold(person.given), _fold(person.family)
        if chance < 0.1:
            return grammar.expand("mail_role")
        if chance < 0.2 or not given or not family:
            return grammar.expand("mail_word") + grammar.fill("^#")
        mailbox = pick(self._rng, _MAILBOXES)(given, family)
        return mailbox + grammar.fill(pick(self._rng, ("^", "^#", "19^#"))) if chance < 0.45 else mailbox


_KINDS: dict[str, Callable[[Person], str]] = {
    "given": lambda p: p.given,
    "family": lambda p: p.family,
    "initial": lambda p: f"{p.given[0]}. {p.family}",
    "listed": lambda p: f"{p.family}, {p.given}",
}
_PLAIN_FULL: Callable[[Person], str] = lambda p: f"{p.given} {p.family}"  # noqa: E731 -- one of a row of them
_FULL: tuple[Callable[[Person], str], ...] = (
    *[_PLAIN_FULL] * 20,
    *[lambda p: f"{p.given} {p.middle[0]}. {p.family}"] * 3,
    lambda p: f"{p.given} {p.middle[0]} {p.family}",
    lambda p: f"{p.given} {p.middle} {p.family}",
    lambda p: f"{p.given[0]}. {p.middle[0]}. {p.family}",
    lambda p: f"{p.given}-{p.middle} {p.family}",
)
_MAILBOXES: tuple[Callable[[str, str], str], ...] = (
    *[lambda given, family: f"{given}.{family}"] * 4,
    *[lambda given, family: f"{given[0]}{family}"] * 2,
    lambda given, family: f"{given[0]}.{family}",
    lambda given, family: f"{given}_{family}",
    lambda given, family: f"{family}.{given}",
    lambda given, family: f"{given}{family}",
    lambda given, family: f"{given}-{family}",
    lambda given, family: f"{family}{given[0]}",
    lambda given, _: given,
)


def _fold(name: str) -> str:
    """The name in ASCII letters, small."""
    folded = unicodedata.normalize("NFKD", name.casefold().translate(_UNFOLDED))
    return "".join(char for char in folded if char.isascii() and char.isalpha())
