"""``piispan data``: make, convert and export labelled documents."""

import json
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from piispan.cli.options import Labels, SplitName, check_output, with_settings
from piispan.core import OffsetUnit
from piispan.dataset_builder import Ends, Partition, Reader, SplitBy

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Make, convert and export labelled documents.")

Labelled = Annotated[Path, typer.Argument(help="Labelled documents, in any layout that convert reads.")]
LabelledOrSplit = Annotated[
    Path, typer.Argument(help="Labelled documents, in any layout that convert reads, or the folder that split or export writes.")
]
_SHOWN = ("model", "revision", "labels", "language", "format", "prompt_style", "examples", "tokenisation", "tag_tokens", "loss", "train_on")
"""Settings that change how a row looks."""
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
    language: Annotated[str, typer.Option(help="Language of the texts: en or zh.")] = "en",
    labels: Annotated[str | None, typer.Option(help="Label set. Default: presidio for en (or safe_harbor), zh_pii for zh.")] = None,
    long: Annotated[float, typer.Option(help="Share of documents of 1,000 to 4,000 characters, from 0 to 1.")] = 0.0,
    noise: Annotated[float, typer.Option(help="Share of documents with typing or scanning errors, from 0 to 1.")] = 0.0,
    partition: Annotated[Partition, typer.Option(help="Side of every value: train and test share none.")] = "all",
    as_json: Json = False,
) -> None:
    """Make synthetic labelled documents."""
    from piispan.dataset_builder import synthesise, write_jsonl

    check_new(out, force)
    documents = synthesise(
        count, seed=seed, settings=setting, partition=partition, language=language, labels=labels, long=long, noise=noise
    )
    written = write_jsonl(documents, out)
    typer.echo(json.dumps({"documents": written}) if as_json else f"{written} documents: {out}")


@app.command()
def convert(
    source: Annotated[
        Path, typer.Argument(help="A file of labelled documents, a folder of brat files, or what split or export wrote; see --reader.")
    ],
    out: Annotated[Path, typer.Argument(help="JSONL file to write.")],
    reader: Annotated[Reader, typer.Option(help="Layout of SOURCE; auto goes by its ending, JSON by the keys of its first row.")] = "auto",
    labels: Annotated[
        str | None, typer.Option(help="Check labels against this set: presidio, safe_harbor, zh_pii, or a YAML file.")
    ] = None,
    label_map: Annotated[Path | None, typer.Option(help="YAML file: SOURCE's labels with yours; a label with nothing is left out.")] = None,
    offsets: Annotated[OffsetUnit, typer.Option(help="What SOURCE's offsets count.")] = "code_points",
    ends: Annotated[Ends, typer.Option(help="Whether the end of a span is the offset after its last character.")] = "exclusive",
    group_field: Annotated[
        str | None, typer.Option(help="Key of SOURCE's rows whose value is the group, which a split keeps together; JSON and Parquet.")
    ] = None,
    text_field: Annotated[str | None, typer.Option(help="Key of SOURCE's rows whose value is the text; JSON and Parquet.")] = None,
    force: Force = False,
    on_error: Annotated[OnErrorName, typer.Option(help="Stop at the first bad document, or leave it out and count it.")] = "error",
    as_json: Json = False,
) -> None:
    """Read labelled documents, verify every offset, write JSONL."""
    from piispan.cli.terminal import label_counts
    from piispan.core import LabelSet
    from piispan.dataset_builder import ReadReport, iter_documents, load_label_map, write_jsonl

    check_output(out, source)
    check_new(out, force)
    report = ReadReport()
    mapping = None if label_map is None else load_label_map(label_map)
    documents = iter_documents(
        source,
        reader=reader,
        labels=None if labels is None else LabelSet.load(labels),
        label_map=mapping,
        offsets=offsets,
        ends=ends,
        on_error=on_error,
        group_field=group_field,
        text_field=text_field,
        report=report,
    )
    write_jsonl(documents, out)
    counts = {
        "documents": report.documents,
        "spans": dict(sorted(report.spans.items())),
        "trimmed": report.trimmed,
        "reordered": report.reordered,
        "unmapped": dict(sorted(report.unmapped.items())),
        "rejected": len(report.rejects),
    }
    if report.ignored:
        typer.echo(f"fields not kept: {', '.join(sorted(report.ignored))}", err=True)
    for reject in report.rejects:
        typer.echo(f"left out: {reject}", err=True)
    if unused := sorted(set(mapping or {}) - report.mapped):
        typer.echo(f"labels of the map that never occurred: {', '.join(unused)}", err=True)
    if doubt := report.doubt():
        typer.echo(f"warning: {doubt}", err=True)
    if as_json:
        typer.echo(json.dumps(counts))
        return
    shown = {**counts, "unmapped": report.unmapped.total()}
    typer.echo(", ".join(f"{key}: {value}" for key, value in shown.items() if key != "spans"))
    for what, labelled in (("spans", report.spans), ("left out by the map", report.unmapped)):
        if labelled:
            typer.echo(f"{what}: {label_counts(labelled)}")


@app.command()
def export(
    source: LabelledOrSplit,
    folder: Annotated[Path, typer.Argument(help="Data folder to write; load_dataset opens it.")],
    split: Annotated[SplitName, typer.Option(help="How the documents of one file are split.")] = "random",
    labels: Labels = "presidio",
    prompt: Annotated[str, typer.Option(help="Prompt style: plain, few_shot, dialogue, or a Jinja template (.jinja).")] = "plain",
    examples: Annotated[Path | None, typer.Option(help="Worked examples for the prompt, made-up labelled documents.")] = None,
    language: Annotated[list[str] | None, typer.Option(help="ISO 639-1 code of a language (en); may be given several times.")] = None,
    licence: Annotated[str | None, typer.Option(help="Licence of the documents, as the Hub spells it, or other.")] = None,
    licence_name: Annotated[str | None, typer.Option(help="Name of the licence that is other.")] = None,
    licence_link: Annotated[str | None, typer.Option(help="Where the licence that is other can be read.")] = None,
    title: Annotated[str | None, typer.Option(help="Title of the card. Default: the folder's name.")] = None,
    how_made: Annotated[str, typer.Option(help="Where the documents come from, for the card.")] = "Not stated.",
    synthetic: Annotated[bool, typer.Option("--synthetic", help="Every value is made up. Else the card warns of personal data.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Write over an older export.")] = False,
    as_json: Json = False,
) -> None:
    """Write a folder for load_dataset(FOLDER, "tagged").

    Every output format is a config of it.
    """
    from piispan.core import FORMATS, DataError, LabelSet
    from piispan.dataset_builder import Stated, export_folder, how_split, read_documents, read_split

    if (folder / "README.md").is_file() and not force:
        raise DataError(f"{folder}: holds an export already; --force writes over it")
    stated = Stated(licence, how_made, tuple(language or ()), title, how_split(source, split), licence_name, licence_link, synthetic)
    known = LabelSet.load(labels)
    shown = None if examples is None else read_documents(examples, labels=known)[0]
    parts = read_split(source, split, known)
    result = export_folder(parts, folder, labels=known, formats=FORMATS, style=prompt, examples=shown, stated=stated)
    counts = {"documents": dict(result.documents), "unwritable": {name: dict(lost) for name, lost in result.unwritable.items()}}
    if as_json:
        typer.echo(json.dumps(counts))
        return
    typer.echo(f"{sum(result.documents.values())} documents: {folder}")
    for name, lost in result.unwritable.items():
        if lost:
            which = ", ".join(f"{count} {label}" for label, count in sorted(lost.items()))
            typer.echo(f"{name} cannot write {sum(lost.values())} spans, which its rows lack: {which}", err=True)


@app.command()
def split(
    source: Labelled,
    folder: Annotated[Path, typer.Argument(help="Folder for train.jsonl, validation.jsonl and test.jsonl.")],
    by: Annotated[
        SplitBy, typer.Option(help="What must not stand on two sides: a document, a group, or a group and any value of the test.")
    ] = "group",
    validation: Annotated[float, typer.Option(help="Share of the documents for validation.")] = 0.1,
    test: Annotated[float, typer.Option(help="Share of the documents for the test.")] = 0.2,
    seed: Annotated[int, typer.Option(help="Another seed deals otherwise.")] = 0,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Split labelled documents, and say how leaky the split is.

    Every label stands on every side where it can be.
    """
    from piispan.dataset_builder import leak_report, note_split, read_documents, split_documents, split_files, write_jsonl

    files = split_files(folder)
    for file in files.values():
        check_output(file, source)
        check_new(file, force)
    done = split_documents(read_documents(source)[0], by, validation=validation, test=test, seed=seed)
    report = leak_report(done.split)
    for name, part in done.split.parts():
        write_jsonl(part, files[name])
    note_split(folder, by, validation, test, seed)
    counts = {**{name: len(part) for name, part in done.split.parts()}, "dropped": len(done.dropped)}
    support = {name: dict(sorted(spans.items())) for name, spans in done.split.support().items()}
    if as_json:
        typer.echo(json.dumps({**counts, "leaks": report.to_dict(), "support": support}))
        return
    typer.echo(", ".join(f"{name}: {count}" for name, count in counts.items()))
    typer.echo(str(report))
    if by != "document" and all(document.group is None for _, part in done.split.parts() for document in part):
        typer.echo("no document has a group, so each was dealt by itself; --group-field of convert keeps a field of yours", err=True)
    if missing := sorted(set(support["train"]) - set(support["test"])):
        typer.echo(f"labels that the test lacks: {', '.join(missing)}", err=True)


@app.command()
def stats(
    source: Labelled,
    out: Annotated[Path | None, typer.Option(help="PNG file for a picture of the labels and lengths.")] = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Count labels, values and lengths of labelled documents."""
    from rich.console import Console

    from piispan.cli.terminal import stats_table
    from piispan.core import DataError
    from piispan.dataset_builder import data_stats, draw_stats, iter_documents

    if out is not None:
        if out.suffix.lower() != ".png":
            raise DataError(f"{out}: the picture is a PNG; give it that ending")
        check_output(out, source)
        check_new(out, force)
    found = data_stats(iter_documents(source))
    if out is not None:
        draw_stats(found, out)
    if as_json:
        typer.echo(json.dumps(found.to_dict()))
    else:
        Console().print(stats_table(found))


@app.command()
@with_settings(only=_SHOWN)
def show(
    given: dict[str, Any],
    source: Labelled,
    document: Annotated[str | None, typer.Option("--id", help="Id of the document. Default: the first.")] = None,
    config: Annotated[str | None, typer.Option(help="A recipe by name, or a YAML file; the options below win over it.")] = None,
    as_json: Json = False,
) -> None:
    """Print a document as training sees it.

    Prompt and answer stand in the base's chat template, the tokens that bear loss marked.
    """
    from dataclasses import replace

    from rich.console import Console

    from piispan.cli.terminal import row_panel
    from piispan.runs import TrainSettings, load_settings, show_row

    settings = replace(load_settings(config) if config else TrainSettings(), **given)
    pieces = show_row(source, document=document, settings=settings)
    if as_json:
        typer.echo(json.dumps([list(piece) for piece in pieces], ensure_ascii=False))
    else:
        console = Console()
        console.print(row_panel(pieces, document or "the first document", colours=console.color_system is not None))


def check_new(out: Path, force: bool) -> None:
    """Refuse to write over a file that is there, unless that was said.

    Raises:
        DataError: If it is there, and it was not.
    """
    from piispan.core import DataError

    if out.is_file() and not force:
        raise DataError(f"{out}: is there already; --force writes over it")
