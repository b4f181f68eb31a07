"""``PiiSFTTrainer``: TRL's ``SFTTrainer`` on prepared rows, with the prompt prefix shared."""

from collections.abc import Sequence
from typing import Any

import datasets
from peft import PeftConfig
from transformers import PreTrainedModel, PreTrainedTokenizerBase, TrainerCallback
from trl import SFTConfig, SFTTrainer

from piispan.core import FormatError
from piispan.trainer_ext.prefix_sharing import PrefixSharingCollator
from piispan.trainer_ext.rows import TokenRow

__all__ = ["PiiSFTTrainer"]


class PiiSFTTrainer(SFTTrainer):  # type: ignore[misc]  # trl ships no types
    """``SFTTrainer`` whose batches share the prompt prefix.

    Args:
        model: A causal language model that attends by SDPA.
        args: See ``sft_config``. ``per_device_train_batch_size`` counts documents.
        rows: Token rows of the training documents.
        processing_class: The tokenizer; saved with the checkpoints.
        peft_config: The adapter, such as ``lora_preset()``.
        callbacks: Further callbacks.
        max_tokens: Most tokens of a packed row, prefix included.

    Raises:
        FormatError: If there are no rows, or the model cannot share a prefix.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        args: SFTConfig,
        rows: Sequence[TokenRow],
        *,
        processing_class: PreTrainedTokenizerBase,
        peft_config: PeftConfig | None = None,
        callbacks: list[TrainerCallback] | None = None,
        max_tokens: int = 1024,
    ) -> None:
        if not rows:
            raise FormatError("there are no documents to train on")
        if getattr(model, "_is_stateful", False):
            raise FormatError("a model with recurrent layers cannot share a prompt prefix; use trl's SFTTrainer with its padded collator")
        padding = processing_class.pad_token_id
        super().__init__(
            model=model,
            args=args,
            train_dataset=datasets.Dataset.from_list([dict(row) for row in rows]),
            processing_class=processing_class,
            peft_config=peft_config,
            callbacks=callbacks,
            data_collator=PrefixSharingCollator(0 if padding is None else padding, max_tokens),
        )

    def compute_loss(self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None) -> Any:
        """TRL's own loss; the mask's fourth axis would make its token count a count of pairs."""
        before = self._total_train_tokens
        loss = super().compute_loss(model, inputs, return_outputs=return_outputs, num_items_in_batch=num_items_in_batch)
        if self.model.training:
            self._total_train_tokens = before + inputs["input_ids"].numel()
            self._metrics["train"]["num_tokens"] = [self._total_train_tokens]
        return loss

    def create_model_card(self, *args: Any, **kwargs: Any) -> None:
        """Writes nothing: the card is generated from what was measured, and written last."""
