"""The output head on the tokens that are asked about, without those of the rest of the vocabulary."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock
from typing import Any

from piispan.core.errors import ModelError

__all__ = ["narrowed_head"]

_ONE_AT_A_TIME = RLock()
"""A head belongs to a model, and a model may serve several threads."""


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
    with _ONE_AT_A_TIME:
        rows = None if "forward" in vars(head) else _rows(head, tokens)  # a forward of its own: others have patched it already
        if rows is None:
            hook = head.register_forward_hook(lambda *called: called[2][..., tokens])
            try:
                yield
            finally:
                hook.remove()
            return
        weights, bias = rows
        head.forward = lambda hidden: hidden @ weights.T if bias is None else hidden @ weights.T + bias
        try:
            yield
        finally:
            del head.forward


def _rows(head: Any, tokens: Any) -> tuple[Any, Any] | None:
    """The weights and the bias of ``tokens``, or ``None`` where the head is of no known kind."""
    if _is_plain(head):
        return head.weight[tokens], None if head.bias is None else head.bias[tokens]
    layer = getattr(head, "token_adapter", None)  # PEFT's trainable tokens: some rows are replaced by trained ones
    if layer is None or not _is_plain(layer.get_base_layer()) or layer.get_base_layer().bias is not None:
        return None
    if layer.merged and layer.disable_adapters:  # its own pass would take the trained rows out first
        return None
    weights = layer.get_base_layer().weight[tokens]
    for name in [] if layer.merged or layer.disable_adapters else layer.active_adapters:
        trained = layer.trainable_tokens_delta[name]
        places, indices = (tokens[:, None] == tokens.new_tensor(layer.token_indices[name])).nonzero(as_tuple=True)
        weights = weights.index_copy(0, places, trained[indices].to(weights))
    return weights, None


def _is_plain(layer: Any) -> bool:
    """Whether it is ``torch.nn.Linear`` itself and no subclass, said without importing torch."""
    return (type(layer).__module__, type(layer).__name__) == ("torch.nn.modules.linear", "Linear")
