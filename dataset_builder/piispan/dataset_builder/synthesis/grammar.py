"""A small grammar for surface forms: names of rules, each with its productions, kept as YAML beside the code.

In a production ``<name>`` is another rule, ``#`` a digit, ``^`` a digit but 0, ``?`` a capital letter; everything else stands
for itself. A rule is a list of productions, or one string with `` | `` between them.
"""

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import TypeVar

import yaml

from piispan.core import DataError

__all__ = ["Grammar", "Production", "load_rules", "pick"]

T = TypeVar("T")

_TERM = re.compile(r"<(\w+)>|([#^?]+)")
_SEPARATOR = re.compile(r"\s\|\s")
_CHARACTERS = {"#": "0123456789", "^": "123456789", "?": "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}


def pick(rng: random.Random, items: Sequence[T]) -> T:
    """One of ``items``; the same on every Python version, unlike what ``Random.choice`` promises."""
    return items[int(rng.random() * len(items))]


@dataclass(frozen=True, slots=True)
class Term:
    """One piece of a production: a rule's name, a pattern to fill, or plain text; the other two are empty."""

    rule: str = ""
    pattern: str = ""
    text: str = ""


Production = tuple[Term, ...]


@lru_cache
def load_rules(language: str) -> Mapping[str, tuple[Production, ...]]:
    """All rules of a language's vocabulary.

    Raises:
        DataError: If there is no vocabulary of that language, or a rule is given twice.
    """
    vocabulary = files("piispan.dataset_builder.synthesis") / "vocabulary"
    folder = vocabulary / language
    if not folder.is_dir():
        known = ", ".join(sorted(file.name for file in vocabulary.iterdir() if file.is_dir()))
        raise DataError(f"no synthetic vocabulary for language {language!r}; there is: {known}")
    rules: dict[str, tuple[Production, ...]] = {}
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        for name, value in yaml.safe_load(file.read_text("utf-8")).items():
            if name in rules:
                raise DataError(f"{file.name}: rule {name} is given twice")
            productions = [line for item in ([value] if isinstance(value, str) else value) for line in _SEPARATOR.split(item)]
            rules[name] = tuple(_compile(production) for production in productions)
    return rules


def _compile(production: str) -> Production:
    terms, end = [], 0
    for match in _TERM.finditer(production):
        if match.start() > end:
            terms.append(Term(text=production[end : match.start()]))
        terms.append(Term(rule=match[1] or "", pattern=match[2] or ""))
        end = match.end()
    return (*terms, Term(text=production[end:])) if end < len(production) else tuple(terms)


class Grammar:
    """Expands rules with one source of chance.

    Args:
        rng: Drawn from at every choice.
        language: Whose vocabulary to use.
        names: Rules that code makes instead of YAML, such as ``given`` and ``family``.
    """

    def __init__(self, rng: random.Random, language: str, names: Mapping[str, Callable[[], str]]) -> None:
        self._rng, self._rules, self._names = rng, load_rules(language), names

    def __contains__(self, rule: object) -> bool:
        return rule in self._rules

    def expand(self, rule: str) -> str:
        """A surface form of ``rule``.

        Raises:
            KeyError: If there is no such rule.
        """
        if rule in self._names:
            return self._names[rule]()
        return "".join(
            term.text or (self.expand(term.rule) if term.rule else self.fill(term.pattern)) for term in pick(self._rng, self._rules[rule])
        )

    def fill(self, pattern: str) -> str:
        """``pattern`` with every ``#``, ``^`` and ``?`` replaced; other characters stay."""
        draw = self._rng.random
        out = []
        for char in pattern:
            choices = _CHARACTERS.get(char)
            out.append(choices[int(draw() * len(choices))] if choices else char)
        return "".join(out)
