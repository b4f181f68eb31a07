"""The passes of verbatim decoding: many texts at a time, each as far as the model agrees with its draft."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from time import perf_counter
from typing import Any

import torch

from piispan.core import ModelError, common_prefix
from piispan.tagger.drafting import Draft, Row, TagBias, Verdict, asked_places
from piispan.tagger.paged_attention import KeyValuePool, PackedPass, RowTokens, use_paged_attention
from piispan.tagger.restricted import choose_allowed

__all__ = ["DraftingEngine"]

_LEAST_TOKENS = 16
"""Below this, halving a batch frees no memory worth the name."""


@dataclass(frozen=True, slots=True)
class _Put:
    """What one row puts to the model in a pass: decided tokens, then drafted ones; no draft while its prompt is still being read."""

    row: Row
    pending: list[int]
    draft: Draft | None

    @property
    def tokens(self) -> list[int]:
        return [*self.pending, *(self.draft.tokens if self.draft else ())]


class DraftingEngine:
    """Runs rows to their end.

    Args:
        model: A causal language model; its attention is switched to ``paged_attention``. Its weights must not change afterwards.
        prefix: Tokens with which the prompts begin; computed once.
        bias: Added to the logits of opening tags.
        max_batch_tokens: Most tokens of rows held at a time; halved when memory runs out.
        draft_tokens: Most drafted tokens of a row in a pass.

    Raises:
        ValueError: If a number is less than 1.
        ModelError: If the model does not let its attention be exchanged.
    """

    def __init__(self, model: Any, prefix: Sequence[int], bias: TagBias, *, max_batch_tokens: int, draft_tokens: int) -> None:
        for setting, value in (("max_batch_tokens", max_batch_tokens), ("draft_tokens", draft_tokens)):
            if value < 1:
                raise ValueError(f"{setting} must be at least 1, was: {value}")
        use_paged_attention(model)
        self._model, self._prefix, self.bias = model, list(prefix), bias
        self.max_batch_tokens, self._draft_tokens, self.passes = max_batch_tokens, draft_tokens, 0
        self._pool: KeyValuePool | None = None

    def steps(self, rows: Iterable[Row]) -> Iterator[None]:
        """Bring rows to their end, in about their order; yields after each pass. Few more are taken than are under way.

        Raises:
            ModelError: If memory runs out with a single row.
        """
        coming = iter(rows)
        waiting: deque[Row] = deque()
        active: list[Row] = []
        try:
            while True:
                self._admit(active, waiting, coming)
                if not active:
                    return
                if unfinished := [row for row in active if not row.finished]:
                    try:
                        self._pass(unfinished)
                    except RuntimeError as error:
                        if not _out_of_memory(error):
                            raise
                        self._make_room(active, waiting)
                yield
                for row in active:
                    if row.finished:
                        self._forget(row, 0)
                active = [row for row in active if not row.finished]
        finally:  # whoever asked may stop in the middle
            for row in active:
                self._forget(row, 0)

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
            self._shorten(shared)
        held = sum(other.size - shared for other in [*active, row])
        return not active or held <= self.max_batch_tokens

    def _shorten(self, length: int) -> None:
        """Keep only the first tokens of the prefix; their keys and values do not depend on the rest."""
        self._prefix = self._prefix[:length]
        if self._pool:
            self._pool.prefix = {layer: (k[:, :, :length], v[:, :, :length]) for layer, (k, v) in self._pool.prefix.items()}

    def _make_room(self, active: list[Row], waiting: "deque[Row]") -> None:
        """Drop all keys and values, let the rows wait, and hold half as many tokens from now on."""
        self._pool = None
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        if self.max_batch_tokens < _LEAST_TOKENS:
            raise ModelError("memory runs out with a single text; cut it into shorter ones, or use a smaller model")
        self.max_batch_tokens //= 2
        for row in active:
            row.slots.clear()
        waiting.extendleft(reversed(active))
        active.clear()

    def _forget(self, row: Row, kept: int) -> None:
        if self._pool:
            self._pool.give_back(row.slots[kept:])
        del row.slots[kept:]

    @torch.inference_mode()
    def _pass(self, active: Sequence[Row]) -> None:
        started = perf_counter()
        pool = self._pool = self._pool or self._prefixed_pool()
        share = max(self.max_batch_tokens // len(active), 1)
        puts = sorted((self._put(row, share) for row in active), key=lambda put: len(put.tokens))
        cached = [len(put.row.slots) for put in puts]
        for put in puts:
            put.row.slots += pool.take(len(put.tokens))
        verdicts = self._verdicts(puts, pool)
        for put, before, said in zip(puts, cached, verdicts, strict=True):
            taken = put.row.accept(put.draft, said) if put.draft else 0
            self._forget(put.row, before + len(put.pending) + taken)
        self.passes += 1
        seconds = (perf_counter() - started) / len(active)
        for row in active:
            row.passes += 1
            row.seconds += seconds

    def _put(self, row: Row, share: int) -> _Put:
        pending = row.pending(len(self._prefix))
        if len(pending) > share:
            return _Put(row, pending[:share], None)
        return _Put(row, pending, row.draft(min(self._draft_tokens, share)))

    def _prefixed_pool(self) -> KeyValuePool:
        pool = KeyValuePool(self.max_batch_tokens)
        if self._prefix:
            plan = PackedPass(pool, [], len(self._prefix), self._model.device)
            self._forward(self._prefix, range(len(self._prefix)), plan, [0])
        return pool

    def _forward(self, ids: Sequence[int], positions: Iterable[int], plan: PackedPass, kept: Sequence[int]) -> torch.Tensor:
        """Logits ``(kept, vocabulary)`` of one packed row."""
        device = self._model.device
        output = self._model(
            input_ids=torch.tensor([list(ids)], device=device),
            position_ids=torch.tensor([list(positions)], device=device),
            attention_mask=torch.ones(1, 1, 1, 1, dtype=torch.bool, device=device),
            packed_pass=plan,
            use_cache=False,
            logits_to_keep=torch.tensor(list(kept), device=device),
        )
        logits: torch.Tensor = output.logits[0]
        return logits

    def _verdicts(self, puts: Sequence[_Put], pool: KeyValuePool) -> list[dict[int, Verdict]]:
        """What the model says at each asked place of each draft."""
        ids: list[int] = []
        positions: list[int] = []
        kept: list[int] = []
        options: list[Sequence[int]] = []
        biases: list[Sequence[float]] = []
        places: list[tuple[int, int]] = []
        for number, put in enumerate(puts):
            before = len(self._prefix) + len(put.row.slots) - len(put.tokens)
            positions += range(before, before + len(put.tokens))
            for place, choice, bias in asked_places(put.row, put.draft, self.bias) if put.draft else ():
                places.append((number, place))
                kept.append(len(ids) + len(put.pending) - 1 + place)
                options.append(choice)
                biases.append(bias)
            ids += put.tokens
        plan = PackedPass(pool, [RowTokens(put.row.slots, len(put.tokens)) for put in puts], len(self._prefix), self._model.device)
        logits = self._forward(ids, positions, plan, kept or [0])
        verdicts: list[dict[int, Verdict]] = [{} for _ in puts]
        if places:
            for (number, place), verdict in zip(places, choose_allowed(logits, options, biases), strict=True):
                verdicts[number][place] = verdict
        return verdicts


def _out_of_memory(error: BaseException) -> bool:
    return isinstance(error, torch.OutOfMemoryError) or "can't allocate memory" in str(error)
