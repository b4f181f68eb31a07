"""The files of a cell, and whether it is done."""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from piispan.dataset_builder import SplitKind, read_split
from piispan.runs.artifacts import documents_sha256
from piispan.runs.study.grid import Cell, Part

__all__ = [
    "ADAPTER",
    "CONFIG",
    "COUNTS",
    "FAILURE",
    "LOG",
    "METRICS",
    "PREDICTIONS",
    "config_of",
    "failure_of",
    "is_done",
    "measured_sha256",
]

CONFIG, METRICS, COUNTS, PREDICTIONS, ADAPTER = "config.json", "metrics.json", "counts.json", "predictions.jsonl", "adapter"
FAILURE, LOG = "failure.json", "log.txt"


def config_of(study: Path, cell: Cell) -> dict[str, Any]:
    """What stands in a cell's folder as its configuration; nothing where there is none."""
    path = study / cell.place / CONFIG
    content: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    return content


def is_done(study: Path, cell: Cell, data: str | Path | None = None) -> bool:
    """Whether a cell has been measured as it is asked for now, on the same documents where ``data`` is given; and where it measures the
    adapter of another, on the one that is there now.
    """
    config = config_of(study, cell)
    asked = cell.to_dict()
    if not (study / cell.place / METRICS).is_file() or any(config.get(name) != value for name, value in asked.items()):
        return False
    if cell.source_place and _adapter_of(study / cell.place) != _adapter_of(study / cell.source_place):
        return False
    return data is None or config.get("measured_sha256") == measured_sha256(str(data), cell.split, cell.part)


def _adapter_of(place: Path) -> Any:
    path = place / METRICS
    return json.loads(path.read_text("utf-8")).get("adapter_weights_sha256") if path.is_file() else None


def failure_of(study: Path, cell: Cell) -> str | None:
    """Why a cell failed, in words fit to publish; ``None`` where it did not."""
    path = study / cell.place / FAILURE
    if not path.is_file() or is_done(study, cell):
        return None
    content = json.loads(path.read_text("utf-8"))
    return str(content.get("kind", f"exit code {content['exit_code']}"))


@lru_cache
def measured_sha256(data: str, split: SplitKind, part: Part) -> str:
    """Of the documents that cells of a split and part are measured on."""
    parts = read_split(data, split)
    return documents_sha256(parts.test if part == "test" else parts.validation)
