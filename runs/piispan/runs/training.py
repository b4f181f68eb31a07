"""Fine-tuning of one adapter."""

import math
import tempfile
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from piispan.core import Document, Prompt, context_length
from piispan.core.segments import TagGrammar, add_tag_tokens
from piispan.model_card import TrainingFacts
from piispan.runs.artifacts import round_as_saved
from piispan.runs.machine import hardware
from piispan.runs.progress import Progress
from piispan.runs.settings import TrainSettings, check_validation
from piispan.runs.starting import begin_from, start_in_words
from piispan.trainer_ext import Prepared, RowOptions, TokenRow, lora_preset, pass_rows, prepare

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase, TrainerCallback

__all__ = [
    "Trained",
    "Validation",
    "adapter_config",
    "on_one_gpu",
    "optimizer_arguments",
    "prepare_tag_tokens",
    "train_adapter",
    "training_rows",
]

_SECONDS = "seconds"
"""In the trainer's log: how long the training has taken."""


@dataclass(frozen=True, slots=True)
class Trained:
    """A model with its fresh adapter, in evaluation mode, and how it was trained.

    Args:
        model: The adapted model.
        facts: How it was trained.
        is_main: Whether this is the process that goes on to measure and write, where several trained.
    """

    model: "PreTrainedModel"
    facts: TrainingFacts
    is_main: bool = True


@dataclass(frozen=True, slots=True)
class Validation:
    """What early stopping watches.

    Args:
        documents: Labelled documents that are not trained on.
        score: Figures of the model as it stands, ``f1`` among them.
    """

    documents: Sequence[Document]
    score: Callable[[Any], Mapping[str, float]]


def train_adapter(
    model: "PreTrainedModel",
    tokenizer: "PreTrainedTokenizerBase",
    documents: Sequence[Document],
    prompt: Prompt,
    settings: TrainSettings,
    progress: Progress,
    *,
    deadline: float | None = None,
    fill_time: bool = False,
    validation: Validation | None = None,
    checkpoints: Path | None = None,
    resume: str | None = None,
) -> Trained:
    """Fine-tune an adapter on ``model``, which is wrapped in place.

    Args:
        model: The base.
        tokenizer: Its tokenizer.
        documents: Labelled documents.
        prompt: Style, labels and output format.
        settings: The rest.
        progress: A unit per optimizer step.
        deadline: ``time.perf_counter()`` value after which no further step begins; ``None`` for none.
        fill_time: The documents are more than there is time for: the learning rate goes through its schedule until ``deadline``.
        validation: For early stopping, where ``settings`` ask for it.
        checkpoints: Folder for checkpoints, where ``settings`` ask for them; a temporary one without it.
        resume: The checkpoint to go on from; see ``open_checkpoints``.

    Raises:
        TooLongError: If a document's prompt and answer do not fit and none may be dropped or split; no answer is ever cut.
        FormatError: If the output format cannot write a span, or early stopping has nothing to watch.
    """
    from piispan.trainer_ext import PiiSFTTrainer

    check_validation(settings, validation.documents if validation else ())
    tag_tokens = prepare_tag_tokens(model, tokenizer, prompt, settings)
    limit = settings.max_length or context_length(model)
    prepared = training_rows(documents, prompt, tokenizer, settings, max_length=limit)
    passes = math.ceil(settings.epochs) if settings.label_sampling == "subset" or settings.mention_replacement else None
    differing = passes and rows_of_passes(prepared.documents, prompt, tokenizer, settings, passes=passes, max_length=limit)
    watched = validation.documents if validation and settings.early_stopping_patience is not None else ()
    with tempfile.TemporaryDirectory(prefix="piispan-") as scratch, warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=FutureWarning, module=r"transformers\..*|trl\..*|peft\..*")
        trainer = PiiSFTTrainer(
            model,
            _sft_config(checkpoints or scratch, settings, model),
            differing or prepared.rows,
            training_rows(watched, prompt, tokenizer, settings, max_length=limit).rows if watched else None,
            processing_class=tokenizer,
            peft_config=adapter_config(settings, tag_tokens, model),
            callbacks=_callbacks(settings, progress, deadline),
            elapsed=partial(_elapsed, perf_counter(), deadline) if fill_time and deadline is not None else None,
            passes=passes,
            score=validation.score if validation and watched else None,
        )
        _no_default_printing(trainer)
        if settings.start:
            begin_from(trainer.accelerator.unwrap_model(trainer.model), settings.start, prompt.labels)
        trainer.train(resume_from_checkpoint=resume)
    progress.finish()
    # Without the autocast of training, so that what is measured is what will be loaded, to the bit.
    adapted: Any = trainer.accelerator.unwrap_model(trainer.model, keep_fp32_wrapper=False)
    round_as_saved(adapted)
    facts = _facts(trainer, settings, prepared, len(documents), fill_time=fill_time)
    return Trained(adapted.eval(), facts, trainer.is_world_process_zero())


def prepare_tag_tokens(
    model: "PreTrainedModel", tokenizer: "PreTrainedTokenizerBase", prompt: Prompt, settings: TrainSettings
) -> list[int] | None:
    """Add special tag tokens to model and tokenizer, in place, if ``settings`` ask for them; their ids."""
    return add_tag_tokens(model, tokenizer, prompt.labels) if settings.spelling.tag_tokens == "special" else None


def training_rows(
    documents: Sequence[Document],
    prompt: Prompt,
    tokenizer: "PreTrainedTokenizerBase",
    settings: TrainSettings,
    *,
    max_length: int | None = None,
) -> Prepared:
    """The rows of ``documents`` in the tokenisation and with the loss that ``settings`` ask for. See ``piispan.trainer_ext.prepare``."""
    return prepare(documents, prompt, tokenizer, too_long=settings.too_long, **_row_options(prompt, tokenizer, settings, max_length))


def rows_of_passes(
    documents: Sequence[Document],
    prompt: Prompt,
    tokenizer: "PreTrainedTokenizerBase",
    settings: TrainSettings,
    *,
    passes: int,
    max_length: int | None = None,
) -> list[TokenRow]:
    """Rows of passes that differ in what is asked for or in values, as ``settings`` say. See ``piispan.trainer_ext.pass_rows``."""
    options = _row_options(prompt, tokenizer, settings, max_length)
    return pass_rows(
        documents,
        prompt,
        tokenizer,
        passes=passes,
        batch_size=settings.batch_size,
        seed=settings.seed,
        label_sampling=settings.label_sampling,
        mention_replacement=settings.mention_replacement,
        **options,
    )


def _row_options(prompt: Prompt, tokenizer: "PreTrainedTokenizerBase", settings: TrainSettings, max_length: int | None) -> RowOptions:
    tokenisation, placement, tag_tokens, loss = settings.spelling
    segments = tokenisation == "segments"
    return {
        "grammar": TagGrammar(tokenizer, prompt.labels, tag_tokens=tag_tokens, placement=placement) if segments else None,
        "loss": loss,
        "train_on": settings.train_on,
        "prompt_loss_weight": settings.prompt_loss_weight,
        "max_length": max_length,
    }


def optimizer_arguments(settings: TrainSettings, model: Any) -> dict[str, Any]:
    """What ``settings`` ask of any trainer of transformers: batches, learning rate, passes, seed and number type."""
    import torch

    return {
        "per_device_train_batch_size": settings.batch_size,
        "gradient_accumulation_steps": settings.gradient_accumulation_steps,
        "learning_rate": settings.highest_learning_rate,
        "lr_scheduler_type": settings.lr_scheduler_type,
        "warmup_steps": settings.warmup_steps,
        "weight_decay": settings.weight_decay,
        "num_train_epochs": settings.epochs,
        "seed": settings.seed,
        "bf16": model.dtype == torch.bfloat16,
        "use_cpu": model.device.type == "cpu",
    }


def _sft_config(folder: str | Path, settings: TrainSettings, model: "PreTrainedModel") -> Any:
    from piispan.trainer_ext import PiiSFTConfig

    keep_best = settings.early_stopping_patience is not None
    config = PiiSFTConfig(
        str(folder),
        **optimizer_arguments(settings, model),
        max_tokens=settings.max_tokens,
        gradient_checkpointing=settings.gradient_checkpointing,
        logging_steps=1,
        report_to=settings.report_to,
        eval_strategy="epoch" if keep_best else "no",
        save_strategy="epoch" if keep_best else "no",
        save_total_limit=2,
        load_best_model_at_end=keep_best,
        metric_for_best_model="f1" if keep_best else None,
        restore_callback_states_from_checkpoint=True,
    )
    return on_one_gpu(config)


def on_one_gpu(arguments: Any) -> Any:
    """Arguments of a trainer, of which one process trains on one GPU; several are for ``accelerate launch``."""
    if arguments.n_gpu > 1:
        arguments._n_gpu = 1
    return arguments


def adapter_config(settings: TrainSettings, tag_tokens: Sequence[int] | None, model: Any = None) -> Any:
    """The adapter that ``settings`` ask for. See ``piispan.trainer_ext.lora_preset``."""
    return lora_preset(
        settings.adapter,
        rank=settings.lora_rank,
        alpha=settings.lora_alpha,
        dropout=settings.lora_dropout,
        revision=settings.revision,
        tag_tokens=tag_tokens,
        model=model,
    )


def _no_default_printing(trainer: Any) -> None:
    from transformers import PrinterCallback

    trainer.remove_callback(PrinterCallback)


def _callbacks(settings: TrainSettings, progress: Progress, deadline: float | None) -> "list[TrainerCallback]":
    from transformers import EarlyStoppingCallback, TrainerCallback

    class Watch(TrainerCallback):
        best = ""
        before = 0.0

        def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            del args, control, kwargs
            self.before = _seconds(state)
            progress.start(f"Training from {Path(settings.start).name if settings.start else 'the base'}", state.max_steps, "steps")
            if state.global_step:
                progress.advance(state.global_step)

        def on_log(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            del args, control
            logs = kwargs["logs"]
            state.log_history[-1][_SECONDS] = round(self.before + perf_counter() - started, 1)
            if "eval_f1" in logs:
                self.best = f", F1 {float(logs['eval_f1']):.3f}"
            if "loss" in logs:
                speed = f", {logs['num_tokens'] / (perf_counter() - started):,.0f} tokens/s" if "num_tokens" in logs else ""
                progress.advance(1, f"loss {float(logs['loss']):.3f}{self.best}{speed}")

        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            del args, kwargs
            control.should_training_stop |= deadline is not None and perf_counter() > deadline
            control.should_save |= settings.save_steps is not None and state.global_step % settings.save_steps == 0

    started = perf_counter()
    if settings.early_stopping_patience is None:
        return [Watch()]
    return [Watch(), EarlyStoppingCallback(early_stopping_patience=settings.early_stopping_patience)]


def _seconds(state: Any) -> float:
    """How long a training has taken so far, what was before a checkpoint included."""
    return float(state.log_history[-1].get(_SECONDS, 0.0)) if state.log_history else 0.0


def _elapsed(start: float, deadline: float) -> float:
    """The share of the time that is over; 1 where there was none."""
    return (perf_counter() - start) / (deadline - start) if deadline > start else 1.0


def _facts(trainer: Any, settings: TrainSettings, prepared: Prepared, documents: int, *, fill_time: bool = False) -> TrainingFacts:
    step = settings.batch_size * settings.gradient_accumulation_steps * trainer.accelerator.num_processes
    kept = trainer.state.best_global_step or trainer.state.global_step
    return TrainingFacts(
        adapter=settings.adapter,
        train_on=settings.train_on,
        prompt_loss_weight=settings.prompt_loss_weight,
        documents=min(documents - len(prepared.dropped), kept * step),
        epochs=round(float(trainer.state.epoch) * kept / trainer.state.global_step, 3),
        steps=kept,
        learning_rate=settings.highest_learning_rate,
        schedule=f"{_schedule(trainer.args)}{', over the time there was' if fill_time else ''}",
        batch_size=step,
        lora_rank=settings.lora_rank,
        lora_alpha=settings.lora_alpha,
        target_modules=_adapted(trainer.model),
        seed=settings.seed,
        seconds=_seconds(trainer.state),
        hardware=hardware(),
        trainable_parameters=sum(p.numel() for p in trainer.model.parameters() if p.requires_grad),
        split_documents=len(prepared.split),
        dropped_documents=len(prepared.dropped),
        start=None if settings.start is None else start_in_words(settings.start),
        mention_replacement=settings.mention_replacement,
    )


def _schedule(args: Any) -> str:
    return f"{args.lr_scheduler_type.value}, warm-up {args.warmup_steps:g}, weight decay {args.weight_decay:g}"


def _adapted(model: Any) -> tuple[str, ...]:
    """Names of the adapted modules, without the layers they stand in."""
    return tuple(sorted({name.rsplit(".", 1)[-1] for name in model.peft_config["default"].target_modules}))
