"""Fine-tuning of one adapter."""

import tempfile
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any

from piispan.core import Document, Prompt, context_length
from piispan.core.segments import TagGrammar, add_tag_tokens
from piispan.model_card import TrainingFacts
from piispan.runs.machine import hardware
from piispan.runs.progress import Progress
from piispan.runs.settings import TrainSettings
from piispan.trainer_ext import PackedBatch, PrefixSharingCollator, TokenRow, lora_preset, prepare

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase, TrainerCallback

__all__ = ["Trained", "prepare_tag_tokens", "seconds_per_step", "train_adapter", "training_rows"]


@dataclass(frozen=True, slots=True)
class Trained:
    """A model with its fresh adapter, in evaluation mode, and how it was trained."""

    model: "PreTrainedModel"
    facts: TrainingFacts


def train_adapter(
    model: "PreTrainedModel",
    tokenizer: "PreTrainedTokenizerBase",
    documents: Sequence[Document],
    prompt: Prompt,
    settings: TrainSettings,
    progress: Progress,
    *,
    deadline: float | None = None,
) -> Trained:
    """Fine-tune a LoRA adapter on ``model``, which is wrapped in place.

    Args:
        model: The base.
        tokenizer: Its tokenizer.
        documents: Labelled documents.
        prompt: Style, labels and output format.
        settings: The rest.
        progress: A unit per optimizer step.
        deadline: ``time.perf_counter()`` value after which no further step begins; ``None`` for none.

    Raises:
        TooLongError: If a document's prompt and answer do not fit; nothing is ever cut.
        FormatError: If the output format cannot write a span.
    """
    from piispan.trainer_ext import PiiSFTTrainer

    tag_tokens = prepare_tag_tokens(model, tokenizer, prompt, settings)
    rows = training_rows(documents, prompt, tokenizer, settings, max_length=settings.max_length or context_length(model))
    started = perf_counter()
    with tempfile.TemporaryDirectory(prefix="piispan-") as scratch, warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=FutureWarning, module=r"transformers\..*|trl\..*|peft\..*")
        trainer = PiiSFTTrainer(
            model,
            _sft_config(scratch, settings, model),
            rows,
            processing_class=tokenizer,
            peft_config=_lora(settings, tag_tokens, model),
            callbacks=[_callback(progress, deadline)],
        )
        _no_default_printing(trainer)
        trainer.train()
    progress.finish()
    # Without the autocast of training, so that what is measured is what will be loaded, to the bit.
    adapted: Any = trainer.accelerator.unwrap_model(trainer.model, keep_fp32_wrapper=False)
    return Trained(adapted.eval(), _facts(trainer, settings, len(rows), perf_counter() - started))


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
) -> list[TokenRow]:
    """The rows of ``documents`` in the tokenisation that ``settings`` ask for. See ``piispan.trainer_ext.token_row``."""
    tokenisation, placement, tag_tokens, loss = settings.spelling
    segments = tokenisation == "segments"
    grammar = TagGrammar(tokenizer, prompt.labels, tag_tokens=tag_tokens, placement=placement) if segments else None
    return prepare(documents, prompt, tokenizer, grammar=grammar, loss=loss, max_length=max_length).rows


def _sft_config(scratch: str, settings: TrainSettings, model: "PreTrainedModel") -> Any:
    import torch

    from piispan.trainer_ext import PiiSFTConfig

    return PiiSFTConfig(
        scratch,
        per_device_train_batch_size=settings.batch_size,
        learning_rate=settings.learning_rate,
        num_train_epochs=settings.epochs,
        seed=settings.seed,
        bf16=model.dtype == torch.bfloat16,
        use_cpu=model.device.type == "cpu",
        logging_steps=1,
    )


def _lora(settings: TrainSettings, tag_tokens: Sequence[int] | None, model: Any = None) -> Any:
    return lora_preset(rank=settings.lora_rank, alpha=settings.lora_alpha, revision=settings.revision, tag_tokens=tag_tokens, model=model)


def _no_default_printing(trainer: Any) -> None:
    from transformers import PrinterCallback

    trainer.remove_callback(PrinterCallback)


def _callback(progress: Progress, deadline: float | None) -> "TrainerCallback":
    from transformers import TrainerCallback

    class ProgressAndDeadline(TrainerCallback):
        def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            del args, control, kwargs
            progress.start("Training", state.max_steps, "steps")

        def on_log(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            del args, state, control
            if "loss" in (logs := kwargs["logs"]):
                progress.advance(1, f"loss {float(logs['loss']):.3f}")

        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            del args, state, kwargs
            control.should_training_stop |= deadline is not None and perf_counter() > deadline

    return ProgressAndDeadline()


def _facts(trainer: Any, settings: TrainSettings, documents: int, seconds: float) -> TrainingFacts:
    return TrainingFacts(
        documents=min(documents, trainer.state.global_step * settings.batch_size),
        epochs=round(float(trainer.state.epoch), 3),
        steps=trainer.state.global_step,
        learning_rate=settings.learning_rate,
        batch_size=settings.batch_size,
        lora_rank=settings.lora_rank,
        lora_alpha=settings.lora_alpha,
        target_modules=_adapted(trainer.model),
        seed=settings.seed,
        seconds=round(seconds, 1),
        hardware=hardware(),
        trainable_parameters=sum(p.numel() for p in trainer.model.parameters() if p.requires_grad),
    )


def _adapted(model: Any) -> tuple[str, ...]:
    """Names of the adapted modules, without the layers they stand in."""
    return tuple(sorted({name.rsplit(".", 1)[-1] for name in model.peft_config["default"].target_modules}))


def seconds_per_step(model: "PreTrainedModel", rows: Sequence[TokenRow], settings: TrainSettings) -> float:
    """Seconds that one optimizer step takes here: the mean of two batches of ``rows`` through a throw-away adapter.

    The model's weights are left as they are; its attention is switched to that of training.
    """
    from peft import get_peft_model

    from piispan.trainer_ext import use_shared_prefix_attention

    use_shared_prefix_attention(model)
    probe: Any = get_peft_model(model, _lora(settings, None))
    collate = PrefixSharingCollator(0)
    size = settings.batch_size
    batches = [collate(rows[start : start + size] or rows[:size]) for start in (0, 0, size)]
    _forward_and_backward(probe, batches[0])  # the first pass pays for what later ones find ready
    started = perf_counter()
    for batch in batches[1:]:
        _forward_and_backward(probe, batch)
    seconds = (perf_counter() - started) / 2
    probe.unload()
    return seconds


def _forward_and_backward(model: Any, batch: PackedBatch) -> None:
    import torch

    from piispan.trainer_ext import labelled_scores

    inputs = {name: value.to(model.device) if isinstance(value, torch.Tensor) else value for name, value in batch.items()}
    with torch.autocast(model.device.type, torch.bfloat16, enabled=model.dtype == torch.bfloat16):
        scores, targets, _ = labelled_scores(model, inputs)
        loss: Any = torch.nn.functional.cross_entropy(scores, targets)
    loss.backward()
    loss.item()  # waits for the device
