"""What every decoder promises, and plain greedy generation behind it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, Protocol

from piispan.core import Prompt, encode_chat

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

__all__ = ["Decoded", "Decoder", "GenerateDecoder"]

Progress = Callable[[int], None]
"""Called with the number of texts just done."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """One raw answer. ``output`` is personal data.

    Args:
        output: What the model wrote.
        passes: Forward passes that this text took part in.
        seconds: Wall time of its batch, shared equally.
        output_tokens: Tokens of the answer, the end-of-turn token included.
    """

    output: str = field(repr=False)
    passes: int
    seconds: float
    output_tokens: int


class Decoder(Protocol):
    """Turns texts into raw answers in the prompt's output format."""

    @property
    def name(self) -> str:
        """Name on the command line, in results and on the card."""

    def decode(self, texts: Sequence[str], progress: Progress | None = None) -> list[Decoded]:
        """One answer per text, in the texts' order."""


_BUDGET = {"tagged": (3, 96), "json": (16, 96), "json_values": (14, 96), "bio": (8, 32)}
"""Most answer tokens by format: (per token of the text, on top). Far more than any right answer needs."""


class GenerateDecoder:
    """Plain greedy ``model.generate`` in left-padded batches: nothing keeps the answer to the text.

    Args:
        model: A causal language model.
        tokenizer: Its tokenizer, with a chat template.
        prompt: Style, labels and output format.
        batch_size: Texts per call of ``generate``.
    """

    name = "generate"

    def __init__(self, model: "PreTrainedModel", tokenizer: "PreTrainedTokenizerBase", prompt: Prompt, *, batch_size: int = 16) -> None:
        if batch_size < 1:
            raise ValueError(f"batch_size must be at least 1, was: {batch_size}")
        self._model, self._tokenizer, self._prompt, self._batch_size = model, tokenizer, prompt, batch_size

    def decode(self, texts: Sequence[str], progress: Progress | None = None) -> list[Decoded]:
        """One answer per text, in the texts' order; an answer that reaches its token budget is cut there."""
        done: dict[int, Decoded] = {}
        for members in self._batches(texts):
            for index, decoded in zip(members, self._decode_batch([texts[i] for i in members]), strict=True):
                done[index] = decoded
            if progress:
                progress(len(members))
        return [done[index] for index in range(len(texts))]

    def _batches(self, texts: Sequence[str]) -> Iterator[list[int]]:
        """Texts of like length together, the longest first, so that memory runs out at once or never."""
        order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
        for start in range(0, len(order), self._batch_size):
            yield order[start : start + self._batch_size]

    def _decode_batch(self, texts: Sequence[str]) -> list[Decoded]:
        import torch
        from transformers import GenerationConfig

        started = perf_counter()
        asked = [encode_chat(self._tokenizer, self._prompt.messages(text), add_generation_prompt=True) for text in texts]
        ends = self._end_tokens()
        input_ids, mask = _left_pad(asked, ends[0])
        per_token, extra = _BUDGET[self._prompt.format.name]
        longest = max(len(self._tokenizer(text, add_special_tokens=False)["input_ids"]) for text in texts)
        config = GenerationConfig(max_new_tokens=per_token * longest + extra, do_sample=False, eos_token_id=ends, pad_token_id=ends[0])
        device = self._model.device
        with torch.inference_mode():
            output = self._model.generate(input_ids.to(device), attention_mask=mask.to(device), generation_config=config)
        answers = output[:, input_ids.shape[1] :].tolist()
        seconds = (perf_counter() - started) / len(texts)
        return [self._decoded(ids, ends, len(answers[0]), seconds) for ids in answers]

    def _decoded(self, ids: list[int], ends: list[int], passes: int, seconds: float) -> Decoded:
        stop = next((i for i, token in enumerate(ids) if token in ends), len(ids))
        output = self._tokenizer.decode(ids[:stop], skip_special_tokens=False, clean_up_tokenization_spaces=False)
        return Decoded(str(output), passes, seconds, min(stop + 1, len(ids)))

    def _end_tokens(self) -> list[int]:
        configured = getattr(self._model.generation_config, "eos_token_id", None)
        known = configured if isinstance(configured, list) else [configured]
        ends = {token for token in [*known, self._tokenizer.eos_token_id] if isinstance(token, int)}
        if not ends:
            raise ValueError("neither the model nor the tokenizer names an end-of-turn token")
        return sorted(ends)


def _left_pad(rows: Sequence[Sequence[int]], padding: int) -> "tuple[torch.Tensor, torch.Tensor]":
    """Ids and mask, int64 ``(batch, longest)``, each row at the right edge."""
    import torch

    width = max(map(len, rows))
    ids = [[padding] * (width - len(row)) + list(row) for row in rows]
    mask = [[0] * (width - len(row)) + [1] * len(row) for row in rows]
    return torch.tensor(ids), torch.tensor(mask)
