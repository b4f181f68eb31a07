"""One text on its way through verbatim decoding: what is decided, what is drafted, what a pass has to tell."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from piispan.core import Span
from piispan.core.segments import Automaton, Choice, State, TagGrammar, TagNode, continuation, spelt_tag

__all__ = ["Draft", "Guess", "Row", "TagBias", "Verdict", "asked_places"]

Guess = Callable[[str], Sequence[Span]]
"""Spans that a text may hold. They make decoding faster where they are right, and change nothing where they are wrong."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the model says at one place: a token among those allowed, and its probability among them."""

    token: int
    probability: float


@dataclass(frozen=True, slots=True)
class Draft:
    """Tokens put to the model in one pass.

    Args:
        tokens: Tokens that may follow what is decided.
        choices: What is allowed at each of them, and behind the last one if the answer is not whole there.
    """

    tokens: list[int] = field(repr=False)
    choices: list[Choice] = field(repr=False)


class TagBias:
    """What is added to the logits of opening tags, by label; for tags of several tokens it is shared out along the tag.

    Args:
        grammar: The tags.
        biases: Bias by label name; a label left out has none.

    Raises:
        LabelError: If a name is not in the label set.
    """

    def __init__(self, grammar: TagGrammar, biases: Mapping[str, float]) -> None:
        for name in biases:
            grammar.labels.require(name, "tag_bias: ")
        self._by_label = [biases.get(name, 0.0) for name in grammar.labels.names]
        self._any = any(self._by_label)

    def of(self, state: State, choice: Choice) -> list[float]:
        """The bias of each token of ``choice.ids``."""
        flat = [0.0] * len(choice.copies)
        if not self._any or state.label >= 0:
            return [*flat, *[0.0] * len(choice.tags)]
        before = 0.0 if state.tag is None else self._most(state.tag)
        return [*flat, *(self._most(node) - before for node in choice.tags.values())]

    def _most(self, node: TagNode) -> float:
        return max(self._by_label[label] for label in node.labels)


@dataclass(slots=True)
class Row:
    """One text under way.

    Args:
        automaton: What its answer may be.
        prompt: Tokens of its prompt.
        guess: Spans it may hold.
    """

    automaton: Automaton = field(repr=False)
    prompt: Sequence[int] = field(repr=False)
    guess: Sequence[Span] = ()
    answer: list[int] = field(default_factory=list, repr=False)
    spans: list[Span] = field(default_factory=list)
    slots: list[int] = field(default_factory=list)
    """Slots of the tokens whose keys and values are kept, in order."""
    passes: int = 0
    seconds: float = 0.0
    state: State = field(init=False, repr=False)
    size: int = field(init=False)
    """Tokens that prompt and answer will take, with some for tags; an estimate."""
    _score: float = 1.0

    def __post_init__(self) -> None:
        self.state = self.automaton.start
        self.size = len(self.prompt) + sum(len(unit.ids) for unit in self.automaton.units) * 5 // 4 + 16
        self._accept_forced()

    @property
    def finished(self) -> bool:
        """Whether the answer is whole."""
        return self.automaton.finished(self.state)

    def pending(self, prefix: int) -> list[int]:
        """Decided tokens that have not been through the model, of which the first ``prefix`` are held elsewhere."""
        done = prefix + len(self.slots)
        return [*self.prompt[done:], *self.answer[max(done - len(self.prompt), 0) :]]

    def draft(self, width: int, likely_labels: Sequence[str] = ()) -> Draft:
        """Up to ``width`` tokens that may follow: the text, with tags where they are guessed.

        Args:
            width: Most tokens.
            likely_labels: Labels to guess for a tag that is partly written, the likeliest first.
        """
        state, tokens, choices = self.state, [], [self.automaton.allowed(self.state)]
        for token in islice(self._likely(likely_labels), width):
            if not choices[-1].allows(token):
                break
            tokens.append(token)
            state = self.automaton.step(state, token)
            choices.append(self.automaton.allowed(state))
        return Draft(tokens, choices)

    def _likely(self, likely_labels: Sequence[str]) -> Iterator[int]:
        state, grammar = self.state, self.automaton.grammar
        if state.piece is not None:
            return
        here = self.automaton.position(state)
        if state.tag is not None:
            guessed = [span.label for span in self.guess if span.end > here][:1]
            numbers = map(grammar.labels.names.index, [*guessed, *likely_labels])
            label = next((number for number in numbers if number in state.tag.labels), state.tag.labels[0])
            for token in spelt_tag(state.tag, label):
                yield token
                state = self.automaton.step(state, token)
        ahead = [span for span in self.guess if span.end > here]
        if state.label >= 0 and ahead:
            ahead[0] = replace(ahead[0], label=grammar.labels.names[state.label])
        elif ahead and ahead[0].start < here:
            del ahead[0]
        yield from continuation(self.automaton, state, ahead)

    def accept(self, draft: Draft, verdicts: Mapping[int, Verdict]) -> int:
        """Take the draft up to the first token that the model would not have written, and the model's own there.

        Args:
            draft: What was put to the model.
            verdicts: What it said, by place in ``draft.choices``.

        Returns:
            How many tokens of the draft were taken.
        """
        taken = 0
        for place, drafted in enumerate([*draft.tokens, None]):
            verdict = verdicts.get(place)
            token = drafted if verdict is None else verdict.token
            if token is None:
                break
            self._append(token, 1.0 if verdict is None else verdict.probability)
            if token != drafted:
                break
            taken += 1
        self._accept_forced()
        return taken

    def _accept_forced(self) -> None:
        while not self.finished:
            ids = self.automaton.allowed(self.state).ids
            if len(ids) > 1:
                return
            self._append(next(iter(ids)), 1.0)

    def _append(self, token: int, probability: float) -> None:
        before = self.state
        self.state = self.automaton.step(before, token)
        self.answer.append(token)
        if before.label < 0 and (self.state.tag is not None or self.state.label >= 0):
            self._score = probability * (self._score if before.tag is not None else 1.0)
        if span := self.automaton.closed(before, self.state):
            self.spans.append(Span(span.start, span.end, span.label, min(self._score, 1.0)))


def asked_places(row: Row, draft: Draft, bias: TagBias) -> Iterator[tuple[int, Sequence[int], Sequence[float]]]:
    """Places in ``draft.choices`` at which there is more than one token to choose from, with those tokens and their bias."""
    state = row.state
    for place, choice in enumerate(draft.choices):
        if len(choice.copies) + len(choice.tags) > 1:
            yield place, choice.ids, bias.of(state, choice)
        if place < len(draft.tokens):
            state = row.automaton.step(state, draft.tokens[place])
