"""Other values in the same sentences: mention replacement (Dai and Adel 2020, arXiv 2010.11683).

A few hundred documents are soon known by heart, value by value. With values that change from pass to pass what is left to learn is what
stands around them: which frames hold a name, and where an address is cut.
"""

from collections import defaultdict
from collections.abc import Iterable
from random import Random

from piispan.core import Document, Span

__all__ = ["MentionReplacement"]

_Form = tuple[str, bool, bool, bool, bool, int]


class MentionReplacement:
    """Writes a document anew with other values in the place of some of its own.

    A value gives way to one of the same label that looks like it: letters or not, digits or not, upper case or not, of several parts
    (commas, line breaks) or one, and at most about twice or half as long; so a house number does not become five lines of address.

    Args:
        documents: Where the values come from: those that are trained on.
        share: Share of the values of a document that give way, 0 to 1. Where a value occurs several times, all of them do, or none.
    """

    def __init__(self, documents: Iterable[Document], share: float) -> None:
        self.share = share
        found: defaultdict[_Form, dict[str, None]] = defaultdict(dict)
        for document in documents:
            for span in document.spans:
                found[_form(span.label, document.value(span))][document.value(span)] = None
        self._values = {form: tuple(values) for form, values in found.items()}

    def __call__(self, document: Document, rng: Random) -> Document:
        """The document with other values, as ``rng`` draws them."""
        chosen: dict[tuple[str, str], str] = {}
        text, spans, end = "", list[Span](), 0
        for span in document.spans:
            value = document.value(span)
            if (span.label, value) not in chosen:
                others = self._values.get(_form(span.label, value), ())
                chosen[span.label, value] = rng.choice(others) if others and rng.random() < self.share else value
            text += document.text[end : span.start]
            begin = len(text)
            text += chosen[span.label, value]
            spans.append(Span(begin, len(text), span.label))
            end = span.end
        return Document(document.id, text + document.text[end:], tuple(spans), document.group, document.provenance)


def _form(label: str, value: str) -> _Form:
    letters, digits = any(map(str.isalpha, value)), any(map(str.isdigit, value))
    parts = any(mark in value for mark in ",\n")
    return label, letters, digits, value == value.lower(), parts, len(value).bit_length()
