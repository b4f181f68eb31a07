"""A study run cell by cell: each in a process of its own, so that none takes the rest with it."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from piispan.core import DataError, FormatError
from piispan.runs.artifacts import write_json
from piispan.runs.progress import Progress
from piispan.runs.study.choosing import resolved
from piispan.runs.study.grid import Cell, Grid
from piispan.runs.study.places import FAILURE, LOG, is_done

__all__ = ["Outcome", "cell_of", "run_study"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a cell.

    Args:
        place: The cell's place; of a grid that could not be begun, its name.
        seconds: How long it took; 0 where it was done before.
        failure: Why it failed, or ``None``.
    """

    place: str
    seconds: float
    failure: str | None = None


def run_study(
    grids: Sequence[Grid], data: str | Path, study: str | Path, *, only: str = "", again: bool = False, progress: Progress
) -> Iterator[Outcome]:
    """Measure the cells of grids that are not measured yet, seed by seed; one that fails is told, and the rest go on.

    A cell that was interrupted begins anew, or at its last checkpoint where its settings have ``save_steps``. A cell is done when it was
    measured as its grid says now, on this data.

    Args:
        grids: The grids, in order.
        data: Labelled documents; see ``piispan.dataset_builder.read_split``.
        study: Folder of the study. Each cell has ``config.json``, ``metrics.json``, ``counts.json`` (numbers alone), ``predictions.jsonl``
            (personal data where the documents are), ``adapter/`` and ``log.txt``.
        only: Measure only cells whose place or setting holds these words.
        again: Measure cells that are done as well.
        progress: A unit for each cell.

    Yields:
        What became of each cell.

    Raises:
        DataError: If two grids have one name, the data is not there, or no cell holds the words of ``only``.
    """
    folder = Path(study)
    if len({grid.name for grid in grids}) < len(grids):
        raise DataError("two of the grids have the same name")
    if not Path(data).exists():
        raise DataError(f"{data}: no such file")
    found = 0
    for grid in grids:
        try:
            cells = sorted(resolved(grid, folder).cells, key=lambda cell: cell.settings.seed)  # all settings, before the next seed
            cells = [cell for cell in cells if only in cell.place or only in cell.setting]
        except (DataError, FormatError) as error:
            if not only:
                yield Outcome(grid.name, 0.0, str(error))
            continue
        found += len(cells)
        progress.start(f"Grid {grid.name}", len(cells), "cells")
        for cell in cells:
            if again:
                shutil.rmtree(folder / cell.place, ignore_errors=True)
            yield _run(grid, cell, data, folder)
            progress.advance(1, cell.place)
        progress.finish()
    if only and not found:
        raise DataError(f"no cell that can be run holds {only!r} in its place or setting; piispan study --list names them")


def _run(grid: Grid, cell: Cell, data: str | Path, study: Path) -> Outcome:
    if is_done(study, cell, data):
        return Outcome(cell.place, 0.0)
    place = study / cell.place
    place.mkdir(parents=True, exist_ok=True)
    (place / FAILURE).unlink(missing_ok=True)
    started = perf_counter()
    with (place / LOG).open("w", encoding="utf-8") as log:
        command = [sys.executable, "-m", "piispan.runs.study.cell_process", grid.source, cell.place, str(data), str(study)]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=False)  # noqa: S603 -- this interpreter, and this package
    seconds = perf_counter() - started
    if done.returncode == 0:
        return Outcome(cell.place, seconds)
    failure: dict[str, Any] = {"exit_code": done.returncode}
    if (place / FAILURE).is_file():  # the process told why
        failure |= json.loads((place / FAILURE).read_text("utf-8"))
    write_json(place / FAILURE, failure)
    reason = failure.get("reason", f"exit code {done.returncode}")
    return Outcome(cell.place, seconds, f"{reason} (log: {place / LOG})")


def cell_of(grid: Grid, study: Path, place: str) -> Cell:
    """The cell of a grid by its place."""
    return next(cell for cell in resolved(grid, study).cells if cell.place == place)
