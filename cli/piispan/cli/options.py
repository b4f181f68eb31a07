"""Options that several commands share."""

from pathlib import Path
from typing import Annotated, Literal

import typer

__all__ = ["DecoderChoice", "Labels", "LossChoice", "OperatorName", "SplitName", "TagTokensChoice", "TokenisationChoice", "check_output"]

SplitName = Literal["random", "template"]
DecoderChoice = Literal["verbatim", "generate"]
TokenisationChoice = Literal["segments", "joint"]
TagTokensChoice = Literal["text", "special"]
LossChoice = Literal["answer", "decisions"]
OperatorName = Literal["replace", "redact", "hash", "keep"]
"""Operators of presidio-anonymizer that need no parameters."""
Labels = Annotated[str, typer.Option(help="Label set: presidio, safe_harbor, or a YAML file.")]


def check_output(out: Path, source: Path) -> None:
    """Check that what is written is no folder and not what is read.

    Raises:
        DataError: If it is.
    """
    from piispan.core import DataError

    if out.resolve() == source.resolve():
        raise DataError(f"{out}: is the file that is read; write to another")
    if out.is_dir():
        raise DataError(f"{out}: cannot be written (it is a folder)")
