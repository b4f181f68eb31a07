"""The passes of verbatim decoding: many texts at a time, each as far as the model agrees with its draft."""

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from time import perf_counter
from typing import Any

import torch

from piispan.core import ModelError, attention_windows, common_prefix
from piispan.core.output_head import narrowed_head
from piispan.tagger.drafting import Draft, Row, TagBias, Verdict, asked_places
from piispan.tagger.paged_attention import KeyValuePool, KeyValues, PackedPass, RowTokens, use_paged_attention
from piispan.tagger.restricted import choose_allowed

__all__ = ["DraftingEngine"]

_LEAST_TOKENS = 16
"""Below this, halving a batch frees no memory worth the name."""


class DraftingEngine:
    """Runs rows to their end. Several runs may be under way at once; they share the prefix only.

    Args:
        model: A causal language model; its attention is switched to ``paged_attention``. Its weights must not change afterwards.
        prefix: Tokens with which the prompts begin; computed once.
        bias: Added to the logits of opening tags in the runs that begin from here on.
        max_batch_tokens: Most tokens of rows held at a time; a run halves it for itself when memory runs out.
        draft_tokens: Most drafted tokens of a row in a pass.

    Raises:
        ModelError: If the model does not let its attention be exchanged.
    """

    def __init__(self, model: Any, prefix: Sequence[int], bias: TagBias, *, max_batch_tokens: int, draft_tokens: int) -> None:
        use_paged_attention(model)
        self.model, self.prefix, self.bias = model, list(prefix), bias
        self.max_batch_tokens, self.draft_tokens = max_batch_tokens, draft_tokens
        self._keys: dict[int, KeyValues] | None = None

    def steps(self, rows: Iterable[Row]) -> Iterator[None]:
        """Bring rows to their end, in about their order; yields after each pass. Few more are taken than are under way.

        Raises:
            ModelError: If memory runs out with a single row.
        """
        return _Run(self).steps(rows)

    def prefix_keys(self) -> dict[int, KeyValues]:
        """Keys and values of the prefix by layer."""
        if self._keys is None:
            pool = KeyValuePool({})
            if self.prefix:
                plan = PackedPass(pool, [], len(self.prefix), self.model.device)
                with torch.inference_mode():
                    self.forward(self.prefix, range(len(self.prefix)), plan, [0], [0])
            self._keys = pool.prefix
        return self._keys

    def forward(
        self, ids: Sequence[int], positions: Iterable[int], plan: PackedPass, kept: Sequence[int], scored: Sequence[int]
    ) -> torch.Tensor:
        """Logits ``(kept, scored tokens)`` of one packed row.

        Raises:
            ModelError: If the model did not attend as the pass says, and so read one text as part of another.
        """
        device = self.model.device
        with narrowed_head(self.model, torch.tensor(scored, device=device)):
            output = self.model(
                input_ids=torch.tensor([list(ids)], device=device),
                position_ids=torch.tensor([list(positions)], device=device),
                attention_mask=torch.ones(1, 1, 1, 1, dtype=torch.bool, device=device),
                packed_pass=plan,
                use_cache=False,
                logits_to_keep=torch.tensor(list(kept), device=device),
            )
        if not plan.windows or (attention_windows(self.model) and plan.windows == {None}):
            name = type(self.model).__name__
            raise ModelError(f"{name} does not tell its attention what verbatim decoding needs; decode it with plain generation")
        logits: torch.Tensor = output.logits[0]
        return logits


@dataclass(frozen=True, slots=True)
class _RowInput:
    """What one row puts to the model in a pass: decided tokens, then drafted ones; no draft while its prompt is still being read."""

    row: Row
    pending: list[int] = field(repr=False)
    draft: Draft | None

    @property
    def tokens(self) -> list[int]:
        return [*self.pending, *(self.draft.tokens if self.draft else ())]


class _Run:
    """One run over rows, with slots of its own."""

    def __init__(self, engine: DraftingEngine) -> None:
        self._engine, self._bias = engine, engine.bias
        self._prefix = engine.prefix
        self._max_tokens = engine.max_batch_tokens
        self._pool: KeyValuePool | None = None
        self._labels: Counter[str] = Counter()
        self._likely_labels: list[str] = []

    def steps(self, rows: Iterable[Row]) -> Iterator[None]:
        use_paged_attention(self._engine.model)  # training may have switched it meanwhile
        coming = iter(rows)
        waiting: deque[Row] = deque()
        active: list[Row] = []
        while True:
            self._admit(active, waiting, coming)
            if not active:
                return
            unfinished = [row for row in active if not row.finished]
            if unfinished and not self._passes(unfinished):
                # Outside the handler, where nothing holds the tensors of the failed pass any more.
                self._make_room()
                for row in active:
                    row.slots.clear()
                waiting.extendleft(reversed(active))
                active.clear()
            yield
            for row in active:
                if row.finished:
                    self._forget(row, 0)
                    self._labels.update(span.label for span in row.spans)
            active = [row for row in active if not row.finished]

    def _admit(self, active: list[Row], waiting: "deque[Row]", coming: Iterator[Row]) -> None:
        """Take on waiting and coming rows while there is room; one is always taken on."""
        while True:
            if not waiting:
                waiting.extend(islice(coming, 1))
            if not waiting or not self._has_room(active, waiting[0]):
                return
            active.append(waiting.popleft())

    def _has_room(self, active: Sequence[Row], row: Row) -> bool:
        shared = common_prefix([self._prefix, row.prompt[:-1]])
        if shared < len(self._prefix):
            if active:
                return False
            self._prefix, self._pool = self._prefix[:shared], None
        return not active or sum(other.size - shared for other in [*active, row]) <= self._max_tokens

    def _make_room(self) -> None:
        """Drop all keys and values, and hold half as many tokens from now on."""
        self._pool = None
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        if self._max_tokens < _LEAST_TOKENS:
            raise ModelError("memory runs out with a single text; cut it into shorter ones, or use a smaller model")
        self._max_tokens //= 2

    def _forget(self, row: Row, kept: int) -> None:
        if self._pool:
            self._pool.give_back(row.slots[kept:])
        del row.slots[kept:]

    def _passes(self, rows: Sequence[Row]) -> bool:
        """One pass over ``rows``; false when memory ran out."""
        started = perf_counter()
        try:
            with torch.inference_mode():
                self._pass(rows)
        except RuntimeError as error:
            if not _out_of_memory(error):
                raise
            return False
        seconds = (perf_counter() - started) / len(rows)
        for row in rows:
            row.passes += 1
            row.seconds += seconds
        return True

    def _pass(self, rows: Sequence[Row]) -> None:
        if self._pool is None:
            self._pool = KeyValuePool(self._engine.prefix_keys(), prefix_tokens=len(self._prefix), capacity=self._max_tokens)
        share = max(self._max_tokens // len(rows), 1)
        self._likely_labels = [label for label, _ in self._labels.most_common()]
        inputs = sorted((self._input(row, share) for row in rows), key=lambda one: len(one.tokens))
        cached = [len(one.row.slots) for one in inputs]
        for one in inputs:
            one.row.slots += self._pool.take(len(one.tokens))
        for one, before, said in zip(inputs, cached, self._verdicts(inputs, self._pool), strict=True):
            taken = one.row.accept(one.draft, said) if one.draft else 0
            self._forget(one.row, before + len(one.pending) + taken)

    def _input(self, row: Row, share: int) -> _RowInput:
        pending = row.pending(len(self._prefix))
        if len(pending) > share:
            return _RowInput(row, pending[:share], None)
        return _RowInput(row, pending, row.draft(min(self._engine.draft_tokens, share), self._likely_labels))

    def _verdicts(self, inputs: Sequence[_RowInput], pool: KeyValuePool) -> list[dict[int, Verdict]]:
        """What the model says at each asked place of each draft."""
        ids: list[int] = []
        positions: list[int] = []
        kept: list[int] = []
        options: list[Sequence[int]] = []
        biases: list[Sequence[float]] = []
        places: list[tuple[int, int]] = []
        for number, one in enumerate(inputs):
            before = len(self._prefix) + len(one.row.slots) - len(one.tokens)
            positions += range(before, before + len(one.tokens))
            for place, choice, bias in asked_places(one.row, one.draft, self._bias) if one.draft else ():
                places.append((number, place))
                kept.append(len(ids) + len(one.pending) - 1 + place)
                options.append(choice)
                biases.append(bias)
            ids += one.tokens
        rows = [RowTokens(one.row.slots, len(one.tokens)) for one in inputs]
        plan = PackedPass(pool, rows, len(self._prefix), self._engine.model.device)
        scored = sorted({token for allowed in options for token in allowed})
        logits = self._engine.forward(ids, positions, plan, kept or [0], scored or [0])
        verdicts: list[dict[int, Verdict]] = [{} for _ in inputs]
        if places:
            for (number, place), verdict in zip(places, choose_allowed(logits, scored, options, biases), strict=True):
                verdicts[number][place] = verdict
        return verdicts


def _out_of_memory(error: BaseException) -> bool:
    return isinstance(error, torch.OutOfMemoryError) or "can't allocate memory" in str(error)
