"""Fine-tune chat models into PII taggers, score them, redact, and publish what was measured."""

import json
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from piispan.cli.app import serve_page
from piispan.cli.data import app as data_app
from piispan.cli.options import Base, BatchSize, Decoder, Json, Labels, OperatingPoint, Revision, SectionedCommand, SplitName, with_settings
from piispan.cli.publishing import card_app, data_push, metric_app, push
from piispan.cli.redaction import redact, restore
from piispan.cli.study import study
from piispan.metric import Alignment, Offsets

if TYPE_CHECKING:
    from piispan.runs import TrainSettings

__all__ = ["app", "main"]


app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None, help=__doc__)
app.add_typer(data_app, name="data")
app.add_typer(card_app, name="card")
app.add_typer(metric_app, name="metric")
data_app.command(name="push")(data_push)

Data = Annotated[Path, typer.Argument(help="Labelled documents, in any layout that data convert reads, or the folder of data split.")]
Config = Annotated[str | None, typer.Option(help="A recipe by name, or a YAML file; the options below win over it.")]


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"piispan {version('piispan')}")
        raise typer.Exit


@app.callback()
def _root(version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False) -> None:
    del version


@app.command(cls=SectionedCommand)
@with_settings(without=("save_steps",))
def quickstart(
    given: dict[str, Any],
    out: Annotated[Path, typer.Option(help="Folder for adapter/, metrics.json and predictions.jsonl.")] = Path("runs-out/quickstart"),
    data: Annotated[Path | None, typer.Option(help="Your own labelled documents; without it, synthetic ones.")] = None,
    split: Annotated[SplitName, typer.Option(help="How --data is split.")] = "random",
    minutes: Annotated[float | None, typer.Option(min=1, help="Time for the run. Default: 8, or all epochs with --data.")] = None,
    decoder: Decoder = None,
    as_json: Json = False,
) -> None:
    """Train on the spot, score before and after, redact three texts."""
    from rich.console import Console

    from piispan.cli.terminal import TerminalProgress, example_panel, print_metrics
    from piispan.core import DataError
    from piispan.runs import TrainSettings
    from piispan.runs import quickstart as run

    if data is None and "epochs" in given:
        raise DataError("--epochs goes with --data: of synthetic documents, as many are made as there is time for, and each is seen once")
    settings = replace(TrainSettings(), **given)
    with TerminalProgress(Console(stderr=True)) as bars:
        result = run(out, data=data, split=split, train=settings, minutes=minutes, decoder=decoder, progress=bars)
    if as_json:
        typer.echo(json.dumps(result.metrics, indent=2))
        return
    console = Console()
    print_metrics(console, result.metrics)
    for text, redacted in result.examples:
        console.print(example_panel(text, redacted, result.labels.names))
    if result.note:
        console.print(result.note, highlight=False)
    console.print(
        f"Trained on {result.training_documents} documents, {result.seconds / 60:.1f} minutes in all. "
        f"The adapter and its card: {out / 'adapter'}",
        highlight=False,
    )


@app.command(cls=SectionedCommand)
@with_settings()
def train(
    given: dict[str, Any],
    data: Data,
    out: Annotated[Path | None, typer.Option(help="Folder for adapter/, metrics.json and predictions.jsonl.")] = None,
    config: Config = None,
    test: Annotated[Path | None, typer.Option(help="Labelled documents to score on; DATA is trained on whole then.")] = None,
    split: Annotated[SplitName | None, typer.Option(help="How DATA is split, when there is no --test. Default: random.")] = None,
    decoder: Decoder = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Load the model, time two steps, and say what it would take: tokens, steps, time, memory.")
    ] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a run that was killed; it had --save-steps.")] = False,
    as_json: Json = False,
) -> None:
    """Fine-tune an adapter, score it, and write it with its card."""
    from rich.console import Console

    from piispan.cli.terminal import TerminalProgress, dry_run_table
    from piispan.core import DataError
    from piispan.runs import check_writable
    from piispan.runs import dry_run as try_out
    from piispan.runs import train as run

    settings = _settings(config, given)
    if test and split:
        raise DataError("--split and --test exclude each other: with --test, DATA is trained on whole")
    kind = split or "random"
    if dry_run:
        if resume:
            raise DataError("--dry-run and --resume exclude each other: nothing is trained")
        if out is not None:
            check_writable(out)
        with TerminalProgress(Console(stderr=True)) as bars:
            estimate = try_out(data, test=test, split=kind, settings=settings, decoder=decoder, progress=bars)
        if as_json:
            typer.echo(json.dumps(estimate.to_dict(), indent=2))
        else:
            console = Console()
            console.print(dry_run_table(estimate, colours=console.color_system is not None))
        return
    if out is None:
        raise DataError("a folder to write to is missing: give --out")
    with TerminalProgress(Console(stderr=True)) as bars:
        metrics = run(data, out, test=test, split=kind, settings=settings, decoder=decoder, resume=resume, progress=bars)
    _print_trained(metrics, out, as_json=as_json)


@app.command(cls=SectionedCommand)
@with_settings(without=("epochs", "early_stopping_patience"))
def pretune(
    given: dict[str, Any],
    out: Annotated[Path, typer.Option(help="Folder for adapter/, metrics.json and predictions.jsonl.")],
    config: Config = None,
    documents: Annotated[int, typer.Option(min=1, help="How many synthetic documents to train on; each is seen once.")] = 5600,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a run that was killed; it had --save-steps.")] = False,
    as_json: Json = False,
) -> None:
    """Fine-tune an adapter on synthetic documents, for --start."""
    from rich.console import Console

    from piispan.cli.terminal import TerminalProgress
    from piispan.runs import pretune as run

    settings = _settings(config, given)
    with TerminalProgress(Console(stderr=True)) as bars:
        metrics = run(out, documents=documents, settings=settings, resume=resume, progress=bars)
    _print_trained(metrics, out, as_json=as_json)


def _settings(config: str | None, given: dict[str, Any]) -> "TrainSettings":
    """The settings of a recipe, under the options that were given."""
    from piispan.runs import TrainSettings, load_settings

    return replace(load_settings(config) if config else TrainSettings(), **given)


def _print_trained(metrics: dict[str, object], out: Path, *, as_json: bool) -> None:
    from rich.console import Console

    from piispan.cli.terminal import print_metrics

    if not metrics:  # one of several processes, and not the first
        return
    if as_json:
        typer.echo(json.dumps(metrics, indent=2))
        return
    print_metrics(Console(), metrics)
    typer.echo(f"The adapter and its card: {out / 'adapter'}")


@app.command()
def evaluate(
    model: Annotated[str, typer.Argument(help="Adapter or chat model: folder, Hub id, or 'embedded'.")],
    data: Data,
    out: Annotated[Path | None, typer.Option(help="Folder for metrics.json and predictions.jsonl.")] = None,
    split: Annotated[SplitName | None, typer.Option(help="Score the test part of this split only.")] = None,
    format: Annotated[str | None, typer.Option(help="Output format of a model that is no adapter. Default: tagged.")] = None,  # noqa: A002
    prompt: Annotated[str | None, typer.Option(help="Prompt style of a model that is no adapter. Default: plain.")] = None,
    labels: Annotated[str | None, typer.Option(help="Label set of a model that is no adapter. Default: presidio.")] = None,
    decoder: Decoder = None,
    operating_point: OperatingPoint = False,
    revision: Revision = None,
    base: Base = None,
    batch_size: BatchSize = 16,
    as_json: Json = False,
) -> None:
    """Score an adapter or a chat model on labelled documents."""
    from rich.console import Console

    from piispan.cli.terminal import TerminalProgress, print_metrics
    from piispan.runs import evaluate as run

    with TerminalProgress(Console(stderr=True)) as bars:
        scores = run(
            model,
            data,
            out=out,
            split=split,
            format=format,
            prompt_style=prompt,
            labels=labels,
            decoder=decoder,
            operating_point=operating_point,
            revision=revision,
            base=base,
            batch_size=batch_size,
            progress=bars,
        )
    if as_json:
        typer.echo(json.dumps(scores.to_dict(), indent=2))
    else:
        print_metrics(Console(), {"after": scores.to_dict()})
        if operating_point:
            typer.echo("Measured at the adapter's operating point; a card's figures are those without.")


@app.command(name="score")
def score_command(
    predictions: Annotated[Path, typer.Argument(help="predictions.jsonl, or labelled documents whose spans are the predictions.")],
    gold: Data,
    compare: Annotated[Path | None, typer.Option(help="Predictions of another system for the same documents.")] = None,
    split: Annotated[SplitName | None, typer.Option(help="Score the test part of this split only.")] = None,
    labels: Labels = "presidio",
    format: Annotated[  # noqa: A002
        str | None, typer.Option(help="Output format of the raw outputs in PREDICTIONS; hallucination is measured then.")
    ] = None,
    alignment: Annotated[Alignment, typer.Option(help="Of raw outputs: spans as they are, or mapped back and put right.")] = "strict",
    offsets: Annotated[Offsets, typer.Option(help="What the offsets of predicted spans count.")] = "code_points",
    out: Annotated[
        Path | None, typer.Option(help="Folder for a report with the errors: report.md, report.json, labels.png, confusion.png.")
    ] = None,
    fail_under: Annotated[
        list[str] | None, typer.Option(help="A limit, such as 'recall[US_SSN]>=0.99' or 'leak_rate<=0.01'; may be given several times.")
    ] = None,
    confident: Annotated[bool, typer.Option("--confident", help="Hold limits against the worse end of the 95 % interval.")] = False,
    resamples: Annotated[int, typer.Option(min=0, help="Bootstrap resamples; 0 for no intervals.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the bootstrap.")] = 0,
    as_json: Json = False,
) -> None:
    """Score predictions in a file; exit code 1 if a limit is broken."""
    from rich.console import Console

    from piispan.cli.terminal import differences_table, print_metrics, score_notes
    from piispan.core import DataError
    from piispan.metric import Gate, broken_gates, write_report
    from piispan.runs import check_writable, score_files

    gates = [Gate.parse(text) for text in fail_under or ()]
    if confident and not gates:
        raise DataError("--confident goes with --fail-under")
    if out is not None:
        check_writable(out)
    found = score_files(
        predictions,
        gold,
        compare=compare,
        split=split,
        labels=labels,
        format=format,
        alignment=alignment,
        offsets=offsets,
        resamples=resamples,
        seed=seed,
    )
    scores = found.scores.to_dict(details=as_json)
    faults = broken_gates(gates, scores, confident=confident)
    written = [] if out is None else write_report(out, found.scores, found.analysis, differences=found.differences, faults=faults)
    for line in score_notes(found, labels):
        typer.echo(line, err=True)
    if as_json:
        differences = {name: asdict(one) for name, one in found.differences.items()}
        typer.echo(json.dumps({**scores, "differences": differences, "broken_gates": faults}, indent=2))
    else:
        console = Console()
        print_metrics(console, {"after": scores})
        if compare is not None:
            console.print(differences_table(found.differences, compare.name))
        if written:
            typer.echo(f"The report: {', '.join(map(str, written))}")
            if len(written) == 2:
                typer.echo('No pictures: pip install "piispan[plots]"')
    for fault in faults:
        typer.echo(f"broken: {fault}", err=True)
    if faults:
        raise typer.Exit(1)


@app.command()
def calibrate(
    adapter: Annotated[Path, typer.Argument(help="Folder of an adapter.")],
    data: Data,
    split: Annotated[SplitName | None, typer.Option(help="Calibrate on the validation part of this split only.")] = None,
    target_recall: Annotated[float, typer.Option(help="Share of a document's PII characters to be found, on average.")] = 0.99,
    delta: Annotated[float, typer.Option(help="Probability with which the promise may fail.")] = 0.05,
    base: Base = None,
    as_json: Json = False,
) -> None:
    """Choose a tag bias that promises a recall (--operating-point).

    It takes documents that were not trained on. To promise 0.99 takes about 300 documents with PII, or 600 to 1,000 where some of it is
    missed; 0.95 takes a fifth of that. Each is read up to 21 times.
    """
    from rich.console import Console

    from piispan.cli.terminal import TerminalProgress
    from piispan.runs import calibrate as run

    with TerminalProgress(Console(stderr=True)) as bars:
        point = run(adapter, data, split=split, target_recall=target_recall, delta=delta, base=base, progress=bars)
    if as_json:
        typer.echo(json.dumps(point.to_dict()))
        return
    typer.echo(
        f"tag bias {point.tag_bias:g}, saved in {adapter / 'piispan.json'}: with probability {1 - point.delta:g}, at least "
        f"{point.target_recall:.2%} of a document's PII characters are found on average ({point.calibration_recall:.2%} of "
        f"{point.documents} calibration documents)"
    )


app.command()(redact)
app.command()(restore)
app.command(name="app")(serve_page)
app.command()(push)
app.command()(study)


def main() -> None:
    """Run the command; a user's mistake ends with one line and exit code 2, never a traceback."""
    import warnings

    from piispan.core import PiispanError

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        warnings.showwarning = _show_warning
        try:
            app()
        except PiispanError as error:
            sys.exit(_complain(str(error)))
        except OSError as error:
            place = f"{error.filename}: " if error.filename else ""
            sys.exit(_complain(f"{place}{error.strerror or type(error).__name__}"))


def _complain(message: str) -> int:
    sys.stderr.write(f"piispan: {message}\n")
    return 2


def _show_warning(message: Warning | str, *place: object, **more: object) -> None:
    del place, more
    sys.stderr.write(f"piispan: {message}\n")
