"""Write a split as a data folder that ``load_dataset`` opens: Parquet by config and part, and a dataset card."""

import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from piispan.core import (
    DataError,
    Document,
    LabelSet,
    OutputFormat,
    Prompt,
    get_format,
    is_licence_id,
    make_prompt,
    replacing_folder,
)
from piispan.dataset_builder.data_card import MARKER, CardFacts, front_matter, render_card
from piispan.dataset_builder.rows import require_label
from piispan.dataset_builder.splits import Split

__all__ = ["Export", "check_licence", "export_folder"]

_ROWS_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Export:
    """A data folder that was written; usable wherever a path is.

    Args:
        folder: The folder.
        documents: Documents of each part.
        unwritable: Spans that a format could not write and that its config lacks, by format and label.
    """

    folder: Path
    documents: Mapping[str, int]
    unwritable: Mapping[str, Mapping[str, int]]

    def __fspath__(self) -> str:
        return str(self.folder)


def export_folder(
    split: Split,
    folder: str | Path,
    *,
    labels: LabelSet,
    formats: Sequence[str],
    style: str = "plain",
    licence: str | None,
    how_made: str,
) -> Export:
    """Write ``<config>/<part>-00000-of-00001.parquet`` for the config ``spans`` and for every format, and a README.

    The folder is written beside its place and renamed at the end. An older export in that place is replaced.

    Args:
        split: What to write; an empty part makes an empty file.
        folder: Where; its parents are made.
        labels: The label set of the prompts; every span's label must be in it.
        formats: Output formats, names of ``FORMATS``. A span that a format cannot write is left out of that config and counted.
        style: Prompt style, a name of ``STYLES``.
        licence: Identifier of the licence as the Hub spells it (``cc0-1.0``), or ``None``.
        how_made: Where the documents come from; stands in the card.

    Raises:
        DataError: If the folder holds anything but an older export, a label is unknown, the licence misspelt, or the disk refuses.
        FormatError: If there is no such format or style.
    """
    folder = Path(os.path.abspath(folder))
    check_licence(licence)
    _check_labels(split, labels)
    _check_place(folder)
    prompts = {name: make_prompt(style, labels, get_format(name)) for name in formats}
    unwritable = {name: _unwritable(split, prompt.format) for name, prompt in prompts.items()}
    documents = {part: len(members) for part, members in split.parts()}
    hashes = {name: hashlib.sha256() for name in ("spans", *prompts)}
    with replacing_folder(folder) as draft:
        for part, members in split.parts():
            _write(_hashed(map(_span_row, members), hashes["spans"]), _path(draft, "spans", part))
            for name, prompt in prompts.items():
                rows = (_chat_row(prompt, document) for document in members)
                _write(_hashed(rows, hashes[name]), _path(draft, name, part), chat=True)
        digests = {name: found.hexdigest() for name, found in hashes.items()}
        facts = CardFacts(folder.name, labels, style, digests, documents, split.support(), unwritable, licence, how_made)
        (draft / "README.md").write_text(render_card(facts), "utf-8")
    return Export(folder, documents, unwritable)


def check_licence(licence: str | None) -> None:
    """Check that a licence can stand in a dataset card.

    Raises:
        DataError: If it is not spelt as the Hub does.
    """
    if licence is not None and not is_licence_id(licence):
        raise DataError("licence: must be an identifier as the Hub spells it, such as cc-by-4.0")


def _check_labels(split: Split, labels: LabelSet) -> None:
    for _, members in split.parts():
        for document in members:
            for span in document.spans:
                require_label(labels, span, f"document {document.id!r}")


def _check_place(folder: Path) -> None:
    """Refuse a folder that holds anything but what an export writes."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise DataError(f"{folder}: there is a file of that name")
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}
    if found and not found <= _files_of_export(folder / "README.md"):
        raise DataError(f"{folder}: holds other files than an earlier export's; choose another folder or empty it")


def _files_of_export(readme: Path) -> set[str]:
    head = front_matter(readme.read_text("utf-8", errors="replace")) if readme.is_file() else {}
    configs = head.get("configs")
    if MARKER not in head or not isinstance(configs, list):
        return set()
    names = [config.get("config_name") for config in configs if isinstance(config, dict)]
    parts = ("train", "validation", "test")
    return {"README.md", *(_path(Path(), str(name), part).as_posix() for name in names for part in parts)}


def _path(folder: Path, config: str, part: str) -> Path:
    return folder / config / f"{part}-00000-of-00001.parquet"


def _hashed(rows: Iterable[dict[str, object]], found: "hashlib._Hash") -> Iterator[dict[str, object]]:
    """The rows as they are, each taken into a hash as it goes by."""
    for row in rows:
        found.update(json.dumps(row).encode())
        yield row


def _unwritable(split: Split, output: OutputFormat) -> Mapping[str, int]:
    return Counter(span.label for _, members in split.parts() for document in members for span in output.unwritable(document))


def _span_row(document: Document) -> dict[str, object]:
    return {**document.to_dict(), "provenance": document.provenance}


def _chat_row(prompt: Prompt, document: Document) -> dict[str, object]:
    lost = set(prompt.format.unwritable(document))
    if lost:
        kept = tuple(span for span in document.spans if span not in lost)
        document = replace(document, spans=kept)
    return {**prompt.row(document), "group": document.group, "provenance": document.provenance}


def _write(rows: Iterable[dict[str, object]], path: Path, *, chat: bool = False) -> None:
    """Write one Parquet file, some rows at a time, with the features by which ``datasets`` knows its columns."""
    import pyarrow as pa  # type: ignore[import-untyped]
    import pyarrow.parquet as pq  # type: ignore[import-untyped]
    from datasets import Features, List, Value

    text = Value("string")
    spans = List({"start": Value("int64"), "end": Value("int64"), "label": text})
    columns = {"id": text, "text": text, "spans": spans, "group": text, "provenance": text}
    turns = List({"role": text, "content": text})
    schema = Features({"prompt": turns, "completion": turns, **columns} if chat else columns).arrow_schema
    path.parent.mkdir(exist_ok=True)
    with pq.ParquetWriter(path, schema) as writer:
        for batch in _batches(rows):
            writer.write_table(pa.Table.from_pylist(batch, schema=schema))


def _batches(rows: Iterable[dict[str, object]]) -> Iterator[list[dict[str, object]]]:
    rest = iter(rows)
    while batch := list(islice(rest, _ROWS_AT_ONCE)):
        yield batch
