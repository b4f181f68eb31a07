"""Options that several commands share."""

from typing import Annotated, Literal

import typer

__all__ = ["DecoderChoice", "Labels", "LossChoice", "SplitName", "TagTokensChoice", "TokenisationChoice"]

SplitName = Literal["random", "template"]
DecoderChoice = Literal["verbatim", "generate"]
TokenisationChoice = Literal["segments", "joint"]
TagTokensChoice = Literal["text", "special"]
LossChoice = Literal["answer", "decisions"]
Labels = Annotated[str, typer.Option(help="Label set: presidio, safe_harbor, or a YAML file.")]
