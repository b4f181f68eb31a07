"""What may be written next, so that an answer is the text with tags and nothing else.

Whatever choices are made among the allowed tokens, the answer without its tags is the text, each tag is of the label set, and each
span is well formed. No model takes part here.
"""

from bisect import bisect_right
from collections.abc import Sequence
from copy import copy
from functools import lru_cache
from typing import Any, NamedTuple

from piispan.core.labels import LabelSet
from piispan.core.segments.encoding import SegmentEncoder, Unit
from piispan.core.segments.pieces import PieceNode, piece_tree
from piispan.core.segments.tags import TagNode, TagSpelling
from piispan.core.sidecar import TagPlacement, TagTokens
from piispan.core.spans import Span

__all__ = ["Automaton", "Choice", "State", "TagGrammar"]


class State(NamedTuple):
    """How far an answer has been written.

    Args:
        unit: Number of the unit being written.
        offset: Characters of it that are written.
        piece: Place in the tree of the unit's tokens; ``None`` where a unit, or its rest behind a tag, begins.
        label: Number of the open span's label, or -1.
        opened: Index of the character at which the open span begins, or -1.
        tag: Place in a tag that is partly written, or ``None``.
    """

    unit: int = 0
    offset: int = 0
    piece: PieceNode | None = None
    label: int = -1
    opened: int = -1
    tag: TagNode | None = None


class Choice(NamedTuple):
    """The tokens allowed in a state.

    Args:
        copies: Tokens of the text; the first is the one that copies it without a tag.
        tags: Tokens of tags, by the place in the tag they lead to.
    """

    copies: tuple[int, ...]
    tags: dict[int, TagNode]

    @property
    def ids(self) -> tuple[int, ...]:
        """All of them, copies first."""
        return (*self.copies, *self.tags)

    def allows(self, token: int) -> bool:
        """Whether ``token`` is among them."""
        return token in self.copies or token in self.tags


class TagGrammar:
    """What is the same for all texts: how a tokenizer spells the tags of a label set, and where they stand.

    Args:
        tokenizer: A tokenizer of transformers with a ``tokenizers`` backend.
        labels: The label set.
        tag_tokens: ``text`` spells tags in ordinary tokens; where the text itself goes on like a tag, none can stand there.
            ``special`` has a token for each tag, and no such place.
        placement: ``before_space`` puts an opening tag before the space that leads its first word, and leaves the text's tokens as
            they are; ``at_value`` puts it behind, in one token with the space where the vocabulary does, as in joint tokenisation.

    Raises:
        ModelError: If the tokenizer tells no offsets, lacks the special tokens, or spells two tags alike.
    """

    def __init__(
        self, tokenizer: Any, labels: LabelSet, *, tag_tokens: TagTokens = "text", placement: TagPlacement = "before_space"
    ) -> None:
        self._tokenizer = tokenizer
        self.labels = labels
        self.tag_tokens: TagTokens = tag_tokens
        self.placement: TagPlacement = placement
        self.encoder = SegmentEncoder(tokenizer)
        self.tags = TagSpelling(tokenizer, self.encoder, labels, tag_tokens)
        self.tree = lru_cache(maxsize=16384)(self._tree)

    def for_labels(self, labels: LabelSet) -> "TagGrammar":
        """The same grammar for other labels, with the tokenizer prepared once.

        Raises:
            ModelError: If the tokenizer lacks their special tokens, or spells two of their tags alike.
        """
        other = copy(self)
        other.labels = labels
        other.tags = TagSpelling(self._tokenizer, self.encoder, labels, self.tag_tokens)
        other.tree = lru_cache(maxsize=16384)(other._tree)
        return other

    def automaton(self, text: str) -> "Automaton":
        """The automaton of one text.

        Raises:
            DocumentError: If the text holds a lone surrogate.
        """
        return Automaton(self, text)

    def leading_space(self, text: str, offset: int) -> str:
        """The white space that an opening tag takes with it before ``text[offset:]``."""
        if self.placement == "before_space":
            return ""
        rest = text[offset:]
        value = rest.lstrip()
        return rest[: len(rest) - len(value)] if self.encoder.fragment(value) else ""

    def _tree(self, text: str, ids: tuple[int, ...], offset: int, label: int) -> PieceNode:
        rest = self.encoder.fragment(text[offset:]) if offset else ids
        return piece_tree(self.encoder, text, rest, offset, frozenset(self._tag_starts(text, offset, label)))

    def _tag_starts(self, text: str, offset: int, label: int) -> set[int]:
        if label >= 0:
            return set(self.tags.closing[label].children)
        return {*self.tags.opening("").children, *self.tags.opening(self.leading_space(text, offset)).children}


class Automaton:
    """The allowed answers for one text.

    Args:
        grammar: Tags and tokenizer.
        text: The text.
    """

    start = State()

    def __init__(self, grammar: TagGrammar, text: str) -> None:
        self.grammar, self.text = grammar, text
        self.units: Sequence[Unit] = grammar.encoder.units(text)
        self._starts = [unit.start for unit in self.units]

    def unit_at(self, index: int) -> Unit:
        """The unit that holds the character ``index``."""
        return self.units[bisect_right(self._starts, index) - 1]

    def finished(self, state: State) -> bool:
        """Whether the answer is whole: only the end of the turn can follow."""
        return state.unit == len(self.units) and state.label < 0 and state.tag is None

    def allowed(self, state: State) -> Choice:
        """The tokens that may follow; empty when the answer is whole."""
        if state.tag is not None:
            return Choice((), state.tag.children)
        if state.unit == len(self.units):
            return Choice((), self.grammar.tags.closing[state.label].children if state.label >= 0 else {})
        if state.piece is None:
            node = self._root(state)
            copies = tuple(node.children)
            tags = {t: n for t, n in self._tags_before(state).items() if t not in node.children}
            return Choice(copies, tags)
        return Choice(tuple(state.piece.children), {} if state.piece.cut is None else self._tags_inside(state))

    def step(self, state: State, token: int) -> State:
        """The state after ``token``, which must be allowed."""
        if state.tag is not None:
            return self._tagged(state, state.tag.children[token])
        choice = self.allowed(state)
        if token in choice.tags:
            return self._tagged(state._replace(offset=self._offset(state), piece=None), choice.tags[token])
        node = (state.piece or self._root(state)).children[token]
        if node.written:
            return State(state.unit + 1, 0, None, state.label, state.opened)
        return state._replace(piece=node)

    def closed(self, before: State, after: State) -> Span | None:
        """The span that the step from ``before`` to ``after`` closed, if it did. Its value has no white space at its edges."""
        if before.label < 0 or after.label >= 0:
            return None
        raw = self.text[before.opened : self.position(after)]
        start = before.opened + len(raw) - len(raw.lstrip())
        return Span(start, start + len(raw.strip()), self.grammar.labels.names[before.label])

    def position(self, state: State) -> int:
        """Characters of the text that are written, in a state that is in no piece."""
        return self.units[state.unit].start + state.offset if state.unit < len(self.units) else len(self.text)

    def _root(self, state: State) -> PieceNode:
        unit = self.units[state.unit]
        closing = state.label if state.label < 0 or self.grammar.tag_tokens == "text" else 0  # one closing tag for all
        return self.grammar.tree(unit.text, unit.ids, state.offset, closing)

    def _offset(self, state: State) -> int:
        return state.offset if state.piece is None or state.piece.cut is None else state.piece.cut

    def _tags_before(self, state: State) -> dict[int, TagNode]:
        """The tags that may stand where a unit, or its rest behind a tag, begins."""
        unit, tags = self.units[state.unit], self.grammar.tags
        if state.label < 0:
            if unit.text[state.offset :].isspace():
                return {}
            return tags.opening(self.grammar.leading_space(unit.text, state.offset)).children
        at = unit.start + state.offset
        return tags.closing[state.label].children if at > state.opened and self._may_close_at(state) else {}

    def _tags_inside(self, state: State) -> dict[int, TagNode]:
        tags = self.grammar.tags
        return tags.opening("").children if state.label < 0 else tags.closing[state.label].children

    def _may_close_at(self, state: State) -> bool:
        written = self.units[state.unit].text[: state.offset] if state.offset else self.units[state.unit - 1].text
        return bool(written.strip())

    def _tagged(self, state: State, node: TagNode) -> State:
        if not node.complete:
            return state._replace(tag=node)
        if state.label >= 0:
            return state._replace(label=-1, opened=-1, tag=None)
        offset = state.offset + node.absorbed
        opened = self.position(state) + node.absorbed
        return state._replace(offset=offset, label=node.labels[0], opened=opened, tag=None)
