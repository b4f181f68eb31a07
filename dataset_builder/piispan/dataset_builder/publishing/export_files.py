"""The files of an export, read back and compared with what its card says of them."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from piispan.core import DataError
from piispan.dataset_builder.publishing.export import foreign_files
from piispan.dataset_builder.reading.folders import PARTS, export_head

__all__ = ["ExportCard", "changed_configs", "export_card_faults", "export_files", "read_export_card"]


def export_files(folder: str | Path) -> Mapping[str, Path]:
    """The files of an export by their names in it, the card last.

    Raises:
        DataError: If the folder is none that ``export_folder`` wrote, or holds other files too.
    """
    place = Path(folder)
    if not export_head(place):
        raise DataError(f"{folder}: not a data folder of piispan data export (its README.md says so)")
    if others := foreign_files(place):
        raise DataError(f"{folder}: holds files that no export wrote ({', '.join(others)}); move them away")
    found = {path.relative_to(place).as_posix(): path for path in sorted(place.rglob("*")) if path.is_file() and not _hidden(path, place)}
    return {name: found[name] for name in sorted(found, key=lambda name: (name == "README.md", name))}


def _hidden(path: Path, folder: Path) -> bool:
    """Whether a file is one that its system keeps there, and nobody sees."""
    return any(part.startswith(".") for part in path.relative_to(folder).parts)


def changed_configs(folder: str | Path) -> list[str]:
    """The configs whose rows are not those that the card was written for, by the SHA-256 that it states, or not those of ``spans``.

    Raises:
        DataError: If a file cannot be read as Parquet.
    """
    place = Path(folder)
    stated = _stated(export_head(place))
    if "spans" not in stated:
        return ["spans"]
    _, documents = _digests(place / "spans")
    found = {name: _digests(place / name) for name in stated}
    return [name for name, (rows, texts) in found.items() if not stated[name].endswith(rows) or texts != documents]


def _digests(folder: Path) -> tuple[str, str]:
    """SHA-256 of the rows of a config, and of their ids and texts alone."""
    rows, texts = hashlib.sha256(), hashlib.sha256()
    for part in PARTS:
        for path in sorted(folder.glob(f"{part}-*.parquet")):
            for row in _rows(path):
                rows.update(json.dumps(row).encode())
                texts.update(json.dumps([part, row.get("id"), row.get("text")]).encode())
    return rows.hexdigest(), texts.hexdigest()


def _rows(path: Path) -> Iterator[dict[str, object]]:
    import pyarrow as pa  # type: ignore[import-untyped]
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    try:
        for batch in pq.ParquetFile(path).iter_batches(1000):
            yield from batch.to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path}: cannot be read as Parquet ({type(error).__name__})") from None


def export_card_faults(folder: str | Path) -> list[str]:
    """What the card of an export says otherwise than its files, or in two ways: its counts by part and by label, and its licence.

    Raises:
        DataError: If a file cannot be read as Parquet.
    """
    place = Path(folder)
    readme, head = (place / "README.md").read_text("utf-8"), export_head(place)
    parts = [part for part in PARTS if any((place / "spans").glob(f"{part}-*.parquet"))]
    rows = {part: [row for path in sorted((place / "spans").glob(f"{part}-*.parquet")) for row in _rows(path)] for part in parts}
    support = {part: Counter(span["label"] for row in found for span in _spans(row)) for part, found in rows.items()}
    expected = {
        "documents": _cells(len(rows[part]) for part in parts),
        "spans": _cells(support[part].total() for part in parts),
    }
    faults = [name for name, cells in expected.items() if f"| {name} | {cells} |" not in readme]
    for label in sorted(set().union(*support.values())):
        cells = re.escape(_cells(support[part][label] for part in parts))
        if not re.search(rf"^\| `{re.escape(label)}` \| .* \| {cells} \|$", readme, re.MULTILINE):
            faults.append(label)
    licence = head.get("license")
    stated = readme.rpartition("## Licence\n")[2].strip().partition("\n\n")[0]
    if licence != "other" and (licence or "Not stated.") != stated:
        faults.append("licence")
    return faults


def _cells(counts: Iterable[int]) -> str:
    return " | ".join(map(str, counts))


def _spans(row: Mapping[str, object]) -> list[dict[str, str]]:
    spans = row.get("spans")
    return spans if isinstance(spans, list) else []


@dataclass(frozen=True, slots=True)
class ExportCard:
    """What the card of an export says of its documents.

    Args:
        title: Their name for people.
        licence: Their licence as the Hub spells it, or ``None``.
        rows_sha256: SHA-256 of the rows of the config ``spans``.
        synthetic: Whether every value is said to be made up.
    """

    title: str
    licence: str | None
    rows_sha256: str
    synthetic: bool


def read_export_card(folder: str | Path) -> ExportCard | None:
    """What the card of an export says; ``None`` for what is no export."""
    head = export_head(Path(folder))
    if not head:
        return None
    tags, licence = head.get("tags"), head.get("license")
    synthetic = isinstance(tags, list) and "synthetic" in tags
    digest = _stated(head).get("spans", "").rpartition(" ")[2]
    return ExportCard(str(head.get("pretty_name") or Path(folder).name), licence if isinstance(licence, str) else None, digest, synthetic)


def _stated(head: Mapping[str, object]) -> dict[str, str]:
    """What the card says of each config: the SHA-256 of its rows stands last."""
    configs = head.get("configs")
    found = [one for one in configs if isinstance(one, dict)] if isinstance(configs, list) else []
    return {str(one.get("config_name")): str(one.get("description", "")) for one in found}
