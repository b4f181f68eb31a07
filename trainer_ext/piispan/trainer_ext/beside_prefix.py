"""Shared-prefix attention on a CPU: the documents attend to the prefix in one product, and each causally to itself in another.

The two are joined by their logarithms of summed weights, as in Hydragen (arXiv 2402.05099). The backward pass of each alone, given the
joined output and sum (as in FlashAttention, arXiv 2205.14135), is its share of the gradient.
"""

from collections.abc import Iterator
from itertools import product
from typing import Any, NamedTuple

import torch
from transformers.integrations.sdpa_attention import repeat_kv

from piispan.trainer_ext.prefix_sharing import PrefixLayout

__all__ = ["attend_beside_prefix"]

# What scaled_dot_product_attention calls on a CPU; asked directly, it gives the logarithm of the sum of weights, too.
_FORWARD: Any = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu
_BACKWARD: Any = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu_backward

_SCORES_AT_ONCE = 3 * 2**18
"""Scores that ``_by_matrices`` holds at a time, to fit a core's cache. The fastest of 2**17 to 2**21, at prefixes of 279 and 959 tokens."""


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
        with torch.autocast("cpu", enabled=False):
            (gradient,), (query, key, value, out, sums) = grad_outputs, ctx.saved_tensors
            return *_gradients(gradient, query, key, value, out, sums, ctx.layout, ctx.scale), None, None


_APPLY: Any = _BesidePrefix.apply


def _folded(tensor: torch.Tensor, key: torch.Tensor) -> torch.Tensor:
    """``(1, heads, seq, ...)`` with the heads that share a key and value head as further queries of it."""
    return tensor.reshape(1, key.shape[1], -1, *tensor.shape[3:])


class _Product(NamedTuple):
    """One of the products, and what its backward pass is given: heads that share a key and value head are further queries of it.

    Args:
        gradient: Of the joined output, ``(batch, queries, dim)``.
        query: ``(batch, queries, dim)``.
        key: ``(batch, keys, dim)``.
        value: As ``key``.
        out: The joined output, ``(batch, queries, dim)``.
        sums: Logarithm of the sum of all weights, ``(batch, queries)``.
        scale: Factor on the scores.
        own_width: For causal attention, the keys' number, of which the queries are a multiple; ``None`` where every query sees every key.
    """

    gradient: torch.Tensor
    query: torch.Tensor
    key: torch.Tensor
    value: torch.Tensor
    out: torch.Tensor
    sums: torch.Tensor
    scale: float
    own_width: int | None


_Gradients = tuple[torch.Tensor, torch.Tensor, torch.Tensor]
"""Of query, key and value."""


def _gradients(
    gradient: torch.Tensor,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    out: torch.Tensor,
    sums: torch.Tensor,
    layout: PrefixLayout,
    scale: float | None,
) -> _Gradients:
    """The sum of the gradients of all products."""
    factor = query.shape[-1] ** -0.5 if scale is None else scale
    backward = _by_matrices if query.dtype == torch.bfloat16 else _by_kernel
    dq, dk, dv = (torch.empty_like(tensor, memory_format=torch.contiguous_format) for tensor in (query, key, value))
    for block in _blocks(layout):
        g, q, k, v, o, s = (block.folded(tensor, key) for tensor in (gradient, query, key, value, out, sums))
        for whole, part in zip((dq, dk, dv), backward(_Product(g, q, k, v, o, s, factor, block.width)), strict=True):
            rows = block.rows(whole)
            rows.copy_(part.reshape(rows.shape))
    if layout.prefix:
        prefix = layout.prefix
        g, q, o, s = (_folded(tensor[:, :, prefix:], key)[0] for tensor in (gradient, query, out, sums))
        parts = backward(_Product(g, q, key[0, :, :prefix], value[0, :, :prefix], o, s, factor, None))
        for whole, part in zip((dq[:, :, prefix:], dk[:, :, :prefix], dv[:, :, :prefix]), parts, strict=True):
            whole.add_(part.reshape(whole.shape))
    return dq, dk, dv


def _by_kernel(given: _Product) -> _Gradients:
    """By the fused kernel: the faster in float32, and exact in any type."""
    repeats = 1 if given.own_width is None else given.query.shape[1] // given.own_width
    g, q, o, s = (t.reshape(len(t), repeats, -1, *t.shape[2:]) for t in (given.gradient, given.query, given.out, given.sums))
    k, v = (t[:, None].expand(-1, repeats, -1, -1) for t in (given.key, given.value))
    dq, dk, dv = _BACKWARD(g, q, k, v, o, s, 0.0, given.own_width is not None, scale=given.scale)
    return dq.flatten(1, 2), dk.sum(1), dv.sum(1)


def _by_matrices(given: _Product) -> _Gradients:
    """By matrix products: in bfloat16 faster than the fused kernel, most of all for short documents, at about twice its rounding.

    What is subtracted from the scores and from their gradients, the logarithm of the sum of weights and the output's share, goes into the
    products as further dimensions, so that it is summed in the accumulator's precision and only the small difference is rounded.
    """
    gradient, query, key, value, out, sums, scale, own_width = given
    batch, queries, keys = *query.shape[:2], key.shape[1]
    ones = key.new_ones(batch, keys, 2)
    asking, asked = torch.cat([query, _in_two(-sums / scale, query.dtype)], dim=2), torch.cat([key, ones], dim=2).transpose(1, 2)
    share = _in_two(-(gradient.to(sums.dtype) * out).sum(2), query.dtype)
    gaining, values = torch.cat([gradient, share], dim=2), torch.cat([value, ones], dim=2).transpose(1, 2)
    dq = torch.empty_like(query)
    dk, dv = (torch.zeros(key.shape, dtype=sums.dtype) for _ in range(2))
    together = max(min(_SCORES_AT_ONCE // (queries * keys), batch), 1)
    step = max(_SCORES_AT_ONCE // (together * keys), 1)
    for first, start in product(range(0, batch, together), range(0, queries, step)):
        rows, part = slice(first, first + together), slice(start, min(start + step, queries))
        weights = torch.baddbmm(query.new_zeros(()), asking[rows, part], asked[rows], beta=0, alpha=scale).exp_()
        if own_width is not None:
            own = torch.arange(part.start, part.stop) % own_width
            weights.masked_fill_(torch.arange(keys) > own[:, None], 0)
        of_scores = torch.bmm(gaining[rows, part], values[rows]).mul_(weights).mul_(scale)
        dq[rows, part] = torch.bmm(of_scores, key[rows])
        dk[rows] += torch.bmm(of_scores.transpose(1, 2), query[rows, part])
        dv[rows] += torch.bmm(weights.transpose(1, 2), gradient[rows, part])
    return dq, dk.to(key.dtype), dv.to(value.dtype)


def _in_two(number: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """``number`` as the sum of two numbers of ``dtype``, along a last dimension of its own."""
    high = number.to(dtype)
    return torch.stack([high, (number - high).to(dtype)], dim=-1)
