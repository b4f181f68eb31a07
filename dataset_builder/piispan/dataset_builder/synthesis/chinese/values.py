"""Makers of Chinese entity values, one per label, and of fillers that a vocabulary can't write by itself."""

import random
import re
from collections.abc import Callable
from datetime import datetime, time

from piispan.dataset_builder.synthesis.cast import Cast
from piispan.dataset_builder.synthesis.chinese.dates import age, date_of, random_date, written_date
from piispan.dataset_builder.synthesis.chinese.numbers import bank_card, credit_code, grouped, identity_number, vehicle_number
from piispan.dataset_builder.synthesis.chinese.people import ChinesePerson, counties
from piispan.dataset_builder.synthesis.frames import Slot
from piispan.dataset_builder.synthesis.grammar import Grammar, pick
from piispan.dataset_builder.synthesis.ordered_dates import OrderedDates

__all__ = ["chinese_makers"]

_SHORTEST_WECHAT = 6
_PROVINCE = re.compile(r"^\w{2,8}?(省|自治区)")


def chinese_makers(
    rng: random.Random, grammar: Grammar, cast: Cast[ChinesePerson], dates: OrderedDates
) -> dict[str, Callable[[Slot], str]]:
    """A maker by label or filler; what has none stands in the vocabulary.

    Slots with the same key speak of one person, a child if the key begins with ``kid``, an elder if with ``old``: name, identity
    number, date of birth, age, month of the first job, home county, mailbox and the fillers ``_SIR`` (先生, 女士), ``_PRONOUN``
    (他, 她) and ``_SEX`` (男, 女) agree.

    Args:
        rng: Source of chance.
        grammar: The Chinese vocabulary.
        cast: The people of the document.
        dates: Its ranges of dates.
    """
    people = _OfPeople(rng, grammar, cast, dates)
    return {
        "PERSON": lambda slot: cast.name(slot.key, slot.kind),
        "EMAIL": people.email,
        "ID_CARD": people.identity,
        "DATE": people.date,
        "AGE": people.age,
        "ADDRESS": people.address,
        "MESSENGER_ID": people.messenger,
        "BANK_CARD": lambda slot: bank_card(rng, grammar, slot.kind),
        "VEHICLE_ID": lambda _: vehicle_number(rng, grammar),
        "_SIR": lambda slot: "女士" if cast.person(slot.key).female else "先生",
        "_PRONOUN": lambda slot: "她" if cast.person(slot.key).female else "他",
        "_SEX": lambda slot: "女" if cast.person(slot.key).female else "男",
        "_DATE": lambda slot: date_of(rng, slot.kind),
        "_USCC": lambda _: credit_code(rng, grammar, pick(rng, counties()).code),
        "_MASKED_ID": people.masked_identity,
    }


class _OfPeople:
    """Values that belong to the person of their slot."""

    def __init__(self, rng: random.Random, grammar: Grammar, cast: Cast[ChinesePerson], dates: OrderedDates) -> None:
        self._rng, self._grammar, self._cast, self._dates = rng, grammar, cast, dates

    def email(self, slot: Slot) -> str:
        chance = self._rng.random()
        if chance < 0.2:
            return f"{self._grammar.expand('qq')}@qq.com"
        if chance < 0.25:
            return f"{self._grammar.expand('mobile_box')}@{pick(self._rng, ('163.com', '139.com', '189.cn'))}"
        return f"{self._cast.mailbox(slot.key, self._grammar)}@{self._grammar.expand('mail_host')}"

    def identity(self, slot: Slot) -> str:
        number, chance = self._plain_identity(slot), self._rng.random()
        if chance < 0.08:
            return number.lower()
        return " ".join(grouped(number, (6, 8, 4))) if chance < 0.16 else number

    def masked_identity(self, slot: Slot) -> str:
        """A number with the birth date, or most digits, starred out: it points to nobody, hence is no value to find."""
        number = self._plain_identity(slot)
        shown = pick(self._rng, ((6, 4), (6, 4), (3, 4), (1, 1), (4, 2)))
        return f"{number[: shown[0]]}{'*' * (18 - sum(shown))}{number[18 - shown[1] :]}"

    def date(self, slot: Slot) -> str:
        if slot.kind == "birth":
            return written_date(self._rng, self._cast.person(slot.key).birth, "birth")
        if not slot.key:
            return date_of(self._rng, slot.kind)
        end = self._dates.end(slot.key, slot.kind, lambda: datetime.combine(random_date(self._rng, slot.kind), time()))
        if end:
            return written_date(self._rng, end[0].date(), slot.kind, end[1])
        if slot.kind == "month":
            return written_date(self._rng, self._first_job(slot.key), "month")
        return date_of(self._rng, slot.kind)

    def _first_job(self, key: str) -> datetime:
        """A day on which the person was 18 to 25 years old, not after 2025."""
        year = min(2025, self._cast.person(key).birth.year + 18 + int(self._rng.random() * 8))
        return datetime(year, 1 + int(self._rng.random() * 12), 1)

    def age(self, slot: Slot) -> str:
        if slot.key and not slot.kind:
            return age(self._rng, years=self._cast.person(slot.key).age)
        return age(self._rng, slot.kind)

    def address(self, slot: Slot) -> str:
        """Kinds: ``full`` (from the province down), ``county`` (the same without the province), or one of the vocabulary's."""
        if slot.kind not in ("full", "county"):
            return self._grammar.expand(f"ADDRESS.{slot.kind}" if slot.kind else "ADDRESS")
        county = self._cast.person(slot.key).county.name
        rural = county.endswith(("县", "旗"))
        if slot.kind == "county":
            county = _PROVINCE.sub("", county)
        return county + self._grammar.expand("village_door" if rural and self._rng.random() < 0.6 else "street_door")

    def messenger(self, slot: Slot) -> str:
        """Kinds: ``wechat``, ``qq``, or empty for either."""
        kind = slot.kind or pick(self._rng, ("wechat", "wechat", "qq"))
        if kind == "wechat" and self._rng.random() < 0.5:
            name = self._cast.mailbox(slot.key, self._grammar).replace(".", "_")
            return name + self._grammar.fill(pick(self._rng, ("", "^", "##")) if len(name) >= _SHORTEST_WECHAT else "^###")
        return self._grammar.expand(kind)

    def _plain_identity(self, slot: Slot) -> str:
        person = self._cast.person(slot.key)
        return identity_number(self._rng, person.county.code, person.birth, female=person.female)
