"""Other values in the same sentences: mention replacement and label-wise token replacement (Dai and Adel 2020, arXiv 2010.11683).

A few hundred documents are soon known by heart, value by value. With values that change from pass to pass what is left to learn is what
stands around them: which frames hold a name, and where an address is cut.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from random import Random

from piispan.core import Document, Span

__all__ = ["MentionReplacement"]

_WORDS = 0.5
"""Share of the words of a value that gives way which give way in turn."""

_WORD = re.compile(r"\w+")

_Form = tuple[str | bool | int, ...]


class MentionReplacement:
    """Writes a document anew with other values in the place of some of its own.

    A value gives way to one of the same label that looks like it: letters or not, digits or not, capitals or not, of several parts
    (commas, line breaks) or one, and at most about twice or half as long; so a house number does not become five lines of address. Half
    of the words of that one give way in turn, to words of like form from values of the label, so that most values are new.

    Args:
        documents: Where the values come from: those that are trained on.
        share: Share of the values of a document that give way, 0 to 1. Where a value occurs several times, all of them do, or none.
    """

    def __init__(self, documents: Iterable[Document], share: float) -> None:
        self.share = share
        values: defaultdict[_Form, dict[str, None]] = defaultdict(dict)
        words: defaultdict[_Form, dict[str, None]] = defaultdict(dict)
        for document in documents:
            for span in document.spans:
                value = document.value(span)
                values[_form(span.label, value)][value] = None
                for word in _WORD.findall(value):
                    words[_form(span.label, word)][word] = None
        self._values = {form: tuple(found) for form, found in values.items()}
        self._words = {form: tuple(found) for form, found in words.items()}

    def __call__(self, document: Document, rng: Random) -> Document:
        """The document with other values, as ``rng`` draws them."""
        chosen: dict[tuple[str, str], str] = {}
        text, spans, end = "", list[Span](), 0
        for span in document.spans:
            value = document.value(span)
            if (span.label, value) not in chosen:
                chosen[span.label, value] = self._other(span.label, value, rng) if rng.random() < self.share else value
            text += document.text[end : span.start]
            begin = len(text)
            text += chosen[span.label, value]
            spans.append(Span(begin, len(text), span.label))
            end = span.end
        return Document(document.id, text + document.text[end:], tuple(spans), document.group, document.provenance)

    def _other(self, label: str, value: str, rng: Random) -> str:
        def other_word(word: re.Match[str]) -> str:
            others = self._words.get(_form(label, word[0]), ())
            return rng.choice(others) if others and rng.random() < _WORDS else word[0]

        others = self._values.get(_form(label, value), ())
        return _WORD.sub(other_word, rng.choice(others) if others else value)


def _form(label: str, value: str) -> _Form:
    letters, digits = any(map(str.isalpha, value)), any(map(str.isdigit, value))
    parts = any(mark in value for mark in ",\n")
    return label, letters, digits, value == value.lower(), value == value.upper(), parts, len(value).bit_length()
