"""Shared-prefix attention on a CPU: the documents attend to the prefix in one product, and each causally to itself in another.

The two are joined by their logarithms of summed weights, as in Hydragen (arXiv 2402.05099). The backward pass of each alone, given the
joined output and sum, is its share of the gradient.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import torch
from transformers.integrations.sdpa_attention import repeat_kv

from piispan.trainer_ext.prefix_sharing import PrefixLayout

__all__ = ["attend_beside_prefix"]

# What scaled_dot_product_attention calls on a CPU; asked directly, it gives the logarithm of the sum of weights, too.
_FORWARD: Any = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu
_BACKWARD: Any = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu_backward


def attend_beside_prefix(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, layout: PrefixLayout, scale: float | None
) -> torch.Tensor:
    """Attention of a packed row in which every token sees the whole prefix and its own document up to itself.

    Args:
        query: ``(1, heads, seq, dim)``.
        key: ``(1, key-value heads, seq, dim)``.
        value: As ``key``.
        layout: Where prefix and documents lie.
        scale: Factor on the scores; ``None`` for ``dim ** -0.5``.

    Returns:
        ``(1, seq, heads, dim)``.
    """
    out: torch.Tensor = _APPLY(query, key, value, layout, scale)
    return out.transpose(1, 2)


class _Block(NamedTuple):
    """Texts of one width that stand one behind the other: the prefix, or a group of documents."""

    start: int
    texts: int
    width: int

    @property
    def place(self) -> slice:
        return slice(self.start, self.start + self.texts * self.width)

    def rows(self, tensor: torch.Tensor) -> torch.Tensor:
        """``(1, heads, seq, ...)`` to ``(texts, heads, width, ...)``."""
        own = tensor[0, :, self.place]
        return own.reshape(len(own), self.texts, self.width, *own.shape[2:]).transpose(0, 1)


def _blocks(layout: PrefixLayout) -> Iterator[_Block]:
    start = 0
    for count, width in ((1, layout.prefix), *layout.groups):
        if width:
            yield _Block(start, count, width)
        start += count * width


class _BesidePrefix(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, layout: PrefixLayout, scale: float | None) -> Any:
        repeats = query.shape[1] // key.shape[1]
        out = torch.empty_like(query, memory_format=torch.contiguous_format)
        sums = query.new_empty(query.shape[:3], dtype=torch.promote_types(query.dtype, torch.float32))
        for block in _blocks(layout):
            k, v = (repeat_kv(block.rows(tensor), repeats) for tensor in (key, value))
            part, total = _FORWARD(block.rows(query), k, v, is_causal=True, scale=scale)
            block.rows(out).copy_(part)
            block.rows(sums).copy_(total)
        if layout.prefix:
            prefix = layout.prefix
            own, own_sums = out[:, :, prefix:], sums[:, :, prefix:]
            part, total = _FORWARD(_folded(query[:, :, prefix:], key), key[:, :, :prefix], value[:, :, :prefix], scale=scale)
            part, total = part.reshape(own.shape), total.reshape(own_sums.shape)
            own.lerp_(part, torch.sigmoid(total - own_sums)[..., None].to(part.dtype))
            own_sums.copy_(torch.logaddexp(own_sums, total))
        ctx.save_for_backward(query, key, value, out, sums)
        ctx.layout, ctx.scale = layout, scale
        return out

    @staticmethod
    def backward(ctx: Any, *grad_outputs: torch.Tensor) -> Any:
        (gradient,) = grad_outputs
        query, key, value, out, sums = ctx.saved_tensors
        repeats, options = query.shape[1] // key.shape[1], {"dropout_p": 0.0, "scale": ctx.scale}
        gradients = tuple(torch.empty_like(tensor, memory_format=torch.contiguous_format) for tensor in (query, key, value))
        for block in _blocks(ctx.layout):
            k, v = (repeat_kv(block.rows(tensor), repeats) for tensor in (key, value))
            given = (block.rows(gradient), block.rows(query), k, v, block.rows(out), block.rows(sums))
            dq, dk, dv = _BACKWARD(*given, is_causal=True, **options)
            shape = (block.texts, key.shape[1], repeats, block.width, -1)
            for whole, part in zip(gradients, (dq, dk.reshape(shape).sum(2), dv.reshape(shape).sum(2)), strict=True):
                block.rows(whole).copy_(part)
        if ctx.layout.prefix:
            prefix = ctx.layout.prefix
            g, q, o, s = (_folded(tensor[:, :, prefix:], key) for tensor in (gradient, query, out, sums))
            parts = _BACKWARD(g, q, key[:, :, :prefix], value[:, :, :prefix], o, s, is_causal=False, **options)
            wholes = gradients[0][:, :, prefix:], gradients[1][:, :, :prefix], gradients[2][:, :, :prefix]
            for whole, part in zip(wholes, parts, strict=True):
                whole.add_(part.reshape(whole.shape))
        return *gradients, None, None


_APPLY: Any = _BesidePrefix.apply


def _folded(tensor: torch.Tensor, key: torch.Tensor) -> torch.Tensor:
    """``(1, heads, seq, ...)`` with the heads that share a key and value head as further queries of it."""
    return tensor.reshape(1, key.shape[1], -1, *tensor.shape[3:])
