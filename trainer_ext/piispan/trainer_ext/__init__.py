"""Training: loss where it belongs, the shared prompt prefix, a thin trainer over TRL's.

``PiiSFTConfig``, ``PiiSFTTrainer``, ``adapter_casts_left_to_autocast``, ``labelled_scores``, ``loss_items`` and
``use_shared_prefix_attention`` are loaded when first asked for, since they need torch, transformers, trl and peft (``pip install
"piispan[train]"``).
"""

from typing import TYPE_CHECKING

from piispan.core import lazy_names

if TYPE_CHECKING:
    from piispan.trainer_ext.adapter_casts import adapter_casts_left_to_autocast
    from piispan.trainer_ext.config import PiiSFTConfig
    from piispan.trainer_ext.conversations import TokenRow, chat_row, chat_rows
    from piispan.trainer_ext.label_sampling import sample_labels
    from piispan.trainer_ext.last_turn import LastTurnCollator, PaddedBatch
    from piispan.trainer_ext.losses import labelled_scores, loss_items
    from piispan.trainer_ext.mention_replacement import MentionReplacement
    from piispan.trainer_ext.passes import pass_rows
    from piispan.trainer_ext.prefix_attention import use_shared_prefix_attention
    from piispan.trainer_ext.prefix_sharing import PackedBatch, PrefixLayout, PrefixSharingCollator, first_fit_decreasing, group_by_length
    from piispan.trainer_ext.presets import AdapterKind, four_bit, lora_preset
    from piispan.trainer_ext.rows import Prepared, RowOptions, TokenStatistics, TooLong, prepare, statistics, token_row
    from piispan.trainer_ext.splitting import split_document
    from piispan.trainer_ext.trainer import PiiSFTTrainer
    from piispan.trainer_ext.turns import IGNORED, TrainOn

__all__ = [
    "IGNORED",
    "AdapterKind",
    "LastTurnCollator",
    "MentionReplacement",
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
    "adapter_casts_left_to_autocast",
    "chat_row",
    "chat_rows",
    "first_fit_decreasing",
    "four_bit",
    "group_by_length",
    "labelled_scores",
    "lora_preset",
    "loss_items",
    "pass_rows",
    "prepare",
    "sample_labels",
    "split_document",
    "statistics",
    "token_row",
    "use_shared_prefix_attention",
]

_MODULES = {
    "AdapterKind": "presets",
    "IGNORED": "turns",
    "LastTurnCollator": "last_turn",
    "MentionReplacement": "mention_replacement",
    "PackedBatch": "prefix_sharing",
    "PaddedBatch": "last_turn",
    "PiiSFTConfig": "config",
    "PiiSFTTrainer": "trainer",
    "PrefixLayout": "prefix_sharing",
    "PrefixSharingCollator": "prefix_sharing",
    "Prepared": "rows",
    "RowOptions": "rows",
    "TokenRow": "conversations",
    "TokenStatistics": "rows",
    "TooLong": "rows",
    "TrainOn": "turns",
    "adapter_casts_left_to_autocast": "adapter_casts",
    "chat_row": "conversations",
    "chat_rows": "conversations",
    "first_fit_decreasing": "prefix_sharing",
    "four_bit": "presets",
    "group_by_length": "prefix_sharing",
    "labelled_scores": "losses",
    "lora_preset": "presets",
    "loss_items": "losses",
    "pass_rows": "passes",
    "prepare": "rows",
    "sample_labels": "label_sampling",
    "split_document": "splitting",
    "statistics": "rows",
    "token_row": "rows",
    "use_shared_prefix_attention": "prefix_attention",
}
_TRAIN = ("train", "torch", "transformers", "peft", "trl", "accelerate")
_NEEDS = {
    "PiiSFTConfig": _TRAIN,
    "PiiSFTTrainer": _TRAIN,
    "adapter_casts_left_to_autocast": _TRAIN,
    "labelled_scores": _TRAIN,
    "loss_items": _TRAIN,
    "use_shared_prefix_attention": _TRAIN,
}
__getattr__, __dir__ = lazy_names(__name__, _MODULES, _NEEDS)
