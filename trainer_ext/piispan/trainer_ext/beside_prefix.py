"""Shared-prefix attention on a CPU: the documents attend to the prefix in one product, and each causally to itself in another.

The two are joined by their logarithms of summed weights, as in Hydragen (arXiv 2402.05099). The backward pass of each alone, given the
joined output and sum (as in FlashAttention, arXiv 2205.14135), is its share of the gradient.
"""

from collections.abc import Callable, Iterator
from functools import partial
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
            return *_gradients(_Given(gradient, query, key, value, out, sums), ctx.layout, ctx.scale), None, None


_APPLY: Any = _BesidePrefix.apply


def _folded(tensor: torch.Tensor, key: torch.Tensor) -> torch.Tensor:
    """``(1, heads, seq, ...)`` with the heads that share a key and value head as further queries of it."""
    return tensor.reshape(1, key.shape[1], -1, *tensor.shape[3:])


class _Given(NamedTuple):
    """What the backward pass of a product is given. Heads that share a key and value head are further queries of it.

    Args:
        gradient: Of the joined output, ``(batch, queries, dim)``.
        query: ``(batch, queries, dim)``.
        key: ``(batch, keys, dim)``.
        value: As ``key``.
        out: The joined output, ``(batch, queries, dim)``; ``None`` in ``extended`` ones.
        sums: Logarithm of the sum of all weights, ``(batch, queries)``; ``None`` in ``extended`` ones.
    """

    gradient: torch.Tensor
    query: torch.Tensor
    key: torch.Tensor
    value: torch.Tensor
    out: torch.Tensor | None
    sums: torch.Tensor | None

    def of(self, queries: Callable[[torch.Tensor], torch.Tensor], keys: Callable[[torch.Tensor], torch.Tensor]) -> "_Given":
        """A part of it: ``queries`` takes it from what there is for each query, ``keys`` from what there is for each key."""
        out, sums = (None if tensor is None else queries(tensor) for tensor in (self.out, self.sums))
        return _Given(queries(self.gradient), queries(self.query), keys(self.key), keys(self.value), out, sums)

    def extended(self, scale: float) -> "_Given":
        """With two further dimensions by which ``_by_matrices`` subtracts in its products, in the place of ``out`` and ``sums``.

        What is subtracted from the scores and from their gradients, the logarithm of the sum of weights and the output's share, is so
        summed in the accumulator's precision, and only the small difference is rounded.
        """
        gradient, query, key, value, out, sums = self
        assert out is not None and sums is not None  # noqa: S101, PT018  # it is not extended yet
        share = (gradient.to(sums.dtype) * out).sum(-1)
        ones = key.new_ones(*key.shape[:-1], 2)
        return _Given(
            torch.cat([gradient, _in_two(-share, gradient.dtype)], dim=-1),
            torch.cat([query, _in_two(-sums / scale, query.dtype)], dim=-1),
            torch.cat([key, ones], dim=-1),
            torch.cat([value, ones], dim=-1),
            None,
            None,
        )


_Gradients = tuple[torch.Tensor, torch.Tensor, torch.Tensor]
"""Of query, key and value."""


def _gradients(whole: _Given, layout: PrefixLayout, scale: float | None) -> _Gradients:
    """The sum of the gradients of all products.

    Args:
        whole: Of the packed row, ``(1, heads, seq, ...)``.
        layout: Where prefix and documents lie.
        scale: Factor on the scores; ``None`` for ``dim ** -0.5``.
    """
    query, key = whole.query, whole.key
    factor = query.shape[-1] ** -0.5 if scale is None else scale
    dq, dk, dv = (torch.empty_like(tensor, memory_format=torch.contiguous_format) for tensor in (query, key, whole.value))
    backward = _by_kernel
    if query.dtype == torch.bfloat16:
        backward, whole = _by_matrices, whole.extended(factor)
    for block in _blocks(layout):
        fold = partial(block.folded, key=key)
        for gradient, part in zip((dq, dk, dv), backward(whole.of(fold, fold), factor, block.width), strict=True):
            rows = block.rows(gradient)
            rows.copy_(part.reshape(rows.shape))
    if layout.prefix:
        prefix = layout.prefix
        of_prefix = whole.of(lambda tensor: _folded(tensor[:, :, prefix:], key)[0], lambda tensor: tensor[0, :, :prefix])
        parts = backward(of_prefix, factor, None)
        for gradient, part in zip((dq[:, :, prefix:], dk[:, :, :prefix], dv[:, :, :prefix]), parts, strict=True):
            gradient.add_(part.reshape(gradient.shape))
    return dq, dk, dv


def _by_kernel(given: _Given, scale: float, own_width: int | None) -> _Gradients:
    """By the fused kernel: the faster in float32, and exact in any type.

    Args:
        given: What it is given.
        scale: Factor on the scores.
        own_width: For causal attention, the keys' number, of which the queries are a multiple; ``None`` where every query sees every key.
    """
    repeats = 1 if own_width is None else given.query.shape[1] // own_width
    grouped = given.of(lambda t: t.reshape(len(t), repeats, -1, *t.shape[2:]), lambda t: t[:, None].expand(-1, repeats, -1, -1))
    dq, dk, dv = _BACKWARD(*grouped, 0.0, own_width is not None, scale=scale)
    return dq.flatten(1, 2), dk.sum(1), dv.sum(1)


def _by_matrices(given: _Given, scale: float, own_width: int | None) -> _Gradients:
    """By matrix products: in bfloat16 faster than the fused kernel, most of all for short documents, at about twice its rounding.

    Args:
        given: ``extended``.
        scale: As for ``_by_kernel``.
        own_width: As for ``_by_kernel``.
    """
    gradient, query, key, value, _, _ = given
    batch, queries, keys, dim = *query.shape[:2], key.shape[1], key.shape[2] - 2
    together = max(min(_SCORES_AT_ONCE // (queries * keys), batch), 1)
    step = max(_SCORES_AT_ONCE // (together * keys), 1)
    zero, (q, k, g) = query.new_zeros(()), (tensor[..., :dim] for tensor in (query, key, gradient))
    asked, values = key.transpose(1, 2), value.transpose(1, 2)
    dq = torch.empty_like(q, memory_format=torch.contiguous_format)
    dk, dv = (torch.zeros(k.shape, dtype=torch.float32) for _ in range(2))
    for first, start in product(range(0, batch, together), range(0, queries, step)):
        rows, part = slice(first, first + together), slice(start, min(start + step, queries))
        weights = torch.baddbmm(zero, query[rows, part], asked[rows], beta=0, alpha=scale).exp_()
        if own_width is not None:
            own = torch.arange(part.start, part.stop) % own_width
            weights.masked_fill_(torch.arange(keys) > own[:, None], 0)
        of_scores = torch.bmm(gradient[rows, part], values[rows]).mul_(weights)
        dq[rows, part] = torch.baddbmm(zero, of_scores, k[rows], beta=0, alpha=scale)
        dk[rows] += torch.bmm(of_scores.transpose(1, 2), q[rows, part])
        dv[rows] += torch.bmm(weights.transpose(1, 2), g[rows, part])
    return dq, dk.mul_(scale).to(key.dtype), dv.to(value.dtype)


def _in_two(number: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """``number`` as the sum of two numbers of ``dtype``, along a last dimension of its own."""
    high = number.to(dtype)
    return torch.stack([high, (number - high).to(dtype)], dim=-1)
