"""A tagger that needs no model: capitalised words are people, numbers are dates or phones."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from piispan.core import LabelSet, Span
from piispan.tagger import TaggedText

PATTERNS = {
    "PERSON": re.compile(r"\b[A-Z][a-z]+(?: [A-Z][a-z]+)+\b"),
    "DATE_TIME": re.compile(r"\b\d{4}-\d\d-\d\d\b"),
    "PHONE_NUMBER": re.compile(r"\+\d{6,15}\b"),
}
UNFAITHFUL = "UNFAITHFUL"
"""A text with this word is answered, but not to be trusted."""


class StubTagger:
    """Finds what ``PATTERNS`` find."""

    labels = LabelSet.load("presidio")

    def stream(self, texts: Iterable[str]) -> Iterator[TaggedText]:
        for text in texts:
            found = [Span(m.start(), m.end(), label) for label, pattern in PATTERNS.items() for m in pattern.finditer(text)]
            yield TaggedText(tuple(sorted(found, key=lambda span: span.start)), faithful=UNFAITHFUL not in text)


@dataclass(frozen=True)
class StubSource:
    """Loads a ``StubTagger`` in any process."""

    labels = LabelSet.load("presidio")

    def load(self) -> StubTagger:
        return StubTagger()

    def facts(self) -> dict[str, object]:
        return {"name": "stub"}
