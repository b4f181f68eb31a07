"""A study run cell by cell: each in a process of its own, so that none takes the rest with it."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from time import perf_counter
from typing import Any

from piispan.core import DataError, FormatError
from piispan.runs.artifacts import write_json
from piispan.runs.machine import usable_cores
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
    grids: Sequence[Grid],
    data: str | Path,
    study: str | Path,
    *,
    only: str = "",
    again: bool = False,
    jobs: int = 1,
    progress: Progress,
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
        jobs: How many cells are measured at a time, each on its share of the cores. Small models train faster so, all in all; the times of
            a cell are those on its share, which its configuration states.
        progress: A unit for each cell.

    Yields:
        What became of each cell.

    Raises:
        DataError: If two grids have one name, the data is not there, or no cell holds the words of ``only``.
        FormatError: If there are more ``jobs`` than cores, or none.
    """
    folder = Path(study)
    if len({grid.name for grid in grids}) < len(grids):
        raise DataError("two of the grids have the same name")
    if not Path(data).exists():
        raise DataError(f"{data}: no such file")
    if not 1 <= jobs <= usable_cores():
        raise FormatError(f"jobs must be within 1 and the number of cores, {usable_cores()}, was: {jobs}")
    workers = _workers(jobs)
    environment = {**os.environ, "OMP_NUM_THREADS": str(usable_cores() // jobs)} if jobs > 1 else None
    try:
        yield from _outcomes(grids, data, folder, only, workers, environment, again=again, progress=progress)
    finally:
        workers.shutdown(cancel_futures=True)


def _outcomes(
    grids: Sequence[Grid],
    data: str | Path,
    folder: Path,
    only: str,
    workers: ThreadPoolExecutor,
    environment: Mapping[str, str] | None,
    *,
    again: bool,
    progress: Progress,
) -> Iterator[Outcome]:
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
        begun: dict[str | None, Future[Outcome]] = {}
        for cell in cells:
            if again:
                shutil.rmtree(folder / cell.place, ignore_errors=True)
            begun[cell.place] = workers.submit(_run, grid, cell, data, folder, environment, begun.get(cell.source_place))
        for place, outcome in begun.items():
            yield outcome.result()
            progress.advance(1, str(place))
        progress.finish()
    if only and not found:
        raise DataError(f"no cell that can be run holds {only!r} in its place or setting; piispan study --list names them")


def _workers(jobs: int) -> ThreadPoolExecutor:
    """Threads that start the cells' processes, each kept to its share of the cores, as are the processes."""
    if jobs == 1 or not hasattr(os, "sched_setaffinity"):
        return ThreadPoolExecutor(jobs)
    cores, shares = sorted(os.sched_getaffinity(0)), SimpleQueue[list[int]]()
    for number in range(jobs):
        shares.put(cores[number::jobs])
    return ThreadPoolExecutor(jobs, initializer=lambda: os.sched_setaffinity(0, shares.get()))


def _run(
    grid: Grid, cell: Cell, data: str | Path, study: Path, environment: Mapping[str, str] | None, after: Future[Outcome] | None
) -> Outcome:
    if after:
        after.result()  # it measures the adapter of that one
    if is_done(study, cell, data):
        return Outcome(cell.place, 0.0)
    place = study / cell.place
    place.mkdir(parents=True, exist_ok=True)
    (place / FAILURE).unlink(missing_ok=True)
    started = perf_counter()
    with (place / LOG).open("w", encoding="utf-8") as log:
        command = [sys.executable, "-m", "piispan.runs.study.cell_process", grid.source, cell.place, str(data), str(study)]
        done = subprocess.run(  # noqa: S603 -- this interpreter, and this package
            command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=False
        )
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
