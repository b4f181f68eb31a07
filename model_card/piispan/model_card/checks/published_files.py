"""Which files of an adapter's folder, or of merged weights, are published: those that are named here, and no others."""

from collections.abc import Mapping
from pathlib import Path

from piispan.core import CARD_FACTS, SIDECAR_NAME, is_read
from piispan.model_card.writing import CARD_NAME

__all__ = ["PICTURES", "is_published", "published_files"]

PICTURES = ("labels.png", "confusion.png")


def is_published(name: str) -> bool:
    """Whether ``push`` writes files of this name; those of an older version that the new one lacks are taken away."""
    return name in (SIDECAR_NAME, CARD_FACTS, CARD_NAME, *PICTURES) or is_read(name)


def published_files(folder: str | Path) -> Mapping[str, Path]:
    """The files of a folder that are published, by their names in the repository, the card last.

    Optimizer states, checkpoints, ``training_args.bin`` (which may hold a token) and whatever else lies there are not among them.
    """
    found = {path.name: path for path in Path(folder).iterdir() if path.is_file() and is_published(path.name)}
    return {name: found[name] for name in sorted(found, key=lambda name: (name == CARD_NAME, name))}
