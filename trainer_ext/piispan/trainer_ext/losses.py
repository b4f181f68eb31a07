"""The two losses: over the whole vocabulary, or over the tokens that verbatim decoding may choose."""

from typing import Any

import torch

from piispan.trainer_ext.rows import IGNORED

__all__ = ["labelled_scores"]


def labelled_scores(model: Any, inputs: dict[str, Any]) -> tuple[torch.Tensor, torch.Tensor, Any]:
    """Scores of the labelled tokens of a packed batch, and where the right one stands among them.

    Args:
        model: A causal language model with ``use_shared_prefix_attention``, wrapped or not.
        inputs: A batch of ``PrefixSharingCollator``. With ``choices`` the scores are those of the tokens to choose from, else those of
            the vocabulary. The output head is applied to labelled places only.

    Returns:
        Scores, float32 ``(labelled, vocabulary or most choices)``; targets, int64 ``(labelled,)``; the model's output.
    """
    labels = inputs["labels"][0, 1:]
    kept = (labels != IGNORED).nonzero().squeeze(1)
    wanted = {name: value for name, value in inputs.items() if name not in {"labels", "choices"}}
    output = model(**wanted, use_cache=False, logits_to_keep=kept)
    logits, targets = output.logits[0], labels[kept]
    choices = inputs.get("choices")
    if choices is None:
        return logits.float(), targets, output
    scores = logits.gather(1, choices.clamp(min=0)).float().masked_fill(choices < 0, float("-inf"))
    return scores, (choices == targets[:, None]).int().argmax(1), output
