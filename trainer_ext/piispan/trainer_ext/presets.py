"""Adapters that work, as PEFT configuration objects."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from piispan.core import NF4, require_extra

if TYPE_CHECKING:
    from peft import LoraConfig
    from transformers import BitsAndBytesConfig

__all__ = ["AdapterKind", "four_bit", "lora_preset"]

AdapterKind = Literal["lora", "rslora", "dora", "qlora"]
"""``rslora`` scales by the root of the rank (arXiv 2312.03732), ``dora`` learns magnitudes apart (arXiv 2402.09353), ``qlora`` is LoRA
over a 4-bit base (arXiv 2305.14314)."""


def lora_preset(
    kind: AdapterKind = "lora",
    *,
    rank: int = 16,
    alpha: int = 32,
    dropout: float = 0.0,
    revision: str | None = None,
    tag_tokens: Sequence[int] | None = None,
    model: Any = None,
) -> "LoraConfig":
    """LoRA on every linear layer but the output head.

    Args:
        kind: See ``AdapterKind``; the base of ``qlora`` is loaded with ``four_bit()``.
        rank: Rank of the update.
        alpha: Scale; the update is multiplied by ``alpha / rank``, or ``alpha / sqrt(rank)`` for ``rslora``.
        dropout: Dropout on the adapter's input.
        revision: Commit of the base model on the Hub, written into ``adapter_config.json``.
        tag_tokens: Ids of special tag tokens, whose embeddings are trained and saved with the adapter.
        model: The model that has them, needed where its output head has weights of its own: their rows are trained and saved too.
    """
    from peft import LoraConfig

    return LoraConfig(
        r=rank,
        lora_alpha=alpha,
        lora_dropout=dropout,
        use_rslora=kind == "rslora",
        use_dora=kind == "dora",
        target_modules="all-linear",
        task_type="CAUSAL_LM",
        revision=revision,
        trainable_token_indices=_trained_rows(tag_tokens, model) if tag_tokens else None,
    )


def _trained_rows(tag_tokens: Sequence[int], model: Any) -> dict[str, list[int]] | list[int]:
    """Rows by the name of their layer; the input embedding's alone where the head shares its weights, or for want of a model."""
    if model is None:
        return list(tag_tokens)
    embedding, head = model.get_input_embeddings(), model.get_output_embeddings()
    names = {id(layer): name.rsplit(".", 1)[-1] for name, layer in model.named_modules()}
    layers = [embedding] if head is None or head.weight is embedding.weight else [embedding, head]
    return {names[id(layer)]: list(tag_tokens) for layer in layers}


def four_bit() -> "BitsAndBytesConfig":
    """How the base of ``qlora`` is loaded: ``AutoModelForCausalLM.from_pretrained(..., quantization_config=four_bit())``.

    Raises:
        MissingExtraError: If bitsandbytes is not installed.
    """
    require_extra("qlora", "bitsandbytes")
    from transformers import BitsAndBytesConfig

    return BitsAndBytesConfig(**NF4)
