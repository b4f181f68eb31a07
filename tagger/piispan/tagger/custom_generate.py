"""Verbatim decoding inside ``model.generate``: ``model.generate(**inputs, custom_generate=verbatim, sources=texts)``."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from piispan.core import LabelSet, ModelError, TagPlacement, TagTokens, common_prefix
from piispan.core.segments import TagGrammar
from piispan.tagger.drafting import Row, TagBias
from piispan.tagger.verbatim import make_engine

if TYPE_CHECKING:
    import torch

__all__ = ["VerbatimGeneration"]


class VerbatimGeneration:
    """A decoding method for transformers' ``custom_generate``, which takes a callable without remote code.

    Args:
        tokenizer: The model's tokenizer.
        labels: The labels that may be written.
        tag_tokens: How tags are spelt; see ``TagGrammar``.
        placement: Where opening tags stand; see ``TagGrammar``.
        max_batch_tokens: Most tokens held at a time.
        draft_tokens: Most tokens of one text put to the model in a pass beyond those decided.

    Raises:
        ModelError: If the tokenizer tells no offsets.
    """

    def __init__(
        self,
        tokenizer: Any,
        labels: LabelSet,
        *,
        tag_tokens: TagTokens = "text",
        placement: TagPlacement = "before_space",
        max_batch_tokens: int = 4096,
        draft_tokens: int = 64,
    ) -> None:
        self._grammar = TagGrammar(tokenizer, labels, tag_tokens=tag_tokens, placement=placement)
        self._max_batch_tokens, self._draft_tokens = max_batch_tokens, draft_tokens

    def __call__(
        self,
        model: Any,
        input_ids: "torch.Tensor",
        *,
        sources: Sequence[str],
        generation_config: Any = None,
        **model_kwargs: Any,
    ) -> "torch.Tensor":
        """Prompts with their answers.

        Args:
            model: The model, as ``generate`` hands it on.
            input_ids: Prompts, ``(batch, seq)``, padded on the left.
            sources: The text that each answer is to tag.
            generation_config: Names the end-of-turn and padding tokens.
            model_kwargs: Of what ``generate`` hands on, only ``attention_mask`` applies, ``(batch, seq)``, 0 for padding.

        Returns:
            ``(batch, seq + longest answer)``: the prompts, the answers with their end-of-turn token, padding on the right.

        Raises:
            ValueError: If there are not as many sources as prompts.
            ModelError: If no end-of-turn token is configured.
        """
        import torch

        if len(sources) != len(input_ids):
            raise ValueError(f"sources must be one text per prompt ({len(input_ids)}), was: {len(sources)}")
        end, padding = _end_and_padding(generation_config)
        mask = model_kwargs.get("attention_mask")
        mask = torch.ones_like(input_ids) if mask is None else mask
        prompts = [ids[kept.bool()].tolist() for ids, kept in zip(input_ids, mask, strict=True)]
        rows = [Row(self._grammar.automaton(text), ids) for text, ids in zip(sources, prompts, strict=True)]
        shared = common_prefix([ids[:-1] for ids in prompts])
        engine = make_engine(model, prompts[0][:shared], TagBias(self._grammar, {}), self._max_batch_tokens, self._draft_tokens)
        for _ in engine.steps(rows):
            pass
        longest = max(len(row.answer) for row in rows) + 1
        answers = [[*row.answer, end, *[padding] * (longest - len(row.answer) - 1)] for row in rows]
        return torch.cat([input_ids, torch.tensor(answers, device=input_ids.device)], dim=1)


def _end_and_padding(config: Any) -> tuple[int, int]:
    ends = getattr(config, "eos_token_id", None)
    end = ends[0] if isinstance(ends, list) and ends else ends
    if not isinstance(end, int):
        raise ModelError("the generation config names no end-of-turn token (eos_token_id)")
    padding = getattr(config, "pad_token_id", None)
    return end, padding if isinstance(padding, int) else end
