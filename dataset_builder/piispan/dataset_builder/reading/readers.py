"""Read labelled documents from the files in which people keep them.

Every error names the file and the line, item or file, and the document where there is one. None holds any of the text: the
standard library's own errors carry it (``json.JSONDecodeError.doc``, ``UnicodeDecodeError.object``), so they are never chained.
"""

import codecs
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import chain
from pathlib import Path
from typing import Literal, get_args

from piispan.core import DataError, Document, LabelSet, OffsetUnit
from piispan.dataset_builder.reading.brat import brat_rows, is_brat
from piispan.dataset_builder.reading.columns import COLUMN_SUFFIXES, column_rows
from piispan.dataset_builder.reading.inline import inline_rows
from piispan.dataset_builder.reading.reports import ReadReport, Reject, Unit
from piispan.dataset_builder.reading.rows import Ends, Reading, RowSchema, document_row, plain_row, to_document
from piispan.dataset_builder.reading.shapes import SHAPES, shape_of
from piispan.dataset_builder.reading.spacy_docs import spacy_rows

__all__ = ["OnError", "Reader", "iter_documents", "iter_rows", "json_lines", "read_documents"]

Reader = Literal["auto", "jsonl", "presidio", "ai4privacy", "label_studio", "doccano", "columns", "brat", "spacy", "inline"]
"""``jsonl``: the project's own documents. ``presidio``, ``ai4privacy``, ``label_studio`` and ``doccano``: what these export; each of
the five as a JSON array or a line each. ``columns``: a token and its tag per line (CoNLL, BIO). ``brat``: a folder of ``.ann`` and
``.txt``. ``spacy``: a ``DocBin``. ``inline``: a text with tags on each line. ``auto``: by the file's ending (``.bio``, ``.conll``,
``.ann``, ``.spacy``, ``.tagged``), and JSON by the keys of its first row."""
OnError = Literal["error", "skip"]
"""What to do with a row that cannot be read: stop, or leave it out and count it."""


@dataclass(frozen=True, slots=True)
class _Source:
    """A file's rows, each with its number, and how they keep what."""

    rows: Iterator[tuple[int, object]]
    unit: Unit
    schema: RowSchema = document_row
    numbered: str | None = None

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
) -> tuple[list[Document], ReadReport]:
    """All documents of a file, and what was repaired or rejected on the way.

    Args and errors are those of ``iter_documents``.
    """
    report = ReadReport()
    documents = iter_documents(
        path, reader=reader, labels=labels, label_map=label_map, offsets=offsets, ends=ends, on_error=on_error, report=report
    )
    return list(documents), report


def iter_documents(
    path: str | Path,
    *,
    reader: Reader = "auto",
    labels: LabelSet | None = None,
    label_map: Mapping[str, str | None] | None = None,
    offsets: OffsetUnit = "code_points",
    ends: Ends = "exclusive",
    on_error: OnError = "error",
    report: ReadReport | None = None,
) -> Iterator[Document]:
    """The documents of a file, one at a time; lines are read one by one, a JSON array at once.

    Args:
        path: A file in UTF-8, with or without a byte order mark, or a folder of brat files.
        reader: Layout of the file.
        labels: The labels that may occur once they are mapped, or ``None`` for any.
        label_map: Labels of the file by those wanted; ``None`` leaves spans of a label out, labels that are not in it stay.
        offsets: What offsets count: code points, UTF-16 units or UTF-8 bytes. Where they cannot be what they are said to be, the error
            says what they fit as.
        ends: Whether a span's end is the offset after its last character (exclusive) or that of it.
        on_error: ``skip`` leaves out rows that cannot be read and counts them in ``report.rejects``. A file that is
            missing, empty, or no JSON array at all stops either way.
        report: Filled while the documents go by.

    Raises:
        DataError: If the file is missing or empty, is not UTF-8 (names the byte offset), is malformed (line and column), or a
            row breaks a rule: a span outside its text or overlapping another, a value that disagrees with its offsets, an
            id given twice, an unknown label.
    """
    path, report = Path(path), ReadReport() if report is None else report
    if reader not in get_args(Reader) or on_error not in get_args(OnError):
        raise DataError(f"reader must be {', '.join(get_args(Reader))} and on_error error or skip, were: {reader!r}, {on_error!r}")
    reading = Reading(labels, label_map or {}, offsets, ends)
    source = _open(path, reader)
    seen: set[str] = set()
    for number, row in source.rows:
        try:
            if isinstance(row, DataError):
                raise row
            document = to_document(row, source.schema, report, reading, source.default_id(number))
            if document.id in seen:
                raise DataError(f"document {document.id!r}: the id was given before")
        except DataError as error:
            if on_error == "error":
                raise DataError(f"{path}, {source.unit} {number}: {error}{_hint(path, reader, number)}") from None
            report.rejects.append(Reject(source.unit, number, str(error)))
            continue
        seen.add(document.id)
        report.count(document)
        yield document
    if not seen and not report.rejects:
        raise NoDocumentsError(f"{path}: no documents in the file")
    if not seen:
        last = report.rejects[-1]
        raise NoDocumentsError(f"{path}: no document can be read; {source.unit} {last.number}: {last.reason}")


class NoDocumentsError(DataError):
    """A file without a document that can be read."""


def iter_rows(path: str | Path) -> Iterator[tuple[str, dict[str, object]]]:
    """The rows of a file in any layout under the keys of JSON Lines, as they are: for predictions, which nobody may repair.

    Yields:
        Where the row stands (``line 3``), and the row: ``id``, ``spans`` of ``start``, ``end`` and ``label``, and what else it has.

    Raises:
        DataError: If the file is missing, empty or malformed, or a row is no JSON object.
    """
    path = Path(path)
    source = _open(path, "auto")
    for number, row in source.rows:
        where = f"{source.unit} {number}"
        try:
            if isinstance(row, DataError):
                raise row
            plain = plain_row(row, source.schema, source.default_id(number))
        except DataError as error:
            raise DataError(f"{path}, {where}: {error}{_hint(path, 'auto', number)}") from None
        yield where, plain


def _open(path: Path, reader: Reader) -> _Source:
    """The rows of a file in the layout that was said, or that it shows."""
    suffix = path.suffix.lower()
    if reader == "columns" or (reader == "auto" and suffix in COLUMN_SUFFIXES):
        return _Source(_read(path, column_rows), "line")
    if reader == "brat" or (reader == "auto" and is_brat(path)):
        return _Source(_read(path, brat_rows), "file")
    if reader == "spacy" or (reader == "auto" and suffix == ".spacy"):
        return _Source(_read(path, spacy_rows), "item")
    if reader == "inline" or (reader == "auto" and suffix == ".tagged"):
        return _Source(_read(path, inline_rows), "line")
    return _json_source(path, reader)


def _json_source(path: Path, reader: Reader) -> _Source:
    is_array = _starts_as_array(path)
    rows = _array(path) if is_array else json_lines(path)
    first = next(rows)
    shape = shape_of(first[1]) if reader == "auto" else SHAPES[reader]

    def plain() -> Iterator[tuple[int, object]]:
        for number, row in chain([first], rows):
            try:
                yield number, shape.plain(row) if isinstance(row, Mapping) else row
            except DataError as error:
                yield number, error

    return _Source(plain(), "item" if is_array else "line", shape.schema, shape.numbered)


def _read(path: Path, rows: Callable[[Path], Iterator[tuple[int, object]]]) -> Iterator[tuple[int, object]]:
    try:
        yield from rows(path)
    except OSError as error:
        raise _unreadable(path, error) from None


def _hint(path: Path, reader: Reader, number: int) -> str:
    """What may be the matter with a file whose ending says nothing."""
    if reader != "auto" or number > 1 or path.suffix.lower() not in {".txt", ".tsv", ".csv", ".conllu", ""}:
        return ""
    return "; token and tag columns need a file ending such as .bio, .conll or .iob2"


def _starts_as_array(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            while block := file.read(4096):
                start = block.removeprefix(codecs.BOM_UTF8).lstrip()
                if start:
                    return start.startswith(b"[")
    except OSError as error:
        raise _unreadable(path, error) from None
    raise DataError(f"{path}: the file is empty")


def _array(path: Path) -> Iterator[tuple[int, object]]:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error) from None
    if not content.removeprefix(codecs.BOM_UTF8).strip():
        raise DataError(f"{path}: the file is empty")
    parsed = _parse(content)
    if isinstance(parsed, DataError):
        raise DataError(f"{path}: {parsed}")
    if not isinstance(parsed, list):
        raise DataError(f"{path}: needs a JSON array of documents")
    if not parsed:
        raise DataError(f"{path}: no documents in the file")
    yield from enumerate(parsed)


def json_lines(path: Path, *, exact: bool = False) -> Iterator[tuple[int, object]]:
    """Line numbers from 1 with what each line holds: parsed JSON, or the ``DataError`` of that line. Empty lines are passed over.

    Args:
        path: The file.
        exact: Read fractions as ``decimal.Decimal``, which keeps every digit.

    Raises:
        DataError: If the file is missing or empty.
    """
    offset, any_row = 0, False
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if line.removeprefix(codecs.BOM_UTF8).strip():
                    any_row = True
                    yield number, _parse(line, offset, one_line=True, fraction=Decimal if exact else float)
                offset += len(line)
    except OSError as error:
        raise _unreadable(path, error) from None
    if not any_row:
        raise DataError(f"{path}: the file is empty")


def _parse(content: bytes, offset: int = 0, *, one_line: bool = False, fraction: type[float | Decimal] = float) -> object:
    """What JSON gives for ``content``, or a ``DataError`` that says where it broke (returned, so that a reader can go on)."""
    bom = len(codecs.BOM_UTF8) if offset == 0 and content.startswith(codecs.BOM_UTF8) else 0
    try:
        return json.loads(content[bom:].decode("utf-8"), object_pairs_hook=_object, parse_float=fraction)
    except DataError as error:
        return error
    except UnicodeDecodeError as error:
        return DataError(f"not UTF-8 at byte {offset + bom + error.start} of the file; save it as UTF-8 text")
    except json.JSONDecodeError as error:
        place = f"column {min(error.pos, len(error.doc.rstrip())) + 1}" if one_line else f"line {error.lineno}, column {error.colno}"
        return DataError(f"malformed JSON at {place}: {error.msg.removesuffix(' at')}")
    except RecursionError:
        return DataError("JSON that is nested too deep")
    except (ValueError, ArithmeticError):
        return DataError("JSON with a number of too many digits, or too large")


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise DataError("an object has a key twice")
    return found


def _unreadable(path: Path, error: OSError) -> DataError:
    if isinstance(error, FileNotFoundError):
        return DataError(f"{path}: no such file")
    return DataError(f"{path}: cannot be read: {error.strerror or type(error).__name__}")
