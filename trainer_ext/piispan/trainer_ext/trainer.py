"""``PiiSFTTrainer``: TRL's ``SFTTrainer`` on prepared rows, with the prompt prefix shared."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

import datasets
import torch
from peft import PeftConfig
from torch.optim.lr_scheduler import LambdaLR
from transformers import PreTrainedModel, PreTrainedTokenizerBase, TrainerCallback, get_scheduler
from trl import SFTConfig, SFTTrainer

from piispan.core import FormatError, TooLongError
from piispan.trainer_ext.adapter_casts import adapter_casts_left_to_autocast
from piispan.trainer_ext.conversations import TokenRow
from piispan.trainer_ext.losses import labelled_scores, loss_items
from piispan.trainer_ext.passes import PassSampler
from piispan.trainer_ext.prefix_attention import use_shared_prefix_attention
from piispan.trainer_ext.prefix_sharing import PrefixSharingCollator

__all__ = ["PiiSFTTrainer"]

_MOMENTS = 10_000
"""Into how many a schedule over time is cut."""


class PiiSFTTrainer(SFTTrainer):
    """``SFTTrainer`` whose batches share the prompt prefix.

    Args:
        model: A causal language model; its attention is switched to ``prefix_attention``.
        args: A ``PiiSFTConfig``, or any ``trl.SFTConfig``.
        rows: Token rows of the training documents; see ``prepare``.
        eval_rows: Those of documents to report the loss of.
        processing_class: The tokenizer; saved with the checkpoints.
        peft_config: The adapter, such as ``lora_preset()``.
        callbacks: Further callbacks.
        elapsed: Share of the training's time that is over, from 0 to 1; the learning rate follows it through its schedule instead of the
            count of steps, so that a training of a given time ends as it should however fast it went. The caller ends it.
        passes: How many passes ``rows`` hold, one behind the other, each in the order in which it is to be trained on (see
            ``pass_rows``); each epoch takes the next. Without it, ``rows`` are one pass, and each epoch shuffles them anew.
        score: Figures of the model as it stands, by their names, at each evaluation: span F1 on validation documents, say, for
            ``metric_for_best_model="f1"`` and ``EarlyStoppingCallback``. It must leave the weights as they are.

    Raises:
        FormatError: If there are no rows, the model cannot share a prefix, or ``args`` ask for what the loss here does not do.
        TooLongError: If ``args.max_length`` would cut an answer.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        args: SFTConfig,
        rows: Sequence[TokenRow],
        eval_rows: Sequence[TokenRow] | None = None,
        *,
        processing_class: PreTrainedTokenizerBase,
        peft_config: PeftConfig | None = None,
        callbacks: list[TrainerCallback] | None = None,
        elapsed: Callable[[], float] | None = None,
        passes: int | None = None,
        score: Callable[[PreTrainedModel], Mapping[str, float]] | None = None,
    ) -> None:
        self._score, self._elapsed, self._passes = score, elapsed, passes
        if not rows:
            raise FormatError("there are no documents to train on")
        if passes is not None and (passes < 1 or len(rows) % passes):
            raise FormatError(f"{len(rows)} rows cannot hold {passes} passes of the same length")
        _check_arguments(args, [*rows, *(eval_rows or ())])
        if len({frozenset(row) for row in [*rows, *(eval_rows or ())]}) > 1:
            raise FormatError("rows with and without choices or weights cannot be trained together; prepare all of them alike")
        self._sampler = PassSampler(len(rows), passes) if passes else None
        use_shared_prefix_attention(model)
        padding = processing_class.pad_token_id
        # Any token pads, since padding bears no loss and nothing sees it. Typed as Any: TRL's type names a plain dict.
        collator: Any = PrefixSharingCollator(padding if isinstance(padding, int) else 0, getattr(args, "max_tokens", None))
        super().__init__(
            model=model,
            args=args,
            train_dataset=datasets.Dataset.from_list([dict(row) for row in rows]),
            eval_dataset=datasets.Dataset.from_list([dict(row) for row in eval_rows]) if eval_rows else None,
            processing_class=processing_class,
            peft_config=peft_config,
            callbacks=[*(callbacks or ()), *([_InTurn(self._sampler)] if self._sampler else ())],
            data_collator=collator,
        )
        self.loss_is_scaled_for_ga = True  # by the items of the whole optimizer step, whatever the model says
        if self.is_fsdp_enabled or (self.is_deepspeed_enabled and collator.max_tokens is not None):
            raise FormatError("PiiSFTTrainer does not shard models (FSDP), nor take a batch in several goes (max_tokens) under DeepSpeed")

    def get_batch_samples(self, epoch_iterator: Any, num_batches: int, device: torch.device) -> tuple[list[Any], Any]:
        """The batches of an optimizer step, and what their loss is divided by; see ``loss_items``."""
        batches, _ = super().get_batch_samples(epoch_iterator, num_batches, device)
        items = sum((loss_items(batch).to(device) for batch in batches), start=torch.zeros((), device=device))
        if self.args.average_tokens_across_devices and self.args.world_size > 1:
            items = self._gathered(items).sum()
        return batches, items

    def training_step(self, model: Any, inputs: dict[str, Any], num_items_in_batch: Any = None) -> torch.Tensor:
        """Forwards and backwards over each row of a batch, one after the other; processes meet after the last."""
        rest: list[dict[str, Any]] = inputs.pop("rest", [])
        loss: torch.Tensor = torch.zeros((), device=self.args.device)
        with adapter_casts_left_to_autocast(model, active=self.accelerator.native_amp):
            for row in rest:
                with self.accelerator.no_sync(model):
                    loss += super().training_step(model, row, num_items_in_batch)
            loss += super().training_step(model, inputs, num_items_in_batch)
        return loss

    def compute_loss(self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None) -> Any:
        """Mean negative log-likelihood of the labelled tokens: TRL's ``nll``, without the rows of the output head it never needs; for
        rows with ``choices``, over those alone; for rows with ``weights``, the weighted mean.

        Args:
            model: The model, wrapped or not.
            inputs: A batch of ``PrefixSharingCollator``.
            return_outputs: Give back the model's output too; its logits cover the positions kept.
            num_items_in_batch: What the losses' sum is divided by: the ``loss_items`` of the whole optimizer step; ``None`` for those of
                this batch.
        """
        use_shared_prefix_attention(self.accelerator.unwrap_model(model))  # decoding may have switched it meanwhile
        count = loss_items(inputs) if num_items_in_batch is None else num_items_in_batch
        total, outputs = self._summed_loss(model, inputs)
        for row in inputs.get("rest", ()):
            total = total + self._summed_loss(model, row)[0]
        loss = total / torch.as_tensor(count).clamp(min=1e-9)
        if self.args.average_tokens_across_devices and num_items_in_batch is not None:
            loss = loss * self.accelerator.num_processes
        return (loss, outputs) if return_outputs else loss

    def _get_train_sampler(self, train_dataset: Any = None) -> Any:
        """transformers' sampler, or the rows as they lie where they hold their passes."""
        return self._sampler or super()._get_train_sampler(train_dataset)

    def create_scheduler(self, num_training_steps: int, optimizer: Any = None) -> Any:
        """transformers' schedule, over the steps or over the time."""
        if self._elapsed is None or getattr(self, "lr_scheduler", None) is not None:
            return super().create_scheduler(num_training_steps, optimizer)
        share, optimizer = self._elapsed, optimizer or self.optimizer
        warmup = self.args.get_warmup_steps(_MOMENTS)
        plan: Any = get_scheduler(self.args.lr_scheduler_type, optimizer, num_warmup_steps=warmup, num_training_steps=_MOMENTS)
        (factor,) = set(plan.lr_lambdas)
        self.lr_scheduler = LambdaLR(optimizer, lambda _: factor(round(_MOMENTS * min(share(), 1.0))))
        self._created_lr_scheduler = True
        return self.lr_scheduler

    def num_examples(self, dataloader: Any) -> int:
        """Documents of one epoch; transformers would count the rows of all passes."""
        counted: int = super().num_examples(dataloader)
        return counted // (self._passes or 1)

    def _summed_loss(self, model: Any, row: dict[str, Any]) -> tuple[torch.Tensor, Any]:
        """The weighted sum of one packed row's losses, and the model's output."""
        scores, targets, outputs = labelled_scores(model, row, whole_head=self.is_deepspeed_enabled)
        losses = torch.nn.functional.cross_entropy(scores, targets, reduction="none")
        self._record(row, scores.detach(), targets)
        return (losses if "weights" not in row else losses * row["weights"]).sum(), outputs

    def _set_signature_columns_if_needed(self) -> None:
        super()._set_signature_columns_if_needed()
        columns = vars(self)["_signature_columns"]
        columns += [name for name in ("choices", "weights") if name not in columns]

    def _record(self, inputs: dict[str, Any], scores: torch.Tensor, targets: torch.Tensor) -> None:
        """TRL's token accuracy and token count of this process; processes may have different numbers of rows, and meet in ``log``."""
        mode = "train" if torch.is_grad_enabled() else "eval"
        self._metrics[mode]["mean_token_accuracy"].append((scores.argmax(-1) == targets).float().mean().item())
        if mode == "train":
            self._total_train_tokens += inputs["input_ids"].numel()

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """TRL's log, of all processes together."""
        model: Any = self.model
        found = self._metrics["train" if model.training else "eval"]
        if values := found.get("mean_token_accuracy"):
            found["mean_token_accuracy"] = self._gathered(torch.tensor([sum(values) / len(values)])).tolist()
            found["num_tokens"] = [int(self._gathered(torch.tensor([self._total_train_tokens])).sum())]
        super().log(logs, start_time)

    def _gathered(self, value: torch.Tensor) -> torch.Tensor:
        gathered: Any = self.accelerator.gather(value.to(self.args.device))
        assert isinstance(gathered, torch.Tensor)  # noqa: S101  # a tensor in, a tensor out
        return gathered

    def evaluation_loop(self, *args: Any, **kwargs: Any) -> Any:
        """transformers' loop; the figures of ``score`` join the evaluation loss."""
        output: Any = super().evaluation_loop(*args, **kwargs)
        if self._score is not None:
            prefix = kwargs.get("metric_key_prefix", "eval")
            found = self._score(self.accelerator.unwrap_model(self.model))
            output.metrics.update({f"{prefix}_{name}": value for name, value in found.items()})
        return output

    def push_to_hub(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Not done: a trainer's folder holds more than may be published, ``training_args.bin`` with its token among it.

        Raises:
            FormatError: Always; says what to do instead.
        """
        del args, kwargs
        raise FormatError("PiiSFTTrainer does not push its folder; publish the adapter with piispan push, which checks what is published")

    def create_model_card(self, *args: Any, **kwargs: Any) -> None:
        """Writes nothing: the card is generated from what was measured, and written last."""


class _InTurn(TrainerCallback):
    """Tells a sampler which pass is due. accelerate tells it too, but not where several processes go on in the middle of an epoch."""

    def __init__(self, sampler: PassSampler) -> None:
        self._sampler = sampler

    def on_epoch_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        del args, control, kwargs
        self._sampler.set_epoch(int(state.epoch or 0))


def _check_arguments(args: SFTConfig, rows: Sequence[TokenRow]) -> None:
    """Refuse what TRL would do silently to prepared rows, and what ``compute_loss`` does not do."""
    for row in rows:
        if args.max_length is not None and len(row["input_ids"]) > args.max_length:
            length = len(row["input_ids"])
            raise TooLongError(f"document {row['id']!r}: {length} tokens, and max_length={args.max_length} would cut its answer")
    if args.push_to_hub:
        raise FormatError("push_to_hub: publish the adapter with piispan push, which checks what is published")
    refused = {
        "packing": args.packing,
        "eval_packing": args.eval_packing,
        "padding_free": args.padding_free,
        "use_liger_kernel": args.use_liger_kernel,
        "label_smoothing_factor": args.label_smoothing_factor > 0,
        "loss_type": args.loss_type != "nll",
    }
    if asked := [name for name, wanted in refused.items() if wanted]:
        raise FormatError(f"PiiSFTTrainer does not do {', '.join(asked)}; leave it at its default, or use trl's SFTTrainer")
