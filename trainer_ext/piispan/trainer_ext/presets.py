"""Settings that work, as TRL and PEFT configuration objects."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from peft import LoraConfig
    from trl import SFTConfig

__all__ = ["lora_preset", "sft_config"]


def lora_preset(
    *,
    rank: int = 16,
    alpha: int = 32,
    dropout: float = 0.0,
    revision: str | None = None,
    tag_tokens: Sequence[int] | None = None,
    model: Any = None,
) -> "LoraConfig":
    """LoRA on every linear layer but the output head.

    Args:
        rank: Rank of the update.
        alpha: Scale; the update is multiplied by ``alpha / rank``.
        dropout: Dropout on the adapter's input.
        revision: Commit of the base model on the Hub, written into ``adapter_config.json``.
        tag_tokens: Ids of special tag tokens, whose embeddings are trained and saved with the adapter.
        model: The model that has them, needed where its output head has weights of its own: their rows are trained and saved too.
    """
    from peft import LoraConfig

    return LoraConfig(
        r=rank,
        lora_alpha=alpha,
        lora_dropout=dropout,
        target_modules="all-linear",
        task_type="CAUSAL_LM",
        revision=revision,
        trainable_token_indices=_trained_rows(tag_tokens, model) if tag_tokens else None,
    )


def _trained_rows(tag_tokens: Sequence[int], model: Any) -> dict[str, list[int]] | list[int]:
    """Rows by the name of their layer; the input embedding's alone where the head shares its weights, or for want of a model."""
    if model is None:
        return list(tag_tokens)
    embedding, head = model.get_input_embeddings(), model.get_output_embeddings()
    names = {id(layer): name.rsplit(".", 1)[-1] for name, layer in model.named_modules()}
    layers = [embedding] if head is None or head.weight is embedding.weight else [embedding, head]
    return {names[id(layer)]: list(tag_tokens) for layer in layers}


def sft_config(output_dir: str | Path, **changes: Any) -> "SFTConfig":
    """``trl.SFTConfig`` with this package's defaults.

    Rows come prepared, so nothing is cut (``max_length=None``) and nothing is packed by TRL; nothing is
    reported to a service and no checkpoint is kept unless asked for.

    Args:
        output_dir: Folder for checkpoints and logs.
        changes: Any field of ``SFTConfig``; they win over the defaults.
    """
    from trl import SFTConfig

    defaults: dict[str, Any] = {
        "per_device_train_batch_size": 16,
        "learning_rate": 1e-3,
        "num_train_epochs": 3,
        "lr_scheduler_type": "cosine",
        "warmup_steps": 0.05,
        "logging_steps": 10,
        "save_strategy": "no",
        "report_to": "none",
        "bf16": False,
        "gradient_checkpointing": False,
        "max_length": None,
        "packing": False,
        "dataloader_pin_memory": False,
        "disable_tqdm": True,
    }
    return SFTConfig(output_dir=str(output_dir), **{**defaults, **changes})
