"""What goes into an adapter's layers, in training with autocast."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from peft.tuners.lora import LoraLayer

__all__ = ["adapter_casts_left_to_autocast"]


@contextmanager
def adapter_casts_left_to_autocast(model: torch.nn.Module, *, active: bool) -> Iterator[None]:
    """Within it, LoRA layers do not cast their input to the float32 of their own weights, which autocast would cast straight back.

    The same to the bit. Layers with dropout or of a variant (DoRA), which compute with the input itself, still cast. PEFT's
    ``disable_input_dtype_casting`` does not know models with ``trainable_token_indices``.

    Args:
        model: The adapted model, wrapped or not.
        active: Whether autocast is on for its forward pass; without it, a cast is needed.
    """
    layers = [module for module in model.modules() if isinstance(module, LoraLayer) and _is_plain(module)] if active else []
    before = [layer.cast_input_dtype_enabled for layer in layers]
    for layer in layers:
        layer.cast_input_dtype_enabled = False
    try:
        yield
    finally:
        for layer, enabled in zip(layers, before, strict=True):
            layer.cast_input_dtype_enabled = enabled


def _is_plain(layer: LoraLayer) -> bool:
    return not layer.lora_variant and all(isinstance(dropout, torch.nn.Identity) for dropout in layer.lora_dropout.values())
