"""Long documents: many frames of one setting, one after another, with one cast of people.

A setting's frames are short. A letter, a chat or a record of several pages is made of several, and the people in it come back: by
title and full name, by surname alone, by given name alone.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from typing import TypeVar

import yaml

from piispan.dataset_builder.synthesis.casting import Casting
from piispan.dataset_builder.synthesis.frames import Frame, Part, Slot
from piispan.dataset_builder.synthesis.grammar import load_rules, pick
from piispan.dataset_builder.synthesis.rendering import Draft, Source

__all__ = ["LONGEST", "SHORTEST", "compose", "life_events"]

T = TypeVar("T")

SHORTEST, LONGEST = 1000, 4000
"""Characters of a long document, both inclusive."""
_LEAST, _MOST = 1050, 3900
"""The same before noise, which may take some away or add some."""

_HEADING, _BOILERPLATE = Slot("_HEADING"), "_BOILERPLATE"
"""The latter are rules by kind, each of one paragraph, so that none comes twice."""
_HEADED_SHARE, _BOILERPLATE_SHARE, _REPEATING_SHARE = 0.35, 0.12, 0.2
_ROUNDS = 4
"""How often at most a document that goes on tells the same."""
_FILLERS = 2
"""Paragraphs of boilerplate at most, unless the frames alone are too short."""
_JOINTS = ("\n\n", "\n\n", "\n\n", "\n", "\n\n---\n\n")


def compose(draft: Draft, frames: Sequence[Frame], source: Source, rng: random.Random, language: str) -> tuple[Frame, ...]:
    """Write a long document into an empty draft.

    Most end early rather than say anything twice: where all frames are too short together, boilerplate comes first, then some frames
    for a second time. One in five goes on, as records do, until it has the length that was drawn for it.

    Args:
        draft: Of ``SHORTEST`` to ``LONGEST`` characters when done, with room for noise.
        frames: Frames of one setting.
        source: Of the values; must keep a value by its key until the document is done.
        rng: Source of chance.
        language: Whose headings and boilerplate to use.

    Returns:
        The frames used, in order.
    """
    wanted = _LEAST + int(rng.random() * (_MOST - _LEAST))
    goes_on = rng.random() < _REPEATING_SHARE
    joint, headed = pick(rng, _JOINTS), rng.random() < _HEADED_SHARE
    fillers = [Slot(*rule.split(".")) for rule in load_rules(language) if rule.startswith(f"{_BOILERPLATE}.")]
    fillers = list(_shuffled(fillers, rng))
    spare = len(fillers) - _FILLERS
    casting, events, used = Casting(rng, language), life_events(language), list[Frame]()
    told = set[str]()
    for frame in (frame for _ in range(_ROUNDS if goes_on else 2) for frame in _shuffled(frames, rng)):
        event = events.get(frame.group)
        if event in told:
            continue
        again = frame in used
        while again and fillers and len(draft.text) < _LEAST:
            draft.add([joint, fillers.pop()], source)
        if again and len(draft.text) >= _LEAST and not goes_on:
            break
        length, spans = len(draft.text), len(draft.spans)
        heading: list[Part] = [f"{len(used) + 1}. ", _HEADING, "\n"] if headed else []
        draft.add([joint if used else "", *heading, *casting.play(frame.parts, strangers=event is not None)], source)
        if len(fillers) > spare and rng.random() < _BOILERPLATE_SHARE:
            draft.add([joint, fillers.pop()], source)
        if len(draft.text) > _MOST:
            draft.cut(length, spans)
            break
        used.append(frame)
        if event is not None:
            told.add(event)
        if len(draft.text) >= wanted:
            break
    return tuple(used)


@lru_cache
def life_events(language: str) -> Mapping[str, str]:
    """The event that a frame tells of, by the frame's group; most tell of none."""
    found = yaml.safe_load((files("piispan.dataset_builder.synthesis") / "life_events.yaml").read_text("utf-8"))
    return {group: event for event, groups in found.get(language, {}).items() for group in groups}


def _shuffled(items: Sequence[T], rng: random.Random) -> Iterator[T]:
    left = list(items)
    while left:
        yield left.pop(int(rng.random() * len(left)))
