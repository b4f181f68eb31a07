"""Plain greedy generation: the decoder for every format, and the comparison for the verbatim one."""

import copy
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from time import perf_counter
from typing import TYPE_CHECKING, Any

from piispan.core import ModelError, Prompt, TooLongError, attention_windows, common_prefix, context_length, encode_chat, forgets_no_keys
from piispan.tagger.decoding import Decoded, Progress

if TYPE_CHECKING:
    import torch
    from transformers import Cache, PreTrainedModel, PreTrainedTokenizerBase

__all__ = ["GenerateDecoder"]

_GREEDY: dict[str, Any] = {
    "do_sample": False,
    "num_beams": 1,
    "repetition_penalty": 1.0,
    "no_repeat_ngram_size": 0,
    "encoder_repetition_penalty": 1.0,
    "length_penalty": 1.0,
    "temperature": 1.0,
    "top_k": 50,
    "top_p": 1.0,
}
"""Said in full, because ``generate`` fills what is left out from the checkpoint, whose penalties would forbid copying."""


_BUDGET = {"tagged": (3, 96), "json": (16, 96), "json_values": (14, 96), "bio": (8, 32)}
"""Most answer tokens by format: (per token of the text, on top). Far more than right answers need."""
_LARGEST_BUDGET = (16, 96)
"""For a format that is not ours."""
_USUAL = {"tagged": (2, 64), "json": (2, 64), "json_values": (2, 64), "bio": (4, 32)}
"""Answer tokens within which most right answers end, in the same terms."""
_STEP = 16
"""Tokens that a batch writes before answers that have ended leave it."""


class GenerateDecoder:
    """Plain greedy ``model.generate`` in batches: nothing keeps the answer to the text.

    The prompt's common token prefix is computed once for all texts, and its keys and values are handed to each batch. Answers that are
    longer than answers usually are go on in batches of their own, so that the others need not wait for them: an answer that repeats
    itself runs to its budget. Answers that have ended leave their batch.

    Args:
        model: A causal language model.
        tokenizer: Its tokenizer, with a chat template.
        prompt: Style, labels and output format.
        batch_size: Texts per call of ``generate``.

    Raises:
        ValueError: If ``batch_size`` is less than 1.
    """

    name = "generate"

    def __init__(self, model: "PreTrainedModel", tokenizer: "PreTrainedTokenizerBase", prompt: Prompt, *, batch_size: int = 16) -> None:
        if batch_size < 1:
            raise ValueError(f"batch_size must be at least 1, was: {batch_size}")
        # PEFT wraps a model in a type of its own that hands every attribute on.
        self._model: Any = model
        self._tokenizer, self._prompt, self._batch_size = tokenizer, prompt, batch_size

    def decode(self, texts: Sequence[str], progress: Progress | None = None) -> list[Decoded]:
        """One answer per text, in the texts' order; an answer that reaches its token budget is cut there.

        Raises:
            TooLongError: If a prompt and its answer may not fit the model's context; names the text's number.
        """
        if not texts:
            return []
        asked = [self._ask(text) for text in texts]
        prefix = self._prefix(asked)
        around = len(self._ask(""))
        sizes = [max(len(ids) - around, 0) for ids in asked]
        name = self._prompt.format.name
        usual, budgets = (
            [per_token * size + extra for size in sizes]
            for per_token, extra in (_USUAL.get(name, _LARGEST_BUDGET), _BUDGET.get(name, _LARGEST_BUDGET))
        )
        self._check_fit(asked, budgets)
        answers = [_Answer(ids, budget) for ids, budget in zip(asked, budgets, strict=True)]
        # Texts of like length together, the longest first.
        waiting = sorted(range(len(texts)), key=lambda number: -len(asked[number]))
        for most in (usual, budgets):
            for first in range(0, len(waiting), self._batch_size):
                members = waiting[first : first + self._batch_size]
                self._go_on([answers[number] for number in members], prefix, max(most[number] for number in members))
                if progress and (done := sum(answers[number].ended for number in members)):
                    progress(done)
            waiting = [number for number in waiting if not answers[number].ended]
        return [self._decoded(answer) for answer in answers]

    def stream(self, texts: Iterable[str]) -> Iterator[Decoded]:
        """One answer per text, in the texts' order; sixteen batches are read at a time, so that texts of like length can meet.

        Raises:
            TooLongError: As ``decode``; numbers are counted within what is read at a time.
        """
        coming = iter(texts)
        while some := list(islice(coming, 16 * self._batch_size)):
            yield from self.decode(some)

    def _ask(self, text: str) -> list[int]:
        return encode_chat(self._tokenizer, self._prompt.messages(text), add_generation_prompt=True)

    def _check_fit(self, asked: Sequence[Sequence[int]], budgets: Sequence[int]) -> None:
        limit = context_length(self._model)
        for number, (ids, budget) in enumerate(zip(asked, budgets, strict=True)):
            if limit is not None and len(ids) + budget > limit:
                raise TooLongError(
                    f"text {number}: its prompt of {len(ids)} tokens and an answer of up to {budget} do not fit "
                    f"the model's context of {limit}; cut the text into shorter ones"
                )

    def _prefix(self, asked: Sequence[Sequence[int]]) -> "_Prefix":
        """The common token prefix and its cache.

        Nothing is shared by one prompt, by recurrent layers, or by sliding windows, which the padding that
        stands between prefix and text would fill.
        """
        import torch

        length = min(common_prefix(asked), min(map(len, asked)) - 1)
        if len(asked) < 2 or length < 1 or not forgets_no_keys(self._model) or attention_windows(self._model):
            return _Prefix([], None)
        ids = list(asked[0][:length])
        with torch.inference_mode():
            output = self._model(input_ids=torch.tensor([ids], device=self._model.device), use_cache=True, logits_to_keep=1)
        return _Prefix(ids, output.past_key_values)

    def _go_on(self, answers: Sequence["_Answer"], prefix: "_Prefix", most: int) -> None:
        """Write on at answers, by at most ``most`` tokens each."""
        import torch
        from transformers import GenerationConfig

        ends = self._end_tokens()
        started = perf_counter()
        batch = self._read(answers, prefix, ends[0])
        going = list(answers)
        while going and most:
            tokens = min(most, max(answer.left for answer in going), most if batch.cache is None else _STEP)
            config = GenerationConfig(max_new_tokens=tokens, eos_token_id=ends, pad_token_id=ends[0], **_GREEDY)
            with torch.inference_mode():
                ids = self._model.generate(generation_config=config, **batch.inputs())
            written = ids[:, batch.ids.shape[1] :].tolist()
            seconds, started = (perf_counter() - started) / len(going), perf_counter()
            for answer, tokens_written in zip(going, written, strict=True):
                answer.take(tokens_written, ends, seconds)
            most -= len(written[0])
            rows = [row for row, answer in enumerate(going) if not answer.ended]
            going = [going[row] for row in rows]
            batch.keep(rows, ids)

    def _read(self, answers: Sequence["_Answer"], prefix: "_Prefix", padding: int) -> "_Batch":
        """Prompts, and answers as far as they are written, read but for their last tokens where a prefix is shared.

        They are read without the output head: ``generate`` would ask it for one token of each text, and on a CPU PyTorch copies the
        head once for each (a linear layer of inputs that do not lie side by side).
        """
        import torch

        ids, mask = _pad_after(prefix.ids, [[*answer.asked, *answer.ids] for answer in answers], padding)
        ids, mask = ids.to(self._model.device), mask.to(self._model.device)
        start, end = len(prefix.ids), ids.shape[1] - 1
        with torch.inference_mode():
            cache = prefix.repeated(len(ids))
            if cache is not None and start < end:
                positions = (mask.cumsum(-1) - 1)[:, start:end]
                read = {"input_ids": ids[:, start:end], "attention_mask": mask[:, :end], "position_ids": positions}
                self._model.get_decoder()(**read, past_key_values=cache, use_cache=True)
        return _Batch(ids, mask, cache)

    def _decoded(self, answer: "_Answer") -> Decoded:
        output = self._tokenizer.decode(answer.ids, skip_special_tokens=False, clean_up_tokenization_spaces=False)
        tokens = len(answer.ids) + answer.finished
        return Decoded(str(output), answer.passes, answer.seconds, tokens, finished=answer.finished)

    def _end_tokens(self) -> list[int]:
        configured = getattr(self._model.generation_config, "eos_token_id", None)
        known = configured if isinstance(configured, list) else [configured]
        ends = {token for token in [*known, self._tokenizer.eos_token_id] if isinstance(token, int)}
        if not ends:
            raise ModelError("neither the model nor the tokenizer names an end-of-turn token")
        return sorted(ends)


@dataclass(slots=True)
class _Answer:
    """An answer as far as it is written.

    Args:
        asked: Token ids of its prompt.
        budget: The most tokens that it may have.
        ids: Its tokens, without that of its end.
        finished: Whether the model ended it.
        passes: How many forward passes wrote its batches.
        seconds: Its share of the time they took.
    """

    asked: Sequence[int]
    budget: int
    ids: list[int] = field(default_factory=list)
    finished: bool = False
    passes: int = 0
    seconds: float = 0.0

    @property
    def left(self) -> int:
        """Tokens that it may still have."""
        return self.budget - len(self.ids)

    @property
    def ended(self) -> bool:
        """Whether nothing more is to be written, because it is finished or at its budget."""
        return self.finished or not self.left

    def take(self, written: Sequence[int], ends: Collection[int], seconds: float) -> None:
        """Take what a batch wrote; a row may run on while its neighbours do, and what lies beyond its own end or budget does not count."""
        own = written[: self.left]
        stop = next((place for place, token in enumerate(own) if token in ends), len(own))
        self.ids.extend(own[:stop])
        self.finished = stop < len(own)
        self.passes += len(written)
        self.seconds += seconds


@dataclass(frozen=True, slots=True)
class _Prefix:
    """Shared prompt tokens and their cache of batch size 1; no tokens and ``None`` when nothing is shared."""

    ids: list[int]
    cache: "Cache | None"

    def repeated(self, batch: int) -> "Cache | None":
        """The cache for a batch, which may be written into."""
        own = copy.deepcopy(self.cache)
        if own is not None:
            own.batch_repeat_interleave(batch)
        return own


@dataclass(slots=True)
class _Batch:
    """Answers that are written on together.

    Args:
        ids: What is written, prompts included, int64 ``(answers, tokens)``.
        mask: 1 for what is no padding, of the same shape.
        cache: Keys and values of all but the last tokens; ``None`` where nothing is shared, and each call reads the whole.
    """

    ids: "torch.Tensor"
    mask: "torch.Tensor"
    cache: "Cache | None"

    def inputs(self) -> dict[str, Any]:
        """The keyword arguments of ``generate``, which writes into the cache."""
        cached = {} if self.cache is None else {"past_key_values": self.cache}
        return {"input_ids": self.ids, "attention_mask": self.mask, **cached}

    def keep(self, rows: list[int], ids: "torch.Tensor") -> None:
        """Take what was written to ``ids``, and let go of all other rows."""
        import torch

        kept = torch.tensor(rows, dtype=torch.long, device=ids.device)
        self.mask = torch.nn.functional.pad(self.mask[kept], (0, ids.shape[1] - self.ids.shape[1]), value=1)
        self.ids = ids[kept]
        if self.cache is not None and len(rows) < len(ids):
            with torch.inference_mode():
                self.cache.batch_select_indices(kept)


def _pad_after(prefix: Sequence[int], rows: Sequence[Sequence[int]], padding: int) -> "tuple[torch.Tensor, torch.Tensor]":
    """Ids and mask, int64 ``(batch, longest)``: the prefix, padding, the rest of the row at the right edge.

    Position ids count the mask, so that padding takes none.
    """
    import torch

    width = max(map(len, rows))
    gaps = [width - len(row) for row in rows]
    start = len(prefix)
    ids = [[*prefix, *[padding] * gap, *row[start:]] for gap, row in zip(gaps, rows, strict=True)]
    mask = [[1] * start + [0] * gap + [1] * (len(row) - start) for gap, row in zip(gaps, rows, strict=True)]
    return torch.tensor(ids), torch.tensor(mask)
