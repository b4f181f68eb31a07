"""Which files of an adapter's folder, or of merged weights, are published: those that are named here, and no others."""

import re
from collections.abc import Mapping
from pathlib import Path

from piispan.core import ADAPTER_CONFIG, ADAPTER_WEIGHTS, CARD_FACTS, SIDECAR_NAME
from piispan.model_card.writing import CARD_NAME

__all__ = ["is_published", "published_files"]

_TOKENIZER = (
    "added_tokens.json",
    "chat_template.jinja",
    "merges.txt",
    "special_tokens_map.json",
    "tokenizer.json",
    "tokenizer.model",
    "tokenizer_config.json",
    "vocab.json",
)
_OF_ADAPTER = (SIDECAR_NAME, ADAPTER_CONFIG, ADAPTER_WEIGHTS, "labels.png", "confusion.png", CARD_FACTS, CARD_NAME, *_TOKENIZER)
_OF_MERGED = re.compile(r"config\.json|generation_config\.json|model(-\d{5}-of-\d{5})?\.safetensors|model\.safetensors\.index\.json")


def is_published(name: str) -> bool:
    """Whether ``push`` writes files of this name; those of an older version that the new one lacks are taken away."""
    return name in _OF_ADAPTER or _OF_MERGED.fullmatch(name) is not None


def published_files(folder: str | Path) -> Mapping[str, Path]:
    """The files of a folder that are published, by their names in the repository, the card last.

    Optimizer states, checkpoints, ``training_args.bin`` (which may hold a token) and whatever else lies there are not among them.
    """
    found = {path.name: path for path in Path(folder).iterdir() if path.is_file() and is_published(path.name)}
    return {name: found[name] for name in sorted(found, key=lambda name: (name == CARD_NAME, name))}
