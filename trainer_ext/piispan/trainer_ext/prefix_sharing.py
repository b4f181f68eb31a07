"""A batch whose rows share a prompt prefix, with the prefix computed once per packed row.

Layout of one packed row: ``[prefix][rest of row 1][rest of row 2]…``. The position ids of each rest
start at ``len(prefix)``; each rest attends to the prefix and causally to itself, and to nothing else.
Every token therefore sees exactly what it would see in a row of its own, so loss and gradients are
those of the padded batch up to rounding.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from piispan.core import common_prefix
from piispan.trainer_ext.rows import IGNORED, TokenRow

if TYPE_CHECKING:
    import torch

__all__ = ["PrefixSharingCollator", "first_fit_decreasing"]


def first_fit_decreasing(lengths: Sequence[int], capacity: int) -> list[list[int]]:
    """Indices of ``lengths`` in bins of at most ``capacity``; a longer item has a bin of its own."""
    bins: list[list[int]] = []
    room: list[int] = []
    for index in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        place = next((b for b, left in enumerate(room) if lengths[index] <= left), None)
        if place is None:
            bins.append([index])
            room.append(capacity - lengths[index])
        else:
            bins[place].append(index)
            room[place] -= lengths[index]
    return bins


@dataclass(frozen=True, slots=True)
class PrefixSharingCollator:
    """Packs token rows behind their common prefix.

    Args:
        pad_token_id: Fills short rows. May equal the end-of-turn token: padding is told by length.
        max_tokens: Most tokens of a packed row, prefix included. A longer document has a row of its own.
    """

    pad_token_id: int
    max_tokens: int = 1024

    def __call__(self, rows: Sequence[TokenRow]) -> "dict[str, torch.Tensor]":
        """Tensors for a causal language model with SDPA attention.

        Returns:
            ``input_ids``, ``labels``, ``position_ids``: int64 ``(packed rows, seq)``; ``attention_mask``:
            bool ``(packed rows, 1, seq, seq)``, true where the query (third axis) may see the key (last).
        """
        import torch

        prefix = _shared_prefix(rows)
        rests = [len(row["input_ids"]) - prefix for row in rows]
        bins = first_fit_decreasing(rests, self.max_tokens - prefix)
        width = prefix + max(sum(rests[i] for i in members) for members in bins)
        shape = (len(bins), width)
        input_ids = torch.full(shape, self.pad_token_id)
        labels = torch.full(shape, IGNORED)
        position_ids = torch.zeros(shape, dtype=torch.long)
        segments = torch.full(shape, -1)
        for number, members in enumerate(bins):
            shared = rows[members[0]]["input_ids"][:prefix]
            input_ids[number, :prefix] = torch.tensor(shared, dtype=torch.long)
            position_ids[number, :prefix] = torch.arange(prefix)
            segments[number, :prefix] = 0
            start = prefix
            for rank, index in enumerate(members, 1):
                stop = start + rests[index]
                input_ids[number, start:stop] = torch.tensor(rows[index]["input_ids"][prefix:])
                labels[number, start:stop] = torch.tensor(rows[index]["labels"][prefix:])
                position_ids[number, start:stop] = torch.arange(prefix, prefix + rests[index])
                segments[number, start:stop] = rank
                start = stop
        return {"input_ids": input_ids, "labels": labels, "position_ids": position_ids, "attention_mask": _mask(segments)}


def _shared_prefix(rows: Sequence[TokenRow]) -> int:
    """Tokens shared by all rows, one token of each row's prompt at least left out.

    A rest must begin with a token without loss, for the token before it in the packed row is another
    document's, and the loss predicts each token from the one before.
    """
    unlabelled = min(_leading_ignored(row["labels"]) for row in rows)
    return min(common_prefix([row["input_ids"] for row in rows]), unlabelled - 1)


def _leading_ignored(labels: Sequence[int]) -> int:
    return next((i for i, label in enumerate(labels) if label != IGNORED), len(labels))


def _mask(segments: "torch.Tensor") -> "torch.Tensor":
    """``(rows, seq)`` segment numbers (0 prefix, 1… documents, -1 padding) to ``(rows, 1, seq, seq)``."""
    import torch

    query, key = segments[:, :, None], segments[:, None, :]
    causal = torch.ones(segments.shape[1], segments.shape[1], dtype=torch.bool).tril()
    own = torch.eye(segments.shape[1], dtype=torch.bool)  # a padded query must see something, or its softmax is NaN
    return (((query == key) | (key == 0)) & (query >= 0) & causal | own)[:, None]
