"""A redacted corpus put back from its vault."""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from piispan.core import DataError, RedactionError
from piispan.runs.corpora.choices import FileFormat
from piispan.runs.corpora.outputs import Outputs, take_place
from piispan.runs.corpora.pace import Pace
from piispan.runs.corpora.parts.finding import parts_of
from piispan.runs.corpora.parts.records import ChunkSize, Columns, Fault, Part, Record
from piispan.runs.progress import Progress, Silent
from piispan.tagger import RedactionKey, VaultEntry, read_vault, vault_columns

__all__ = ["restore_corpus"]


def restore_corpus(
    redacted: str | Path,
    out: str | Path,
    vault: str | Path,
    key: RedactionKey,
    *,
    file_format: FileFormat | None = None,
    force: bool = False,
    progress: Progress | None = None,
) -> int:
    """Put every text of a redacted file or folder back as it was.

    Args:
        redacted: What ``redact_corpus`` wrote, unchanged in the columns that it redacted.
        out: Where to write, in one piece.
        vault: The run's vault.
        key: The key that it was locked with.
        file_format: What the files are, whatever their names.
        force: Write over a file that is there.
        progress: Shows how far the work has come.

    Returns:
        How many documents were put back.

    Raises:
        RedactionError: If the vault cannot be opened or was changed, or a document was changed, added, moved or taken out.
        DataError: If a file cannot be read or written.
    """
    source, target = Path(redacted), Path(out)
    if source.resolve() == Path(vault).resolve():
        raise DataError(f"{source}: is the vault; name what was redacted")
    places = Outputs.beside(target)
    places.check(source)
    places.refuse_existing_output(force=force)
    columns = Columns(vault_columns(vault, key))
    parts = parts_of(source, columns, file_format)
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(f".{target.name}.restoring")
    if beside.exists():  # what a restoration that was killed has left
        shutil.rmtree(beside)
    beside.mkdir(mode=0o700)
    try:
        restored = _restored(parts, read_vault(vault, key), beside, progress or Silent())
        take_place(beside / "done" if source.is_dir() else beside / "done" / parts[0].name, target)
    except OSError as error:
        if error.errno is None:
            raise
        raise DataError(f"{target}: cannot be written ({error.strerror})") from None
    finally:
        shutil.rmtree(beside)
    return restored


def _restored(parts: Sequence[Part], entries: Iterator[VaultEntry], folder: Path, bar: Progress) -> int:
    restored = 0
    with Pace(bar, parts, what="Restoring") as pace:
        for number, part in enumerate(parts):
            grown = folder / str(number)
            with grown.open("wb") as file:
                file.write(part.head())
                for chunk in part.chunks(ChunkSize(), None):
                    done = [(record, _texts(record, part, next(entries, None))) for record in part.read(chunk)]
                    file.write(part.written(chunk, [(record, texts) for record, texts in done if isinstance(record, Record)]))
                    restored += len(done)
                    pace.advance(len(done))
            target = folder / "done" / part.name
            target.parent.mkdir(parents=True, exist_ok=True)
            part.finish(grown, target)
    if next(entries, None) is not None:
        raise RedactionError(f"the vault has more documents than the {restored} that are there: some were taken out")
    return restored


def _texts(record: Record | Fault, part: Part, entry: VaultEntry | None) -> dict[str, str]:
    where = f"{part.name}, {part.unit} {record.number}".removeprefix(", ")
    if isinstance(record, Fault):
        raise RedactionError(f"{where}: {record.reason}")
    if entry is None:
        raise RedactionError(f"{where}: not in the vault, which has fewer documents")
    if record.texts.keys() != entry.texts.keys():
        raise RedactionError(f"{where}: has other texts than the vault's entry")
    try:
        return {name: entry.texts[name].restore(text) for name, text in record.texts.items()}
    except RedactionError as error:
        raise RedactionError(f"{where}: {error}") from None
