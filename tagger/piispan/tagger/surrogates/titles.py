"""Titles, and the groups that people belong to: words that become another of their list."""

from collections.abc import Sequence
from functools import cache
from random import Random

from piispan.tagger.surrogates.name_parts import title_gender
from piispan.tagger.surrogates.seeding import normalised, pick
from piispan.tagger.surrogates.shapes import in_case_of
from piispan.tagger.surrogates.tables import table

__all__ = ["group", "title"]


def title(rng: Random, value: str) -> str | None:
    """Another title of the same gender and form, with a dot if there was one; ``None`` for a title unknown."""
    words = value.split()
    drawn = [_title(rng, word) for word in words]
    made = " ".join(word for word in drawn if word)
    return made if made and all(drawn) else None


def _title(rng: Random, word: str) -> str | None:
    bare = normalised(word.rstrip("."))
    dotted = word.endswith(".")
    sets = [row for row in table("names")["title_sets"] if bare in {normalised(form.rstrip(".")) for form in row["forms"]}]
    # A title that both genders bear stays with those that both bear.
    sets.sort(key=lambda row: (row["gender"] is not None, not any(form.endswith(".") for form in row["forms"]) if dotted else False))
    if not sets:
        gender = title_gender(word)
        sets = [row for row in table("names")["title_sets"] if gender is not None and row["gender"] == gender]
    if not sets:
        return None
    others = [form for form in sets[0]["forms"] if normalised(form.rstrip(".")) != bare]
    form = pick(rng, others)
    # "Mr" and "Mr." are both written; "Herr" never has a dot, whatever it becomes.
    listed = next((one for one in sets[0]["forms"] if normalised(one.rstrip(".")) == bare), ".")
    form = form.rstrip(".") + ("." if dotted else "") if listed.endswith(".") else form
    return in_case_of(form, word)


def group(rng: Random, value: str) -> str | None:
    """Another nationality, religion or political group of the same sort and grammatical form; ``None`` for one unknown."""
    known = _groups().get(normalised(value))
    if known is None:
        return None
    drawn = pick(rng, [word for word in known if normalised(word) != normalised(value)])
    drawn = drawn[:1].lower() + drawn[1:] if value[:1].islower() else drawn[:1].upper() + drawn[1:]
    return in_case_of(drawn, value)


@cache
def _groups() -> dict[str, Sequence[str]]:
    """The first list that a word is in."""
    found: dict[str, Sequence[str]] = {}
    for words in table("groups"):
        for word in words:
            found.setdefault(normalised(word), words)
    return found
