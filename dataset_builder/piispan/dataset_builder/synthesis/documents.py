"""Synthetic labelled documents: frames of a setting, filled with made-up values.

Document ``i`` depends on the seed, ``i`` and the arguments alone, so a stream is the same in every process and on every machine
that has the same version of this package and of Faker. A document that is neither long nor noisy has the text it would have in a
stream without either.
"""

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import get_args

from piispan.core import DataError, Document
from piispan.dataset_builder.partitions import Partition
from piispan.dataset_builder.synthesis.frames import Frame
from piispan.dataset_builder.synthesis.grammar import pick
from piispan.dataset_builder.synthesis.labelling import default_labels, fitting_frames, fitting_settings, load_labelling
from piispan.dataset_builder.synthesis.long_documents import LONGEST, SHORTEST, compose
from piispan.dataset_builder.synthesis.noise import roughen
from piispan.dataset_builder.synthesis.rendering import Draft
from piispan.dataset_builder.synthesis.values import Values

__all__ = ["stream_of", "synthesise"]

_HEAD = re.compile(
    r"piispan \S+ synthesis faker=\S+ language=[a-z]+ labels=\w+ settings=[\w,]+ partition=\w+ long=\S+ noise=\S+ seed=-?\d+", re.ASCII
)


def synthesise(
    count: int,
    *,
    seed: int,
    settings: Sequence[str] | None = None,
    partition: Partition = "all",
    language: str = "en",
    labels: str | None = None,
    long: float = 0.0,
    noise: float = 0.0,
    ids: str = "",
) -> Iterator[Document]:
    """Make ``count`` documents, one at a time.

    Args:
        count: How many; a longer stream begins with the shorter one.
        seed: Another seed gives other documents.
        settings: Settings to draw from in equal shares, or ``None`` for all at least half of whose frames fit the labels.
        partition: With ``train`` and ``test`` no value of the one ever occurs as a value of the same label in the other, whatever
            the seeds, noise included; case and punctuation do not make a value another one, nor do spaces in a number.
        language: Language of frames and vocabulary.
        labels: Label set of the spans: for English ``presidio`` (the default) or ``safe_harbor``. Frames whose values the set has
            no word for are left out.
        long: Share of documents of 1,000 to 4,000 characters, from 0 to 1: frames of one setting, each but
            once unless that is too short, about the same few people.
        noise: Share of documents with typing errors or marks of optical character recognition, from 0 to 1.
        ids: Put before every id and a hyphen, to tell streams apart.

    Yields:
        Documents with an id such as ``clinic_note-012-000034`` (setting, frame, running number) and the frame as their group. A
        long one is ``clinic_note-long-000034``; because it shares frames with others of its setting, in a stream with long
        documents the setting is the group of every document. The provenance says how to make the document again.

    Raises:
        DataError: At once, if a setting, the language, the labels or the partition is unknown, a setting has no frame for the
            labels, a share is not from 0 to 1, or ``count`` is negative.
    """
    if count < 0:
        raise DataError(f"count must not be negative, was: {count}")
    if partition not in get_args(Partition):
        raise DataError(f"partition must be one of {', '.join(get_args(Partition))}, was: {partition!r}")
    for name, share in (("long", long), ("noise", noise)):
        if not 0 <= share <= 1:
            raise DataError(f"{name} must be a share from 0 to 1, was: {share}")
    recipe = _Recipe(seed, partition, language, labels or default_labels(language), long, noise, f"{ids}-" if ids else "")
    return _stream(count, recipe, _chosen(settings, recipe), _head(recipe, settings))


@dataclass(frozen=True, slots=True)
class _Recipe:
    seed: int
    partition: Partition
    language: str
    labels: str
    long: float
    noise: float
    prefix: str


def _chosen(names: Sequence[str] | None, recipe: _Recipe) -> list[tuple[Frame, ...]]:
    """The frames of each setting that fit the labels; by default of settings at least half of whose frames do."""
    if names is None:
        names = fitting_settings(recipe.language, recipe.labels)
    if isinstance(names, str) or not names:
        raise DataError("settings must be a list of at least one setting")
    chosen = [fitting_frames(setting, recipe.language, recipe.labels) for setting in names]
    if not all(chosen):
        raise DataError(f"setting {names[chosen.index(())]!r} has no frame for labels {recipe.labels!r}")
    return chosen


def _head(recipe: _Recipe, names: Sequence[str] | None) -> str:
    """What the provenance of all documents of a stream begins with."""
    return (
        f"piispan {version('piispan')} synthesis faker={version('faker')} language={recipe.language} labels={recipe.labels} "
        f"settings={'all' if names is None else ','.join(names)} partition={recipe.partition} long={recipe.long:g} "
        f"noise={recipe.noise:g} seed={recipe.seed}"
    )


def stream_of(provenance: str) -> str | None:
    """What the provenance of all documents of a stream begins with; ``None`` if the synthesis did not write it."""
    head = provenance.partition(" number=")[0]
    return head if _HEAD.fullmatch(head) else None


def _stream(count: int, recipe: _Recipe, settings: Sequence[Sequence[Frame]], head: str) -> Iterator[Document]:
    rng, dice = random.Random(), random.Random()  # noqa: S311 -- made-up data, not a secret
    values = Values(rng, recipe.language, recipe.partition)
    labelling, english = load_labelling(recipe.labels, recipe.language), recipe.language == "en"
    is_long = is_noisy = False
    for number in range(count):
        rng.seed(f"{recipe.seed}-{number}")
        if recipe.long or recipe.noise:
            # Chance of its own, so that the options change no document that they do not touch.
            dice.seed(f"{recipe.seed}-{number}-options")
            is_long, is_noisy = dice.random() < recipe.long, dice.random() < recipe.noise
        frames = pick(rng, settings)
        setting = frames[0].setting
        values.begin()
        if is_long:
            draft = Draft(rng, labelling, english=english)
            used = compose(draft, frames, values, rng, recipe.language)
            name, made = "long", f"{setting}/{'+'.join(f'{frame.number:03d}' for frame in used)}"
        else:
            frame = pick(rng, frames)
            draft = Draft(rng, labelling, english=english)
            draft.add(frame.parts, values)
            name, made = f"{frame.number:03d}", frame.group
        provenance = f"{head} number={number} frame={made}"
        text, spans = draft.text, tuple(draft.spans)
        if is_noisy:
            rough, moved, done = roughen(text, spans, draft.slots, dice, language=recipe.language, partition=recipe.partition)
            if not is_long or SHORTEST <= len(rough) <= LONGEST:
                text, spans, provenance = rough, moved, f"{provenance} damage={done}"
        yield Document(f"{recipe.prefix}{setting}-{name}-{number:06d}", text, spans, setting if recipe.long else made, provenance)
