"""Training: labels on the answer only, the shared prompt prefix, a thin trainer over TRL's.

``PiiSFTTrainer``, ``labelled_scores`` and ``use_shared_prefix_attention`` are loaded when first asked for, since they need torch,
transformers, trl and peft (``pip install "piispan[train]"``).
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from piispan.core import require_extra
from piispan.trainer_ext.prefix_sharing import PackedBatch, PrefixLayout, PrefixSharingCollator, group_by_length
from piispan.trainer_ext.presets import lora_preset, sft_config
from piispan.trainer_ext.rows import IGNORED, TokenRow, TokenStatistics, statistics, token_row, token_rows

if TYPE_CHECKING:
    from piispan.trainer_ext.losses import labelled_scores
    from piispan.trainer_ext.prefix_attention import use_shared_prefix_attention
    from piispan.trainer_ext.trainer import PiiSFTTrainer

__all__ = [
    "IGNORED",
    "PackedBatch",
    "PiiSFTTrainer",
    "PrefixLayout",
    "PrefixSharingCollator",
    "TokenRow",
    "TokenStatistics",
    "group_by_length",
    "labelled_scores",
    "lora_preset",
    "sft_config",
    "statistics",
    "token_row",
    "token_rows",
    "use_shared_prefix_attention",
]


_WITH_TORCH = {"PiiSFTTrainer": "trainer", "labelled_scores": "losses", "use_shared_prefix_attention": "prefix_attention"}
"""Modules of the names that need the ``train`` extra."""


def __getattr__(name: str) -> Any:
    if name not in _WITH_TORCH:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    require_extra("train", "torch", "transformers", "peft", "trl", "accelerate")
    return getattr(import_module(f"{__name__}.{_WITH_TORCH[name]}"), name)
