"""Attention of many texts in one packed row, over keys and values that stay where they are written.

The tokens of all texts of a pass stand in one row without padding, so linear layers do no work in vain. Keys and values live in a pool, a
slot for each token of a text; the shared prompt prefix has its own, once for all. Taking back a token is forgetting its slot.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface, PreTrainedModel
from transformers.integrations.sdpa_attention import repeat_kv, sdpa_attention_forward
from transformers.masking_utils import AttentionMaskInterface, sdpa_mask

from piispan.core import ModelError, exchange_attention, refuse_packed_row

__all__ = ["KeyValuePool", "KeyValues", "PackedPass", "RowTokens", "use_paged_attention"]

IMPLEMENTATION = "piispan_paged"
"""Name in transformers' attention registry."""

_MOST_PADDING = 1 / 4
"""Share of padding in a group of rows that attend together, on a CPU; elsewhere one group is fastest."""


KeyValues = tuple[torch.Tensor, torch.Tensor]
"""Keys and values."""

_FLASH: Any = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu
"""What ``scaled_dot_product_attention`` calls on a CPU; asked directly, it gives the logarithm of the sum of weights, too."""


class KeyValuePool:
    """Keys and values of the shared prefix and of every token in use, by layer.

    Args:
        prefix: Of the prefix, each ``(1, key-value heads, tokens, dim)``; filled by the pass that computes it.
        prefix_tokens: How many of them count; those of a token do not depend on what follows it.
        capacity: Slots to begin with.
    """

    def __init__(self, prefix: dict[int, KeyValues], *, prefix_tokens: int | None = None, capacity: int = 0) -> None:
        self.prefix = {layer: (k[:, :, :prefix_tokens], v[:, :, :prefix_tokens]) for layer, (k, v) in prefix.items()}
        self.capacity = capacity
        self.slots: dict[int, KeyValues] = {}
        """Each ``(capacity, key-value heads, dim)``."""
        self.free = list(range(capacity - 1, -1, -1))

    def take(self, count: int) -> list[int]:
        """``count`` free slots; the pool grows when it has too few."""
        if count > len(self.free):
            self._grow(max(count - len(self.free), self.capacity // 2))
        return [self.free.pop() for _ in range(count)]

    def give_back(self, slots: Sequence[int]) -> None:
        """Free ``slots``."""
        self.free.extend(slots)

    def _grow(self, count: int) -> None:
        self.free[:0] = range(self.capacity + count - 1, self.capacity - 1, -1)
        self.capacity += count
        for layer, pair in self.slots.items():
            self.slots[layer] = _enlarged(pair[0], count), _enlarged(pair[1], count)

    def write(self, layer: int, slots: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> KeyValues:
        """Keep the keys and values ``(1, heads, tokens, dim)`` of a layer, and return all that it keeps."""
        if layer not in self.slots:
            self.slots[layer] = _space(key, self.capacity), _space(value, self.capacity)
        keys, values = self.slots[layer]
        keys[slots], values[slots] = key[0].transpose(0, 1), value[0].transpose(0, 1)
        return keys, values


def _space(like: torch.Tensor, capacity: int) -> torch.Tensor:
    return like.new_zeros(capacity, like.shape[1], like.shape[3])


def _enlarged(tensor: torch.Tensor, count: int) -> torch.Tensor:
    return torch.cat([tensor, tensor.new_zeros(count, *tensor.shape[1:])])


@dataclass(frozen=True, slots=True)
class RowTokens:
    """The tokens that one text adds in a pass.

    Args:
        slots: Slots of all its tokens behind the prefix, the new ones last.
        new: How many are new.
    """

    slots: Sequence[int]
    new: int


@dataclass(slots=True)
class _Group:
    """Rows that attend as one batch. ``padded`` and ``packed`` map between their tokens in a row and ``(rows, width)``."""

    tokens: slice
    context: torch.Tensor
    queries: torch.Tensor
    padded: torch.Tensor | None
    packed: torch.Tensor | None

    def pad(self, query: torch.Tensor) -> torch.Tensor:
        """The group's part of ``(1, heads, tokens, dim)`` as ``(rows, heads, width, dim)``."""
        own = query[0, :, self.tokens]
        if self.padded is not None:
            own = own[:, self.padded]
        return own.reshape(len(own), *self.queries.shape, -1).transpose(0, 1)

    def pack(self, padded: torch.Tensor) -> torch.Tensor:
        """``(rows, width, ...)`` as ``(tokens, ...)``."""
        flat = padded.flatten(0, 1)
        return flat if self.packed is None else flat[self.packed]


class PackedPass:
    """One forward pass: which tokens of which texts stand where in the packed row.

    Args:
        pool: Where keys and values live.
        rows: The texts, in the packed row's order; none for the pass that computes the prefix.
        prefix: Tokens of the shared prefix.
        device: Of the model.
    """

    def __init__(self, pool: KeyValuePool, rows: Sequence[RowTokens], prefix: int, device: torch.device) -> None:
        self.pool, self.prefix, self.device = pool, prefix, device
        self.slots = torch.tensor([slot for row in rows for slot in row.slots[len(row.slots) - row.new :]], device=device)
        self.windows: set[int | None] = set()
        """What the layers said of their windows; empty until one has attended."""
        self._masks: dict[tuple[int, int | None], torch.Tensor] = {}
        self._groups: list[_Group] = []
        self._tokens = prefix + max((len(row.slots) for row in rows), default=0)
        start = 0
        for members in _grouped(rows, device.type == "cpu"):
            self._groups.append(_group(members, start, device))
            start += sum(row.new for row in members)

    def attend(self, layer: int, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, options: dict[str, Any]) -> torch.Tensor:
        """Attention of one layer: ``(1, heads, tokens, dim)`` in, ``(1, tokens, heads, dim)`` out."""
        window = options.pop("window")
        self.windows.add(window)
        if not self._groups:
            self.pool.prefix[layer] = key, value
            mask = self._visible(torch.arange(self.prefix, device=self.device)[None], self.prefix, window)
            return scaled_dot_product_attention(query, key, value, attn_mask=mask, **options).transpose(1, 2)
        kept = self.pool.write(layer, self.slots, key, value)
        prefix = self.pool.prefix.get(layer)
        if prefix is not None and self.device.type == "cpu" and (window is None or self._tokens <= window):
            return self._beside_prefix(query, kept, prefix, window, options["scale"])
        outputs = []
        for number, group in enumerate(self._groups):
            q = group.pad(query)
            k, v = (pool[group.context].transpose(1, 2) for pool in kept)
            if prefix is not None:
                k, v = (torch.cat([p.expand(len(k), -1, -1, -1), own], dim=2) for p, own in zip(prefix, (k, v), strict=True))
            if (number, window) not in self._masks:
                self._masks[number, window] = self._visible(self.prefix + group.queries, self.prefix + group.context.shape[1], window)
            if self.device.type == "cuda":  # where masks and grouped heads together have no fast kernel
                k, v = (repeat_kv(tensor, q.shape[1] // tensor.shape[1]) for tensor in (k, v))
            out = scaled_dot_product_attention(q, k, v, attn_mask=self._masks[number, window], **options)
            outputs.append(group.pack(out.transpose(1, 2)))
        return torch.cat(outputs)[None]

    def _beside_prefix(
        self, query: torch.Tensor, kept: KeyValues, prefix: KeyValues, window: int | None, scale: float | None
    ) -> torch.Tensor:
        """As ``attend``: to the prefix all tokens attend together, to their own text those of each; the two are joined by their weights.

        Heads that share keys and values stand as further queries, since the kernel knows no grouped heads.
        """
        heads, tokens, dim = query.shape[1:]
        key_heads = prefix[0].shape[1]
        folded = query.reshape(1, key_heads, -1, dim)
        to_prefix, prefix_weight = _FLASH(folded, *prefix, scale=scale)
        outputs, weights = [], []
        for number, group in enumerate(self._groups):
            q = group.pad(query)
            rows, _, width, _ = q.shape
            if (number, window) not in self._masks:
                seen = self._visible(group.queries, group.context.shape[1], window)
                hidden = torch.zeros(seen.shape, dtype=query.dtype).masked_fill(~seen, float("-inf"))
                self._masks[number, window] = hidden.repeat(1, 1, heads // key_heads, 1)
            k, v = (pool[group.context].transpose(1, 2) for pool in kept)
            out, weight = _FLASH(q.reshape(rows, key_heads, -1, dim), k, v, attn_mask=self._masks[number, window], scale=scale)
            outputs.append(group.pack(out.reshape(rows, heads, width, dim).transpose(1, 2)))
            weights.append(group.pack(weight.reshape(rows, heads, width).transpose(1, 2)))
        share = torch.sigmoid(prefix_weight.reshape(heads, tokens).T - torch.cat(weights))[..., None].to(query.dtype)
        return torch.lerp(torch.cat(outputs), to_prefix.reshape(heads, tokens, dim).transpose(0, 1), share)[None]

    def _visible(self, queries: torch.Tensor, keys: int, window: int | None) -> torch.Tensor:
        """Boolean ``(rows, 1, width, keys)``: causal, and within the window if there is one; queries and keys counted from one place."""
        distance = queries[:, None, :, None] - torch.arange(keys, device=self.device)
        return distance >= 0 if window is None else (distance >= 0) & (distance < window)


def _grouped(rows: Sequence[RowTokens], by_width: bool) -> list[list[RowTokens]]:
    """Neighbouring rows together, as long as padding to the widest stays small."""
    groups: list[list[RowTokens]] = []
    for row in rows:
        if groups and not (by_width and _padding([*groups[-1], row]) > _MOST_PADDING):
            groups[-1].append(row)
        else:
            groups.append([row])
    return groups


def _padding(rows: Sequence[RowTokens]) -> float:
    return 1 - sum(row.new for row in rows) / (len(rows) * max(row.new for row in rows))


def _group(rows: Sequence[RowTokens], start: int, device: torch.device) -> _Group:
    width, longest = max(row.new for row in rows), max(len(row.slots) for row in rows)
    count = sum(row.new for row in rows)
    context = torch.tensor([[*row.slots, *[0] * (longest - len(row.slots))] for row in rows], device=device)
    # Padding queries repeat the row's last position; what they give is not read.
    queries = torch.tensor([[min(len(row.slots) - row.new + i, len(row.slots) - 1) for i in range(width)] for row in rows], device=device)
    padded = packed = None
    if count != len(rows) * width:
        padded, packed = _paddings([row.new for row in rows], width, device)
    return _Group(slice(start, start + count), context, queries, padded, packed)


def _paddings(widths: Sequence[int], width: int, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    padded, packed, first = [], [], 0
    for row, own in enumerate(widths):
        padded += [first + min(i, own - 1) for i in range(width)]
        packed += [row * width + i for i in range(own)]
        first += own
    return torch.tensor(padded, device=device), torch.tensor(packed, device=device)


def use_paged_attention(model: PreTrainedModel) -> None:
    """Switch ``model`` to this attention. Calls without a ``packed_pass`` go through SDPA as ever.

    Raises:
        ModelError: If the model does not let its attention be exchanged.
    """
    AttentionInterface.register(IMPLEMENTATION, _attend)
    AttentionMaskInterface.register(IMPLEMENTATION, sdpa_mask)
    if not exchange_attention(model, IMPLEMENTATION):
        raise ModelError(f"{type(model).__name__} does not let its attention be exchanged; decode it with plain generation")


def _attend(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    *,
    packed_pass: PackedPass | None = None,
    scaling: float | None = None,
    dropout: float = 0.0,
    sliding_window: int | None = None,
    **options: Any,
) -> tuple[torch.Tensor, None]:
    """transformers' attention function; see ``PackedPass.attend``."""
    if packed_pass is None:
        refuse_packed_row(query, attention_mask)
        rest = {"scaling": scaling, "dropout": dropout, "sliding_window": sliding_window, **options}
        plain: tuple[torch.Tensor, None] = sdpa_attention_forward(module, query, key, value, attention_mask, **rest)
        return plain
    unsupported = [name for name in ("softcap", "s_aux", "position_bias") if options.get(name) is not None]
    if unsupported:
        raise ModelError(f"attention with {unsupported[0]} has no verbatim decoding; decode with plain generation")
    window = sliding_window if sliding_window is not None else getattr(module, "sliding_window", None)
    chosen = {"scale": scaling, "enable_gqa": query.shape[1] != key.shape[1], "window": window}
    layer: Any = module.layer_idx
    return packed_pass.attend(layer, query, key, value, chosen), None
