"""The files of a cell, and whether it is done."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from piispan.core import DataError, LabelError
from piispan.runs.settings import TrainSettings
from piispan.runs.study.documents import sha256s_of
from piispan.runs.study.grid import Cell

__all__ = [
    "ADAPTER",
    "CONFIG",
    "COUNTS",
    "FAILURE",
    "LOCK",
    "LOG",
    "METRICS",
    "PREDICTIONS",
    "config_of",
    "failure_of",
    "has_source",
    "is_begun_elsewhere",
    "is_done",
    "lock_of",
]

CONFIG, METRICS, COUNTS, PREDICTIONS, ADAPTER = "config.json", "metrics.json", "counts.json", "predictions.jsonl", "adapter"
FAILURE, LOG, LOCK = "failure.json", "log.txt", ".lock"
_NOT_OF_ITS_SOURCE = ("setting", "decoder", "adapter_of")
"""What a cell that measures the adapter of another does not share with it."""


def config_of(study: Path, cell: Cell) -> dict[str, Any]:
    """What stands in a cell's folder as its configuration; nothing where there is none."""
    return _read(study / cell.place / CONFIG)


def lock_of(study: Path, cell: Cell) -> FileLock:
    """What the process holds that measures the cell; asked for by another, it raises ``filelock.Timeout`` at once."""
    (study / cell.place).mkdir(parents=True, exist_ok=True)
    return FileLock(study / cell.place / LOCK, timeout=0)


def is_begun_elsewhere(study: Path, cell: Cell) -> bool:
    """Whether another process measures the cell now."""
    if not (study / cell.place / LOCK).is_file():
        return False
    try:
        with lock_of(study, cell):
            return False
    except Timeout:
        return True


def is_done(study: Path, cell: Cell, data: str | Path | None = None) -> bool:
    """Whether a cell has been measured as it is asked for now, trained and measured on the same documents where ``data`` is given; and
    where it measures the adapter of another, on the one that is there now.
    """
    config = config_of(study, cell)
    if not (study / cell.place / METRICS).is_file() or not _holds(config, cell.to_dict()):
        return False
    if cell.source_place and not (has_source(study, cell) and _adapter_of(study / cell.place) == _adapter_of(study / cell.source_place)):
        return False
    if data is None:
        return True
    try:
        return _holds(config, sha256s_of(cell, str(data)))
    except (DataError, LabelError):  # it could not be measured on these
        return False


def has_source(study: Path, cell: Cell) -> bool:
    """Whether the cell whose adapter it measures has been trained as it is asked for now."""
    asked = {name: value for name, value in cell.to_dict().items() if name not in _NOT_OF_ITS_SOURCE}
    return cell.source_place is not None and _holds(_read(study / cell.source_place / CONFIG), asked)


def _holds(config: Mapping[str, Any], asked: Mapping[str, Any]) -> bool:
    return all(_known(config, name) == value for name, value in asked.items())


def _known(config: Mapping[str, Any], name: str) -> Any:
    """What a configuration says; a setting that there was not yet when it was written had what is its default now."""
    return {**asdict(TrainSettings()), **config.get(name, {})} if name == "settings" else config.get(name)


def _read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    return content


def _adapter_of(place: Path) -> Any:
    return _read(place / METRICS).get("adapter_weights_sha256")


def failure_of(study: Path, cell: Cell) -> str | None:
    """Why a cell failed, in words fit to publish; ``None`` where it did not."""
    path = study / cell.place / FAILURE
    if not path.is_file() or is_done(study, cell):
        return None
    content = _read(path)
    return str(content.get("kind", f"exit code {content['exit_code']}"))
