"""From which names a name's surrogate is drawn."""

import re
from collections.abc import Callable
from functools import cache
from random import Random

from piispan.tagger.surrogates.locales import Gender, gender_of, names_of, provider
from piispan.tagger.surrogates.name_parts import PATRONYMIC, Role
from piispan.tagger.surrogates.seeding import pick
from piispan.tagger.surrogates.tables import table

__all__ = ["drawing", "gender_of_given", "gender_of_surname"]

_KATAKANA = re.compile(r"[\u30a1-\u30ff]+")
_HIRAGANA = re.compile(r"[\u3041-\u309f\u30fc]+")


def drawing(role: Role, name: str, locale: str, gender: Gender | None, foreign: bool = False) -> Callable[[Random], str]:
    """How a name of the same kind is drawn.

    Args:
        role: ``given`` or ``surname``.
        name: What is replaced: patronymics, surnames with O', kana and the length of Chinese names keep their kind.
        locale: Whose names to draw.
        gender: Of whom, or ``None`` if it isn't known.
        foreign: Whether it is a name that Chinese took over, as 约翰 in 约翰·史密斯.
    """
    names = names_of(locale)
    if locale.startswith("zh"):
        return _chinese(role, name, locale, gender, foreign or len(name) > 2)
    if locale == "ja_JP" and (_KATAKANA.fullmatch(name) or _HIRAGANA.fullmatch(name)):
        kana = _kana(role, gender, small=_HIRAGANA.fullmatch(name) is not None)
        return lambda rng: pick(rng, kana)
    pool = names.family(gender) if role == "surname" else names.given(gender)
    if role == "given" and PATRONYMIC.search(name) and all(names.patronymics):
        pool = names.patronymics[0 if name.casefold().endswith("а") else 1]
    if role == "surname" and re.match(r"O['’]\w", name, re.IGNORECASE):
        pool = _of_o()
    return lambda rng: pick(rng, pool)


def gender_of_given(name: str, locale: str) -> Gender | None:
    """The gender of a given name, where Faker's lists know it; of a Chinese one by its last character."""
    if PATRONYMIC.search(name):
        return "female" if name.casefold().endswith("а") else "male"
    known = gender_of(name, locale)
    return gender_of(name[-1], locale) if known is None and locale.startswith("zh") else known


def gender_of_surname(name: str, locale: str) -> Gender | None:
    """The gender that a surname's form tells, in locales that write it; ``None`` elsewhere."""
    names = names_of(locale)
    if names.female_surnames is names.surnames:
        return None
    key = name.capitalize()
    if (key in names.female_surnames) != (key in names.male_surnames):
        return "female" if key in names.female_surnames else "male"
    return "female" if key.endswith(("а", "я", "á")) else None


@cache
def _of_o() -> tuple[str, ...]:
    """Irish surnames with O'."""
    return tuple(name for name in dict.fromkeys(provider("person", "en_IE").last_names) if name.startswith("O'"))


@cache
def _kana(role: Role, gender: Gender | None, small: bool) -> tuple[str, ...]:
    people = provider("person", "ja_JP")
    which = "last_kana_names" if role == "surname" else f"first_kana_names_{gender}" if gender else "first_kana_names"
    names = tuple(getattr(people, which))
    return tuple("".join(chr(ord(c) - 0x60) if "ァ" <= c <= "ヶ" else c for c in name) for name in names) if small else names


def _chinese(role: Role, name: str, locale: str, gender: Gender | None, foreign: bool) -> Callable[[Random], str]:
    """Surnames and given names of the same number of characters; foreign ones are of names taken over."""
    names, extra = names_of(locale), table("unspaced_names")["zh"]
    female, male, surnames = extra["transliterated"]
    if role == "surname":
        single = [one for one in names.surnames if len(one) == 1]
        pool = surnames if foreign else single if len(name) == 1 else extra["surnames"]
        return lambda rng: pick(rng, pool)
    if foreign:
        return lambda rng: pick(rng, female if gender == "female" else male if gender == "male" else female + male)
    whole = names.given(gender)
    single, double = ([one for one in whole if len(one) == size] for size in (1, 2))
    if len(name) == 1:
        return lambda rng: pick(rng, single)
    # Faker has few of two characters; two of one make more.
    return lambda rng: pick(rng, double) if rng.random() < 0.3 else pick(rng, single) + pick(rng, single)
