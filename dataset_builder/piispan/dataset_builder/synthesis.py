"""Synthetic labelled documents: a frame of a setting, filled with made-up values.

Document ``i`` depends on the seed, ``i`` and the arguments alone, so a stream is the same in every process and on every machine
that has the same version of this package and of Faker.
"""

import random
import re
from collections.abc import Iterator, Sequence
from typing import get_args

from piispan.core import DataError, Document, Span
from piispan.dataset_builder.frames import Choice, Frame, Part, load_frames, settings
from piispan.dataset_builder.grammar import pick
from piispan.dataset_builder.partitions import Partition
from piispan.dataset_builder.values import Values

__all__ = ["synthesise"]

_LOWER_CASE, _UPPER_CASE = 0.07, 0.02
"""Shares of documents written all small and all in capitals, as people do in chats and forms."""
_ARTICLE = re.compile(r"(?:^|[\s(])[Aa] $")
_VOWEL = re.compile(r"[AEIOaeio](?!ne\b|uro)|8|1[18]\b|Un(?!i)")


def synthesise(
    count: int,
    *,
    seed: int,
    settings: Sequence[str] | None = None,
    partition: Partition = "all",
    language: str = "en",
    ids: str = "",
) -> Iterator[Document]:
    """Make ``count`` documents, one at a time.

    Args:
        count: How many; a longer stream begins with the shorter one.
        seed: Another seed gives other documents.
        settings: Settings to draw from in equal shares, or ``None`` for all.
        partition: With ``train`` and ``test`` no value of the one ever occurs as a value of the same label in the other, whatever
            the seeds; case and punctuation do not make a value another one, nor do spaces in a number.
        language: Language of frames and vocabulary.
        ids: Put before every id and a hyphen, to tell streams apart.

    Yields:
        Documents with an id such as ``clinic_note-012-000034`` (setting, frame, running number) and the frame as their group.

    Raises:
        DataError: At once, if a setting, the language or the partition is unknown, or ``count`` is negative.
    """
    if count < 0:
        raise DataError(f"count must not be negative, was: {count}")
    if partition not in get_args(Partition):
        raise DataError(f"partition must be one of {', '.join(get_args(Partition))}, was: {partition!r}")
    frames = [load_frames(setting, language) for setting in _chosen(settings, language)]
    return _stream(count, seed, frames, partition, language, f"{ids}-" if ids else "")


def _chosen(names: Sequence[str] | None, language: str) -> tuple[str, ...]:
    if names is None:
        return settings(language)
    if isinstance(names, str) or not names:
        raise DataError("settings must be a list of at least one setting")
    return tuple(names)


def _stream(
    count: int, seed: int, frames: Sequence[Sequence[Frame]], partition: Partition, language: str, prefix: str
) -> Iterator[Document]:
    rng = random.Random()  # noqa: S311 -- made-up data, not a secret
    values = Values(rng, language, partition)
    for number in range(count):
        rng.seed(f"{seed}-{number}")
        frame = pick(rng, pick(rng, frames))
        text, spans = _render(frame, values, rng)
        yield Document(f"{prefix}{frame.setting}-{frame.number:03d}-{number:06d}", text, spans, frame.group)


def _render(frame: Frame, values: Values, rng: random.Random) -> tuple[str, tuple[Span, ...]]:
    values.begin()
    chance = rng.random()
    cased = str.lower if chance < _LOWER_CASE else str.upper if chance > 1 - _UPPER_CASE else str
    text, spans = "", list[Span]()
    for piece, label in _pieces(frame.parts, values, rng):
        if not label and text.endswith(".") and piece.startswith(".") and not piece.startswith(".."):
            piece = piece[1:]
        elif label and _ARTICLE.search(text) and _VOWEL.match(piece):
            text = f"{text[:-1]}{cased('n')} "
        start = len(text)
        text += cased(piece)
        if label and not label.startswith("_"):
            spans.append(Span(start, len(text), label))
    return text, tuple(spans)


def _pieces(parts: Sequence[Part], values: Values, rng: random.Random) -> Iterator[tuple[str, str]]:
    """Each piece of text with the label of its slot, or with an empty one."""
    for part in parts:
        if isinstance(part, str):
            yield part, ""
        elif isinstance(part, Choice):
            yield from _pieces(pick(rng, part.options), values, rng)
        else:
            yield values.value(part), part.label
