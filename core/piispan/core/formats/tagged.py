"""``tagged``: the text itself, with ``<LABEL>…</LABEL>`` around each entity.

A tag literal that stands in the *source* is data: on render it gets a backslash after its ``<``, on
parse it loses one. ``<PERSON>`` in a source is written ``<\\PERSON>``, and ``<\\PERSON>`` is written
``<\\\\PERSON>``, so the pair is one-to-one.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from piispan.core.errors import FormatError
from piispan.core.formats.alignment import Alignment
from piispan.core.formats.base import Mention, Parsed, Problem, flat_spans
from piispan.core.labels import LabelSet
from piispan.core.spans import Document, Span

__all__ = ["TaggedFormat", "closing_tag", "opening_tag"]

_TAG = re.compile(r"<(\\*)(/?)([A-Za-z][A-Za-z0-9_]*)>")


def opening_tag(label: str) -> str:
    """``<LABEL>``."""
    return f"<{label}>"


def closing_tag(label: str) -> str:
    """``</LABEL>``."""
    return f"</{label}>"


def _escape(segment: str) -> str:
    return _TAG.sub(lambda match: "<\\" + match.group()[1:], segment)


_Problems = Callable[[str, str], frozenset[Problem]]


@dataclass(frozen=True, slots=True)
class _Found:
    """A pair of tags and where its value lies in the output stripped of tags."""

    label: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Stripped:
    """An output without its tags. ``balanced``: every tag is known and has its partner."""

    text: str
    found: tuple[_Found, ...]
    balanced: bool


class TaggedFormat:
    """The text with inline tags."""

    name = "tagged"
    instruction = (
        "Mark all personal data in the text. Answer with a copy of the text, changed in nothing, "
        "in which each piece of personal data stands between the tags of its label: <LABEL> and </LABEL>."
    )

    def unwritable(self, document: Document) -> tuple[Span, ...]:
        """Always empty: tags can stand anywhere."""
        del document
        return ()

    def render(self, document: Document) -> str:
        """The text with tags at the spans' edges and its own tag literals escaped."""
        pieces, position = [], 0
        for span in document.spans:
            pieces += [_escape(document.text[position : span.start]), opening_tag(span.label)]
            pieces += [_escape(document.value(span)), closing_tag(span.label)]
            position = span.end
        return "".join([*pieces, _escape(document.text[position:])])

    def read(self, text: str, labels: LabelSet, identifier: str) -> Document:
        """The document that ``render`` writes as ``text``: for tagged text that stands without its source.

        Raises:
            FormatError: If tags are unbalanced, unknown or empty; names the document.
            DocumentError: If a value has white space at its edge.
        """
        stripped = _strip(text, "", labels)
        if not stripped.balanced:
            raise FormatError(f"document {identifier!r}: tags are unbalanced or unknown")
        if any(found.start == found.end for found in stripped.found):
            raise FormatError(f"document {identifier!r}: a pair of tags has nothing between")
        return Document(identifier, stripped.text, tuple(Span(f.start, f.end, f.label) for f in stripped.found))

    def parse(self, text: str, source: str, labels: LabelSet) -> Parsed:
        """Read the tags, and compare what is left with the source. See ``OutputFormat.parse``."""
        stripped = _strip(text, source, labels)
        core = source.strip()
        at = stripped.text.find(core) if core else 0
        if at < 0:
            return _drifted(stripped, source, labels)
        shift = (len(source) - len(source.lstrip()) if core else 0) - at
        outside = stripped.text[:at] + stripped.text[at + len(core) :]
        problems = _problems_in(source, labels)
        mentions = tuple(_mention(found, stripped.text, source, shift, problems) for found in stripped.found)
        spans = flat_spans(m.span for m in mentions if m.span)
        return Parsed(mentions, spans, spans, not stripped.balanced, extraneous_text=bool(outside.strip()))


def _strip(text: str, source: str, labels: LabelSet) -> _Stripped:
    names = set(labels.names)
    pieces: list[str] = []
    found: list[_Found] = []
    opened: tuple[str, int] | None = None
    length, balanced = 0, True
    for chunk, slash, name in _chunks(text):
        if not name or (name not in names and source.startswith(chunk, length)):
            pieces.append(chunk)
            length += len(chunk)
            continue
        balanced &= name in names
        if not slash:
            balanced &= opened is None
            opened = name, length
        elif opened and opened[0] == name:
            found.append(_Found(name, opened[1], length))
            opened = None
        else:
            balanced, opened = False, None
    return _Stripped("".join(pieces), tuple(found), balanced and opened is None)


def _chunks(text: str) -> Iterator[tuple[str, bool, str]]:
    """Pieces of the output as (characters, is a closing tag, name of the tag or '')."""
    position = 0
    for match in _TAG.finditer(text):
        if match.start() > position:
            yield text[position : match.start()], False, ""
        backslashes, slash, name = match.groups()
        if backslashes:
            yield "<" + match.group()[2:], False, ""
        else:
            yield match.group(), bool(slash), name
        position = match.end()
    if position < len(text):
        yield text[position:], False, ""


def _mention(found: _Found, text: str, source: str, shift: int, problems_of: _Problems) -> Mention:
    """The mention, with its span when ``text[found]`` is ``source`` moved by ``shift``."""
    raw = text[found.start : found.end]
    value = raw.strip()
    problems = problems_of(found.label, value)
    start = found.start + shift + len(raw) - len(raw.lstrip())
    end = start + len(value)
    if problems or start < 0 or source[start:end] != value:
        return Mention(found.label, value, None, problems)
    return Mention(found.label, value, Span(start, end, found.label))


def _problems_in(source: str, labels: LabelSet) -> _Problems:
    """What is wrong with a (label, value); the same pair is looked at once."""

    @cache
    def problems(label: str, value: str) -> frozenset[Problem]:
        checks = {
            Problem.UNKNOWN_LABEL: label not in labels,
            Problem.NOT_A_SPAN: not value,
            Problem.VALUE_NOT_IN_SOURCE: value not in source,
        }
        return frozenset(problem for problem, holds in checks.items() if holds)

    return problems


def _drifted(stripped: _Stripped, source: str, labels: LabelSet) -> Parsed:
    mentions = []
    recovered = []
    alignment = Alignment(stripped.text, source)
    problems = _problems_in(source, labels)
    for found in stripped.found:
        value = stripped.text[found.start : found.end].strip()
        mentions.append(Mention(found.label, value, None, problems(found.label, value)))
        if found.label in labels and (place := alignment.to_source(found.start, found.end)):
            recovered.append(Span(*place, found.label))
    return Parsed(tuple(mentions), (), flat_spans(recovered), not stripped.balanced, text_drift=True)
