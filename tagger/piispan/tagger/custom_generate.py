"""Verbatim decoding inside ``model.generate``: ``model.generate(**inputs, custom_generate=verbatim, sources=texts)``."""

from collections.abc import Iterable, Sequence
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from piispan.core import LabelSet, Span, TagPlacement, TagTokens, TooLongError, common_prefix, context_length, end_of_turn
from piispan.core.segments import TagGrammar, read_spans
from piispan.tagger.drafting import Row, TagBias
from piispan.tagger.verbatim import make_engine

if TYPE_CHECKING:
    import torch

__all__ = ["VerbatimGeneration"]


class VerbatimGeneration:
    """A decoding method for transformers' ``custom_generate``, which takes a callable without remote code.

    The prompts should be those the model was trained with: ``Prompt.messages`` under the tokenizer's chat template, with a generation
    prompt, and with ``sanitize_control_tokens=True``.

    Args:
        tokenizer: The model's tokenizer, with its chat template.
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
        draft_tokens: int | None = None,
    ) -> None:
        self._end = end_of_turn(tokenizer)[0]
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
        """Prompts with their answers. ``spans`` reads them.

        Args:
            model: The model, as ``generate`` hands it on.
            input_ids: Prompts, ``(batch, seq)``, padded on the left.
            sources: The text that each answer is to tag.
            generation_config: Names the padding token.
            model_kwargs: Of what ``generate`` hands on, only ``attention_mask`` applies, ``(batch, seq)``, 0 for padding.

        Returns:
            ``(batch, seq + longest answer)``: the prompts, the answers with their end-of-turn token, padding on the right.

        Raises:
            ValueError: If there are not as many sources as prompts.
            TooLongError: If a prompt and its answer may not fit the model's context.
            DocumentError: If a source holds a lone surrogate.
        """
        import torch

        if len(sources) != len(input_ids):
            raise ValueError(f"sources must be one text per prompt ({len(input_ids)}), was: {len(sources)}")
        padding = getattr(generation_config, "pad_token_id", None)
        mask = model_kwargs.get("attention_mask")
        mask = torch.ones_like(input_ids) if mask is None else mask
        prompts = [ids[kept.bool()].tolist() for ids, kept in zip(input_ids, mask, strict=True)]
        rows = [Row(self._grammar.automaton(text), ids) for text, ids in zip(sources, prompts, strict=True)]
        shared = common_prefix([ids[:-1] for ids in prompts])
        limit = context_length(model)
        if limit is not None and max(row.size for row in rows) > limit:
            raise TooLongError(f"a prompt and its answer do not fit the model's context of {limit} tokens; cut the text into shorter ones")
        before = model.config._attn_implementation
        engine = make_engine(model, prompts[0][:shared], TagBias(self._grammar, {}), self._max_batch_tokens, self._draft_tokens)
        try:
            for _ in engine.steps(rows):
                pass
        finally:
            model.set_attn_implementation(before)
        fill = padding if isinstance(padding, int) else self._end
        longest = max(len(row.answer) for row in rows) + 1
        answers = [[*row.answer, self._end, *[fill] * (longest - len(row.answer) - 1)] for row in rows]
        return torch.cat([input_ids, torch.tensor(answers, device=input_ids.device)], dim=1)

    def spans(self, source: str, answer: Iterable[int]) -> list[Span]:
        """The spans of an answer: what ``generate`` returned behind the prompt, with or without its end-of-turn token and padding.

        Raises:
            FormatError: If it is no answer for this source.
        """
        ids = list(takewhile(lambda token: token != self._end, answer))
        return read_spans(self._grammar.automaton(source), ids)
