"""``PiiSFTConfig``: TRL's ``SFTConfig`` with this package's defaults."""

from dataclasses import dataclass, field

from trl.trainer.sft_config import SFTConfig

__all__ = ["PiiSFTConfig"]


@dataclass
class PiiSFTConfig(SFTConfig):
    """Every field of ``trl.SFTConfig`` is here, and means what it means there; the docs of those below say what differs.

    Rows come prepared, so TRL neither cuts (``max_length`` is ``None``) nor packs; nothing is reported to a service and no checkpoint
    is kept unless asked for. ``per_device_train_batch_size`` counts documents.

    Args:
        max_tokens: Most tokens of a packed row, prefix included; a batch that has more is computed in several rows, one after the
            other, with the same gradients. ``None`` for no limit. Bounds the memory.
    """

    learning_rate: float = field(default=2e-4, metadata={"help": "The highest of the schedule."})
    num_train_epochs: float = field(default=3.0, metadata={"help": "Passes over the documents."})
    lr_scheduler_type: str = field(default="cosine", metadata={"help": "Schedule of the learning rate."})
    warmup_steps: float = field(default=0.05, metadata={"help": "Steps of warm-up, or their share when below 1."})
    logging_steps: float = field(default=10, metadata={"help": "Steps between two logs."})
    save_strategy: str = field(default="no", metadata={"help": "When checkpoints are written."})
    report_to: str | list[str] | None = field(default="none", metadata={"help": "Where logs go: none, trackio, tensorboard, ..."})
    bf16: bool | None = field(default=False, metadata={"help": "Compute in bfloat16."})
    gradient_checkpointing: bool = field(default=False, metadata={"help": "Compute activations twice, to hold fewer."})
    max_length: int | None = field(default=None, metadata={"help": "Refuse rows with more tokens; nothing is ever cut."})
    dataloader_pin_memory: bool = field(default=False, metadata={"help": "Page-lock batches for a faster way to the GPU."})
    prediction_loss_only: bool = field(default=True, metadata={"help": "Keep no logits when evaluating."})
    disable_tqdm: bool | None = field(default=True, metadata={"help": "No progress bar of transformers."})
    max_tokens: int | None = field(default=None, metadata={"help": "Most tokens of a packed row, prefix included."})
