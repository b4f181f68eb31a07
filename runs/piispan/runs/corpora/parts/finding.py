"""The parts of what a user names: a file, a folder, or standard input."""

import os
from pathlib import Path
from typing import get_args

from piispan.core import DataError
from piispan.runs.corpora.choices import FileFormat
from piispan.runs.corpora.digests import HashedStream
from piispan.runs.corpora.parts.csv_rows import CsvRows
from piispan.runs.corpora.parts.jsonl import JsonLines
from piispan.runs.corpora.parts.parquet_rows import ParquetRows
from piispan.runs.corpora.parts.plain_texts import PlainTexts
from piispan.runs.corpora.parts.records import Columns, Part

__all__ = ["STANDARD_INPUT", "format_named", "parts_of"]

STANDARD_INPUT = "-"
_BY_SUFFIX: dict[str, FileFormat] = {".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv", ".tsv": "csv", ".parquet": "parquet"}


def parts_of(source: str | Path, columns: Columns, file_format: FileFormat | None = None, stream: HashedStream | None = None) -> list[Part]:
    """The parts of a file, of a folder (its files at any depth, in the order of their names), or of a stream.

    Args:
        source: What to read. A name in ``.jsonl`` or ``.ndjson`` is JSON Lines, in ``.csv`` or ``.tsv`` CSV, in ``.parquet`` Parquet;
            every other is a plain text, but for ``.json``, which is none of them.
        columns: The columns to read of rows.
        file_format: What every file is, whatever its name; a stream is plain text without it.
        stream: Read this instead.

    Raises:
        DataError: If there is no such file, it is none of these formats, or it lacks a column.
    """
    if file_format is not None and file_format not in get_args(FileFormat):
        raise DataError(f"no format named {file_format!r}; known: {', '.join(get_args(FileFormat))}")
    if stream is not None:
        return [_streamed(stream, columns, file_format or "text")]
    path = Path(source)
    if not path.exists():
        raise DataError(f"{path}: no such file")
    if path.is_file():
        return [_part(path, columns, path.name, file_format or _format(path))]
    if not path.is_dir():
        raise DataError(f"{path}: is no file and no folder; what a pipe holds is read with - from standard input")
    files = _files(path)
    if not files:
        raise DataError(f"{path}: no files in the folder")
    kinds: dict[str, FileFormat] = {name: _format_in_folder(path / name, file_format) for name in files}
    texts = [name for name, kind in kinds.items() if kind == "text"]
    parts: list[Part] = [PlainTexts(path, texts)] if texts else []
    return [*parts, *(_part(path / name, columns, name, kind) for name, kind in kinds.items() if kind != "text")]


def format_named(path: Path) -> FileFormat | None:
    """The format of rows that a file's name tells, or ``None``."""
    return _BY_SUFFIX.get(path.suffix.lower())


def _format(path: Path) -> FileFormat:
    if path.suffix.lower() == ".json":
        raise DataError(f"{path}: JSON is neither plain text nor JSON Lines (.jsonl), and would be cut as text; convert it first")
    return format_named(path) or "text"


def _format_in_folder(path: Path, file_format: FileFormat | None) -> FileFormat:
    if not path.stat().st_size:  # an empty file stays one, whatever its name
        return "text"
    return file_format or format_named(path) or "text"


def _part(path: Path, columns: Columns, name: str, kind: FileFormat) -> Part:
    match kind:
        case "jsonl":
            return JsonLines(path, columns, name)
        case "csv":
            return CsvRows(path, columns, name)
        case "parquet":
            return ParquetRows(path, columns, name)
        case "text":
            return PlainTexts(path)


def _streamed(stream: HashedStream, columns: Columns, kind: FileFormat) -> Part:
    path = Path("standard input")
    match kind:
        case "jsonl":
            return JsonLines(path, columns, path.name, stream)
        case "csv":
            return CsvRows(path, columns, path.name, stream)
        case "parquet":
            raise DataError("Parquet cannot be read from standard input, because its table of contents stands at its end; name a file")
        case "text":
            return PlainTexts(path, stream=stream)


def _files(folder: Path) -> list[str]:
    """Paths of all files under a folder, with slashes, sorted; links to folders are not followed.

    Raises:
        DataError: If something there is no file: a pipe, or a link that leads nowhere.
    """
    found = []
    for at, folders, names in os.walk(folder, onerror=_refuse):
        folders.sort()
        for name in names:
            path = Path(at) / name
            if not path.is_file():
                raise DataError(f"{path}: is no file that can be read; take it out of the folder")
            found.append(path.relative_to(folder).as_posix())
    return sorted(found)


def _refuse(error: OSError) -> None:
    raise DataError(f"{error.filename}: cannot be read ({error.strerror or type(error).__name__})")
