"""A study run cell by cell: each in a process of its own, so that none takes the rest with it."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from piispan.runs.artifacts import write_json
from piispan.runs.progress import Progress
from piispan.runs.study.choosing import resolved
from piispan.runs.study.grid import Cell, Grid
from piispan.runs.study.measuring import METRICS

__all__ = ["Outcome", "is_done", "run_study"]

FAILURE, LOG = "failure.json", "log.txt"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a cell.

    Args:
        cell: The cell.
        seconds: How long it took; 0 where it was done before.
        failure: Why it failed, or ``None``.
    """

    cell: Cell
    seconds: float
    failure: str | None = None


def is_done(study: Path, cell: Cell) -> bool:
    """Whether a cell has been measured."""
    return (study / cell.place / METRICS).is_file()


def run_study(
    grids: Sequence[Grid], data: str | Path, study: str | Path, *, only: str = "", again: bool = False, progress: Progress
) -> Iterator[Outcome]:
    """Measure the cells of grids that are not measured yet; one that fails is told, and the rest go on.

    A cell that was interrupted begins anew, or at its last checkpoint where its settings have ``save_steps``.

    Args:
        grids: The grids, in order.
        data: Labelled documents; see ``piispan.dataset_builder.read_split``.
        study: Folder of the study. Each cell has ``config.json``, ``metrics.json``, ``counts.json`` (numbers alone), ``predictions.jsonl``
            (personal data where the documents are), ``adapter/`` and ``log.txt``.
        only: Measure only cells whose place holds these words.
        again: Measure cells that are done as well.
        progress: A unit for each cell.

    Yields:
        What became of each cell.

    Raises:
        DataError: If a grid is chosen from another that is not done.
    """
    folder = Path(study)
    for grid in grids:
        cells = [cell for cell in resolved(grid, folder).cells if only in cell.place]
        progress.start(f"Grid {grid.name}", len(cells), "cells")
        for cell in cells:
            if is_done(folder, cell) and not again:
                yield Outcome(cell, 0.0)
            else:
                yield _run(grid, cell, data, folder)
            progress.advance(1, cell.place)
        progress.finish()


def _run(grid: Grid, cell: Cell, data: str | Path, study: Path) -> Outcome:
    place = study / cell.place
    place.mkdir(parents=True, exist_ok=True)
    (place / FAILURE).unlink(missing_ok=True)
    started = perf_counter()
    with (place / LOG).open("w", encoding="utf-8") as log:
        command = [sys.executable, "-m", "piispan.runs.study.cell_process", grid.source, cell.place, str(data), str(study)]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=False)  # noqa: S603 -- this interpreter, and this package
    seconds = perf_counter() - started
    if done.returncode == 0:
        return Outcome(cell, seconds)
    last = next((line for line in reversed((place / LOG).read_text("utf-8", "replace").splitlines()) if line.strip()), "")
    failure = f"exit code {done.returncode}; see {place / LOG}" if done.returncode < 0 or not last else last.strip()
    write_json(place / FAILURE, {"exit_code": done.returncode, "seconds": round(seconds, 1)})
    return Outcome(cell, seconds, failure)


def cell_of(grid: Grid, study: Path, place: str) -> Cell:
    """The cell of a grid by its place."""
    return next(cell for cell in resolved(grid, study).cells if cell.place == place)
