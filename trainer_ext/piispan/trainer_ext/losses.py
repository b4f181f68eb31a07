"""The two losses: over the whole vocabulary, or over the tokens that verbatim decoding may choose."""

from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any

import torch

from piispan.core.output_head import narrowed_head
from piispan.trainer_ext.turns import IGNORED

__all__ = ["labelled_scores", "loss_items"]


def loss_items(batch: Mapping[str, Any]) -> torch.Tensor:
    """What a batch's loss is divided by: its labelled tokens, each as much as it counts."""
    weights = batch.get("weights")
    own: torch.Tensor = (batch["labels"][..., 1:] != IGNORED).sum() if weights is None else weights.sum()
    return sum((loss_items(more) for more in batch.get("rest", ())), start=own)


def labelled_scores(model: Any, inputs: dict[str, Any], *, whole_head: bool = False) -> tuple[torch.Tensor, torch.Tensor, Any]:
    """Scores of the labelled tokens of a packed batch, and where the right one stands among them.

    Args:
        model: A causal language model with ``use_shared_prefix_attention``, wrapped or not.
        inputs: A batch of ``PrefixSharingCollator``. With ``choices`` the scores are those of the tokens to choose from, else those of
            the vocabulary. The output head is applied to labelled places only, and with ``choices`` to the tokens of some choice only.
        whole_head: Score the whole vocabulary even so, where the head's weights are not at hand before the pass (sharded models).

    Returns:
        Scores, float32 ``(labelled, vocabulary or most choices)``; targets, int64 ``(labelled,)``; the model's output.
    """
    labels = inputs["labels"][0, 1:]
    kept = (labels != IGNORED).nonzero().squeeze(1)
    wanted = {name: value for name, value in inputs.items() if name not in {"labels", "choices", "weights", "rest"}}
    targets, choices = labels[kept], inputs.get("choices")
    if choices is None:
        output = model(**wanted, use_cache=False, logits_to_keep=kept)
        return output.logits[0].float(), targets, output
    tokens, columns = torch.unique(choices.clamp(min=0), return_inverse=True)
    with nullcontext() if whole_head else narrowed_head(getattr(model, "module", model), tokens):
        output = model(**wanted, use_cache=False, logits_to_keep=kept)
    logits = output.logits[0][:, tokens] if whole_head else output.logits[0]
    scores = logits.gather(1, columns).float().masked_fill(choices < 0, float("-inf"))
    return scores, (choices == targets[:, None]).int().argmax(1), output
