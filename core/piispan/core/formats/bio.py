"""``bio``: one ``word<TAB>TAG`` line per word, with the tags ``O``, ``B-LABEL`` and ``I-LABEL``.

Words are the matches of ``\\w+|[^\\w\\s]``; a Han character or a kana is a word of its own, as in the corpora of Chinese and Japanese that
are tagged by character. A span whose edges are not edges of words cannot be written.
"""

import re
from dataclasses import dataclass

from piispan.core.errors import FormatError
from piispan.core.formats.alignment import equal_blocks
from piispan.core.formats.base import Mention, Parsed, Problem, flat_spans
from piispan.core.labels import LabelSet
from piispan.core.spans import Document, Span
from piispan.core.words import TOKEN

__all__ = ["BioFormat"]

_LINE = re.compile(rf"({TOKEN.pattern})\t(?:(O)|([BI])-(\S+))")


@dataclass(frozen=True, slots=True)
class _Line:
    """One line that is a token and a tag. ``begins`` tells ``B-`` from ``I-``; ``label`` is '' for ``O``."""

    word: str
    label: str
    begins: bool


class BioFormat:
    """One line per word."""

    name = "bio"
    instruction = (
        "Label all personal data in the text. Answer with one line for each word or punctuation mark of the text (in Chinese and "
        "Japanese for each character): the word, a tab, and its tag: B-LABEL for the first word of a piece of personal data, I-LABEL "
        "for the words that continue it, O for all others."
    )

    def unwritable(self, document: Document) -> tuple[Span, ...]:
        """The spans that do not start and end at edges of words."""
        starts = {match.start() for match in TOKEN.finditer(document.text)}
        ends = {match.end() for match in TOKEN.finditer(document.text)}
        return tuple(span for span in document.spans if span.start not in starts or span.end not in ends)

    def render(self, document: Document) -> str:
        """The lines, joined by newlines.

        Raises:
            FormatError: If a span does not fall on edges of words; names the document and the offsets.
        """
        if lost := self.unwritable(document):
            places = ", ".join(map(str, lost))
            raise FormatError(f"document {document.id!r}: bio can't write {len(lost)} span(s) that do not fall on word edges: {places}")
        spans = list(document.spans)
        lines = []
        for match in TOKEN.finditer(document.text):
            while spans and spans[0].end <= match.start():
                spans.pop(0)
            tag = "O"
            if spans and spans[0].start <= match.start():
                tag = f"{'B' if spans[0].start == match.start() else 'I'}-{spans[0].label}"
            lines.append(f"{match.group()}\t{tag}")
        return "\n".join(lines)

    def parse(self, text: str, source: str, labels: LabelSet) -> Parsed:
        """Read the lines and keep them in step with the source's words. See ``OutputFormat.parse``."""
        raw = text.strip().split("\n") if text.strip() else []
        known = {line: _read(line) for line in set(raw)}
        read = [known[line] for line in raw]
        lines = [line for line in read if line]
        extraneous = bool(lines) and not (read[0] and read[-1])
        words = list(TOKEN.finditer(source))
        drift = [line.word for line in lines] != [word.group() for word in words]
        places, groups = _places(lines, words), _groups(lines)
        mentions = tuple(_mentions(lines, groups, places, source, labels, exact=not drift))
        spans = flat_spans(m.span for m in mentions if m.span)
        near = flat_spans(_recovered(lines, groups, places, labels)) if drift else spans
        return Parsed(mentions, spans, near, len(lines) != len(raw), drift, extraneous)


def _read(line: str) -> _Line | None:
    match = _LINE.fullmatch(line.rstrip("\r "))
    if not match:
        return None
    word, _, position, label = match.groups()
    return _Line(word, label or "", position == "B")


def _places(lines: list[_Line], words: list[re.Match[str]]) -> list[re.Match[str] | None]:
    """For each line the source's word it stands for, by an edit alignment of the two word lists."""
    places: list[re.Match[str] | None] = [None] * len(lines)
    for out, src, length in equal_blocks([line.word for line in lines], [word.group() for word in words]):
        places[out : out + length] = words[src : src + length]
    return places


def _groups(lines: list[_Line]) -> list[tuple[int, int]]:
    """Line numbers (half-open) of each mention; an ``I-`` that continues nothing begins a mention."""
    groups: list[tuple[int, int]] = []
    for number, line in enumerate(lines):
        if not line.label:
            continue
        if groups and not line.begins and groups[-1][1] == number and lines[number - 1].label == line.label:
            groups[-1] = groups[-1][0], number + 1
        else:
            groups.append((number, number + 1))
    return groups


def _mentions(
    lines: list[_Line],
    groups: list[tuple[int, int]],
    places: list[re.Match[str] | None],
    source: str,
    labels: LabelSet,
    *,
    exact: bool,
) -> list[Mention]:
    mentions = []
    for first, last in groups:
        label = lines[first].label
        value = " ".join(line.word for line in lines[first:last])
        covered = [place for place in places[first:last] if place]
        problems = set() if label in labels else {Problem.UNKNOWN_LABEL}
        if len(covered) < last - first:
            problems.add(Problem.VALUE_NOT_IN_SOURCE)
        span = Span(covered[0].start(), covered[-1].end(), label) if exact and not problems else None
        mentions.append(Mention(label, value if not span else source[span.start : span.end], span, frozenset(problems)))
    return mentions


def _recovered(lines: list[_Line], groups: list[tuple[int, int]], places: list[re.Match[str] | None], labels: LabelSet) -> list[Span]:
    spans = []
    for first, last in groups:
        covered = [place for place in places[first:last] if place]
        if covered and lines[first].label in labels:
            spans.append(Span(covered[0].start(), covered[-1].end(), lines[first].label))
    return spans
