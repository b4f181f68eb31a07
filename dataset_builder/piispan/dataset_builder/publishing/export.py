"""Write a split as a data folder that ``load_dataset`` opens: Parquet by config and part, and a dataset card."""

import hashlib
import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from piispan.core import (
    OWN_STYLE,
    STYLES,
    DataError,
    Document,
    LabelSet,
    MissingExtraError,
    OutputFormat,
    Prompt,
    check_not_tested,
    get_format,
    make_prompt,
    replacing_folder,
)
from piispan.dataset_builder.publishing.data_card import CardFacts, render_card
from piispan.dataset_builder.publishing.data_rows import chat_row, row_features, span_row
from piispan.dataset_builder.publishing.stated import Stated
from piispan.dataset_builder.reading.folders import export_head
from piispan.dataset_builder.reading.rows import require_label
from piispan.dataset_builder.splitting.leaks import LeakReport, leak_report
from piispan.dataset_builder.splitting.splits import Split
from piispan.dataset_builder.synthesis.documents import stream_of

__all__ = ["Export", "export_folder", "foreign_files"]

_ROWS_AT_ONCE = 1000
_ROWS_OF_FILE = 50_000
"""So many rows are a file, and so the share of one process with ``num_proc``."""
_PROVENANCES = 12
_OTHERS = "another way, which the rows state"


@dataclass(frozen=True, slots=True)
class Export:
    """A data folder that was written; usable wherever a path is.

    Args:
        folder: The folder.
        documents: Documents of each part that has some.
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
    examples: Sequence[Document] | None = None,
    stated: Stated = Stated(),  # noqa: B008 -- frozen
) -> Export:
    """Write ``<config>/<part>-00000-of-00001.parquet`` for the config ``spans`` and for every format, and a README.

    A part of more than 50,000 documents is written in several files. The folder is written beside its place and renamed at the end. An
    older export in that place is replaced.

    Args:
        split: What to write. An empty part is left out: ``load_dataset`` refuses one without rows.
        folder: Where; its parents are made.
        labels: The label set of the prompts; every span's label must be in it.
        formats: Output formats, names of ``FORMATS``. A span that a format cannot write is left out of that config and counted.
        style: Prompt style, a name of ``STYLES``, or the path of a template.
        examples: Worked examples to choose from; see ``piispan.core.make_prompt``. They become part of every prompt.
        stated: Licence, languages, origin and what else the card says that no code can find out.

    Raises:
        DataError: If the folder holds anything but an older export, a label is unknown, an id is given twice, there are no documents, a
            worked example is in the test part, or the disk refuses.
        FormatError: If there is no such format or style.
    """
    folder = Path(os.path.abspath(folder))
    _check_documents(split, labels)
    _check_place(folder)
    prompts = {name: make_prompt(style, labels, get_format(name), examples) for name in formats}
    for prompt in prompts.values():
        check_not_tested(prompt.examples, split.test)
    unwritable = {name: _unwritable(split, prompt.format) for name, prompt in prompts.items()}
    parts = {part: members for part, members in split.parts() if members}
    if not parts:
        raise DataError(f"{folder}: there are no documents to write")
    documents = {part: len(members) for part, members in parts.items()}
    hashes = {name: hashlib.sha256() for name in ("spans", *prompts)}
    sizes: dict[tuple[str, str], int] = {}
    with replacing_folder(folder) as draft:
        for part, members in parts.items():
            for name, found in hashes.items():
                rows = _rows(prompts[name], members) if name in prompts else map(span_row, members)
                sizes[name, part] = _write(_hashed(rows, found), _paths(draft / name, part, len(members)), chat=name in prompts)
        digests = {name: found.hexdigest() for name, found in hashes.items()}
        shown_style = style if style in STYLES else OWN_STYLE  # never a path
        made, leaks = _provenance(split), _leaks(split)
        facts = CardFacts(folder.name, labels, shown_style, digests, sizes, documents, split.support(), unwritable, made, leaks, stated)
        (draft / "README.md").write_text(render_card(facts), "utf-8")
    return Export(folder, documents, unwritable)


def _check_documents(split: Split, labels: LabelSet) -> None:
    seen: set[str] = set()
    for _, members in split.parts():
        for document in members:
            if document.id in seen:
                raise DataError(f"document {document.id!r}: the id is given twice")
            seen.add(document.id)
            for span in document.spans:
                require_label(labels, span, f"document {document.id!r}")


def _check_place(folder: Path) -> None:
    """Refuse a folder that holds anything but what an export writes."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise DataError(f"{folder}: there is a file of that name")
    if foreign_files(folder, hidden=True):
        raise DataError(f"{folder}: holds other files than an earlier export's; choose another folder or empty it")


def foreign_files(folder: Path, *, hidden: bool = False) -> list[str]:
    """The files of a folder that no export wrote, by their names in it.

    Args:
        folder: The folder.
        hidden: Whether hidden files count.
    """
    known = _names_of_export(folder)
    names = [path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*")) if not path.is_dir()]
    seen = [name for name in names if hidden or not any(part.startswith(".") for part in name.split("/"))]
    return [name for name in seen if not known.fullmatch(name)]


def _names_of_export(folder: Path) -> re.Pattern[str]:
    """What the files of the export in this folder are called; of none when there is no export."""
    configs = export_head(folder).get("configs")
    if not isinstance(configs, list):
        return re.compile("(?!)")
    names = "|".join(re.escape(str(config.get("config_name"))) for config in configs if isinstance(config, dict))
    return re.compile(rf"README\.md|(?:{names})/(?:train|validation|test)-\d{{5}}-of-\d{{5}}\.parquet")


def _paths(folder: Path, part: str, rows: int) -> list[Path]:
    """Where a part of so many rows is written."""
    count = -(-rows // _ROWS_OF_FILE)
    return [folder / f"{part}-{number:05d}-of-{count:05d}.parquet" for number in range(count)]


def _hashed(rows: Iterable[dict[str, object]], found: "hashlib._Hash") -> Iterator[dict[str, object]]:
    """The rows as they are, each taken into a hash as it goes by."""
    for row in rows:
        found.update(json.dumps(row).encode())
        yield row


def _unwritable(split: Split, output: OutputFormat) -> Mapping[str, int]:
    return Counter(span.label for _, members in split.parts() for document in members for span in output.unwritable(document))


def _rows(prompt: Prompt, members: Iterable[Document]) -> Iterator[dict[str, object]]:
    return (chat_row(prompt, document, prompt.format.unwritable(document)) for document in members)


def _provenance(split: Split) -> Mapping[str, int]:
    """Documents by how they were made, the most frequent first; what is rare is told together, and what others write only counted."""
    made = (document.provenance for _, members in split.parts() for document in members)
    counts = Counter(stream_of(way) or _OTHERS for way in made if way)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    shown, rest = ordered[:_PROVENANCES], ordered[_PROVENANCES:]
    return dict(shown) | ({f"{len(rest)} other ways": sum(count for _, count in rest)} if rest else {})


def _leaks(split: Split) -> LeakReport:
    try:
        return leak_report(split)
    except MissingExtraError:
        return leak_report(split, near=False)


def _write(rows: Iterable[dict[str, object]], paths: Sequence[Path], *, chat: bool) -> int:
    """Write Parquet files, some rows at a time, with the features by which ``datasets`` knows its columns; the bytes of their tables."""
    import pyarrow as pa  # type: ignore[import-untyped]
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    schema, size, rest = row_features(chat=chat).arrow_schema, 0, iter(rows)
    for path in paths:
        path.parent.mkdir(exist_ok=True)
        with pq.ParquetWriter(path, schema) as writer:
            for batch in _batches(islice(rest, _ROWS_OF_FILE)):
                writer.write_table(table := pa.Table.from_pylist(batch, schema=schema))
                size += table.nbytes
    return size


def _batches(rows: Iterable[dict[str, object]]) -> Iterator[list[dict[str, object]]]:
    rest = iter(rows)
    while batch := list(islice(rest, _ROWS_AT_ONCE)):
        yield batch
