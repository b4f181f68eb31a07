"""Options that several commands share."""

from typing import Annotated, Literal

import typer

__all__ = ["DecoderChoice", "Labels", "SplitName"]

SplitName = Literal["random", "template"]
DecoderChoice = Literal["verbatim", "generate"]
Labels = Annotated[str, typer.Option(help="Label set: presidio, safe_harbor, or a YAML file.")]
