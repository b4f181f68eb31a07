"""Read labelled documents from the Presidio research JSON, from JSON Lines, and from token and tag columns.

Every error names the file and the line or item, and the document where there is one. None holds any of the text: the
standard library's own errors carry it (``json.JSONDecodeError.doc``, ``UnicodeDecodeError.object``), so they are never chained.
"""

import codecs
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Literal, get_args

from piispan.core import DataError, Document, LabelSet
from piispan.dataset_builder.columns import COLUMN_SUFFIXES, column_rows
from piispan.dataset_builder.reports import ReadReport, Reject
from piispan.dataset_builder.rows import RowSchema, document_row, plain_row, presidio_row, to_document

__all__ = ["OnError", "Reader", "iter_documents", "iter_rows", "json_lines", "read_documents"]

Reader = Literal["auto", "presidio", "jsonl", "columns"]
"""``presidio``: a JSON array of ``full_text`` items. ``jsonl``: a document per line. ``columns``: a token and its tag per line (CoNLL,
BIO). ``auto``: columns by the file's ending (``.bio``, ``.conll``, ``.iob`` and the like), the others by its first character."""
OnError = Literal["error", "skip"]
"""What to do with a row that cannot be read: stop, or leave it out and count it."""


def read_documents(
    path: str | Path, *, reader: Reader = "auto", labels: LabelSet | None = None, on_error: OnError = "error"
) -> tuple[list[Document], ReadReport]:
    """All documents of a file, and what was repaired or rejected on the way.

    Args and errors are those of ``iter_documents``.
    """
    report = ReadReport()
    documents = list(iter_documents(path, reader=reader, labels=labels, on_error=on_error, report=report))
    return documents, report


def iter_documents(
    path: str | Path,
    *,
    reader: Reader = "auto",
    labels: LabelSet | None = None,
    on_error: OnError = "error",
    report: ReadReport | None = None,
) -> Iterator[Document]:
    """The documents of a file, one at a time; lines are read one by one, a JSON array at once.

    Args:
        path: A file in UTF-8, with or without a byte order mark.
        reader: Layout of the file.
        labels: The labels that may occur, or ``None`` for any.
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
        raise DataError(f"reader must be auto, presidio, jsonl or columns and on_error error or skip, were: {reader!r}, {on_error!r}")
    layout = _layout(path) if reader == "auto" else reader
    is_array = layout == "presidio"
    unit, schema = _unit_and_schema(layout)
    seen: set[str] = set()
    for number, row in _rows(path, layout):
        try:
            if isinstance(row, DataError):
                raise row
            document = to_document(row, schema, report, labels, _default_id(number) if is_array else None)
            if document.id in seen:
                raise DataError(f"document {document.id!r}: the id was given before")
        except DataError as error:
            if on_error == "error":
                raise DataError(f"{path}, {unit} {number}: {error}{_hint(path, reader, number)}") from None
            report.rejects.append(Reject(unit, number, str(error)))
            continue
        seen.add(document.id)
        report.count(document)
        yield document
    if not seen and not report.rejects:
        raise DataError(f"{path}: no documents in the file")
    if not seen:
        raise DataError(f"{path}: no document can be read; {unit} {report.rejects[-1].number}: {report.rejects[-1].reason}")


def iter_rows(path: str | Path) -> Iterator[tuple[str, dict[str, object]]]:
    """The rows of a file in any layout under the keys of JSON Lines, as they are: for predictions, which nobody may repair.

    Yields:
        Where the row stands (``line 3``), and the row: ``id``, ``spans`` of ``start``, ``end`` and ``label``, and what else it has.

    Raises:
        DataError: If the file is missing, empty or malformed, or a row is no JSON object.
    """
    path = Path(path)
    layout = _layout(path)
    unit, schema = _unit_and_schema(layout)
    for number, row in _rows(path, layout):
        where = f"{unit} {number}"
        try:
            if isinstance(row, DataError):
                raise row
            plain = plain_row(row, schema, _default_id(number) if layout == "presidio" else None)
        except DataError as error:
            raise DataError(f"{path}, {where}: {error}{_hint(path, 'auto', number)}") from None
        yield where, plain


def _unit_and_schema(layout: Reader) -> tuple[Literal["item", "line"], RowSchema]:
    return ("item", presidio_row) if layout == "presidio" else ("line", document_row)


def _default_id(number: int) -> str:
    return f"presidio-{number:05d}"


def _hint(path: Path, reader: Reader, number: int) -> str:
    """What may be the matter with a file whose ending says nothing."""
    if reader != "auto" or number > 1 or path.suffix.lower() in {".json", ".jsonl", ".ndjson", *COLUMN_SUFFIXES}:
        return ""
    return "; token and tag columns need a file ending such as .bio, .conll or .iob2"


def _layout(path: Path) -> Reader:
    if path.suffix.lower() in COLUMN_SUFFIXES:
        return "columns"
    return "presidio" if _starts_as_array(path) else "jsonl"


def _rows(path: Path, layout: Reader) -> Iterator[tuple[int, object]]:
    if layout == "presidio":
        yield from _array(path)
    elif layout == "jsonl":
        yield from json_lines(path)
    else:
        try:
            yield from column_rows(path)
        except OSError as error:
            raise _unreadable(path, error) from None


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
        raise DataError(f"{path}: the Presidio reader needs a JSON array of documents")
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
