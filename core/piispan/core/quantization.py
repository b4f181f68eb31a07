"""How a 4-bit base is quantised, for training over it and for loading it again."""

from collections.abc import Mapping
from typing import Any, Literal

__all__ = ["NF4", "Quantization"]

Quantization = Literal["nf4"]

NF4: Mapping[str, Any] = {
    "load_in_4bit": True,
    "bnb_4bit_quant_type": "nf4",
    "bnb_4bit_use_double_quant": True,
    "bnb_4bit_compute_dtype": "bfloat16",
}
"""Arguments of transformers' ``BitsAndBytesConfig``: NF4 with double quantisation (arXiv 2305.14314), computing in bfloat16."""
