"""Which of Faker's locales a value's names come from, and the lists of names there."""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Literal, NamedTuple

from piispan.core import RedactionError
from piispan.tagger.surrogates.letters import WORD
from piispan.tagger.surrogates.tables import table

__all__ = ["Gender", "Names", "check_locale", "gender_of", "is_given", "is_surname", "locale_of", "names_of", "provider", "script_of"]

Gender = Literal["female", "male"]

_LOCALE = re.compile(r"[a-z]{2,3}(?:_[A-Z]{2})?")
_KANA = re.compile("[\u3041-\u30ff]")
_MAC = re.compile("^Mc([a-z])")
_ACCENTS = re.compile("[\u0300-\u036f]")
_FEWEST = 10
"""Names of a list that is worth drawing from."""


@dataclass(frozen=True, slots=True)
class Names:
    """Names of one locale, each a single word."""

    female: tuple[str, ...]
    male: tuple[str, ...]
    surnames: tuple[str, ...]
    female_surnames: tuple[str, ...]
    male_surnames: tuple[str, ...]
    patronymics: tuple[tuple[str, ...], tuple[str, ...]]

    def given(self, gender: Gender | None) -> tuple[str, ...]:
        """Given names of a gender, or of both."""
        return self.female if gender == "female" else self.male if gender == "male" else self.female + self.male

    def family(self, gender: Gender | None) -> tuple[str, ...]:
        """Surnames as a gender bears them, or all."""
        return self.female_surnames if gender == "female" else self.male_surnames if gender == "male" else self.surnames


def check_locale(locale: str) -> str:
    """``locale``, if Faker has names or addresses of it.

    Raises:
        RedactionError: If it has none.
    """
    if not isinstance(locale, str) or not _LOCALE.fullmatch(locale) or not (_has("person", locale) or _has("address", locale)):
        raise RedactionError(f'locale must be one of Faker\'s, such as "de_DE", was: {locale!r}')
    return locale


@cache
def _has(kind: str, locale: str) -> bool:
    return find_spec(f"faker.providers.{kind}.{locale}") is not None


@cache
def provider(kind: str, locale: str, otherwise: str = "en_US") -> Any:
    """Faker's provider class of a kind (person, address, company) and locale; of ``otherwise`` where the locale has none."""
    return import_module(f"faker.providers.{kind}.{locale if _has(kind, locale) else otherwise}").Provider


@cache
def names_of(locale: str) -> Names:
    """The names of a locale; those of en_US where Faker has too few."""
    people = provider("person", locale)
    everyone = _single(people, "first_names")
    female, male = (_single(people, f"first_names_{gender}") or everyone for gender in ("female", "male"))
    surnames = _single(people, "last_names")
    if min(len(female), len(male), len(surnames)) < _FEWEST:
        return names_of("en_US")
    by_gender = [_single(people, f"last_names_{gender}") for gender in ("female", "male")]
    patronymics = [_single(people, f"middle_names_{gender}") for gender in ("female", "male")]
    return Names(
        female,
        male,
        surnames,
        by_gender[0] if len(by_gender[0]) >= _FEWEST else surnames,
        by_gender[1] if len(by_gender[1]) >= _FEWEST else surnames,
        (patronymics[0], patronymics[1]),
    )


def _single(people: Any, attribute: str) -> tuple[str, ...]:
    """One of a provider's lists, without names of several words; empty where it has none."""
    listed = getattr(people, attribute, ())
    if not isinstance(listed, (dict, list, tuple)):
        return ()
    # Faker writes "Mcdonald".
    return tuple(dict.fromkeys(_MAC.sub(lambda found: "Mc" + found[1].upper(), name) for name in listed if WORD.fullmatch(name)))


class _Known(NamedTuple):
    """Names of a locale without letter case and accents."""

    female: frozenset[str]
    male: frozenset[str]
    surnames: frozenset[str]


@cache
def _known(locale: str) -> tuple[_Known, ...]:
    """The lists that tell what a name of the locale is: its own first."""
    latin = script_of(names_of(locale).female[0]) == "LATIN"
    lists = [names_of(one) for one in dict.fromkeys([locale, *(table("locales")["known_names"] if latin else ())])]
    return tuple(_Known(*(frozenset(map(_plain, names)) for names in (one.female, one.male, one.surnames))) for one in lists)


def gender_of(name: str, locale: str) -> Gender | None:
    """The gender that a given name is of in the first list to tell, that of the locale before others; ``None`` where none does."""
    key = _plain(name)
    for known in _known(locale):
        if (key in known.female) != (key in known.male):
            return "female" if key in known.female else "male"
    return None


def is_given(name: str, locale: str) -> bool:
    """Whether a name that stands alone is a given name: it is one in the locale, or elsewhere and no surname."""
    key = _plain(name)
    own, *others = _known(locale)
    if key in own.female or key in own.male:
        return True
    return not is_surname(name, locale) and any(key in one.female or key in one.male for one in others)


def is_surname(name: str, locale: str) -> bool:
    """Whether a name is a surname in one of the lists that tell of the locale."""
    key = _plain(name)
    return any(key in one.surnames for one in _known(locale))


def _plain(name: str) -> str:
    """Without letter case and accents, which people leave out."""
    return _ACCENTS.sub("", unicodedata.normalize("NFKD", name.casefold()))


@cache
def script_of(char: str) -> str | None:
    """The script of the first letter of ``char``, as Unicode's names of letters begin; ``None`` where there is no letter."""
    letter = next((one for one in char if one.isalpha()), None)
    script = unicodedata.name(letter, "").split(" ")[0].split("-")[0] if letter else None
    return script or None


def locale_of(value: str, text: str, locale: str | None) -> str:
    """The locale whose names stand for ``value``.

    Args:
        value: A name or place.
        text: The document: it tells the language where a script is of several.
        locale: The locale asked for; left aside where its script is not the value's.
    """
    scripts, same = table("locales")["scripts"], table("locales")["same"]
    script = next((found for found in (script_of(char) for char in value if char.isalpha()) if found in scripts), "LATIN")
    if locale is not None:
        own = script_of(names_of(locale).surnames[0]) or "LATIN"
        if same.get(own, own) == same.get(script, script):
            return locale
    if script == "CJK" and _KANA.search(text):
        return "ja_JP"
    for other, letters in table("locales")["telling"].get(script, {}).items():
        if any(letter in text for letter in letters + letters.upper()):
            return str(other)
    return str(scripts[script])
