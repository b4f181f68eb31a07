"""Verbatim decoding: the answer is the text with tags and nothing else, and only the tags cost time.

The text is known, so it is drafted whole and put to the model in one pass, which tells at each place which of the allowed tokens it would
have written. The draft holds up to the first place where that is another one. What comes out is what step-by-step decoding over
the allowed tokens would have written, in about as many passes as there are tags.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import TYPE_CHECKING, Any, Protocol

from piispan.core import (
    Document,
    DocumentError,
    Prompt,
    Span,
    TagPlacement,
    TagTokens,
    TooLongError,
    common_prefix,
    context_length,
    encode_chat,
    forgets_no_keys,
)
from piispan.core.segments import TagGrammar, Unit
from piispan.tagger.decoding import Decoded, Progress
from piispan.tagger.drafting import Guess, Row, TagBias
from piispan.tagger.windows import Window, cut_windows, merge_windows

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

__all__ = ["Engine", "VerbatimDecoder", "make_engine"]

_PROBES = ("a", "\n", " ", "1", "\u00e9", "<")
"""Texts whose prompts share what every text's prompt shares."""

_SPARE = 64
"""Tokens kept free in the model's context for tags and for what a window's own edges cost."""


_LEAST_WINDOW = 16
"""With less room for a text than this, an answer would mean little."""


class Engine(Protocol):
    """Brings rows to their end."""

    bias: TagBias

    def steps(self, rows: Iterable[Row]) -> Iterator[None]:
        """Bring rows to their end, in about their order; yields after each pass."""
        ...


@dataclass(slots=True)
class _Text:
    """One text and the rows of its windows, in order."""

    text: str = field(repr=False)
    windows: list[Window]
    rows: list[Row]

    def merged(self, spans: Sequence[Sequence[Span]]) -> list[Span]:
        return merge_windows(
            len(self.text), self.windows, [[_moved(s, w.start) for s in own] for w, own in zip(self.windows, spans, strict=True)]
        )


class VerbatimDecoder:
    """Decodes ``tagged`` answers that cannot differ from their text.

    Args:
        model: A causal language model; its attention is switched to ``paged_attention``. Its weights must not change
            afterwards. With recurrent layers it is decoded step by step, which is slow.
        tokenizer: Its tokenizer, with a chat template and a ``tokenizers`` backend.
        prompt: Style, labels and the ``tagged`` format.
        tag_tokens: How tags are spelt; see ``TagGrammar``.
        placement: Where opening tags stand; see ``TagGrammar``.
        tag_bias: Added to the logits of opening tags, by label: more finds more, and more that is none.
        max_batch_tokens: Most tokens of texts, answers and prompts (without what they share) held at a time. When memory
            runs out it is halved.
        draft_tokens: Most tokens of one text put to the model in a pass beyond those decided; by default 6 on a CPU, where each
            costs, and 64 elsewhere. It changes no answer.
        window_tokens: Longer texts are cut into windows of at most so many tokens, or fewer where the context asks for it.
        overlap_tokens: Least tokens that neighbouring windows share; fewer in proportion where the context asks for shorter windows.
        guess: Spans that a text may hold, asked for once for each whole text; right ones save passes, wrong ones change nothing.

    Raises:
        ValueError: If a number is out of range or the format is another.
        ModelError: If the model's attention cannot be exchanged, or the tokenizer tells no offsets.
        TooLongError: If the prompt leaves no room in the model's context.
    """

    name = "verbatim"

    def __init__(
        self,
        model: "PreTrainedModel",
        tokenizer: "PreTrainedTokenizerBase",
        prompt: Prompt,
        *,
        tag_tokens: TagTokens = "text",
        placement: TagPlacement = "before_space",
        tag_bias: Mapping[str, float] | None = None,
        max_batch_tokens: int = 4096,
        draft_tokens: int | None = None,
        window_tokens: int = 512,
        overlap_tokens: int = 64,
        guess: Guess | None = None,
    ) -> None:
        if prompt.format.name != "tagged":
            raise ValueError(f"only the format 'tagged' can be decoded verbatim, was: {prompt.format.name!r}")
        self._tokenizer, self._prompt, self.guess = tokenizer, prompt, guess
        self.grammar = TagGrammar(tokenizer, prompt.labels, tag_tokens=tag_tokens, placement=placement)
        prompts = [self._ask(probe) for probe in _PROBES]
        self._window = _fitting(window_tokens, context_length(model), max(map(len, prompts)))
        if not 0 <= overlap_tokens < window_tokens:
            raise ValueError(f"overlap_tokens must be at least 0 and below window_tokens ({window_tokens}), was: {overlap_tokens}")
        self._overlap = overlap_tokens * self._window // window_tokens
        self._tag_bias = dict(tag_bias or {})
        bias = TagBias(self.grammar, self._tag_bias)
        self._engine = make_engine(model, prompts[0][: common_prefix(prompts)], bias, max_batch_tokens, draft_tokens)

    @property
    def tag_bias(self) -> Mapping[str, float]:
        """What is added to the logits of opening tags, by label; it may be set."""
        return self._tag_bias

    @tag_bias.setter
    def tag_bias(self, biases: Mapping[str, float]) -> None:
        self._engine.bias = TagBias(self.grammar, biases)
        self._tag_bias = dict(biases)

    def decode(self, texts: Sequence[str], progress: Progress | None = None) -> list[Decoded]:
        """One answer per text, in the texts' order. See ``stream``."""
        decoded = []
        for answer in self.stream(texts):
            decoded.append(answer)
            if progress:
                progress(1)
        return decoded

    def stream(self, texts: Iterable[str]) -> Iterator[Decoded]:
        """One answer per text, in the texts' order, in memory that does not grow with their number.

        Raises:
            DocumentError: If a text holds a lone surrogate.
            ModelError: If memory runs out with a single window.
        """
        coming: deque[_Text] = deque()
        for _ in self._engine.steps(self._rows(texts, coming)):
            while coming and all(row.finished for row in coming[0].rows):
                yield self._decoded(coming.popleft())

    def spans(self, text: str) -> Iterator[Span]:
        """The spans of one text, each as soon as it is decided and no window can change it.

        Raises:
            DocumentError: If the text holds a lone surrogate.
            ModelError: If memory runs out with a single window.
        """
        coming: deque[_Text] = deque()
        given = 0
        for _ in self._engine.steps(self._rows([text], coming)):
            decided = _decided(coming[0])
            yield from decided[given:]
            given = len(decided)

    def _rows(self, texts: Iterable[str], coming: "deque[_Text]") -> Iterator[Row]:
        """The rows of all windows. Each text is put into ``coming`` when its first row is asked for."""
        for number, text in enumerate(texts):
            starts = [unit.start for unit in self._units(number, text) for _ in unit.ids]
            windows = cut_windows(text, starts, size=self._window, overlap=self._overlap)
            guessed = self._guessed(text)
            rows = [self._row(text, window, guessed) for window in windows]
            coming.append(_Text(text, windows, rows))
            yield from rows

    def _units(self, number: int, text: str) -> list[Unit]:
        try:
            return self.grammar.encoder.units(text)
        except DocumentError as error:
            raise DocumentError(f"text {number}: {error}") from None

    def _guessed(self, text: str) -> list[Span]:
        spans = self.guess(text) if self.guess else ()
        return sorted((s for s in spans if s.label in self._prompt.labels and s.end <= len(text)), key=lambda span: span.start)

    def _row(self, text: str, window: Window, guessed: Sequence[Span]) -> Row:
        inside = [_moved(span, -window.start) for span in guessed if window.start <= span.start and span.end <= window.end]
        part = text[window.start : window.end]
        return Row(self.grammar.automaton(part), self._ask(part), inside)

    def _ask(self, text: str) -> list[int]:
        return encode_chat(self._tokenizer, self._prompt.messages(text), add_generation_prompt=True)

    def _decoded(self, entry: _Text) -> Decoded:
        spans = tuple(entry.merged([row.spans for row in entry.rows]))
        output = self._prompt.format.render(Document("text", entry.text, spans))
        passes, tokens = sum(row.passes for row in entry.rows), sum(len(row.answer) + 1 for row in entry.rows)
        return Decoded(output, passes, sum(row.seconds for row in entry.rows), tokens, spans=spans, windows=len(entry.windows))


def make_engine(model: Any, prefix: Sequence[int], bias: TagBias, max_batch_tokens: int, draft_tokens: int | None) -> Engine:
    """The engine that suits a model: drafting where its layers can take tokens back, else step by step."""
    if draft_tokens is None:
        draft_tokens = 6 if model.device.type == "cpu" else 64
    for setting, value in (("max_batch_tokens", max_batch_tokens), ("draft_tokens", draft_tokens)):
        if value < 1:
            raise ValueError(f"{setting} must be at least 1, was: {value}")
    if forgets_no_keys(model):
        from piispan.tagger.engine import DraftingEngine

        return DraftingEngine(model, prefix, bias, max_batch_tokens=max_batch_tokens, draft_tokens=draft_tokens)
    from piispan.tagger.stepwise import StepwiseEngine

    return StepwiseEngine(model, bias)


def _fitting(wanted: int, context: int | None, prompt: int) -> int:
    """Tokens of text for which the context has room twice, once in the prompt and once, with tags, in the answer."""
    if wanted < 2:
        raise ValueError(f"window_tokens must be at least 2, was: {wanted}")
    if context is None:
        return wanted
    room = (context - prompt - _SPARE) * 4 // 9
    if room < _LEAST_WINDOW:
        raise TooLongError(f"the prompt alone takes {prompt} tokens and leaves too little of the model's context of {context}")
    return min(wanted, room)


def _decided(entry: _Text) -> list[Span]:
    """The spans that nothing still to come can change."""
    rows, windows = entry.rows, entry.windows
    under_way = next((i for i, row in enumerate(rows) if not row.finished), len(rows) - 1)
    known = [row.spans if number <= under_way else [] for number, row in enumerate(rows)]
    limit = windows[under_way + 1].start if under_way + 1 < len(windows) else len(entry.text)
    # What the end of a window cut off may yet be joined with what the next one finds.
    cut = windows[under_way - 1].end if under_way and not rows[under_way].finished else None
    return list(takewhile(lambda span: span.end <= limit and span.end != cut, entry.merged(known)))


def _moved(span: Span, by: int) -> Span:
    return Span(span.start + by, span.end + by, span.label, span.score)
