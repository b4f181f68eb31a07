"""What a model's configuration says about sharing a prompt prefix, read without importing transformers."""

from contextlib import suppress
from typing import Any

from piispan.core.errors import ModelError

__all__ = ["attention_windows", "context_length", "exchange_attention", "forgets_no_keys", "refuse_packed_row"]

_ATTENTION = {"full_attention", "sliding_attention"}


def _text_config(config: Any) -> Any:
    return config.get_text_config() if hasattr(config, "get_text_config") else config


def forgets_no_keys(model: Any) -> bool:
    """Whether every layer attends to keys and values of its own: no recurrent, convolutional or chunked layers."""
    kinds = getattr(_text_config(model.config), "layer_types", None) or []
    return not getattr(model, "_is_stateful", False) and set(kinds) <= _ATTENTION


def attention_windows(model: Any) -> bool:
    """Whether some layer attends within a sliding window only."""
    config = _text_config(model.config)
    kinds = getattr(config, "layer_types", None)
    if kinds:
        return "sliding_attention" in kinds
    return getattr(config, "sliding_window", None) is not None


def context_length(model: Any) -> int | None:
    """Most tokens of prompt and answer together, or ``None`` where the configuration does not say."""
    length = getattr(_text_config(model.config), "max_position_embeddings", None)
    return length if isinstance(length, int) else None


def exchange_attention(model: Any, name: str) -> bool:
    """Switch a model to an attention of transformers' registry; whether it did. Some models refuse, and some only log that they did not."""
    config = _text_config(model.config)
    if getattr(config, "_attn_implementation", None) != name:
        with suppress(ValueError):
            model.set_attn_implementation(name)
    return getattr(config, "_attn_implementation", None) == name


def refuse_packed_row(query: Any, mask: Any) -> None:
    """Refuse a packed row that comes without word of how its documents lie: each token would see those behind it.

    Args:
        query: ``(batch, heads, seq, dim)``.
        mask: The attention mask; a packed row has one of a single value.

    Raises:
        ModelError: If the row is packed, because the model does not hand its options on to its attention layers, or another
            part of the program has switched its attention meanwhile.
    """
    if mask is not None and mask.numel() == 1 < query.shape[2]:
        raise ModelError("a packed row reached an attention layer without its layout; this model cannot share a prompt prefix")
