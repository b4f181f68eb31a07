"""Who plays which part in a long document, and whose the numbers in it are."""

import random
import re
from collections import Counter
from collections.abc import Iterable, Iterator

from piispan.dataset_builder.synthesis.frames import Choice, Part, Slot
from piispan.dataset_builder.synthesis.grammar import pick

__all__ = ["Casting"]

_LEAST_PEOPLE, _MOST_PEOPLE = 3, 6
_LEAD_SHARE, _CAST_SHARE = 0.35, 0.6
"""Shares of frames that begin with the lead, and of parts without a key that go to the cast."""
_PERSONAL = frozenset({"PERSON", "EMAIL_ADDRESS", "EMAIL"})
_OTHER_AGES = ("kid", "old")
"""What the keys of children and elders begin with: they are played by the document's child and elder."""
_NUMBERS = frozenset(
    {
        *("US_SSN", "US_DRIVER_LICENSE", "MEDICAL_RECORD_NUMBER", "HEALTH_PLAN_NUMBER", "NPI", "DEA_NUMBER"),
        *("ID_CARD", "PASSPORT", "SOCIAL_SECURITY_NUMBER", "EMPLOYEE_OR_STUDENT_ID"),
    }
)
"""Labels of numbers of which a person has one."""
_CONTACTS = frozenset({"PHONE_NUMBER", "EMAIL_ADDRESS", "EMAIL", "MESSENGER_ID"})
"""Labels that are of the person named before them in the same sentence; in the next one they may be anybody's."""
_MANNERS = frozenset({"_SIR", "_SEX", "_PRONOUN"})
_ANY_ADULT = frozenset({"", "adult", "working", "digits"})
_KINDS = {"AGE": {"en": "adult", "zh": ""}, "PASSPORT": {"zh": "passport"}}
"""The kind that a person's own value is asked for by, whichever a frame asks for, lest there be one for each."""
_SENTENCE_END = re.compile(r"[.!?](?:\s|$)|[。！？]")


class Casting:
    """The few people a long document is about, 3 to 6 and the child and the elder of it.

    They take the keyed parts of each frame, and many of the parts without a key; whoever has had the fewest parts goes first. The
    lead goes first now and then however many it had. A number that stands behind a name is of that person, in every frame.

    Args:
        rng: Source of chance.
        language: Only English names have variants to ask for where a frame asks for none.
    """

    def __init__(self, rng: random.Random, language: str) -> None:
        self._rng, self._language = rng, language
        self._people = [f"cast{number}" for number in range(_LEAST_PEOPLE + int(rng.random() * (_MOST_PEOPLE - _LEAST_PEOPLE + 1)))]
        self._variants = ("full", "full", "family", "given", "initial") if language == "en" else ("",)
        self._parts = Counter[str]()
        self._sections = 0

    def play(self, parts: Iterable[Part], *, strangers: bool = False) -> list[Part]:
        """The parts of one frame with its choices made and its slots keyed for this document.

        What the frame says of a person it names is said of the same one wherever they occur; other keys hold within the frame.

        Args:
            parts: Of the frame.
            strangers: Whether its people take part in no other frame.
        """
        self._sections += 1
        flat = list(self._flat(parts))
        free = [] if strangers else self._order()
        aged = {part for place, part in enumerate(flat) if isinstance(part, Slot) and part.label == "PERSON" and _has_own_age(flat, place)}
        taken: dict[str, str] = {}
        for part in flat:
            if strangers or not isinstance(part, Slot) or not part.key or part.label not in _PERSONAL or part.key in taken:
                continue
            if part.key.startswith(_OTHER_AGES):
                taken[part.key] = f"{part.key}cast"
            elif free and not any(other.key == part.key for other in aged):
                taken[part.key] = free.pop(0)
        cast = [self._person(part, free, taken, aged) if isinstance(part, Slot) else part for part in flat]
        keyed = self._owned(cast, strangers)
        self._parts.update({part.key for part in keyed if isinstance(part, Slot) and part.label == "PERSON"})
        for place, title in enumerate(keyed):
            person = keyed[place + 2] if place + 2 < len(keyed) else None
            if isinstance(title, Slot) and title.label == "TITLE" and isinstance(person, Slot) and person.label == "PERSON":
                keyed[place] = Slot(title.label, title.kind, person.key)
        return keyed

    def _order(self) -> list[str]:
        """The cast in the order of its parts in one frame."""
        chance = {person: self._rng.random() for person in self._people}
        order = sorted(self._people, key=lambda person: (self._parts[person], chance[person]))
        if self._rng.random() < _LEAD_SHARE:
            order.remove(self._people[0])
            order.insert(0, self._people[0])
        return order

    def _flat(self, parts: Iterable[Part]) -> Iterator[str | Slot]:
        for part in parts:
            if isinstance(part, Choice):
                yield from self._flat(pick(self._rng, part.options))
            else:
                yield part

    def _person(self, slot: Slot, free: list[str], taken: dict[str, str], aged: set[Slot]) -> Slot:
        if slot.key:
            return Slot(slot.label, slot.kind, taken.get(slot.key, f"{slot.key}in{self._sections}"))
        if slot.label == "PERSON" and free and slot not in aged and self._rng.random() < _CAST_SHARE:
            return Slot(slot.label, slot.kind or pick(self._rng, self._variants), free.pop(0))
        return slot

    def _owned(self, parts: list[str | Slot], strangers: bool) -> list[Part]:
        """The parts with what belongs to a person keyed as theirs; a second number of one kind in a frame is somebody else's."""
        named = any(isinstance(part, Slot) and part.label == "PERSON" for part in parts)
        nobody = "" if named or strangers else self._people[0]
        owner, near, had = nobody, False, set[Slot]()
        owned: list[Part] = []
        for part in parts:
            own: str | Slot = part
            if isinstance(part, str):
                near = near and not _SENTENCE_END.search(part)
            elif part.label == "PERSON":
                owner, near = part.key, bool(part.key)
            elif owner and not part.key and _is_of(part, near):
                theirs = Slot(part.label, self._own_kind(part), owner)
                own = part if theirs in had else theirs
                had.add(theirs)
            owned.append(own)
        return owned

    def _own_kind(self, slot: Slot) -> str:
        """The kind by which the value of a person is asked for."""
        return slot.kind if slot.kind == "permit" else _KINDS.get(slot.label, {}).get(self._language, slot.kind)


def _is_of(slot: Slot, near: bool) -> bool:
    """Whether a slot without a key is of the person last named; ``near`` if that was in the same sentence."""
    if slot.label in _CONTACTS or slot.label in _MANNERS:
        return near and slot.kind != "fax"
    if slot.label == "AGE":
        return near and slot.kind in _ANY_ADULT
    return slot.label in _NUMBERS or slot.kind == "birth"


def _has_own_age(parts: list[str | Slot], place: int) -> bool:
    """Whether the frame says that the person at ``place`` is a child, young or old: the cast may be of any age."""
    for part in parts[place + 1 :]:
        if isinstance(part, Slot) and part.label == "AGE":
            return not part.key and part.kind not in _ANY_ADULT
        if isinstance(part, Slot) and part.label == "PERSON":
            return False
    return False
