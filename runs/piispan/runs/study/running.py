"""A study run cell by cell: each in a process of its own, so that none takes the rest with it."""

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from threading import Event
from time import perf_counter
from typing import Any

from piispan.core import DataError, FormatError
from piispan.runs.artifacts import write_json
from piispan.runs.machine import usable_cores
from piispan.runs.progress import Progress
from piispan.runs.study.cell_process import command_of
from piispan.runs.study.choosing import check_choice, resolved
from piispan.runs.study.documents import check_dealt
from piispan.runs.study.grid import Cell, Grid
from piispan.runs.study.places import FAILURE, LOG, is_begun_elsewhere, is_done

__all__ = ["Outcome", "run_study"]


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
        jobs: How many cells are measured at a time, each on its share of the cores: for machines with more cores than a small model can
            use, and for GPUs, which they share. The times of a cell are those beside the others; its configuration states its cores or the
            GPU, and this number.
        progress: A unit for each cell.

    Yields:
        What became of each cell.

    Raises:
        DataError: If two grids have one name, the data is not there, or is a folder of parts that are dealt already and a grid asks for
            more than one split; or no cell holds the words of ``only``.
        FormatError: If there are more ``jobs`` than cores, or none; or what a grid is to choose from cannot be fitted again.
    """
    if len({grid.name for grid in grids}) < len(grids):
        raise DataError("two of the grids have the same name")
    if not Path(data).exists():
        raise DataError(f"{data}: no such file")
    for grid in grids:
        check_choice(grid)
    if not 1 <= jobs <= usable_cores():
        raise FormatError(f"jobs must be within 1 and the number of cores, {usable_cores()}, was: {jobs}")
    found, unresolved = 0, list[str]()
    with _Cells(data, Path(study), jobs, again=again) as measured:
        for grid in grids:
            try:
                every = resolved(grid, Path(study), data).cells
            except (DataError, FormatError) as error:
                unresolved.append(str(error))
                if not only:
                    yield Outcome(grid.name, 0.0, str(error))
                continue
            # all settings, before the next seed
            cells = sorted((cell for cell in every if cell.holds(only)), key=lambda cell: cell.settings.seed)
            check_dealt(cells, data)
            found += len(cells)
            progress.start(f"Grid {grid.name}", len(cells), "cells")
            for outcome in measured.of(cells):
                yield outcome
                progress.advance(1, outcome.place)
            progress.finish()
    if only and not found:
        why = "; ".join(unresolved) or "piispan study --list names the settings"
        raise DataError(f"no cell that can be run holds {only!r} in its place or setting; {why}")


class _Cells:
    """Measures cells, some at a time; leaving it waits for those that have begun, and begins no other.

    Args:
        data: Labelled documents.
        study: Folder of the study.
        jobs: How many at a time.
        again: Measure those that are done as well.
    """

    def __init__(self, data: str | Path, study: Path, jobs: int, *, again: bool) -> None:
        self._data, self._study, self._jobs, self._again = data, study, jobs, again
        self._stopped = Event()
        self._environment = {**os.environ, "OMP_NUM_THREADS": str(usable_cores() // jobs)} if jobs > 1 else None
        self._workers = _workers(jobs)

    def __enter__(self) -> "_Cells":
        return self

    def __exit__(self, *error: object) -> None:
        self._stopped.set()
        self._workers.shutdown(cancel_futures=True)

    def of(self, cells: Sequence[Cell]) -> Iterator[Outcome]:
        """What becomes of each cell, in their order."""
        begun: dict[str | None, Future[Outcome]] = {}
        for cell in cells:
            begun[cell.place] = self._workers.submit(self._run, cell, begun.get(cell.source_place))
        for outcome in begun.values():
            yield outcome.result()

    def _run(self, cell: Cell, source: Future[Outcome] | None) -> Outcome:
        if source:
            source.result()  # its adapter is measured
        if self._stopped.is_set():
            return Outcome(cell.place, 0.0, "interrupted")
        place = self._study / cell.place
        if is_begun_elsewhere(self._study, cell):
            return Outcome(cell.place, 0.0, "is being measured by another process")
        if self._again:
            shutil.rmtree(place, ignore_errors=True)
        if is_done(self._study, cell, self._data):
            return Outcome(cell.place, 0.0)
        place.mkdir(parents=True, exist_ok=True)
        (place / FAILURE).unlink(missing_ok=True)
        started = perf_counter()
        code = self._measured(cell, place / LOG)
        seconds = perf_counter() - started
        if code == 0:
            return Outcome(cell.place, seconds)
        if code == -signal.SIGINT:
            self._stopped.set()
            return Outcome(cell.place, seconds, "interrupted")
        failure: dict[str, Any] = {"exit_code": code}
        if (place / FAILURE).is_file():  # the process told why
            failure |= json.loads((place / FAILURE).read_text("utf-8"))
        write_json(place / FAILURE, failure)
        return Outcome(cell.place, seconds, f"{failure.get('reason', f'exit code {code}')} (log: {place / LOG})")

    def _measured(self, cell: Cell, log: Path) -> int:
        """Measure the cell in a process of its own; its exit code."""
        command = command_of(cell, self._data, self._study, self._jobs)
        with log.open("w", encoding="utf-8") as written:
            return subprocess.run(  # noqa: S603 -- this interpreter, and this package
                command, env=self._environment, stdin=subprocess.DEVNULL, stdout=written, stderr=written, check=False
            ).returncode


def _workers(jobs: int) -> ThreadPoolExecutor:
    """Threads that start the cells' processes, each kept to its share of the cores, as are the processes."""
    if jobs == 1 or not hasattr(os, "sched_setaffinity"):
        return ThreadPoolExecutor(jobs)
    cores, shares = sorted(os.sched_getaffinity(0)), SimpleQueue[list[int]]()
    for number in range(jobs):
        shares.put(cores[number::jobs])
    return ThreadPoolExecutor(jobs, initializer=lambda: os.sched_setaffinity(0, shares.get()))
