"""Long documents: many frames of one setting, one after another, with one cast of people.

A setting's frames are short. A letter, a chat or a record of several pages is made of several, and the people in it come back: by
title and full name, by surname alone, by given name alone.
"""

import random
from collections.abc import Iterable, Iterator, Sequence

from piispan.dataset_builder.synthesis.frames import Choice, Frame, Part, Slot
from piispan.dataset_builder.synthesis.grammar import load_rules, pick
from piispan.dataset_builder.synthesis.rendering import Draft, Source

__all__ = ["LONGEST", "SHORTEST", "Casting", "compose"]

SHORTEST, LONGEST = 1000, 4000
"""Characters of a long document, both inclusive."""
_LEAST, _MOST = 1050, 3900
"""The same before noise, which may take some away or add some."""

_HEADING, _BOILERPLATE = Slot("_HEADING"), Slot("_BOILERPLATE")
"""Written only in languages whose vocabulary has them; the latter twice at most, lest the same comes again."""
_PERSONAL = ("PERSON", "EMAIL_ADDRESS")
_HEADED_SHARE, _BOILERPLATE_SHARE = 0.35, 0.12
_JOINTS = ("\n\n", "\n\n", "\n\n", "\n", "\n\n---\n\n")


def compose(draft: Draft, frames: Sequence[Frame], source: Source, rng: random.Random, language: str) -> tuple[Frame, ...]:
    """Write a long document into an empty draft.

    Args:
        draft: Of ``SHORTEST`` to ``LONGEST`` characters when done, with room for noise.
        frames: Frames of one setting; one comes again only when all have been used.
        source: Of the values; must keep a value by its key until the document is done.
        rng: Source of chance.
        language: Whose headings and boilerplate to use.

    Returns:
        The frames used, in order.
    """
    rules = load_rules(language)
    wanted = _LEAST + int(rng.random() * (_MOST - _LEAST))
    joint, headed = pick(rng, _JOINTS), "_HEADING" in rules and rng.random() < _HEADED_SHARE
    fillers = [_BOILERPLATE] * 2 if "_BOILERPLATE" in rules else []
    casting, used = Casting(rng, language), list[Frame]()
    for frame in _endless(frames, rng):
        length, spans = len(draft.text), len(draft.spans)
        heading: list[Part] = [f"{len(used) + 1}. ", _HEADING, "\n"] if headed else []
        draft.add([joint if used else "", *heading, *casting.play(frame.parts)], source)
        if fillers and rng.random() < _BOILERPLATE_SHARE:
            draft.add([joint, fillers.pop()], source)
        if len(draft.text) > _MOST:
            draft.cut(length, spans)
            break
        used.append(frame)
        if len(draft.text) >= wanted:
            break
    return tuple(used)


def _endless(frames: Sequence[Frame], rng: random.Random) -> Iterator[Frame]:
    while True:
        left = list(frames)
        while left:
            yield left.pop(int(rng.random() * len(left)))


class Casting:
    """The few people a long document is about.

    They take the keyed parts of each frame, and many of the parts without a key. The first is the lead, who takes part in most
    frames.

    Args:
        rng: Source of chance.
        language: Only English names have variants to ask for where a frame asks for none.
    """

    def __init__(self, rng: random.Random, language: str) -> None:
        self._rng = rng
        self._people = [f"cast{number}" for number in range(2 + int(rng.random() * 3))]
        self._variants = ("full", "full", "family", "given", "initial") if language == "en" else ("",)
        self._sections = 0

    def play(self, parts: Iterable[Part]) -> list[Part]:
        """The parts of one frame with its choices made and its slots keyed for this document.

        What the frame says of a person it names is said of the same one wherever they occur; other keys hold within the frame.
        """
        self._sections += 1
        flat, free = list(self._flat(parts)), self._order()
        named = dict.fromkeys(part.key for part in flat if isinstance(part, Slot) and part.key and part.label in _PERSONAL)
        taken = {key: free.pop(0) for key in list(named)[: len(free)]}
        keyed: list[Part] = [self._keyed(part, free, taken) if isinstance(part, Slot) else part for part in flat]
        for place, part in enumerate(keyed):
            person = keyed[place + 2] if place + 2 < len(keyed) else None
            if isinstance(part, Slot) and part.label == "TITLE" and isinstance(person, Slot) and person.label == "PERSON":
                keyed[place] = Slot(part.label, part.kind, person.key)
        return keyed

    def _order(self) -> list[str]:
        """The cast in the order of its parts in one frame."""
        lead, *others = self._people
        others = [others.pop(int(self._rng.random() * len(others))) for _ in range(len(others))]
        return [lead, *others] if self._rng.random() < 0.7 else [*others, lead]

    def _flat(self, parts: Iterable[Part]) -> Iterator[str | Slot]:
        for part in parts:
            if isinstance(part, Choice):
                yield from self._flat(pick(self._rng, part.options))
            else:
                yield part

    def _keyed(self, slot: Slot, free: list[str], taken: dict[str, str]) -> Slot:
        if slot.key:
            return Slot(slot.label, slot.kind, taken.get(slot.key, f"{slot.key}in{self._sections}"))
        if slot.label == "PERSON" and free and self._rng.random() < 0.6:
            return Slot(slot.label, slot.kind or pick(self._rng, self._variants), free.pop(0))
        return slot
