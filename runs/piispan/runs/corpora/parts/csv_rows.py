"""CSV and TSV with a header."""

import codecs
import csv
import io
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from piispan.core import DataError
from piispan.runs.corpora.digests import HashedStream
from piispan.runs.corpora.parts.column_names import told_columns
from piispan.runs.corpora.parts.line_chunks import content_of, line_chunks, opened
from piispan.runs.corpora.parts.records import LEFT_OUT, Chunk, ChunkSize, Columns, Fault, Record, Written

__all__ = ["CsvRows"]

_LONGEST_ROW = 64_000_000
"""Bytes after which a row is taken for an unclosed quotation mark."""


class CsvRows:
    """Rows of a CSV file in UTF-8, whose first line names the columns. Separator and line ends stay; quotation marks stand where needed.

    Args:
        path: The file; a ``.tsv`` is separated by tabs, any other by the one of ``,;|`` and tab that its first line has most of.
        columns: The columns to read.
        name: Its place in the output.
        stream: Read this instead of the file, once.

    Raises:
        DataError: If the first line lacks a column to redact, names one twice, or the file cannot be read.
    """

    streams = True
    unit = "row"

    def __init__(self, path: Path, columns: Columns, name: str, stream: HashedStream | None = None) -> None:
        self._path, self._columns, self.name, self._stream = path, columns, name, stream
        self._label = "standard input" if stream is not None else str(path)
        self._names: list[str] = []
        csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
        with stream or opened(path) as file:
            first = file.readline()
            self._delimiter = "\t" if path.suffix.lower() == ".tsv" else _separator(first)
            raw, row = next(self._rows(chain([first.removeprefix(codecs.BOM_UTF8)], file)), (b"", []))
        if not row or (not raw.isascii() and not _is_utf8(raw)):
            raise DataError(f"{self._label}: needs a first line that names the columns, in UTF-8")
        self._mark = codecs.BOM_UTF8 if first.startswith(codecs.BOM_UTF8) else b""
        self._header, self._names = self._mark + raw, row
        self._ending = "\r\n" if raw.endswith(b"\r\n") else "\n"
        self._quoting: Any = csv.QUOTE_ALL if raw.startswith(b'"') else csv.QUOTE_MINIMAL
        missing = [name for name in columns.asked if name not in self._names]
        if missing:
            raise DataError(f"{self._label}: no column named {', '.join(missing)}; {told_columns(self._names)}")
        if len(set(self._names)) < len(self._names):
            raise DataError(f"{self._label}: a column is named twice")
        self._kept = [number for number, name in enumerate(self._names) if name != LEFT_OUT or name in columns.texts]

    def count(self) -> int | None:
        """Unknown before it is read."""
        return None

    def inputs(self) -> Iterator[Path]:
        """The file; nothing for a stream."""
        if self._stream is None:
            yield self._path

    def copied(self) -> frozenset[str]:
        """The columns that are not redacted."""
        return frozenset(self._names) - {*self._columns.texts, LEFT_OUT}

    def chunks(self, size: ChunkSize, after: Chunk | None) -> Iterator[Chunk]:
        """Its chunks in order."""
        if self._stream is not None:
            yield from line_chunks(((raw, int(row != [])) for raw, row in self._rows(self._stream)), size, after)
            return
        with opened(self._path) as file:
            file.seek(after.end if after else len(self._header))
            rows = ((raw, int(row != [])) for raw, row in self._rows(file))
            yield from line_chunks(rows, size, after, start=len(self._header))

    def read(self, chunk: Chunk) -> list[Record | Fault]:
        """A chunk's records; empty lines are none."""
        content = io.BytesIO(content_of(self._path, chunk))
        rows = (row for _, row in self._rows(content) if row != [])
        return [self._record(number, row) for number, row in enumerate(rows, start=chunk.record)]

    def head(self) -> bytes:
        """The first line, without a column that is left out."""
        return self._mark + self._written([self._names[place] for place in self._kept])

    def written(self, chunk: Chunk, records: Written) -> bytes:
        """The rows in their order; those that failed are not there."""
        del chunk
        lines = []
        for record, texts in records:
            row = [texts.get(name, value) for name, value in zip(self._names, record.row, strict=True)]
            lines.append(self._written([row[place] for place in self._kept]))
        return b"".join(lines)

    def finish(self, grown: Path, target: Path) -> None:
        """Rename."""
        grown.replace(target)

    def _rows(self, lines: Iterable[bytes]) -> Iterator[tuple[bytes, list[str] | None]]:
        """The bytes of each row with its fields: none for an empty line, ``None`` for one that cannot be read."""
        taken: list[bytes] = []
        length = 0

        def decoded() -> Iterator[str]:
            nonlocal length
            for line in lines:
                taken.append(line)
                length += len(line)
                if length > _LONGEST_ROW:
                    raise DataError(f"{self._label}: a row of over {_LONGEST_ROW:,} bytes; a quotation mark seems not to be closed")
                yield line.decode("utf-8", "surrogateescape")

        reader = csv.reader(decoded(), delimiter=self._delimiter)
        while True:
            try:
                row: list[str] | None = next(reader)
                if row == [] and len(self._names) == 1:  # an empty field, where there is one
                    row = [""]
            except StopIteration:
                return
            except csv.Error:
                row = None
            yield b"".join(taken), row
            taken, length = [], 0

    def _record(self, number: int, row: list[str] | None) -> Record | Fault:
        if row is None:
            return Fault(number, None, "not a row of CSV")
        if len(row) != len(self._names):
            fields = "1 field" if len(row) == 1 else f"{len(row)} fields"
            return Fault(number, None, f"{fields} instead of {len(self._names)}")
        if any("\ud800" <= character <= "\udfff" for field in row for character in field):
            return Fault(number, None, "not UTF-8")
        by_name = dict(zip(self._names, row, strict=True))
        columns = self._columns
        group = by_name.get(columns.group) if columns.group else None
        return Record(number, by_name.get(columns.id), {name: by_name[name] for name in columns.texts}, group, row)

    def _written(self, row: Sequence[str]) -> bytes:
        line = io.StringIO(newline="")
        # A field is quoted for any character of the line's end, so with both of them for either.
        csv.writer(line, delimiter=self._delimiter, lineterminator="\r\n", quoting=self._quoting).writerow(row)
        return (line.getvalue().removesuffix("\r\n") + self._ending).encode()


def _separator(line: bytes) -> str:
    return max(",;|\t", key=lambda mark: line.count(mark.encode()))


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
