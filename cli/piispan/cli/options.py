"""Options that several commands share."""

import inspect
from collections.abc import Callable, Collection
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, get_args, get_type_hints

import typer
from typer.core import TyperCommand

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
    "SectionedCommand",
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

_SECTIONS = {
    "Model": ("model", "revision", "start", "adapter", "lora_rank", "lora_alpha", "lora_dropout"),
    "Labels and form": ("labels", "language", "format", "prompt_style", "examples", "tokenisation", "tag_tokens"),
    "Documents": ("label_sampling", "mention_replacement", "too_long", "max_length"),
    "Loss": ("loss", "train_on", "prompt_loss_weight"),
    "Steps": ("epochs", "batch_size", "gradient_accumulation_steps", "max_tokens", "gradient_checkpointing"),
    "Optimizer": ("learning_rate", "lr_scheduler_type", "warmup_steps", "weight_decay"),
    "Run": ("early_stopping_patience", "save_steps", "report_to", "seed", "base_licence"),
}
"""The fields of ``TrainSettings`` as help shows them."""


class SectionedCommand(TyperCommand):
    """A command whose help has sections: those of ``rich_help_panel``, which Typer itself heeds only where Rich draws the help."""

    def format_options(self, ctx: Any, formatter: Any) -> None:  # noqa: D102 -- Typer's own; its types are private
        sections: dict[str, list[tuple[str, str]]] = {"Arguments": [], "Options": []}
        for parameter in self.get_params(ctx):
            usual = "Arguments" if parameter.param_type_name == "argument" else "Options"
            if record := parameter.get_help_record(ctx):
                sections.setdefault(getattr(parameter, "rich_help_panel", None) or usual, []).append(record)
        for name, records in sections.items():
            if records:
                with formatter.section(name):
                    formatter.write_dl(records)


def with_settings(
    *, without: Collection[str] = (), only: Collection[str] | None = None
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command an option for every field of ``TrainSettings``; it gets those that were given as ``given``. In the help of a
    ``SectionedCommand`` they stand in sections.

    Args:
        without: Fields that the command has no use for.
        only: The fields that it has a use for; all without it.
    """
    every = get_type_hints(TrainSettings, include_extras=True)
    sections = {name: section for section, names in _SECTIONS.items() for name in names}
    hints = {name: every[name] for name in sections if name not in without and (only is None or name in only)}
    options = []
    for name, hint in hints.items():
        kind, meaning = get_args(hint)
        default = getattr(TrainSettings(), name)
        shown = meaning if default is None else f"{meaning} Default: {default}."
        called = [f"--{OPTIONS[name]}"] if name in OPTIONS else []
        option = typer.Option(*called, help=shown, show_default=False, rich_help_panel=sections[name])
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
