"""What a model's configuration says about sharing a prompt prefix, read without importing transformers."""

from typing import Any

__all__ = ["attention_windows", "context_length", "forgets_no_keys"]

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
