"""Verbatim decoding step by step: for models whose layers cannot take a token back."""

from collections.abc import Iterable, Iterator
from time import perf_counter
from typing import Any

import torch

from piispan.tagger.drafting import Row, TagBias, asked_places
from piispan.tagger.restricted import choose_allowed

__all__ = ["StepwiseEngine"]

_CACHES = ("past_key_values", "cache_params")
"""Where transformers' models keep what they remember."""


class StepwiseEngine:
    """Runs rows to their end, one after the other and a token at a time.

    Recurrent layers neither take back a drafted token nor start from a shared prefix (many of transformers' take
    several tokens at once only when nothing came before), so neither is done.

    Args:
        model: A causal language model.
        bias: Added to the logits of opening tags.
    """

    def __init__(self, model: Any, bias: TagBias) -> None:
        self._model, self.bias = model, bias

    def steps(self, rows: Iterable[Row]) -> Iterator[None]:
        """Bring rows to their end, in their order; yields after each."""
        for row in rows:
            started = perf_counter()
            if not row.finished:
                self._decode(row)
            row.seconds = perf_counter() - started
            yield

    @torch.inference_mode()
    def _decode(self, row: Row) -> None:
        output = self._forward(row, row.pending(0), {})
        while not row.finished:
            decided = len(row.answer)
            draft = row.draft(0)
            place, options, bias = next(asked_places(row, draft, self.bias))
            row.accept(draft, {place: choose_allowed(output.logits[0, -1:, options], options, [options], [bias])[0]})
            for token in [] if row.finished else row.answer[decided:]:
                output = self._forward(row, [token], {name: output[name] for name in _CACHES if name in output})

    def _forward(self, row: Row, tokens: list[int], cache: dict[str, Any]) -> Any:
        row.passes += 1
        return self._model(input_ids=torch.tensor([tokens], device=self._model.device), use_cache=True, logits_to_keep=1, **cache)
