"""Entity values: a maker per label, held to one side of the partition."""

import random
from collections.abc import Callable

from piispan.core import DataError
from piispan.dataset_builder.accounts import card_number, iban
from piispan.dataset_builder.dates import age, date_time
from piispan.dataset_builder.frames import Slot
from piispan.dataset_builder.grammar import Grammar
from piispan.dataset_builder.partitions import Partition, is_on_side
from piispan.dataset_builder.people import People, Person

__all__ = ["Values"]

_TRIES = 500


class Values:
    """Makes the values of one document after another.

    Args:
        rng: Source of chance; seed it anew and call ``begin`` for every document.
        language: Whose vocabulary to use.
        partition: The side every labelled value is on. Fillers are no entities and are not held to it.
    """

    def __init__(self, rng: random.Random, language: str, partition: Partition) -> None:
        self._rng = rng
        self._partition: Partition = partition
        self._people = People(rng, language, partition)
        people = self._people
        self._grammar = Grammar(rng, language, {"given": people.given, "family": people.family, "name_slug": people.slug})
        self._persons: dict[str, Person] = {}
        self._said: dict[Slot, str] = {}
        self._makers: dict[str, Callable[[Slot], str]] = {
            "EMAIL_ADDRESS": self._email,
            "CREDIT_CARD": lambda _: card_number(self._rng, self._grammar),
            "IBAN_CODE": lambda _: iban(self._rng, self._grammar),
            "DATE_TIME": lambda slot: date_time(self._rng, slot.kind),
            "AGE": lambda slot: age(self._rng, slot.kind),
        }

    def begin(self) -> None:
        """Forget the people and values of the last document."""
        self._persons.clear()
        self._said.clear()

    def value(self, slot: Slot) -> str:
        """The value of a slot; the same again for a slot with the same key.

        Raises:
            DataError: If the vocabulary knows no such slot, or has no value on this side of the partition.
        """
        if slot.key and slot in self._said:
            return self._said[slot]
        try:
            value = self._make(slot)
        except KeyError as error:
            raise DataError(f"slot {slot}: no maker and no rule {error.args[0]!r}") from None
        if slot.key:
            self._said[slot] = value
        return value

    def _make(self, slot: Slot) -> str:
        if slot.is_filler:
            return self._grammar.expand(slot.label)
        if slot.label == "PERSON":
            return self._people.name(self._person(slot.key), slot.kind)
        maker = self._makers.get(slot.label, self._from_grammar)
        for _ in range(_TRIES):
            value = maker(slot)
            if is_on_side(value, self._partition):
                return value
        raise DataError(f"slot {slot}: no value on the {self._partition} side; the vocabulary is too small")

    def _from_grammar(self, slot: Slot) -> str:
        return self._grammar.expand(f"{slot.label}.{slot.kind}" if slot.kind else slot.label)

    def _person(self, key: str) -> Person:
        """The person of a key, drawn when first asked for; without a key always another."""
        if not key:
            return self._people.draw()
        if key not in self._persons:
            self._persons[key] = self._people.draw()
        return self._persons[key]

    def _email(self, slot: Slot) -> str:
        mailbox = self._people.mailbox(self._person(slot.key), self._grammar)
        return f"{mailbox}@{self._grammar.expand('mail_host')}"
