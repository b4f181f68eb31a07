"""JSON Lines: an object in each line."""

import codecs
import io
from collections.abc import Iterator, Mapping
from pathlib import Path

import simplejson

from piispan.core import DataError
from piispan.dataset_builder import json_line
from piispan.runs.corpora.digests import HashedStream
from piispan.runs.corpora.parts.column_names import plain_names, told_columns
from piispan.runs.corpora.parts.line_chunks import content_of, line_chunks, opened
from piispan.runs.corpora.parts.records import LEFT_OUT, Chunk, ChunkSize, Columns, Fault, Record, Written

__all__ = ["JsonLines"]


class JsonLines:
    """Objects in lines. Each keeps its line and its keys, but ``spans``; numbers are copied to the last digit.

    Args:
        path: The file.
        columns: The keys to read.
        name: Its place in the output.
        stream: Read this instead of the file, once, from where it stands.

    Raises:
        DataError: If the first row of the file has none of the keys to redact; a later one that lacks a key is a fault.
    """

    streams = True
    unit = "line"

    def __init__(self, path: Path, columns: Columns, name: str, stream: HashedStream | None = None) -> None:
        self._path, self._columns, self.name, self._stream = path, columns, name, stream
        self._copied: set[str] = set()
        if stream is None:
            self._check_first()

    def count(self) -> int | None:
        """Its lines but the empty ones; ``None`` for a stream."""
        if self._stream is not None:
            return None
        with opened(self._path) as file:
            return sum(1 for line in file if _holds(line))

    def inputs(self) -> Iterator[Path]:
        """The file; nothing for a stream."""
        if self._stream is None:
            yield self._path

    def copied(self) -> frozenset[str]:
        """The keys of the rows read so far that are not redacted."""
        return frozenset(self._copied)

    def chunks(self, size: ChunkSize, after: Chunk | None) -> Iterator[Chunk]:
        """Its chunks in order."""
        if self._stream is not None:
            yield from line_chunks(((line, 1) for line in self._stream), size, after)
            return
        with opened(self._path) as file:
            file.seek(after.end if after else 0)
            yield from line_chunks(((line, 1) for line in file), size, after)

    def read(self, chunk: Chunk) -> list[Record | Fault]:
        """A chunk's records; empty lines are none."""
        records: list[Record | Fault] = []
        place = chunk.start
        for number, line in enumerate(io.BytesIO(content_of(self._path, chunk)), start=chunk.record):
            if _holds(line):
                records.append(self._record(number, json_line(line, place)))
            place += len(line)
        return records

    def head(self) -> bytes:
        """Nothing."""
        return b""

    def written(self, chunk: Chunk, records: Written) -> bytes:
        """The rows in their lines; those of rows that failed are left empty."""
        rows = {record.number: _line(record.row, texts) for record, texts in records}
        return b"".join(rows.get(number, b"\n") for number in range(chunk.record, chunk.next_record))

    def finish(self, grown: Path, target: Path) -> None:
        """Rename."""
        grown.replace(target)

    def _check_first(self) -> None:
        with opened(self._path) as file:
            line = next(filter(_holds, file), b"")
        row = json_line(line, 0)
        if isinstance(row, dict) and not any(name in row for name in self._columns.texts):
            raise DataError(f"{self._path}: the first row has no key {' or '.join(self._columns.texts)}; {told_columns(list(row), 'keys')}")

    def _record(self, number: int, row: object) -> Record | Fault:
        if isinstance(row, DataError):
            return Fault(number, None, str(row))
        if not isinstance(row, dict):
            return Fault(number, None, "not a JSON object")
        columns, texts = self._columns, {}
        identifier, group = row.get(columns.id), row.get(columns.group) if columns.group else None
        named = str(identifier) if isinstance(identifier, str | int) and _is_text(str(identifier)) else None
        for name in columns.texts:
            if name not in row:
                return Fault(number, named, f"lacks the key {name}")
            if row[name] is None:
                continue
            if not isinstance(row[name], str):
                return Fault(number, named, f"{name} is no string")
            texts[name] = row[name]
        try:
            _line(row, texts)
        except UnicodeEncodeError:
            return Fault(number, named, "a lone surrogate, which is no character")
        except ValueError:
            return Fault(number, named, "NaN or Infinity, which JSON does not have")
        if new := row.keys() - {*columns.texts, LEFT_OUT} - self._copied:
            self._copied |= plain_names(new, self._copied)
        return Record(number, named, texts, None if group is None else str(group), row)


def _line(row: Mapping[str, object], texts: Mapping[str, str]) -> bytes:
    kept = {key: texts.get(key, value) for key, value in row.items() if key != LEFT_OUT}
    return simplejson.dumps(kept, ensure_ascii=False, allow_nan=False).encode() + b"\n"


def _holds(line: bytes) -> bool:
    return bool(line.removeprefix(codecs.BOM_UTF8).strip())


def _is_text(value: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in value)
