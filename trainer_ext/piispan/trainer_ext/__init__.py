"""Training: labels on the answer only, the shared prompt prefix, a thin trainer over TRL's.

``PiiSFTTrainer`` is loaded when first asked for, since it needs torch, transformers, trl and peft
(``pip install "piispan[train]"``).
"""

from typing import TYPE_CHECKING, Any

from piispan.core import require_extra
from piispan.trainer_ext.prefix_sharing import PrefixSharingCollator, first_fit_decreasing
from piispan.trainer_ext.presets import lora_preset, sft_config
from piispan.trainer_ext.rows import IGNORED, TokenRow, TokenStatistics, statistics, token_row, token_rows

if TYPE_CHECKING:
    from piispan.trainer_ext.trainer import PiiSFTTrainer

__all__ = [
    "IGNORED",
    "PiiSFTTrainer",
    "PrefixSharingCollator",
    "TokenRow",
    "TokenStatistics",
    "first_fit_decreasing",
    "lora_preset",
    "sft_config",
    "statistics",
    "token_row",
    "token_rows",
]


def __getattr__(name: str) -> Any:
    if name != "PiiSFTTrainer":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    require_extra("train", "torch", "transformers", "peft", "trl", "accelerate")
    from piispan.trainer_ext.trainer import PiiSFTTrainer

    return PiiSFTTrainer
