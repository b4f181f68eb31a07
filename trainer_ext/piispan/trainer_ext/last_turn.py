"""Conversations in, tensors out: for a plain ``SFTTrainer``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypedDict

from piispan.core import ChatTokenizer, FormatError, TooLongError
from piispan.trainer_ext.conversations import chat_rows
from piispan.trainer_ext.turns import IGNORED, TrainOn

if TYPE_CHECKING:
    import torch

__all__ = ["LastTurnCollator", "PaddedBatch"]


class PaddedBatch(TypedDict):
    """Keyword arguments of a causal language model; each int64 ``(rows, longest)``, padded on the right."""

    input_ids: "torch.Tensor"
    attention_mask: "torch.Tensor"
    labels: "torch.Tensor"


@dataclass(frozen=True, slots=True)
class LastTurnCollator:
    """Tokenises conversations and puts the loss on the last assistant turn, its end-of-turn token included.

    For ``trl.SFTTrainer(..., data_collator=LastTurnCollator(tokenizer))`` with ``remove_unused_columns=False`` and
    ``dataset_kwargs={"skip_prepare_dataset": True}``. Right for every chat template that writes turns in their order.

    Args:
        tokenizer: The model's tokenizer, with its chat template. It needs no pad token: padding is masked by length.
        train_on: The turns that bear loss; see ``RowOptions``.
        prompt_loss_weight: 0, or 1 for loss on all tokens alike. A weight between needs a trainer that knows weights:
            ``PiiSFTTrainer`` on the rows of ``prepare`` or ``chat_row``.
        max_length: Most tokens of a conversation; ``None`` for no limit. Nothing is ever cut.

    Raises:
        FormatError: If the weight is another.
    """

    tokenizer: ChatTokenizer
    train_on: TrainOn = "last_turn"
    prompt_loss_weight: float = 0.0
    max_length: int | None = None

    def __post_init__(self) -> None:
        if self.prompt_loss_weight not in (0, 1):
            raise FormatError("a prompt_loss_weight between 0 and 1 needs PiiSFTTrainer, with rows of prepare() or chat_row()")

    def __call__(self, examples: Sequence[Mapping[str, Any]]) -> PaddedBatch:
        """One padded batch of rows with ``messages``, or ``prompt`` and ``completion``.

        Raises:
            FormatError: If a row is no such conversation, or the template reorders or changes turns.
            TooLongError: If a row is longer than ``max_length``; names its id, or its place in the batch.
        """
        import torch

        rows = list(chat_rows(examples, self.tokenizer, train_on=self.train_on, prompt_loss_weight=self.prompt_loss_weight))
        width = max(len(row["input_ids"]) for row in rows)
        if self.max_length is not None and width > self.max_length:
            name = next(row["id"] for row in rows if len(row["input_ids"]) == width)
            raise TooLongError(f"row {name!r}: prompt and answer take {width} tokens, more than {self.max_length}; nothing is ever cut")
        padding = [width - len(row["input_ids"]) for row in rows]
        return {
            "input_ids": torch.tensor([row["input_ids"] + [0] * more for row, more in zip(rows, padding, strict=True)]),
            "attention_mask": torch.tensor([[1] * (width - more) + [0] * more for more in padding]),
            "labels": torch.tensor([row["labels"] + [IGNORED] * more for row, more in zip(rows, padding, strict=True)]),
        }
