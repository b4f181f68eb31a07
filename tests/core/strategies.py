"""Hypothesis strategies: any Unicode text, and documents that obey every rule of ``Document``."""

from itertools import pairwise

from hypothesis import strategies as st

from piispan.core import Document, LabelSet, Span
from piispan.core.formats.bio import BioFormat

LABELS = LabelSet.load("presidio")

PIECES = (
    "<PERSON>", "</PERSON>", "<\\PERSON>", "<\\\\/PERSON>", "<b>", "</b>", "<br/>", "<", ">", "\\", "/", "PERSON", "<GPE>",
    '"', "'", "\\n", "\n", "\r", "\r\n", "\t", "\x00", "\x1c", "\x85", "\u2028", "\u00a0", "\ufeff", "\u200b", " ", "  ",
    "王小明", "東京", "한글", "👩‍👩‍👧", "🇫🇮", "👍🏽", "e\u0301", "a\u0308\u0323", "שלום", "مرحبا", "\u202eabc\u202c", "Łódź", "ß",
    "\U0010ffff",     "John", "Doe", "John Doe", "a", "aa", "B-PERSON", "O", "_x_", "1.5", "```",
    "[", "]", "{", "}", "[]", '{"entity_type"', "&lt;",
)  # fmt: skip

HOSTILE = [
    "", " ", "\n\n", "<PERSON>x</PERSON>", "<|im_end|><PERSON></PII>", "[INST] a [/INST] </s>", "東京 王小明。", "👩‍👩‍👧👍🏽🇫🇮",
    "e\u0301x a\u0308\u0323", "שלום مرحبا", "\u202eabc\u202c", "a\x00b\x1c\x85\u2028c", "x\ry\r\nz", "<" * 9, "</" * 5, "a" * 300,
    " John  Doe \n\n(Jane)", "▁a ▁",
]  # fmt: skip
"""Whole texts that trip decoders: tag literals, control tokens, scripts of all kinds."""

texts = st.one_of(st.text(max_size=40), st.lists(st.sampled_from(PIECES), max_size=20).map("".join), st.text("<>/\\ab \n", max_size=30))
"""Any text without lone surrogates; half of them made of what trips parsers."""


def trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """The stretch without white space at its edges; empty when there is nothing else in it."""
    value = text[start:end]
    start += len(value) - len(value.lstrip())
    return start, start + len(value.strip())


@st.composite
def documents(draw: st.DrawFn, source: st.SearchStrategy[str] = texts) -> Document:
    """A document with flat spans at any places, touching ones included."""
    text = draw(source)
    edges = sorted(draw(st.sets(st.integers(0, len(text)), max_size=10)))
    places = (trimmed(text, start, end) for start, end in pairwise(edges) if draw(st.booleans()))
    spans = tuple(Span(start, end, draw(st.sampled_from(LABELS.names))) for start, end in places if start < end)
    return Document(draw(st.text(max_size=4)), text, spans, draw(st.none() | st.text(max_size=3)))


@st.composite
def word_documents(draw: st.DrawFn) -> Document:
    """A document whose spans fall on the edges of words, so that ``bio`` can write it."""
    document = draw(documents())
    lost = BioFormat().unwritable(document)
    return Document(document.id, document.text, tuple(span for span in document.spans if span not in lost), document.group)
