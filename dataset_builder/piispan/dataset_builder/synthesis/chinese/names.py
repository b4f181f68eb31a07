"""The parts of Chinese names on one side of the partition, and how they are read."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from piispan.dataset_builder.partitions import Partition, is_on_side, names_on_side
from piispan.dataset_builder.synthesis.grammar import load_rules

__all__ = ["SEXES", "NameParts", "era_of", "name_parts", "reading", "rule_lines", "surname_reading"]

SEXES = ("female", "male")
_ERAS = {"old": 1972, "middle": 1996, "young": 9999}
"""Fashions in given names, with the year of birth in which the next begins."""
_SURNAME_TIMES = {"common": 24, "usual": 5, "rare": 1, "compound": 1}
_JOINTS = {"uyghur": "·", "transliterated": "·", "latin": " ", "tibetan": "", "mongolian": ""}
"""Origins of other names, with what stands between given and family name; the last two have given names alone."""


@dataclass(frozen=True, slots=True)
class NameParts:
    """What names are made of.

    Args:
        surnames: Surnames, each as often as it is to be drawn.
        given: Given names by era of birth and sex.
        others: For each other origin its given names, its family names (none for peoples without), and what stands between them.
    """

    surnames: tuple[str, ...]
    given: Mapping[tuple[str, str], tuple[str, ...]]
    others: tuple[tuple[tuple[str, ...], tuple[str, ...], str], ...]


def era_of(year: int) -> str:
    """The era whose given names suit someone born in ``year``."""
    return next(era for era, end in _ERAS.items() if year < end)


@lru_cache
def name_parts(partition: Partition) -> NameParts:
    """The names on one side: surnames as often as they are to be drawn, given names by era and sex, names of other origins."""
    single = {name for name in _surname_readings() if len(name) == 1}
    surnames = [
        name
        for rank, times in _SURNAME_TIMES.items()
        for name in (line.split(" ")[0] for line in rule_lines(f"surname_{rank}"))
        if is_on_side(_surname_readings()[name], partition)
        for _ in range(times)
    ]
    given: dict[tuple[str, str], tuple[str, ...]] = {}
    for sex in SEXES:
        # A single character can be a surname too, and a pair can be read as surname and given name: such names would be on both sides.
        alone = [name for name in rule_lines(f"single_{sex}") if name not in single]
        for era in _ERAS:
            heads, tails = rule_lines(f"head_{sex}_{era}"), rule_lines(f"tail_{sex}_{era}")
            pairs = [head + tail for head in heads for tail in tails if head != tail and head not in single]
            given[era, sex] = (*_by_reading(pairs, partition), *_by_reading(alone, partition) * (3 if era == "middle" else 1))
    others = tuple(
        (names_on_side(rule_lines(f"given_{origin}"), partition), _family_names(origin, partition), joint)
        for origin, joint in _JOINTS.items()
    )
    return NameParts(tuple(surnames), given, others)


def _family_names(origin: str, partition: Partition) -> tuple[str, ...]:
    rule = f"family_{origin}"
    return names_on_side(rule_lines(rule), partition) if rule in load_rules("zh") else ()


def _by_reading(names: Iterable[str], partition: Partition) -> tuple[str, ...]:
    return tuple(name for name in names if is_on_side(reading(name), partition))


def rule_lines(rule: str) -> Sequence[str]:
    """A rule's productions as text; references to other rules are written out."""
    rules, lines = load_rules("zh"), list[str]()
    for production in rules[rule]:
        written = [""]
        for term in production:
            written = [start + end for start in written for end in (rule_lines(term.rule) if term.rule else (term.text,))]
        lines.extend(written)
    return lines


def reading(name: str) -> str:
    """A given name in pinyin without tones, small and in one piece.

    Raises:
        KeyError: If a character is not among those given names are made of.
    """
    table = _character_readings()
    return "".join(table[char] for char in name)


def surname_reading(name: str) -> str:
    """A surname in pinyin without tones, small and in one piece; ü is written v.

    Raises:
        KeyError: If it is not among the surnames.
    """
    return _surname_readings()[name]


@cache
def _surname_readings() -> Mapping[str, str]:
    """Each surname's reading."""
    return {line.split(" ")[0]: line.split(" ")[1] for rank in _SURNAME_TIMES for line in rule_lines(f"surname_{rank}")}


@cache
def _character_readings() -> Mapping[str, str]:
    """The reading of each character of given names."""
    pairs = (line.split(" ") for line in rule_lines("reading"))
    return {char: sound for sound, characters in pairs for char in characters}
