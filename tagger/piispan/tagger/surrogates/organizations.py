"""Names of companies, hospitals, schools and the like: what kind of organization it is stays."""

import re
from functools import cache
from random import Random

from piispan.tagger.surrogates.avoiding import Source
from piispan.tagger.surrogates.letters import LETTER
from piispan.tagger.surrogates.locales import names_of, provider
from piispan.tagger.surrogates.places import city
from piispan.tagger.surrogates.seeding import pick
from piispan.tagger.surrogates.shapes import in_case_of, in_shape
from piispan.tagger.surrogates.tables import table
from piispan.tagger.surrogates.unspaced_names import is_unspaced

__all__ = ["organization"]

_ACRONYM = re.compile(r"[A-Z]{2,6}|(?:[A-Z]\.){2,6}")
_TOKEN = re.compile(rf"({LETTER}(?:{LETTER}|['’.](?={LETTER}))*)|(\d+)|(.)", re.DOTALL)
_OF_PLACE = re.compile(
    r"(?:University|College|Bank|City|State|County|Diocese|Port|Universität|Université|Universidad)\s+(?:of|de|von)\s+", re.IGNORECASE
)


def organization(source: Source, rng: Random, value: str) -> str | None:
    """A made-up organization of the same kind: known words at the end stay ("Regional Hospital", "Inc.", 有限公司).

    Args:
        source: Where names are drawn from.
        rng: Source of chance; another one gives another name.
        value: The name of one.

    Returns:
        The name, an acronym for an acronym; or ``None`` where there are no letters.
    """
    locale = source.locale_of(value)
    if _ACRONYM.fullmatch(value):
        return in_shape(rng, value)
    if is_unspaced(value, locale):
        return _unspaced(source, value, locale)
    found = _OF_PLACE.match(value)
    if found:
        town = city(source, value[found.end() :])
        return None if town is None else value[: found.end()] + in_case_of(town, value)
    tokens = list(_TOKEN.finditer(value))
    words = [number for number, token in enumerate(tokens) if token[1]]
    if not words:
        return None
    kept = _kept_from(tokens, words)
    tail = value[tokens[kept].start() :] if kept < len(tokens) else ""
    head = value[: tokens[kept].start()] if kept < len(tokens) else value
    article = re.match(r"(?:The|Die|Das|Der|Le|La)\s+", head, re.IGNORECASE)
    named = _head(source, rng, head[article.end() if article else 0 :].strip(), bool(tail), locale)
    if named is None:
        return None
    gap = head[len(head.rstrip()) :]
    return (article[0] if article else "") + in_case_of(named, value) + gap + tail


def _kept_from(tokens: list[re.Match[str]], words: list[int]) -> int:
    """The first token of the end that stays."""
    data, kept = table("organizations"), len(tokens)
    for number in reversed(words):
        if tokens[number][1].casefold().rstrip(".") not in {*data["kinds"], *(data["small"] if kept < len(tokens) else ())}:
            break
        kept = number
    # A name of such words alone ("General Electric") must not stay as it is.
    if kept <= words[0]:
        kept = words[-1] if len(words) > 1 else len(tokens)
    return kept


def _head(source: Source, rng: Random, head: str, has_tail: bool, locale: str) -> str | None:
    """One or two surnames, as many as there were, and what kind of company it is where nothing else tells."""
    surnames = names_of(locale).surnames
    names = [source.word(f"organization {number}", head, lambda drawn: pick(drawn, surnames)) for number in (1, 2)]
    if None in names:
        return None
    joined = re.search(r"\s(&|and|und|et|y)\s", head)
    made = f"{names[0]} {joined[1]} {names[1]}" if joined else str(names[0])
    if not joined and has_tail and len(head.split()) > 2:
        made = f"{names[0]}-{names[1]}"
    if not has_tail and not joined:
        made = f"{names[0]} {pick(rng, _suffixes(locale))}" if " " in head else made
    return made


def _unspaced(source: Source, value: str, locale: str) -> str | None:
    """A drawn name before or after the known part of a name without spaces."""
    endings = sorted(table("organizations")["endings"], key=len, reverse=True)
    ending = next((one for one in endings if value.endswith(one)), "")
    opening = next((one for one in endings if not ending and value.startswith(one)), "")
    if ending == value or opening == value:
        ending = opening = ""
    stem = value.removeprefix(opening).removesuffix(ending)
    name = source.word("organization 1", stem, lambda drawn: pick(drawn, _prefixes(locale)))
    return None if name is None else f"{opening}{name}{ending}"


@cache
def _prefixes(locale: str) -> tuple[str, ...]:
    listed = getattr(provider("company", locale), "company_prefixes", ()) if locale.startswith("zh") else names_of(locale).surnames
    return tuple(name for name in listed if len(name) > 1) or names_of(locale).surnames


@cache
def _suffixes(locale: str) -> tuple[str, ...]:
    listed = getattr(provider("company", locale), "company_suffixes", ())
    return tuple(one for one in dict.fromkeys(listed) if one and " " not in one) or ("Group",)
