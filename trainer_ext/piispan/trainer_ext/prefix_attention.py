"""Attention over a packed row whose documents share a prefix, for any model with transformers' attention interface.

Each document attends to the prefix and causally to itself. No mask over the whole row is built: the
prefix is one causal product, and each group of documents of like length is one batched product against
``[prefix, document]``, so the cost is linear in the number of documents. On a CPU, where no window cuts, see ``beside_prefix``.
"""

from typing import Any

import torch
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface, PreTrainedModel
from transformers.integrations.sdpa_attention import repeat_kv, sdpa_attention_forward
from transformers.masking_utils import AttentionMaskInterface, sdpa_mask

from piispan.core import FormatError, exchange_attention, forgets_no_keys, refuse_packed_row
from piispan.trainer_ext.beside_prefix import attend_beside_prefix
from piispan.trainer_ext.prefix_sharing import PrefixLayout

__all__ = ["IMPLEMENTATION", "use_shared_prefix_attention"]

IMPLEMENTATION = "piispan_shared_prefix"
"""Name in transformers' attention registry."""


def use_shared_prefix_attention(model: PreTrainedModel) -> None:
    """Switch ``model`` to this attention. Batches without a ``prefix_layout`` go through SDPA as ever.

    Raises:
        FormatError: If the model has recurrent layers, or no exchangeable attention.
    """
    if not forgets_no_keys(model):
        raise FormatError("a model with recurrent layers cannot share a prompt prefix; use trl's SFTTrainer with its padded collator")
    AttentionInterface.register(IMPLEMENTATION, _attend)
    AttentionMaskInterface.register(IMPLEMENTATION, sdpa_mask)
    if not exchange_attention(model, IMPLEMENTATION):
        raise FormatError(f"{type(model).__name__} does not let its attention be exchanged, so it cannot share a prompt prefix")


def _attend(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    *,
    prefix_layout: PrefixLayout | None = None,
    scaling: float | None = None,
    dropout: float = 0.0,
    sliding_window: int | None = None,
    **options: Any,
) -> tuple[torch.Tensor, None]:
    """transformers' attention function.

    Args:
        module: The attention layer.
        query: ``(1, heads, seq, dim)``.
        key: ``(1, key-value heads, seq, dim)``; rotary positions are already in both.
        value: As ``key``.
        attention_mask: Used without a layout only.
        prefix_layout: Where prefix and documents lie; ``None`` for plain SDPA.
        scaling: Factor on the scores.
        dropout: On the attention weights.
        sliding_window: Most positions, its own included, that a query sees; ``None`` for all.
        options: Further options of SDPA.

    Returns:
        ``(1, seq, heads, dim)`` and no weights.
    """
    if prefix_layout is None:
        refuse_packed_row(query, attention_mask)
        rest = {"scaling": scaling, "dropout": dropout, "sliding_window": sliding_window, **options}
        plain: tuple[torch.Tensor, None] = sdpa_attention_forward(module, query, key, value, attention_mask, **rest)
        return plain
    unsupported = [name for name in ("softcap", "s_aux", "position_bias") if options.get(name) is not None]
    if unsupported:
        raise FormatError(f"attention with {unsupported[0]} cannot share a prompt prefix; use trl's SFTTrainer with its padded collator")
    window = sliding_window if sliding_window is not None else getattr(module, "sliding_window", None)
    if query.device.type == "cpu" and not dropout and (window is None or window >= prefix_layout.longest):
        return attend_beside_prefix(query, key, value, prefix_layout, scaling), None
    shared = prefix_layout.prefix
    groups = query.shape[1] // key.shape[1]
    key, value = repeat_kv(key, groups), repeat_kv(value, groups)
    places = torch.arange(shared, device=query.device)

    def product(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        return scaled_dot_product_attention(q, k, v, attn_mask=mask, dropout_p=dropout, scale=scaling)

    outputs = []
    if shared:
        start = query[:, :, :shared], key[:, :, :shared], value[:, :, :shared]
        outputs.append(product(*start, _visible(places, places, window)).transpose(1, 2))
    position = shared
    for count, width in prefix_layout.groups:
        block = slice(position, position + count * width)
        own = torch.arange(shared, shared + width, device=query.device)
        mask = _visible(own, torch.cat([places, own]), window)
        q, k, v = (_documents(tensor[0, :, block], count) for tensor in (query, key, value))
        k, v = (torch.cat([t[:, :, :shared].expand(count, -1, -1, -1), d], dim=2) for t, d in ((key, k), (value, v)))
        outputs.append(product(q, k, v, mask).transpose(1, 2).reshape(1, count * width, *query.shape[1::2]))
        position = block.stop
    return torch.cat(outputs, dim=1), None


def _documents(block: torch.Tensor, count: int) -> torch.Tensor:
    """``(heads, count * width, dim)`` to ``(count, heads, width, dim)``."""
    heads, _, dim = block.shape
    return block.reshape(heads, count, -1, dim).transpose(0, 1)


def _visible(query: torch.Tensor, key: torch.Tensor, window: int | None) -> torch.Tensor:
    """Boolean ``(query, key)`` mask of positions: causal, and within the window if there is one."""
    distance = query[:, None] - key[None, :]
    return distance >= 0 if window is None else (distance >= 0) & (distance < window)
