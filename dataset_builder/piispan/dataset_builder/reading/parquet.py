"""Parquet files with a document in each row, as exports and the Hub have them."""

from collections.abc import Collection, Iterator
from pathlib import Path

from piispan.core import DataError

__all__ = ["PARQUET_SUFFIX", "parquet_rows"]

PARQUET_SUFFIX = ".parquet"

_COLUMNS = frozenset({"id", "uid", "text", "spans", "group", "provenance"})
_ROWS_AT_ONCE = 1000


def parquet_rows(path: Path, *, chosen: Collection[str] = ()) -> Iterator[tuple[int, object]]:
    """Numbers from 0 with the row of each document; columns without a place are there without their values.

    Args:
        path: The file, read some rows at a time.
        chosen: Further columns to read.

    Raises:
        DataError: If it is no Parquet file, or lacks the columns.
    """
    import pyarrow as pa  # type: ignore[import-untyped]
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    try:
        with path.open("rb") as opened, pq.ParquetFile(opened) as file:
            names = file.schema_arrow.names
            wanted = [name for name in names if name in _COLUMNS or name in chosen]
            missing = [name for name in ("text", "spans") if name not in wanted and not (name == "text" and chosen)]
            if missing:
                raise DataError(f"{path}: needs the columns id, text and spans; lacks {' and '.join(missing)}")
            others = dict.fromkeys(name for name in names if name not in wanted)
            number = 0
            for batch in file.iter_batches(_ROWS_AT_ONCE, columns=wanted):
                for row in batch.to_pylist():
                    yield number, {**row, **others}
                    number += 1
    except (pa.ArrowInvalid, UnicodeDecodeError):
        raise DataError(f"{path}: not a Parquet file that can be read") from None
