"""The output head on the tokens that are asked about, without those of the rest of the vocabulary. Needs torch."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from piispan.core.errors import ModelError

__all__ = ["narrowed_head"]


@contextmanager
def narrowed_head(model: Any, tokens: Any) -> Iterator[None]:
    """Within the block the model's logits have a column for each of ``tokens`` alone, in their order.

    A plain linear head, also one with PEFT's trainable tokens, reads no other rows of its weights; any other scores the whole
    vocabulary and gives back those columns. What a model does with logits one by one (a cap, a scale) stays.

    Args:
        model: A causal language model, wrapped by PEFT or not.
        tokens: Token ids, int64 ``(tokens,)``, on the head's device.

    Raises:
        ModelError: If the model has no output head.
    """
    head = model.get_output_embeddings()
    if head is None:
        raise ModelError(f"{type(model).__name__} has no output head")
    rows = _rows(head, tokens)
    if rows is None:
        hook = head.register_forward_hook(lambda *called: called[2][..., tokens])
        try:
            yield
        finally:
            hook.remove()
        return
    from torch.nn.functional import linear

    head.forward = lambda hidden: linear(hidden, *rows)
    try:
        yield
    finally:
        del head.forward


def _rows(head: Any, tokens: Any) -> tuple[Any, Any] | None:
    """The weights and the bias of ``tokens``, or ``None`` where the head is of no known kind."""
    from torch import nn

    if type(head) is nn.Linear:
        return head.weight[tokens], None if head.bias is None else head.bias[tokens]
    layer = getattr(head, "token_adapter", None)  # PEFT's trainable tokens: some rows are replaced by trained ones
    if layer is None or type(layer.get_base_layer()) is not nn.Linear or layer.get_base_layer().bias is not None:
        return None
    weights = layer.get_base_layer().weight[tokens]
    for name in [] if layer.merged or layer.disable_adapters else layer.active_adapters:
        trained = layer.trainable_tokens_delta[name]
        places, indices = (tokens[:, None] == tokens.new_tensor(layer.token_indices[name])).nonzero(as_tuple=True)
        weights = weights.index_copy(0, places, trained[indices].to(weights))
    return weights, None
