"""The people of one document, by the keys of its slots."""

from collections.abc import Callable, Mapping
from typing import Generic, Protocol, TypeVar

from piispan.dataset_builder.synthesis.grammar import Grammar

__all__ = ["Cast", "Namer"]

P = TypeVar("P")


class Namer(Protocol[P]):
    """What draws people and writes their names in one language."""

    def draw(self) -> P:
        """A new person."""
        ...

    def name(self, person: P, kind: str) -> str:
        """One way to write the person."""
        ...

    def mailbox(self, person: P, grammar: Grammar) -> str:
        """The part of an e-mail address before the @."""
        ...


class Cast(Generic[P]):
    """Remembers who stands behind which key.

    Args:
        namer: Draws the people and writes their names.
        others: For the first three letters of some keys, what draws the people behind those.
    """

    def __init__(self, namer: Namer[P], others: Mapping[str, Callable[[], P]] | None = None) -> None:
        self._namer, self._others = namer, others or {}
        self._persons: dict[str, P] = {}

    def begin(self) -> None:
        """Forget the people of the last document."""
        self._persons.clear()

    def person(self, key: str) -> P:
        """The person of a key, drawn when first asked for; without a key always another."""
        if not key:
            return self._namer.draw()
        if key not in self._persons:
            self._persons[key] = self._others.get(key[:3], self._namer.draw)()
        return self._persons[key]

    def name(self, key: str, kind: str) -> str:
        """One way to write the person of a key."""
        return self._namer.name(self.person(key), kind)

    def mailbox(self, key: str, grammar: Grammar) -> str:
        """The part of an e-mail address of the person of a key before the @."""
        return self._namer.mailbox(self.person(key), grammar)
