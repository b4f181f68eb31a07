"""``piispan data``: make, convert and export labelled documents."""

import json
from pathlib import Path
from typing import Annotated, Literal

import typer

from piispan.cli.options import Labels, SplitName, check_output

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Make, convert and export labelled documents.")

OnErrorName = Literal["error", "skip"]
Force = Annotated[bool, typer.Option("--force", help="Write over a file that is there.")]
Json = Annotated[bool, typer.Option("--json", help="Print counts as JSON on standard output.")]


@app.command()
def synth(
    out: Annotated[Path, typer.Argument(help="JSONL file to write.")],
    count: Annotated[int, typer.Option(min=1, help="Number of documents.")] = 1000,
    force: Force = False,
    seed: Annotated[int, typer.Option(help="Another seed makes other documents.")] = 0,
    setting: Annotated[list[str] | None, typer.Option(help="Only this setting; may be given several times.")] = None,
    as_json: Json = False,
) -> None:
    """Make synthetic labelled documents."""
    from piispan.dataset_builder import synthesise, write_jsonl

    _check_new(out, force)
    written = write_jsonl(synthesise(count, seed=seed, settings=setting), out)
    typer.echo(json.dumps({"documents": written}) if as_json else f"{written} documents: {out}")


@app.command()
def convert(
    source: Annotated[Path, typer.Argument(help="Presidio JSON, JSONL, or columns (.bio, .conll).")],
    out: Annotated[Path, typer.Argument(help="JSONL file to write.")],
    labels: Annotated[str | None, typer.Option(help="Check labels against this set: presidio, safe_harbor, or a YAML file.")] = None,
    force: Force = False,
    on_error: Annotated[OnErrorName, typer.Option(help="Stop at the first bad document, or leave it out and count it.")] = "error",
    as_json: Json = False,
) -> None:
    """Read labelled documents, verify every offset, and write them as JSONL."""
    from piispan.core import LabelSet
    from piispan.dataset_builder import ReadReport, iter_documents, write_jsonl

    check_output(out, source)
    _check_new(out, force)
    report = ReadReport()
    known = None if labels is None else LabelSet.load(labels)
    write_jsonl(iter_documents(source, labels=known, on_error=on_error, report=report), out)
    counts = {
        "documents": report.documents,
        "spans": dict(sorted(report.spans.items())),
        "trimmed": report.trimmed,
        "reordered": report.reordered,
        "rejected": len(report.rejects),
    }
    if report.ignored:
        typer.echo(f"fields not kept: {', '.join(sorted(report.ignored))}", err=True)
    for reject in report.rejects:
        typer.echo(f"left out: {reject.unit} {reject.number}: {reject.reason}", err=True)
    typer.echo(json.dumps(counts) if as_json else ", ".join(f"{key}: {value}" for key, value in counts.items() if key != "spans"))


@app.command()
def export(
    source: Annotated[Path, typer.Argument(help="Labelled documents: Presidio JSON, JSONL, or columns (.bio, .conll).")],
    folder: Annotated[Path, typer.Argument(help="Data folder to write; load_dataset opens it.")],
    split: Annotated[SplitName, typer.Option(help="How the documents are split.")] = "random",
    labels: Labels = "presidio",
    prompt: Annotated[str, typer.Option(help="Prompt style: plain, few_shot or dialogue.")] = "plain",
    licence: Annotated[str | None, typer.Option(help="Licence of the documents, as the Hub spells it.")] = None,
    how_made: Annotated[str, typer.Option(help="Where the documents come from, for the card.")] = "Not stated.",
    as_json: Json = False,
) -> None:
    """Write a data folder with every output format as a config: load_dataset(FOLDER, "tagged")."""
    from piispan.core import FORMATS, LabelSet
    from piispan.dataset_builder import check_licence, export_folder
    from piispan.runs import read_split

    check_licence(licence)
    known = LabelSet.load(labels)
    parts = read_split(source, split, known)
    result = export_folder(parts, folder, labels=known, formats=FORMATS, style=prompt, licence=licence, how_made=how_made)
    counts = {"documents": dict(result.documents), "unwritable": {name: dict(lost) for name, lost in result.unwritable.items()}}
    typer.echo(json.dumps(counts) if as_json else f"{sum(result.documents.values())} documents: {folder}")


def _check_new(out: Path, force: bool) -> None:
    from piispan.core import DataError

    if out.is_file() and not force:
        raise DataError(f"{out}: is there already; --force writes over it")
