"""The answer that a labelled document should get, as choices of the automaton; and the spans of an answer that was given."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from typing import NamedTuple

from piispan.core.errors import FormatError
from piispan.core.segments.automaton import Automaton, Choice, State, TagGrammar
from piispan.core.segments.encoding import Unit
from piispan.core.segments.tags import TagNode
from piispan.core.spans import Document, Span

__all__ = ["Decision", "continuation", "gold_decisions", "read_spans", "spelt_tag"]


class Decision(NamedTuple):
    """One token of an answer and what might have stood in its place.

    Args:
        token: The token.
        choice: The tokens that were allowed, this one among them.
    """

    token: int
    choice: Choice


def gold_decisions(grammar: TagGrammar, document: Document) -> list[Decision]:
    """The tokens of the document's answer, the end of the turn not among them.

    Raises:
        LabelError: If a label is not in the grammar's label set.
        FormatError: If a tag cannot stand where a span begins or ends; names the document and the span. With special tag tokens
            it happens only beside characters for which the tokenizer has no token.
    """
    for span in document.spans:
        grammar.labels.require(span.label, f"document {document.id!r}: ")
    automaton = grammar.automaton(document.text)
    decisions: list[Decision] = []
    state, spans = automaton.start, []
    for token in continuation(automaton, state, document.spans):
        choice = automaton.allowed(state)
        if not choice.allows(token):
            break
        before, state = state, automaton.step(state, token)
        if closed := automaton.closed(before, state):
            spans.append(closed)
        decisions.append(Decision(token, choice))
    # A tag that cannot stand where it should ends the walk, or shifts a span to what the tokenizer can divide.
    wrong = next((own for own, read in zip_longest(document.spans, spans) if own != read), None)
    if wrong is not None:
        raise FormatError(
            f"document {document.id!r}, span {wrong}: this tokenizer cannot set its tags there; "
            "use special tag tokens, or leave the span out"
        )
    return decisions


def continuation(automaton: Automaton, state: State, spans: Sequence[Span]) -> Iterator[int]:
    """The tokens that write the rest of a text, with tags around ``spans``.

    Args:
        automaton: Of the text.
        state: Where to go on from; in no tag and no piece. If a span is open in it, it is the first of ``spans``.
        spans: Flat and sorted; behind the place where ``state`` is.
    """
    grammar = automaton.grammar
    if not automaton.units:
        return
    copier = _Copier(grammar, automaton.units, state.unit, state.offset)
    open_already = state.label >= 0
    for span in spans:
        opening, closing = _tag_positions(automaton, span)
        label = grammar.labels.names.index(span.label)
        if not open_already:
            yield from copier.up_to(opening)
            space = copier.leading_space(span.start)
            yield from spelt_tag(grammar.tags.opening(space), label)
            copier.offset += len(space)
        yield from copier.up_to(closing)
        yield from spelt_tag(grammar.tags.closing[label], label)
        open_already = False
    yield from copier.up_to(len(automaton.text))


def read_spans(automaton: Automaton, ids: Iterable[int]) -> list[Span]:
    """The spans of an answer.

    Raises:
        FormatError: If a token is not allowed where it stands, or the answer stops short; names its place, counted from 0.
    """
    state, spans, count = automaton.start, [], 0
    for token in ids:
        if not automaton.allowed(state).allows(token):
            raise FormatError(f"token {count} of the answer is not allowed there")
        before, state, count = state, automaton.step(state, token), count + 1
        if span := automaton.closed(before, state):
            spans.append(span)
    if not automaton.finished(state):
        raise FormatError(f"the answer stops short after {count} tokens")
    return spans


def _tag_positions(automaton: Automaton, span: Span) -> tuple[int, int]:
    """Characters before which the span's tags stand: white space between a tag and its value is the tag's to step over."""
    text = automaton.text
    first, last = automaton.unit_at(span.start), automaton.unit_at(span.end - 1)
    opening = first.start + len(text[first.start : span.start].rstrip())
    closing = span.end if text[span.end : last.end].strip() else last.end
    return opening, closing


class _Copier:
    """Copies a text's units from a place in it on."""

    def __init__(self, grammar: TagGrammar, units: Sequence[Unit], unit: int, offset: int) -> None:
        self._grammar, self._units, self._unit, self.offset = grammar, units, unit, offset

    def up_to(self, end: int) -> Iterator[int]:
        """Tokens up to the character ``end``."""
        encoder = self._grammar.encoder
        while self._unit < len(self._units) and self._units[self._unit].start + self.offset < end:
            unit, offset = self._units[self._unit], self.offset
            if end < unit.end:
                self.offset = end - unit.start
                yield from encoder.fragment(unit.text[offset : self.offset])
                return
            self._unit, self.offset = self._unit + 1, 0
            yield from encoder.fragment(unit.text[offset:]) if offset else unit.ids

    def leading_space(self, start: int) -> str:
        """The white space that an opening tag here takes with it, for a value that begins at the character ``start``."""
        unit = self._units[self._unit]
        space = self._grammar.leading_space(unit.text, self.offset)
        return space if unit.start + self.offset + len(space) <= start else ""


def spelt_tag(tree: TagNode, label: int) -> Iterator[int]:
    """The tokens that complete the tag of a label (by number) from a place in the tree of tags on."""
    while not tree.complete:
        token, tree = next((t, node) for t, node in tree.children.items() if label in node.labels)
        yield token
