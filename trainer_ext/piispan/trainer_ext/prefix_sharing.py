"""A batch whose documents share a prompt prefix, packed into one row with the prefix computed once.

Layout: ``[prefix][document 1][document 2]…``. The position ids of each document start at
``len(prefix)``; each document attends to the prefix and causally to itself, and to nothing else (see
``prefix_attention``). Every token therefore sees exactly what it would see in a row of its own, so loss and
gradients are those of the padded batch up to rounding.

Documents are sorted by length and padded in groups of like length, so that attention takes each group as
one batch. A group is closed when padding would fill more than an eighth of it.

Where the prefix bears loss, so it does once for each document: its tokens count as often as there are documents.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import TYPE_CHECKING, NotRequired, TypedDict

from piispan.core import common_prefix
from piispan.trainer_ext.conversations import TokenRow
from piispan.trainer_ext.turns import IGNORED

if TYPE_CHECKING:
    import torch

__all__ = ["PackedBatch", "PrefixLayout", "PrefixSharingCollator", "first_fit_decreasing", "group_by_length"]

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

    @property
    def longest(self) -> int:
        """Tokens that the last token of the longest document sees."""
        return self.prefix + max((width for _, width in self.groups), default=0)


class PackedBatch(TypedDict):
    """Keyword arguments of a causal language model.

    ``input_ids``, ``labels`` and ``position_ids`` are int64 ``(1, seq)``. ``attention_mask`` is one true value,
    ``(1, 1, 1, 1)``: transformers takes a mask of four axes as made, and builds none over the whole row. ``choices``, for loss on
    decisions, is int64 ``(labelled tokens, most choices)``, filled up with -1. ``weights``, float32 ``(labelled tokens,)``, says how
    much each counts; without it each counts once. ``rest`` holds the batch's further rows where one does not hold them all.
    """

    input_ids: "torch.Tensor"
    labels: "torch.Tensor"
    position_ids: "torch.Tensor"
    attention_mask: "torch.Tensor"
    prefix_layout: PrefixLayout
    choices: NotRequired["torch.Tensor"]
    weights: NotRequired["torch.Tensor"]
    rest: NotRequired[list["PackedBatch"]]


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


def first_fit_decreasing(sizes: Sequence[int], room: int) -> list[list[int]]:
    """Indices of ``sizes`` in bins of at most ``room``, largest first, each in the first bin that holds it; what is larger stands alone."""
    bins: list[list[int]] = []
    left: list[int] = []
    for index in sorted(range(len(sizes)), key=lambda i: -sizes[i]):
        found = next((number for number, space in enumerate(left) if space >= sizes[index]), None)
        if found is None:
            bins.append([index])
            left.append(room - sizes[index])
        else:
            bins[found].append(index)
            left[found] -= sizes[index]
    return bins


@dataclass(frozen=True, slots=True)
class PrefixSharingCollator:
    """Packs token rows behind their common prefix, for a model with ``use_shared_prefix_attention``.

    Args:
        pad_token_id: Fills short documents. May equal the end-of-turn token: padding bears no loss, and
            stands behind every token that could see it.
        max_tokens: Most tokens of a packed row, prefix included, before padding; a batch that has more becomes several rows, each behind
            the prefix. ``None`` for no limit. A document that is longer alone still gets its row.
    """

    pad_token_id: int
    max_tokens: int | None = None

    def __call__(self, rows: Sequence[TokenRow]) -> PackedBatch:
        """One packed row and, where ``max_tokens`` asks for it, its ``rest``. The documents stand by length, not in the order given."""
        prefix = _shared_prefix(rows)
        if self.max_tokens is None:
            return self._pack(rows, prefix)
        bins = first_fit_decreasing([len(row["input_ids"]) - prefix for row in rows], self.max_tokens - prefix)
        batch, *rest = (self._pack([rows[index] for index in members], prefix) for members in bins)
        if rest:
            batch["rest"] = rest
        return batch

    def _pack(self, rows: Sequence[TokenRow], prefix: int) -> PackedBatch:
        import torch

        rests = [len(row["input_ids"]) - prefix for row in rows]
        own = [_token_weights(row) for row in rows]
        shared = [sum(column) for column in zip(*(weights[: prefix + 1] for weights in own), strict=True)]
        input_ids = list(rows[0]["input_ids"][:prefix])
        # Nothing stands before the first token, so it bears no loss.
        weights = [0.0, *shared[1:prefix]] if prefix else []
        position_ids = list(range(prefix))
        groups = []
        choices: list[list[int]] = []
        for members in group_by_length(rests):
            width = rests[members[-1]]
            groups.append((len(members), width))
            for index in members:
                padding = width - rests[index]
                # The first document alone stands right behind the prefix; all share its first token where that bears loss.
                first = shared[prefix] if prefix and len(weights) == prefix else 0.0
                input_ids += [*rows[index]["input_ids"][prefix:], *[self.pad_token_id] * padding]
                weights += [first, *own[index][prefix + 1 :], *[0.0] * padding]
                position_ids += range(prefix, prefix + width)
                choices += rows[index].get("choices", [])
        batch: PackedBatch = {
            "input_ids": torch.tensor([input_ids]),
            "labels": torch.tensor([[token if weight else IGNORED for token, weight in zip(input_ids, weights, strict=True)]]),
            "position_ids": torch.tensor([position_ids]),
            "attention_mask": torch.ones(1, 1, 1, 1, dtype=torch.bool),
            "prefix_layout": PrefixLayout(prefix, tuple(groups)),
        }
        if choices:
            most = max(map(len, choices))
            batch["choices"] = torch.tensor([[*ids, *[-1] * (most - len(ids))] for ids in choices])
        if set(weights) - {0.0, 1.0}:
            batch["weights"] = torch.tensor([weight for weight in weights if weight])
        return batch


def _token_weights(row: TokenRow) -> list[float]:
    """How much the loss of each token counts; 0 for none."""
    given = iter(row["weights"]) if "weights" in row else repeat(1.0)
    return [0.0 if label == IGNORED else next(given) for label in row["labels"]]


def _shared_prefix(rows: Sequence[TokenRow]) -> int:
    """Tokens that all rows share and that are computed once.

    The loss predicts each token from the one before, and in the packed row only the first document stands behind the prefix. So every
    document begins with a token without loss, or, where the common prefix bears loss, with the last token of it. Loss on decisions
    is never merged: each row has its own choices.
    """
    common = common_prefix([row["input_ids"] for row in rows])
    unlabelled = min(_leading_ignored(row["labels"]) for row in rows)
    if common < unlabelled:
        return common
    return max((unlabelled if any("choices" in row for row in rows) else common) - 1, 0)


def _leading_ignored(labels: Sequence[int]) -> int:
    return next((i for i, label in enumerate(labels) if label != IGNORED), len(labels))
