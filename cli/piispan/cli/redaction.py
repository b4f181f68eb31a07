"""``redact`` and ``restore``: files and folders redacted, and put back."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from piispan.cli.options import Base, BatchSize, Decoder, Json, OnlyLabels, OperatingPoint, Revision
from piispan.runs import EngineName, FileFormat, GuessName

__all__ = ["redact", "restore"]

KeyFile = Annotated[Path | None, typer.Option(help="File with your key, of 16 bytes or more (openssl rand -hex 32 > FILE).")]
KeyEnv = Annotated[str | None, typer.Option(help="Environment variable with your key.")]
Format = Annotated[FileFormat | None, typer.Option("--format", help="What the files are, whatever their names.")]
Force = Annotated[bool, typer.Option("--force", help="Write over files that are there.")]


def redact(
    source: Annotated[
        Path, typer.Argument(metavar="IN", help="A text, .jsonl, .csv, .tsv or .parquet file, a folder of them, or - for standard input.")
    ],
    out: Annotated[Path | None, typer.Argument(metavar="OUT", help="Where to write; standard output without it, or with -.")] = None,
    model: Annotated[str, typer.Option(help="Adapter: folder or Hub id.")] = ...,  # type: ignore[assignment]
    policy: Annotated[str, typer.Option(help="replace, mask, hash, surrogate, encrypt, safe_harbor, or a YAML file.")] = "replace",
    column: Annotated[list[str] | None, typer.Option(help="Column of rows to redact; may be given several times. Default: text.")] = None,
    id_column: Annotated[str, typer.Option(help="Column that names a row in the quarantine. It is not redacted.")] = "id",
    group_column: Annotated[
        str | None, typer.Option(help="Column that tells whose dates move together (one patient). It is not redacted.")
    ] = None,
    file_format: Format = None,
    key_file: KeyFile = None,
    key_env: KeyEnv = None,
    vault: Annotated[Path | None, typer.Option(help="File for what was replaced, encrypted with your key, for piispan restore.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a run that was interrupted.")] = False,
    force: Force = False,
    quarantine: Annotated[Path | None, typer.Option(help="File for what failed and why. Default: OUT.quarantine.jsonl.")] = None,
    manifest: Annotated[Path | None, typer.Option(help="File for the audit manifest. Default: OUT.manifest.json.")] = None,
    engine: Annotated[EngineName, typer.Option(help="This process, or Ray's actors (RAY_ADDRESS names a cluster).")] = "local",
    workers: Annotated[int, typer.Option(min=1, help="Actors of --engine ray, each with the model loaded.")] = 2,
    chunk: Annotated[int, typer.Option(min=1, help="Documents read, tagged and written together.")] = 128,
    guess: Annotated[
        GuessName | None, typer.Option(help="Let Presidio guess first: faster where it is right, never another answer.")
    ] = None,
    label: OnlyLabels = None,
    decoder: Decoder = None,
    operating_point: OperatingPoint = False,
    revision: Revision = None,
    base: Base = None,
    batch_size: BatchSize = 16,
    as_json: Json = False,
) -> None:
    """Replace personal data in files; exit code 3 if some failed.

    An aid, not a legal determination: have the result checked.
    """
    from rich.console import Console

    from piispan.cli.terminal import TerminalProgress, redaction_notes
    from piispan.core import DataError
    from piispan.runs import AdapterSource, ChunkSize, Columns, LocalEngine, Outputs, RayEngine, redact_corpus
    from piispan.tagger import Policy, read_key

    to_stream = out is None or str(out) == "-"
    if to_stream:
        given = {"--vault": vault, "--quarantine": quarantine, "--manifest": manifest, "--json": as_json or None}
        if misplaced := [name for name, value in given.items() if value is not None]:
            raise DataError(f"{', '.join(misplaced)}: needs the redacted text in a place of its own: name OUT")
    outputs = None if out is None or to_stream else Outputs.beside(out, quarantine=quarantine, manifest=manifest, vault=vault)
    source_of_tags = AdapterSource(
        model,
        only=label,
        revision=revision,
        base=base,
        decoder=decoder,
        operating_point=operating_point,
        batch_size=batch_size,
        guess=guess,
    )
    with TerminalProgress(Console(stderr=True)) as bars, _told_to_go_on(resumable=outputs is not None):
        run = redact_corpus(
            source_of_tags,
            source,
            outputs,
            policy=Policy.load(policy),
            key=read_key(file=key_file, environment=key_env),
            columns=Columns(tuple(column or ("text",)), id_column, group_column),
            file_format=file_format,
            engine=RayEngine(workers) if engine == "ray" else LocalEngine(),
            resume=resume,
            force=force,
            chunk_size=ChunkSize(chunk),
            progress=bars,
        )
    for line in redaction_notes(run):
        typer.echo(line, err=True)
    if as_json:
        typer.echo(json.dumps(run.manifest, indent=2))
    if run.tally.quarantined:
        raise typer.Exit(3)


@contextmanager
def _told_to_go_on(*, resumable: bool) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        typer.echo("interrupted; what is done is kept, and --resume goes on" if resumable else "interrupted", err=True)
        raise typer.Exit(130) from None


def restore(
    source: Annotated[Path, typer.Argument(metavar="IN", help="What piispan redact wrote.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Where to write.")],
    vault: Annotated[Path, typer.Option(help="The vault of that run.")] = ...,  # type: ignore[assignment]
    key_file: KeyFile = None,
    key_env: KeyEnv = None,
    file_format: Format = None,
    force: Force = False,
) -> None:
    """Put redacted texts back, from the vault of their run."""
    from rich.console import Console

    from piispan.cli.terminal import TerminalProgress, counted
    from piispan.core import RedactionError
    from piispan.runs import restore_corpus
    from piispan.tagger import read_key

    key = read_key(file=key_file, environment=key_env)
    if key is None:
        raise RedactionError("a vault opens with the key that locked it: give --key-file or --key-env")
    with TerminalProgress(Console(stderr=True)) as bars:
        restored = restore_corpus(source, out, vault, key, file_format=file_format, force=force, progress=bars)
    typer.echo(f"{counted(restored, 'document')} restored", err=True)
