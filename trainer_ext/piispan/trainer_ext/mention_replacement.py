"""Other values in the same sentences, after two augmentations of Dai and Adel (2020, arXiv 2010.11683): mention replacement, and the
replacement of words by others of their label.

A few hundred documents are soon known by heart, value by value. With values that change from pass to pass what is left to learn is what
stands around them: which frames hold a name, and where an address is cut. Here, unlike there, what gives way and what takes its place look
alike, each value or word is as likely as another however often it occurs, and words change inside values alone.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from itertools import groupby
from random import Random

from piispan.core import Document, FormatError, Span

__all__ = ["MentionReplacement"]

_WORDS = 0.5
"""Share of the words that give way of a value that does."""

_Form = tuple[str | bool | int, ...]


class MentionReplacement:
    """Writes a document anew with other values in the place of some of its own.

    A value gives way to one of the same label that looks like it: letters or not, digits or not, capitals or not, of one part or of
    several (with commas or line breaks), the same kind of character at its ends, and about as long (8 to 15 characters, 16 to 31, …). So a
    house number does not become five lines of address. Half of its words give way in turn to words of values of that label that look like
    them, wherever in a value they stood; so most values are new. A word is a run of letters with their marks, digits and underscores. What
    stands between words stays, so that dates, numbers and mail addresses keep their shape; but the numbers need not be dates, no check
    digit holds, and a host may end in any word.

    Values are personal data: with this, words of one person's stand in sentences about another.

    Args:
        documents: Where the values come from: those that are trained on.
        share: How likely a value is to be drawn anew, 0 to 1. It may be drawn as it was, and is where no other looks like it. Where a value
            occurs several times in a document, all of them become the same.

    Raises:
        FormatError: If ``share`` is not within 0 and 1.
    """

    def __init__(self, documents: Iterable[Document], share: float) -> None:
        if not 0 <= share <= 1:
            raise FormatError(f"mention_replacement must be within 0 and 1, was: {share}")
        self.share = share
        values: defaultdict[_Form, dict[str, None]] = defaultdict(dict)
        words: defaultdict[_Form, dict[str, None]] = defaultdict(dict)
        for document in documents:
            for span in document.spans:
                value = document.value(span)
                values[_value_form(span.label, value)][value] = None
                for is_word, run in _runs(value):
                    if is_word:
                        words[_form(span.label, run)][run] = None
        self._values = {form: tuple(found) for form, found in values.items()}
        self._words = {form: tuple(found) for form, found in words.items()}

    def __call__(self, document: Document, rng: Random) -> Document:
        """The document with other values, as ``rng`` draws them: the same labels in the same order, at other offsets."""
        chosen: dict[tuple[str, str], str] = {}
        text, spans, end = "", list[Span](), 0
        for span in document.spans:
            value = document.value(span)
            if (span.label, value) not in chosen:
                chosen[span.label, value] = self._drawn(span.label, value, rng) if rng.random() < self.share else value
            text += document.text[end : span.start]
            begin = len(text)
            text += chosen[span.label, value]
            spans.append(replace(span, start=begin, end=len(text)))
            end = span.end
        return replace(document, text=text + document.text[end:], spans=tuple(spans))

    def _drawn(self, label: str, value: str, rng: Random) -> str:
        drawn = rng.choice(self._values.get(_value_form(label, value), (value,)))
        return "".join(
            rng.choice(self._words.get(_form(label, run), (run,))) if is_word and rng.random() < _WORDS else run
            for is_word, run in _runs(drawn)
        )


def _runs(value: str) -> Iterable[tuple[bool, str]]:
    """The words of a value and what stands between them, in order, and which is which."""
    return ((is_word, "".join(run)) for is_word, run in groupby(value, _in_a_word))


def _in_a_word(character: str) -> bool:
    return character.isalnum() or character == "_" or unicodedata.category(character).startswith("M")  # such as an accent


def _value_form(label: str, value: str) -> _Form:
    """What a whole value looks like."""
    return *_form(label, value), any(mark in value for mark in ",，、\n"), value[0].isalnum(), value[-1].isalnum()


def _form(label: str, text: str) -> _Form:
    """What a value or a word looks like."""
    cases = text == text.lower(), text == text.upper()
    return label, any(map(str.isalpha, text)), any(map(str.isdigit, text)), *cases, len(text).bit_length()
