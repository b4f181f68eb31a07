"""The files of an export, read back and compared with what its card says of them."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from piispan.core import DataError
from piispan.dataset_builder.publishing.export import check_place
from piispan.dataset_builder.reading.folders import PARTS, export_head

__all__ = ["changed_configs", "export_files"]


def export_files(folder: str | Path) -> Mapping[str, Path]:
    """The files of an export by their names in it, the card last.

    Raises:
        DataError: If the folder is none that ``export_folder`` wrote, or holds other files too.
    """
    place = Path(folder)
    if not export_head(place):
        raise DataError(f"{folder}: not a data folder of piispan data export (its README.md says so)")
    check_place(place)
    found = {path.relative_to(place).as_posix(): path for path in sorted(place.rglob("*")) if path.is_file()}
    return {name: found[name] for name in sorted(found, key=lambda name: (name == "README.md", name))}


def changed_configs(folder: str | Path) -> list[str]:
    """The configs whose rows are not those that the card was written for, by the SHA-256 that it states.

    Raises:
        DataError: If a file cannot be read as Parquet.
    """
    place = Path(folder)
    configs = export_head(place).get("configs")
    stated = {str(one["config_name"]): str(one.get("description", "")) for one in configs} if isinstance(configs, list) else {}
    return [name for name, said in stated.items() if not said.endswith(_digest(place / name))]


def _digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for part in PARTS:
        for path in sorted(folder.glob(f"{part}-*.parquet")):
            for row in _rows(path):
                digest.update(json.dumps(row).encode())
    return digest.hexdigest()


def _rows(path: Path) -> Iterator[dict[str, object]]:
    import pyarrow as pa  # type: ignore[import-untyped]
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    try:
        for batch in pq.ParquetFile(path).iter_batches(1000):
            yield from batch.to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path}: cannot be read as Parquet ({type(error).__name__})") from None
