"""``PiiSFTTrainer``: TRL's ``SFTTrainer`` on prepared rows, with the prompt prefix shared."""

from collections.abc import Sequence
from typing import Any

import datasets
import torch
from peft import PeftConfig
from transformers import PreTrainedModel, PreTrainedTokenizerBase, TrainerCallback
from trl import SFTConfig, SFTTrainer

from piispan.core import FormatError, TooLongError
from piispan.trainer_ext.losses import labelled_scores
from piispan.trainer_ext.prefix_attention import use_shared_prefix_attention
from piispan.trainer_ext.prefix_sharing import PrefixSharingCollator
from piispan.trainer_ext.rows import TokenRow

__all__ = ["PiiSFTTrainer"]


class PiiSFTTrainer(SFTTrainer):
    """``SFTTrainer`` whose batches share the prompt prefix.

    Args:
        model: A causal language model; its attention is switched to ``prefix_attention``.
        args: See ``sft_config``. ``per_device_train_batch_size`` counts documents.
        rows: Token rows of the training documents.
        processing_class: The tokenizer; saved with the checkpoints.
        peft_config: The adapter, such as ``lora_preset()``.
        callbacks: Further callbacks.

    Raises:
        FormatError: If there are no rows, the model cannot share a prefix, or ``args`` ask for what the loss here does not do.
        TooLongError: If ``args.max_length`` would cut an answer.
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
    ) -> None:
        if not rows:
            raise FormatError("there are no documents to train on")
        _check_arguments(args, rows)
        use_shared_prefix_attention(model)
        padding = processing_class.pad_token_id
        # Any token pads, since padding bears no loss and nothing sees it. Typed as Any: TRL's type names a plain dict.
        collator: Any = PrefixSharingCollator(padding if isinstance(padding, int) else 0)
        super().__init__(
            model=model,
            args=args,
            train_dataset=datasets.Dataset.from_list([dict(row) for row in rows]),
            processing_class=processing_class,
            peft_config=peft_config,
            callbacks=callbacks,
            data_collator=collator,
        )

    def compute_loss(self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None) -> Any:
        """Mean negative log-likelihood of the labelled tokens: TRL's ``nll``, without the rows of the output head it never needs; for
        rows with ``choices``, over those alone.

        Args:
            model: The model, wrapped or not.
            inputs: A batch of ``PrefixSharingCollator``.
            return_outputs: Give back the model's output too; its logits cover the positions kept.
            num_items_in_batch: Labelled tokens of the whole optimizer step; ``None`` for those of this batch.
        """
        use_shared_prefix_attention(self.accelerator.unwrap_model(model))  # decoding may have switched it meanwhile
        scores, targets, outputs = labelled_scores(model, inputs)
        count = targets.numel() if num_items_in_batch is None else num_items_in_batch
        loss = torch.nn.functional.cross_entropy(scores, targets, reduction="sum") / count
        if self.args.average_tokens_across_devices and num_items_in_batch is not None:
            loss = loss * self.accelerator.num_processes
        self._record(inputs, scores.detach(), targets)
        return (loss, outputs) if return_outputs else loss

    def _set_signature_columns_if_needed(self) -> None:
        super()._set_signature_columns_if_needed()
        columns = vars(self)["_signature_columns"]
        if "choices" not in columns:
            columns.append("choices")

    def _record(self, inputs: dict[str, Any], scores: torch.Tensor, targets: torch.Tensor) -> None:
        """TRL's token accuracy and token count, which its ``log`` averages and reports."""
        mode = "train" if torch.is_grad_enabled() else "eval"
        hits = (scores.argmax(-1) == targets).float().mean()
        self._metrics[mode]["mean_token_accuracy"].append(self._over_processes(hits).mean().item())
        if mode == "train":
            tokens = torch.tensor(inputs["input_ids"].numel(), device=inputs["input_ids"].device)
            self._total_train_tokens += int(self._over_processes(tokens).sum().item())
        self._metrics[mode]["num_tokens"] = [self._total_train_tokens]

    def _over_processes(self, value: torch.Tensor) -> torch.Tensor:
        gathered = self.accelerator.gather_for_metrics(value)
        assert isinstance(gathered, torch.Tensor)  # noqa: S101  # a tensor in, a tensor out
        return gathered

    def create_model_card(self, *args: Any, **kwargs: Any) -> None:
        """Writes nothing: the card is generated from what was measured, and written last."""


def _check_arguments(args: SFTConfig, rows: Sequence[TokenRow]) -> None:
    """Refuse what TRL would do silently to prepared rows, and what ``compute_loss`` does not do."""
    for row in rows:
        if args.max_length is not None and len(row["input_ids"]) > args.max_length:
            length = len(row["input_ids"])
            raise TooLongError(f"document {row['id']!r}: {length} tokens, and max_length={args.max_length} would cut its answer")
    refused = {
        "packing": args.packing,
        "padding_free": args.padding_free,
        "use_liger_kernel": args.use_liger_kernel,
        "label_smoothing_factor": args.label_smoothing_factor > 0,
        "loss_type": args.loss_type != "nll",
    }
    if asked := [name for name, wanted in refused.items() if wanted]:
        raise FormatError(f"PiiSFTTrainer does not do {', '.join(asked)}; leave it at its default, or use trl's SFTTrainer")
