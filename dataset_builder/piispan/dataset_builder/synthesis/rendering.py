"""A text in the making: pieces go in one after another, and every labelled value leaves a span."""

import random
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from piispan.core import Span
from piispan.dataset_builder.synthesis.frames import Choice, Part, Slot
from piispan.dataset_builder.synthesis.grammar import pick

__all__ = ["Draft", "Labeller", "Source"]

_LOWER_CASE, _UPPER_CASE = 0.07, 0.02
"""Shares of documents written all small and all in capitals, as people do in chats and forms."""
_ARTICLE = re.compile(r"(?:^|[\s(])[Aa] $")
_VOWEL = re.compile(r"[AEIOaeio](?!ne\b|uro)|8|1[18]\b|Un(?!i)")


class Source(Protocol):
    """Whatever has a value for a slot."""

    def value(self, slot: Slot) -> str:
        """The value of ``slot``."""
        ...


class Labeller(Protocol):
    """Whatever knows what a value is called."""

    def label(self, slot: Slot, value: str) -> str | None:
        """The label of ``value`` in ``slot``, or ``None`` if it bears none."""
        ...


class Draft:
    """The text of one document and its spans so far.

    Args:
        rng: Drawn from for the case of the whole text, and at every choice of a frame.
        labeller: Names the spans.
        english: Whether to write some texts in one case, and "an" for "a" before a vowel.
    """

    __slots__ = ("_cased", "_english", "_labeller", "_rng", "slots", "spans", "text")

    def __init__(self, rng: random.Random, labeller: Labeller, *, english: bool) -> None:
        self._rng, self._labeller, self._english = rng, labeller, english
        self._cased: Callable[[str], str] = str
        if english:
            chance = rng.random()
            self._cased = str.lower if chance < _LOWER_CASE else str.upper if chance > 1 - _UPPER_CASE else str
        self.text = ""
        self.spans: list[Span] = []
        self.slots: list[Slot] = []
        """The slot that each span was made from."""

    def add(self, parts: Iterable[Part], source: Source) -> None:
        """Write the parts of a frame at the end."""
        cased, text = self._cased, self.text
        for piece, slot in self._pieces(parts, source):
            shown = cased(piece)
            if slot is None:
                if text.endswith(".") and shown.startswith(".") and not shown.startswith(".."):
                    shown = shown[1:]
                text += shown
                continue
            if self._english and _ARTICLE.search(text, max(0, len(text) - 3)) and _VOWEL.match(piece):
                text = f"{text[:-1]}{cased('n')} "
            label = self._labeller.label(slot, piece)
            if label is not None:
                self.spans.append(Span(len(text), len(text) + len(shown), label))
                self.slots.append(slot)
            text += shown
        self.text = text

    def cut(self, length: int, spans: int) -> None:
        """Take back all that came after the first ``length`` characters and ``spans`` spans."""
        self.text = self.text[:length]
        del self.spans[spans:], self.slots[spans:]

    def _pieces(self, parts: Iterable[Part], source: Source) -> Iterator[tuple[str, Slot | None]]:
        """Each piece of text with its slot, or with ``None``."""
        for part in parts:
            if isinstance(part, str):
                yield part, None
            elif isinstance(part, Choice):
                yield from self._pieces(pick(self._rng, part.options), source)
            else:
                yield source.value(part), part
