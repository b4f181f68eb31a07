"""Parquet, by batches of its row groups."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from piispan.core import DataError
from piispan.runs.corpora.parts.column_names import told_columns
from piispan.runs.corpora.parts.line_chunks import opened
from piispan.runs.corpora.parts.records import LEFT_OUT, Chunk, ChunkSize, Columns, Fault, Record, Written

__all__ = ["ParquetRows"]

_LENGTH_BYTES = 8
_ROWS_TOGETHER = 65_536
_BYTES_TOGETHER = 64_000_000
"""A row group is written when it has so many rows, or bytes."""


class ParquetRows:
    """Rows of a Parquet file; other columns stay as they are, and so does the schema.

    Args:
        path: The file.
        columns: The columns to read; those to redact must hold strings.
        name: Its place in the output.

    Raises:
        DataError: If it is no Parquet file, or a column to redact is missing or holds no strings.
    """

    streams = False
    unit = "row"

    def __init__(self, path: Path, columns: Columns, name: str) -> None:
        import pyarrow as pa  # type: ignore[import-untyped]
        import pyarrow.parquet as pq  # type: ignore[import-untyped]

        self._path, self._columns, self.name = path, columns, name
        self._chunk_rows = ChunkSize().records  # as ``chunks`` was last asked for, also where this is sent to a worker
        self._reading: Iterator[Chunk] | None = None
        self._position = 0
        with opened(path) as file:
            try:
                described = pq.ParquetFile(file)
            except pa.ArrowInvalid:
                raise DataError(f"{path}: not a Parquet file that can be read") from None
            groups = [described.metadata.row_group(place) for place in range(described.num_row_groups)]
            self._rows: list[int] = [group.num_rows for group in groups]
            self._compression = groups[0].column(0).compression if groups and groups[0].num_columns else "SNAPPY"
            schema = described.schema_arrow
        missing = [name for name in columns.asked if name not in schema.names]
        if missing:
            raise DataError(f"{path}: no column named {', '.join(missing)}; {told_columns(schema.names)}")
        if len(set(schema.names)) < len(schema.names):
            raise DataError(f"{path}: a column is named twice")
        for name in columns.texts:
            kind = schema.field(name).type
            values = kind.value_type if pa.types.is_dictionary(kind) else kind
            if not (pa.types.is_string(values) or pa.types.is_large_string(values)):
                raise DataError(f"{path}: column {name} holds no strings but {kind}")
        self._schema = schema
        kept = [field for field in schema if field.name != LEFT_OUT or field.name in columns.texts]
        self._kept = pa.schema(kept, _metadata(schema))

    def count(self) -> int | None:
        """Its rows."""
        return sum(self._rows)

    def inputs(self) -> Iterator[Path]:
        """The file."""
        yield self._path

    def copied(self) -> frozenset[str]:
        """The columns that are not redacted."""
        return frozenset(self._kept.names) - set(self._columns.texts)

    def chunks(self, size: ChunkSize, after: Chunk | None) -> Iterator[Chunk]:
        """Its chunks in order; none goes over a row group's end."""
        self._chunk_rows = size.records
        number, first = (0, 0) if after is None else (after.number + 1, after.end)
        group_start = 0
        for group, rows in enumerate(self._rows):
            if first < group_start + rows:
                for start, batch in self._batches(group, group_start, size.records):
                    if start >= first:
                        end = start + batch.num_rows
                        yield Chunk(number, start, end, start + 1, end + 1, batch)
                        number += 1
            group_start += rows

    def read(self, chunk: Chunk) -> list[Record | Fault]:
        """A chunk's records."""
        columns, batch = self._columns, self._batch(chunk)
        names = batch.schema.names
        texts = {name: batch.column(name).to_pylist() for name in columns.texts}
        ids = batch.column(columns.id).to_pylist() if columns.id in names else [None] * batch.num_rows
        groups = batch.column(columns.group).to_pylist() if columns.group in names else [None] * batch.num_rows
        return [
            Record(
                chunk.record + place,
                str(ids[place]) if isinstance(ids[place], str | int) else None,
                {name: values[place] for name, values in texts.items() if values[place] is not None},
                None if groups[place] is None else str(groups[place]),
                (batch, place),
            )
            for place in range(batch.num_rows)
        ]

    def head(self) -> bytes:
        """Nothing."""
        return b""

    def written(self, chunk: Chunk, records: Written) -> bytes:
        """The rows that did not fail, as a batch of Arrow behind its length."""
        import pyarrow as pa

        if not records:
            return b""
        del chunk
        batch = records[0][0].row[0]
        kept = batch.take(pa.array([record.row[1] for record, _ in records]))
        columns = []
        for field in self._kept:
            if field.name in self._columns.texts:
                columns.append(pa.array([texts.get(field.name) for _, texts in records]).cast(field.type))
            else:
                columns.append(kept.column(field.name))
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, self._kept) as stream:  # whole, because a bare batch would lack its dictionaries
            stream.write_batch(pa.RecordBatch.from_arrays(columns, schema=self._kept))
        serialised = sink.getvalue().to_pybytes()
        return bytes(len(serialised).to_bytes(_LENGTH_BYTES, "big") + serialised)

    def finish(self, grown: Path, target: Path) -> None:
        """Write the batches as Parquet beside the target, and rename."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        beside = target.with_name(f".{target.name}.parquet")
        with beside.open("wb") as file:
            with pq.ParquetWriter(file, self._kept, compression=self._compression) as writer:
                together: list[Any] = []
                for batch in self._grown(grown):
                    together.append(batch)
                    if sum(one.num_rows for one in together) >= _ROWS_TOGETHER or sum(one.nbytes for one in together) >= _BYTES_TOGETHER:
                        writer.write_table(pa.Table.from_batches(together, self._kept))
                        together = []
                if together:
                    writer.write_table(pa.Table.from_batches(together, self._kept))
            os.fsync(file.fileno())
        beside.replace(target)
        grown.unlink()

    def _grown(self, path: Path) -> Iterator[Any]:
        import pyarrow as pa

        with path.open("rb") as file:
            while length := file.read(_LENGTH_BYTES):
                yield from pa.ipc.open_stream(file.read(int.from_bytes(length, "big")))

    def _batch(self, chunk: Chunk) -> Any:
        if chunk.content is not None:
            return chunk.content
        # A worker's chunks ascend, so it reads on from where it is: from the start for each, a row group would be decoded many times.
        if self._reading is None or chunk.start < self._position:
            self._reading = self.chunks(ChunkSize(self._chunk_rows), None)
        for found in self._reading:
            self._position = found.end
            if found.start == chunk.start:
                return found.content
        raise DataError(f"{self._path}: was changed while it was read")

    def _batches(self, group: int, start: int, size: int) -> Iterator[tuple[int, Any]]:
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            with opened(self._path) as file:
                for batch in pq.ParquetFile(file).iter_batches(size, row_groups=[group]):
                    yield start, batch
                    start += batch.num_rows
        except (pa.ArrowInvalid, UnicodeDecodeError):
            raise DataError(f"{self._path}: row group {group} cannot be read") from None


def _metadata(schema: Any) -> dict[bytes, bytes]:
    """The schema's own words, without those by which pandas or ``datasets`` describe a column that is left out."""
    described = dict(schema.metadata or {})
    if LEFT_OUT in schema.names:
        described = {key: value for key, value in described.items() if key not in (b"pandas", b"huggingface")}
    return described
