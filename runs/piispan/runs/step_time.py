"""How long a step of training takes here, tried before the training."""

from collections.abc import Sequence
from time import perf_counter
from typing import TYPE_CHECKING, Any

from piispan.runs.settings import TrainSettings
from piispan.runs.training import adapter_config
from piispan.trainer_ext import PackedBatch, PrefixSharingCollator, TokenRow

if TYPE_CHECKING:
    from transformers import PreTrainedModel

__all__ = ["seconds_per_step"]


def seconds_per_step(model: "PreTrainedModel", rows: Sequence[TokenRow], settings: TrainSettings) -> float:
    """Seconds that one step takes here: the mean over the batches of ``rows`` through a throw-away adapter, after one that is not counted.

    The model's weights are left as they are; its attention is switched to that of training.
    """
    from peft import get_peft_model

    from piispan.trainer_ext import use_shared_prefix_attention

    use_shared_prefix_attention(model)
    probe: Any = get_peft_model(model, adapter_config(settings, None))
    if settings.gradient_checkpointing:
        probe.enable_input_require_grads()
        probe.gradient_checkpointing_enable()
        probe.train()
    collate = PrefixSharingCollator(0, settings.max_tokens)
    size = settings.batch_size
    starts = range(0, len(rows), size)
    _forward_and_backward(probe, collate(rows[:size]))  # the first pass pays for what later ones find ready
    started = perf_counter()
    for start in starts:
        _forward_and_backward(probe, collate(rows[start : start + size]))
    seconds = (perf_counter() - started) / len(starts)
    if settings.gradient_checkpointing:
        probe.gradient_checkpointing_disable()
        probe.disable_input_require_grads()
        probe.eval()
    probe.unload()
    return seconds


def _forward_and_backward(model: Any, batch: PackedBatch) -> None:
    import torch

    from piispan.trainer_ext import adapter_casts_left_to_autocast, labelled_scores

    rest = batch.pop("rest", [])
    inputs = {name: value.to(model.device) if isinstance(value, torch.Tensor) else value for name, value in batch.items()}
    in_bfloat16 = model.dtype == torch.bfloat16
    with adapter_casts_left_to_autocast(model, active=in_bfloat16):
        with torch.autocast(model.device.type, torch.bfloat16, enabled=in_bfloat16):
            scores, targets, _ = labelled_scores(model, inputs)
            loss: Any = torch.nn.functional.cross_entropy(scores, targets)
        loss.backward()
    loss.item()  # waits for the device
    for row in rest:
        _forward_and_backward(model, row)
