"""A batch whose documents share a prompt prefix, packed into one row with the prefix computed once.

Layout: ``[prefix][document 1][document 2]…``. The position ids of each document start at
``len(prefix)``; each document attends to the prefix and causally to itself, and to nothing else (see
``prefix_attention``). Every token therefore sees exactly what it would see in a row of its own, so loss and
gradients are those of the padded batch up to rounding.

Documents are sorted by length and padded in groups of like length, so that attention takes each group as
one batch. A group is closed when padding would fill more than an eighth of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NotRequired, TypedDict

from piispan.core import common_prefix
from piispan.trainer_ext.rows import IGNORED, TokenRow

if TYPE_CHECKING:
    import torch

__all__ = ["PackedBatch", "PrefixLayout", "PrefixSharingCollator", "group_by_length"]

_MOST_PADDING = 1 / 8


@dataclass(frozen=True, slots=True)
class PrefixLayout:
    """Where things lie in a packed row.

    Args:
        prefix: Tokens of the shared prefix.
        groups: (documents, tokens of each with padding), in the row's order.
    """

    prefix: int
    groups: tuple[tuple[int, int], ...]

    @property
    def width(self) -> int:
        """Tokens of the whole row."""
        return self.prefix + sum(count * width for count, width in self.groups)


class PackedBatch(TypedDict):
    """Keyword arguments of a causal language model.

    ``input_ids``, ``labels`` and ``position_ids`` are int64 ``(1, seq)``. ``attention_mask`` is one true value,
    ``(1, 1, 1, 1)``: transformers takes a mask of four axes as made, and builds none over the whole row. ``choices``, for loss on
    decisions, is int64 ``(labelled tokens, most choices)``, filled up with -1.
    """

    input_ids: "torch.Tensor"
    labels: "torch.Tensor"
    position_ids: "torch.Tensor"
    attention_mask: "torch.Tensor"
    prefix_layout: PrefixLayout
    choices: NotRequired["torch.Tensor"]


def group_by_length(lengths: Sequence[int]) -> list[list[int]]:
    """Indices of ``lengths``, shortest first, in groups of which padding to the longest fills an eighth at most."""
    groups: list[list[int]] = []
    total = 0
    for index in sorted(range(len(lengths)), key=lambda i: lengths[i]):
        padded = lengths[index] * (len(groups[-1]) + 1) if groups else 0
        if groups and padded - total - lengths[index] <= _MOST_PADDING * padded:
            groups[-1].append(index)
            total += lengths[index]
        else:
            groups.append([index])
            total = lengths[index]
    return groups


@dataclass(frozen=True, slots=True)
class PrefixSharingCollator:
    """Packs token rows behind their common prefix, for a model with ``use_shared_prefix_attention``.

    Args:
        pad_token_id: Fills short documents. May equal the end-of-turn token: padding bears no loss, and
            stands behind every token that could see it.
    """

    pad_token_id: int

    def __call__(self, rows: Sequence[TokenRow]) -> PackedBatch:
        """One packed row. The documents stand in it by length, not in the order given."""
        import torch

        prefix = _shared_prefix(rows)
        rests = [len(row["input_ids"]) - prefix for row in rows]
        input_ids = list(rows[0]["input_ids"][:prefix])
        labels = [IGNORED] * prefix
        position_ids = list(range(prefix))
        groups = []
        choices: list[list[int]] = []
        for members in group_by_length(rests):
            width = rests[members[-1]]
            groups.append((len(members), width))
            for index in members:
                padding = width - rests[index]
                input_ids += [*rows[index]["input_ids"][prefix:], *[self.pad_token_id] * padding]
                labels += [IGNORED, *rows[index]["labels"][prefix + 1 :], *[IGNORED] * padding]
                position_ids += range(prefix, prefix + width)
                choices += rows[index].get("choices", [])
        batch: PackedBatch = {
            "input_ids": torch.tensor([input_ids]),
            "labels": torch.tensor([labels]),
            "position_ids": torch.tensor([position_ids]),
            "attention_mask": torch.ones(1, 1, 1, 1, dtype=torch.bool),
            "prefix_layout": PrefixLayout(prefix, tuple(groups)),
        }
        if choices:
            most = max(map(len, choices))
            batch["choices"] = torch.tensor([[*ids, *[-1] * (most - len(ids))] for ids in choices])
        return batch


def _shared_prefix(rows: Sequence[TokenRow]) -> int:
    """Tokens shared by all rows, one token of each row's prompt at least left out.

    A document must begin with a token without loss, for the token before it in the packed row is another
    document's, and the loss predicts each token from the one before.
    """
    unlabelled = min(_leading_ignored(row["labels"]) for row in rows)
    return max(min(common_prefix([row["input_ids"] for row in rows]), unlabelled - 1), 0)


def _leading_ignored(labels: Sequence[int]) -> int:
    return next((i for i, label in enumerate(labels) if label != IGNORED), len(labels))
