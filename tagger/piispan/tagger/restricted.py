"""The model's word among the allowed tokens only."""

from collections.abc import Sequence

import torch

from piispan.tagger.drafting import Verdict

__all__ = ["choose_allowed"]


def choose_allowed(
    logits: torch.Tensor, scored: Sequence[int], options: Sequence[Sequence[int]], biases: Sequence[Sequence[float]]
) -> list[Verdict]:
    """At each place the allowed token of the highest biased logit, and its unbiased probability among the allowed.

    Args:
        logits: ``(places, scored tokens)``.
        scored: The token of each column.
        options: Allowed tokens of each place; on a tie the first wins.
        biases: What is added to the logit of each.
    """
    column = {token: number for number, token in enumerate(scored)}
    widest = max(map(len, options))
    padding = [widest - len(ids) for ids in options]
    places = [[column[token] for token in [*row, *[row[0]] * more]] for row, more in zip(options, padding, strict=True)]
    columns = torch.tensor(places, device=logits.device)
    extra = torch.tensor([[*row, *[0.0] * more] for row, more in zip(biases, padding, strict=True)], device=logits.device)
    real = torch.tensor([[True] * (widest - more) + [False] * more for more in padding], device=logits.device)
    scores = logits.gather(1, columns)
    scores = (scores if scores.dtype == torch.float64 else scores.float()).masked_fill(~real, float("-inf"))
    best = (scores + extra).argmax(1, keepdim=True)
    tokens = [row[place] for row, place in zip(options, best[:, 0].tolist(), strict=True)]
    probabilities = scores.softmax(1).gather(1, best)[:, 0].tolist()
    return [Verdict(token, probability) for token, probability in zip(tokens, probabilities, strict=True)]
