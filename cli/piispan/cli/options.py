"""Options that several commands share."""

import inspect
from collections.abc import Callable, Collection
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, get_args, get_type_hints

import typer

from piispan.core import DataError
from piispan.dataset_builder import SplitKind
from piispan.runs.settings import OPTIONS, TrainSettings
from piispan.tagger import DecoderName

__all__ = [
    "Base",
    "BatchSize",
    "Decoder",
    "Json",
    "Labels",
    "OnlyLabels",
    "OperatingPoint",
    "Revision",
    "SplitName",
    "check_output",
    "with_settings",
]

SplitName = SplitKind
Decoder = Annotated[DecoderName | None, typer.Option(help="Default: verbatim for the format tagged, generate for the others.")]
Json = Annotated[bool, typer.Option("--json", help="Print figures as JSON on standard output, and nothing else there.")]
OperatingPoint = Annotated[bool, typer.Option("--operating-point", help="Use the adapter's calibrated tag bias.")]
Revision = Annotated[str | None, typer.Option(help="Commit, branch or tag, when the model is on the Hub.")]
Base = Annotated[str | None, typer.Option(help="An adapter's base, when it was trained on a local folder.")]
BatchSize = Annotated[int, typer.Option(min=1, help="Texts generated together by --decoder generate.")]
OnlyLabels = Annotated[
    list[str] | None, typer.Option(help="Only this label (the adapter: --label-sampling subset); may be given several times.")
]
Labels = Annotated[str, typer.Option(help="Label set: presidio, safe_harbor, zh_pii, or a YAML file.")]


def with_settings(
    *, without: Collection[str] = (), only: Collection[str] | None = None
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command an option for every field of ``TrainSettings``; it gets those that were given as ``given``.

    Args:
        without: Fields that the command has no use for.
        only: The fields that it has a use for; all without it.
    """
    every = get_type_hints(TrainSettings, include_extras=True)
    hints = {name: hint for name, hint in every.items() if name not in without and (only is None or name in only)}
    options = []
    for name, hint in hints.items():
        kind, meaning = get_args(hint)
        default = getattr(TrainSettings(), name)
        shown = meaning if default is None else f"{meaning} Default: {default}."
        option = typer.Option(*([f"--{OPTIONS[name]}"] if name in OPTIONS else []), help=shown, show_default=False)
        options.append(inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[kind | None, option]))

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        signature = inspect.signature(command, eval_str=True)

        @wraps(command)
        def wrapped(**arguments: Any) -> None:
            given = {name: value for name in hints if (value := arguments.pop(name)) is not None}
            command(**arguments, given=given)

        own = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for name, one in signature.parameters.items() if name != "given"]
        parameters = [*own, *options]
        wrapped.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
        wrapped.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        return wrapped

    return decorate


def check_output(out: Path, source: Path) -> None:
    """Check that what is written is no folder and not what is read.

    Raises:
        DataError: If it is.
    """
    if out.resolve() == source.resolve():
        raise DataError(f"{out}: is the file that is read; write to another")
    if out.is_dir():
        raise DataError(f"{out}: cannot be written (it is a folder)")
