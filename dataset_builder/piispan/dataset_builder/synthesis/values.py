"""Entity values: a maker per label, held to one side of the partition."""

import random
from collections.abc import Callable, Mapping

from piispan.core import DataError
from piispan.dataset_builder.partitions import Partition, is_on_side
from piispan.dataset_builder.synthesis.accounts import card_number, iban
from piispan.dataset_builder.synthesis.cast import Cast
from piispan.dataset_builder.synthesis.chinese.people import ChinesePeople, ChinesePerson
from piispan.dataset_builder.synthesis.chinese.values import chinese_makers
from piispan.dataset_builder.synthesis.dates import age, date_time, random_moment, written_moment
from piispan.dataset_builder.synthesis.frames import Slot
from piispan.dataset_builder.synthesis.grammar import Grammar
from piispan.dataset_builder.synthesis.identifiers import dea_number, failing_luhn, imei, npi, udi, vin
from piispan.dataset_builder.synthesis.ordered_dates import OrderedDates
from piispan.dataset_builder.synthesis.people import People, Person

__all__ = ["Values"]

_TRIES, _AGREEING_TRIES, _OTHER_TRIES = 500, 60, 5
_DEALT = frozenset({"PERSON"})
"""Labels whose values are on their side by their parts."""

Maker = Callable[[Slot], str]
"""Makes a value for a slot."""


class Values:
    """Makes the values of one document after another.

    Args:
        rng: Source of chance; seed it anew and call ``begin`` for every document.
        language: Whose vocabulary to use.
        partition: The side every labelled value is on. Fillers are no entities and are not held to it.
    """

    def __init__(self, rng: random.Random, language: str, partition: Partition) -> None:
        self._partition: Partition = partition
        self._said: dict[Slot, str] = {}
        self._fillers: dict[Slot, str] = {}
        self._dates = OrderedDates(rng)
        self._births = _Births(rng, partition)
        self._makers: Mapping[str, Maker]
        if language == "zh":
            chinese = ChinesePeople(rng, partition)
            self._grammar = Grammar(rng, language, {"name_slug": chinese.slug})
            self._cast: Cast[ChinesePerson] | Cast[Person] = Cast(chinese, {"kid": chinese.draw_child, "old": chinese.draw_elder})
            self._makers = chinese_makers(rng, self._grammar, self._cast, self._dates)
        else:
            people = People(rng, language, partition)
            self._grammar = Grammar(rng, language, {"given": people.given, "family": people.family, "name_slug": people.slug})
            self._cast = Cast(people)
            self._makers = _english_makers(rng, self._grammar, self._cast, self._dates, self._births)

    def begin(self) -> None:
        """Forget the people and values of the last document."""
        self._cast.begin()
        self._dates.begin()
        self._births.begin()
        self._said.clear()
        self._fillers.clear()

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
        maker = self._makers.get(slot.label, self._from_grammar)
        if slot.is_filler:
            return self._another(maker, slot)
        if slot.label in _DEALT:
            return maker(slot)
        for attempt in range(_TRIES):
            # A person's own date of birth can be on the other side in every form: then the partition goes before agreement.
            value = maker(slot if attempt < _AGREEING_TRIES else Slot(slot.label, slot.kind))
            if is_on_side(value, self._partition):
                return value
        raise DataError(f"slot {slot}: no value on the {self._partition} side; the vocabulary is too small")

    def _another(self, maker: Maker, slot: Slot) -> str:
        """A filler, not the one that the last such slot of the document got: nobody takes a drug together with itself."""
        last, value, tries = self._fillers.get(slot), maker(slot), 1
        while value == last and tries < _OTHER_TRIES:
            value, tries = maker(slot), tries + 1
        self._fillers[slot] = value
        return value

    def _from_grammar(self, slot: Slot) -> str:
        return self._grammar.expand(f"{slot.label}.{slot.kind}" if slot.kind else slot.label)


class _Births:
    """The years in which the adults of one document were born, by the keys of its slots."""

    NOW = 2025
    """The year from which ages count, so that a stream does not change with the clock."""

    def __init__(self, rng: random.Random, partition: Partition) -> None:
        self._rng = rng
        self._partition: Partition = partition
        self._years: dict[str, int] = {}

    def begin(self) -> None:
        """Forget the people of the last document."""
        self._years.clear()

    def year(self, key: str) -> int:
        """The year of birth; the age that follows from it is on this side of the partition."""
        while key not in self._years:
            year = 1932 + int(self._rng.random() * 75)
            if is_on_side(str(self.NOW - year), self._partition):
                self._years[key] = year
        return self._years[key]


def _english_makers(rng: random.Random, grammar: Grammar, cast: Cast[Person], dates: OrderedDates, births: _Births) -> dict[str, Maker]:
    def date(slot: Slot) -> str:
        if not slot.key:
            return date_time(rng, slot.kind)
        if slot.kind == "birth":
            return date_time(rng, "birth", births.year(slot.key))
        end = dates.end(slot.key, slot.kind, lambda: random_moment(rng))
        return written_moment(end[0], slot.kind, end[1]) if end else date_time(rng, slot.kind)

    def years(slot: Slot) -> str:
        return str(_Births.NOW - births.year(slot.key)) if slot.key and slot.kind == "adult" else age(rng, slot.kind)

    return {
        "PERSON": lambda slot: cast.name(slot.key, slot.kind),
        "EMAIL_ADDRESS": lambda slot: f"{cast.mailbox(slot.key, grammar)}@{grammar.expand('mail_host')}",
        "CREDIT_CARD": lambda _: card_number(rng, grammar),
        "IBAN_CODE": lambda _: iban(rng, grammar),
        "DATE_TIME": date,
        "PUBLIC_DATE": lambda slot: date_time(rng, slot.kind),
        "AGE": years,
        "NPI": lambda _: npi(rng, grammar),
        "DEA_NUMBER": lambda _: dea_number(rng, grammar),
        "VIN": lambda _: vin(rng, grammar),
        "IMEI": lambda _: imei(rng, grammar),
        "UDI": lambda _: udi(rng, grammar),
        "_CARD_LIKE": lambda _: failing_luhn(rng, grammar),
    }
