"""Chinese people: how their names are written, and what agrees with them (sex, date of birth, home county)."""

import random
from dataclasses import dataclass
from datetime import date
from functools import cache

from piispan.dataset_builder.partitions import Partition, is_on_side
from piispan.dataset_builder.synthesis.chinese.dates import random_date
from piispan.dataset_builder.synthesis.chinese.names import SEXES, era_of, name_parts, reading, rule_lines, surname_reading
from piispan.dataset_builder.synthesis.grammar import Grammar, pick

__all__ = ["ChinesePeople", "ChinesePerson", "County", "counties"]

_OTHERS = 0.06
"""This share of people has a name of another origin than Han."""


@dataclass(frozen=True, slots=True)
class County:
    """A county, district or city of that rank: its code of GB/T 2260 and its name with those above it."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class ChinesePerson:
    """A made-up person.

    Args:
        family: Family name; empty for peoples who have none.
        given: Given name.
        joint: What stands between the two; if empty, the family name comes first.
        female: Whether a woman.
        birth: Date of birth.
        county: Where the identity number was given out.
    """

    family: str
    given: str
    joint: str
    female: bool
    birth: date
    county: County

    @property
    def age(self) -> int:
        """Years at the end of 2025, so that a stream does not change with the clock."""
        return _age(self.birth)


class ChinesePeople:
    """Draws people and writes their names.

    Args:
        rng: Source of chance.
        partition: Every surname and every given name is on this side, by its reading, hence every way to write a person is.
    """

    def __init__(self, rng: random.Random, partition: Partition) -> None:
        self._rng, self._names = rng, name_parts(partition)
        self._partition: Partition = partition

    def draw(self) -> ChinesePerson:
        """A new person of age."""
        return self._draw("birth")

    def draw_child(self) -> ChinesePerson:
        """A new person of less than 18 years."""
        return self._draw("child")

    def draw_elder(self) -> ChinesePerson:
        """A new person of 61 to 85 years."""
        return self._draw("old")

    def slug(self) -> str:
        """A surname in small ASCII letters, as it might stand in a domain."""
        return surname_reading(pick(self._rng, self._names.surnames))

    def name(self, person: ChinesePerson, kind: str) -> str:
        """One way to write the person, never with a title such as 先生.

        Args:
            person: Whom.
            kind: ``full``, ``family`` (before a title), ``given``, ``nick`` (小 or 老 and the surname, which make one name), ``pinyin``
                (Latin letters), or empty for any that needs no context.

        Raises:
            KeyError: If there is no such kind.
        """
        if not kind:
            chance = self._rng.random()
            kind = "full" if chance < 0.8 else "nick" if chance < 0.9 else "given"
        if kind == "family":
            return person.family if person.family and person.joint != "·" else person.given
        if person.joint or not person.family:
            whole = f"{person.given}{person.joint}{person.family}"
            return {"full": whole, "pinyin": whole, "given": person.given, "nick": person.given}[kind]
        if kind == "nick":
            return pick(self._rng, ("老", "小") if person.birth.year < 1985 else ("小",)) + person.family
        if kind == "given":
            return person.given if len(person.given) > 1 else f"小{person.given}"
        if kind == "pinyin":
            family, given = surname_reading(person.family).title(), reading(person.given).title()
            return pick(self._rng, (f"{family} {given}", f"{family} {given}".upper(), f"{given} {family}", f"{family}, {given}"))
        spaced = len(person.family) == len(person.given) == 1 and self._rng.random() < 0.03
        return {"full": f"{person.family}\u3000{person.given}" if spaced else f"{person.family}{person.given}"}[kind]

    def mailbox(self, person: ChinesePerson, grammar: Grammar) -> str:
        """The part of an e-mail address before the @, also good as a user name: of this person or of no name."""
        chance = self._rng.random()
        latin = person.joint == " "
        if chance < 0.15 or not (latin or (person.family and not person.joint)):
            return grammar.expand("mail_word")
        given = person.given.replace(" ", "").casefold() if latin else reading(person.given)
        family = person.family.casefold() if latin else surname_reading(person.family)
        initials = given[0] if latin else "".join(reading(char)[0] for char in person.given)
        number = pick(self._rng, ("", "", f"{person.birth:%Y}", f"{person.birth:%y}", f"{person.birth:%m%d}", grammar.fill("^##")))
        forms = (
            *(f"{family}{given}", f"{family}{given}", f"{family}.{given}", f"{family}_{given}", f"{given}.{family}"),
            *(f"{given}{family}", f"{family}{initials}", f"{given}_{family}"),
        )
        return pick(self._rng, forms) + number

    def _draw(self, era_of_birth: str) -> ChinesePerson:
        rng = self._rng
        sex, county, birth = pick(rng, SEXES), pick(rng, counties()), random_date(rng, era_of_birth)
        while not is_on_side(f"{_age(birth)}岁", self._partition):
            birth = random_date(rng, era_of_birth)
        if rng.random() < _OTHERS:
            given, family, joint = pick(rng, self._names.others)
            return ChinesePerson(pick(rng, family) if family else "", pick(rng, given), joint, sex == "female", birth, county)
        given_name = pick(rng, self._names.given[era_of(birth.year), sex])
        return ChinesePerson(pick(rng, self._names.surnames), given_name, "", sex == "female", birth, county)


def _age(birth: date) -> int:
    return 2025 - birth.year


@cache
def counties() -> tuple[County, ...]:
    """Every county that identity numbers and addresses name."""
    return tuple(County(*line.split(" ", 1)) for line in rule_lines("county"))
