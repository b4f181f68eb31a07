"""Shared-prefix attention on a CPU: the documents attend to the prefix in one product, and each causally to itself in another.

The two are joined by their logarithms of summed weights, as in Hydragen (arXiv 2402.05099). The backward pass of each alone, given the
joined output and sum (as in FlashAttention, arXiv 2205.14135), is its share of the gradient.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import torch
from transformers.integrations.sdpa_attention import repeat_kv

from piispan.trainer_ext.prefix_sharing import PrefixLayout

__all__ = ["attend_beside_prefix"]

# What scaled_dot_product_attention calls on a CPU; asked directly, it gives the logarithm of the sum of weights, too.
_FORWARD: Any = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu
_SCORES_AT_ONCE = 3 * 2**18
"""Scores that the backward pass holds, to fit a core's cache. The fastest of 2**17 to 2**21, at prefixes of 279 and 959 tokens."""


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

    def folded(self, tensor: torch.Tensor, key: torch.Tensor) -> torch.Tensor:
        """``(1, heads, seq, ...)`` to ``(texts * key-value heads, queries, ...)``: heads that share a key are further queries of it."""
        rows = self.rows(tensor)
        return rows.reshape(self.texts * key.shape[1], -1, *rows.shape[3:])


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
        scale = query.shape[-1] ** -0.5 if ctx.scale is None else ctx.scale
        gradients = tuple(torch.empty_like(tensor, memory_format=torch.contiguous_format) for tensor in (query, key, value))
        for block in _blocks(ctx.layout):
            g, q, k, v, o, s = (block.folded(tensor, key) for tensor in (gradient, query, key, value, out, sums))
            for whole, part in zip(gradients, _gradients(g, q, k, v, o, s, scale, block.width), strict=True):
                rows = block.rows(whole)
                rows.copy_(part.reshape(rows.shape))
        if ctx.layout.prefix:
            prefix = ctx.layout.prefix
            g, q, o, s = (_folded(tensor[:, :, prefix:], key)[0] for tensor in (gradient, query, out, sums))
            parts = _gradients(g, q, key[0, :, :prefix], value[0, :, :prefix], o, s, scale)
            wholes = gradients[0][:, :, prefix:], gradients[1][:, :, :prefix], gradients[2][:, :, :prefix]
            for whole, part in zip(wholes, parts, strict=True):
                whole.add_(part.reshape(whole.shape))
        return *gradients, None, None


_APPLY: Any = _BesidePrefix.apply


def _folded(tensor: torch.Tensor, key: torch.Tensor) -> torch.Tensor:
    """``(1, heads, seq, ...)`` with the heads that share a key and value head as further queries of it."""
    return tensor.reshape(1, key.shape[1], -1, *tensor.shape[3:])


def _gradients(
    gradient: torch.Tensor,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    out: torch.Tensor,
    sums: torch.Tensor,
    scale: float,
    own_width: int | None = None,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The backward pass of attention by matrix products, which are several times faster here than the fused kernel, and as exact.

    What is subtracted from the products, the logarithm of the sum of weights and the output's share, goes into them as further
    dimensions, so that it is summed in the accumulator's precision and only the small difference is rounded.

    Args:
        gradient: Of the output, ``(batch, queries, dim)``.
        query: ``(batch, queries, dim)``.
        key: ``(batch, keys, dim)``.
        value: As ``key``.
        out: The output over all keys, those of other products too, ``(batch, queries, dim)``.
        sums: Logarithm of the sum of all weights, ``(batch, queries)``.
        scale: Factor on the scores.
        own_width: For causal attention, the keys' number, of which the queries are a multiple; ``None`` where every query sees every key.

    Returns:
        Gradients of query, key and value.
    """
    exact = sums.dtype
    ones = key.new_ones(*key.shape[:2], 2)
    asked, keys = torch.cat([query, _in_two(-sums / scale, query.dtype)], dim=2), torch.cat([key, ones], dim=2).transpose(1, 2)
    given = torch.cat([gradient, _in_two(-(gradient.to(exact) * out).sum(2), query.dtype)], dim=2)
    values = torch.cat([value, ones], dim=2).transpose(1, 2)
    later = None if own_width is None else torch.ones(own_width, own_width, dtype=torch.bool).triu(1).repeat(query.shape[1] // own_width, 1)
    of_query = torch.empty_like(query)
    of_key, of_value = (torch.zeros(key.shape, dtype=exact) for _ in range(2))
    step = max(_SCORES_AT_ONCE // (len(key) * key.shape[1]), 1)
    for start in range(0, query.shape[1], step):
        part = slice(start, start + step)
        weights = torch.baddbmm(query.new_zeros(()), asked[:, part], keys, beta=0, alpha=scale).exp_()
        if later is not None:
            weights.masked_fill_(later[part], 0)
        of_scores = torch.bmm(given[:, part], values).mul_(weights).mul_(scale)
        of_query[:, part] = torch.bmm(of_scores, key)
        of_key += torch.bmm(of_scores.transpose(1, 2), query[:, part])
        of_value += torch.bmm(weights.transpose(1, 2), gradient[:, part])
    return of_query, of_key.to(key.dtype), of_value.to(value.dtype)


def _in_two(number: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """``number`` as the sum of two numbers of ``dtype``, along a last dimension of its own."""
    high = number.to(dtype)
    return torch.stack([high, (number - high).to(dtype)], dim=-1)
