"""Read labelled documents from the files in which people keep them.

Every error names the file and the line, item or file, and the document where there is one. None holds any of the text: the
standard library's own errors carry it (``json.JSONDecodeError.doc``, ``UnicodeDecodeError.object``), so they are never chained.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Literal, get_args
from warnings import warn

from piispan.core import DataError, Document, LabelSet, OffsetUnit, PiispanWarning
from piispan.dataset_builder.reading.brat import brat_rows, is_brat
from piispan.dataset_builder.reading.columns import COLUMN_SUFFIXES, column_rows
from piispan.dataset_builder.reading.folders import part_files
from piispan.dataset_builder.reading.inline import inline_rows
from piispan.dataset_builder.reading.json_files import json_array, json_lines, starts_as_array, unreadable
from piispan.dataset_builder.reading.parquet import PARQUET_SUFFIX, parquet_rows
from piispan.dataset_builder.reading.reports import ReadReport, Reject, Unit
from piispan.dataset_builder.reading.rows import plain_row, to_document
from piispan.dataset_builder.reading.schemas import Ends, Reading, RowSchema, document_row
from piispan.dataset_builder.reading.shapes import SHAPES, Shape, shape_of
from piispan.dataset_builder.reading.spacy_docs import spacy_rows

__all__ = ["NoDocumentsError", "OnError", "Reader", "iter_documents", "iter_rows", "json_lines", "read_documents"]

Reader = Literal["auto", "jsonl", "presidio", "ai4privacy", "label_studio", "doccano", "columns", "brat", "spacy", "inline", "parquet"]
"""``jsonl``: the project's own documents. ``presidio``, ``ai4privacy``, ``label_studio`` and ``doccano``: what these export; each of
the five as a JSON array or a line each. ``columns``: a token and its tag per line (CoNLL, BIO). ``brat``: a folder of ``.ann`` and
``.txt``. ``spacy``: a ``DocBin``. ``inline``: a text with tags on each line. ``parquet``: columns ``id``, ``text``, ``spans``.
``auto``: by the file's ending (``.bio``, ``.conll``, ``.ann``, ``.spacy``, ``.tagged``, ``.parquet``), and JSON by the keys of its first
row; of a folder that ``piispan data split`` or ``piispan data export`` wrote, all parts."""
OnError = Literal["error", "skip"]
"""What to do with a row that cannot be read: stop, or leave it out and count it."""

_UNTOLD = frozenset({".txt", ".tsv", ".csv", ""})
"""Endings that say nothing of a layout."""
_COLUMNS_HINT = "; token and tag columns need a file ending such as .bio, .conll or .iob2"


@dataclass(frozen=True, slots=True)
class _Source:
    """A file's rows, each with its number, and how they keep what; ``hint`` is added to an error of the first."""

    path: Path
    rows: Iterator[tuple[int, object]]
    unit: Unit
    schema: RowSchema = document_row
    numbered: str | None = None
    hint: str = ""

    def error(self, number: int, error: DataError) -> DataError:
        return DataError(f"{self.path}, {self.unit} {number}: {error}{self.hint if number <= 1 else ''}")

    def default_id(self, number: int) -> str | None:
        return None if self.numbered is None else f"{self.numbered}-{number:05d}"


def read_documents(
    path: str | Path,
    *,
    reader: Reader = "auto",
    labels: LabelSet | None = None,
    label_map: Mapping[str, str | None] | None = None,
    offsets: OffsetUnit = "code_points",
    ends: Ends = "exclusive",
    on_error: OnError = "error",
    group_field: str | None = None,
    text_field: str | None = None,
) -> tuple[list[Document], ReadReport]:
    """All documents of a file, and what was repaired or rejected on the way.

    Args and errors are those of ``iter_documents``. Where many spans cut words, a ``PiispanWarning`` says so: their offsets may count
    something else.
    """
    report = ReadReport()
    documents = list(
        iter_documents(
            path,
            reader=reader,
            labels=labels,
            label_map=label_map,
            offsets=offsets,
            ends=ends,
            on_error=on_error,
            group_field=group_field,
            text_field=text_field,
            report=report,
        )
    )
    if doubt := report.doubt():
        warn(f"{path}: {doubt}", PiispanWarning, stacklevel=2)
    return documents, report


def iter_documents(
    path: str | Path,
    *,
    reader: Reader = "auto",
    labels: LabelSet | None = None,
    label_map: Mapping[str, str | None] | None = None,
    offsets: OffsetUnit = "code_points",
    ends: Ends = "exclusive",
    on_error: OnError = "error",
    group_field: str | None = None,
    text_field: str | None = None,
    report: ReadReport | None = None,
) -> Iterator[Document]:
    """The documents of a file, one at a time; lines are read one by one, a JSON array at once.

    Args:
        path: A file in UTF-8, with or without a byte order mark, a Parquet file, a folder of brat files, or the folder that ``piispan data
            split`` or ``piispan data export`` wrote: its parts come one after the other.
        reader: Layout of the file.
        labels: The labels that may occur once they are mapped, or ``None`` for any.
        label_map: Labels of the file by those wanted; ``None`` leaves spans of a label out, labels that are not in it stay.
        offsets: What offsets count: code points, UTF-16 units or UTF-8 bytes. Where they cannot be what they are said to be, the error
            says what they fit as.
        ends: Whether a span's end is the offset after its last character (exclusive) or that of it.
        on_error: ``skip`` leaves out rows that cannot be read and counts them in ``report.rejects``. A file that is
            missing, empty, or no JSON array at all stops either way.
        group_field: Key of each row whose value, a string or a whole number, is the document's group; of a Label Studio task, a key of its
            ``data``. ``None`` for the layout's own. JSON and Parquet only.
        text_field: Key of each row whose value is the text, likewise.
        report: Filled while the documents go by.

    Raises:
        DataError: If the file is missing or empty, is not UTF-8 (names the byte offset), is malformed (line and column), or a
            row breaks a rule: a span outside its text or overlapping another, a value that disagrees with its offsets, an
            id given twice, an unknown label.
    """
    path, report = Path(path), ReadReport() if report is None else report
    if reader not in get_args(Reader) or on_error not in get_args(OnError):
        raise DataError(f"reader must be {', '.join(get_args(Reader))} and on_error error or skip, were: {reader!r}, {on_error!r}")
    reading = Reading(labels, label_map or {}, offsets, ends, group_field, text_field)
    seen: set[str] = set()
    last = ""
    for source in _sources(path, reader, reading):
        for number, row in source.rows:
            try:
                if isinstance(row, DataError):
                    raise row
                document = to_document(row, source.schema, report, reading, source.default_id(number))
                if document.id in seen:
                    raise DataError(f"document {document.id!r}: the id was given before")
            except DataError as error:
                if on_error == "error":
                    raise source.error(number, error) from None
                reject = Reject(source.unit, number, str(error), None if source.path == path else source.path.name)
                report.rejects.append(reject)
                last = str(reject)
                continue
            seen.add(document.id)
            report.count(document)
            yield document
    if not seen and not last:
        raise NoDocumentsError(f"{path}: no documents in the file")
    if not seen:
        raise NoDocumentsError(f"{path}: no document can be read; {last}")


class NoDocumentsError(DataError):
    """A file without a document that can be read."""


def iter_rows(path: str | Path) -> Iterator[tuple[str, dict[str, object]]]:
    """The rows of a file in any layout under the keys of JSON Lines, as they are: for predictions, which nobody may repair.

    Yields:
        Where the row stands (``line 3``), and the row: ``id``, ``spans`` of ``start``, ``end`` and ``label``, and what else it has.

    Raises:
        DataError: If the file is missing, empty or malformed, or a row is no JSON object.
    """
    for source in _sources(Path(path), "auto", Reading()):
        for number, row in source.rows:
            where = f"{source.unit} {number}"
            try:
                if isinstance(row, DataError):
                    raise row
                plain = plain_row(row, source.schema, source.default_id(number))
            except DataError as error:
                raise source.error(number, error) from None
            yield where, plain


def _sources(path: Path, reader: Reader, reading: Reading) -> Iterator[_Source]:
    """The files of a folder of parts, or the one file."""
    parts = part_files(path) if reader == "auto" else {}
    for file in [file for files in parts.values() for file in files] or [path]:
        yield _open(file, reader, reading)


def _open(path: Path, reader: Reader, reading: Reading) -> _Source:
    """The rows of a file in the layout that was said, or that it shows."""
    suffix = path.suffix.lower()
    chosen = [name for name in (reading.group_field, reading.text_field) if name is not None]
    if reader == "parquet" or (reader == "auto" and suffix == PARQUET_SUFFIX):
        return _Source(path, _plain(_read(path, partial(parquet_rows, chosen=chosen)), SHAPES["jsonl"], reading), "item")
    if reader in SHAPES or not (known := _other_layout(path, reader, suffix)):
        return _json_source(path, reader, reading)
    if chosen:
        raise DataError(f"{path}: its layout has no fields, so none can be the group or the text (group_field, text_field)")
    rows, unit = known
    return _Source(path, _read(path, rows), unit)


def _other_layout(path: Path, reader: Reader, suffix: str) -> tuple[Callable[[Path], Iterator[tuple[int, object]]], Unit] | None:
    """How to read a layout that is not JSON, and what its rows are counted by."""
    if reader == "columns" or (reader == "auto" and suffix in COLUMN_SUFFIXES):
        return column_rows, "line"
    if reader == "brat" or (reader == "auto" and is_brat(path)):
        return brat_rows, "file"
    if reader == "spacy" or (reader == "auto" and suffix == ".spacy"):
        return spacy_rows, "item"
    if reader == "inline" or (reader == "auto" and suffix == ".tagged"):
        return inline_rows, "line"
    return None


def _json_source(path: Path, reader: Reader, reading: Reading) -> _Source:
    is_array = starts_as_array(path)
    rows = json_array(path) if is_array else json_lines(path)
    first = next(rows)
    shape = shape_of(first[1]) if reader == "auto" else SHAPES[reader]
    hint = _COLUMNS_HINT if reader == "auto" and path.suffix.lower() in _UNTOLD else ""
    unit: Unit = "item" if is_array else "line"
    return _Source(path, _plain(chain([first], rows), shape, reading), unit, shape.schema, shape.numbered, hint)


def _plain(rows: Iterator[tuple[int, object]], shape: Shape, reading: Reading) -> Iterator[tuple[int, object]]:
    """The rows under the keys of their shape's schema, or what is wrong with one."""
    for number, row in rows:
        try:
            yield number, shape.plain(row, reading) if isinstance(row, Mapping) else row
        except DataError as error:
            yield number, error


def _read(path: Path, rows: Callable[[Path], Iterator[tuple[int, object]]]) -> Iterator[tuple[int, object]]:
    try:
        yield from rows(path)
    except OSError as error:
        raise unreadable(path, error) from None
