"""Training: loss where it belongs, the shared prompt prefix, a thin trainer over TRL's.

``PiiSFTConfig``, ``PiiSFTTrainer``, ``labelled_scores``, ``loss_items`` and ``use_shared_prefix_attention`` are loaded when first asked
for, since they need torch, transformers, trl and peft (``pip install "piispan[train]"``).
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from piispan.core import require_extra
from piispan.trainer_ext.chat_rows import TokenRow, chat_row, chat_rows
from piispan.trainer_ext.label_sampling import sample_labels, subset_rows
from piispan.trainer_ext.last_turn import LastTurnCollator, PaddedBatch
from piispan.trainer_ext.prefix_sharing import PackedBatch, PrefixLayout, PrefixSharingCollator, first_fit_decreasing, group_by_length
from piispan.trainer_ext.presets import AdapterKind, four_bit, lora_preset
from piispan.trainer_ext.rows import Prepared, RowOptions, TokenStatistics, TooLong, prepare, statistics, token_row
from piispan.trainer_ext.splitting import split_document
from piispan.trainer_ext.turns import IGNORED, TrainOn

if TYPE_CHECKING:
    from piispan.trainer_ext.config import PiiSFTConfig
    from piispan.trainer_ext.losses import labelled_scores, loss_items
    from piispan.trainer_ext.prefix_attention import use_shared_prefix_attention
    from piispan.trainer_ext.trainer import PiiSFTTrainer

__all__ = [
    "IGNORED",
    "AdapterKind",
    "LastTurnCollator",
    "PackedBatch",
    "PaddedBatch",
    "PiiSFTConfig",
    "PiiSFTTrainer",
    "PrefixLayout",
    "PrefixSharingCollator",
    "Prepared",
    "RowOptions",
    "TokenRow",
    "TokenStatistics",
    "TooLong",
    "TrainOn",
    "chat_row",
    "chat_rows",
    "first_fit_decreasing",
    "four_bit",
    "group_by_length",
    "labelled_scores",
    "lora_preset",
    "loss_items",
    "prepare",
    "sample_labels",
    "split_document",
    "statistics",
    "subset_rows",
    "token_row",
    "use_shared_prefix_attention",
]


_WITH_TORCH = {
    "PiiSFTConfig": "config",
    "PiiSFTTrainer": "trainer",
    "labelled_scores": "losses",
    "loss_items": "losses",
    "use_shared_prefix_attention": "prefix_attention",
}
"""Modules of the names that need the ``train`` extra."""


def __getattr__(name: str) -> Any:
    if name not in _WITH_TORCH:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    require_extra("train", "torch", "transformers", "peft", "trl", "accelerate")
    return getattr(import_module(f"{__name__}.{_WITH_TORCH[name]}"), name)
