"""A process that measures one cell: ``python -m piispan.runs.study.cell_process CELL DATA STUDY JOBS``."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from piispan.core import PiispanError
from piispan.runs.artifacts import write_json
from piispan.runs.settings import TrainSettings
from piispan.runs.study.grid import Cell
from piispan.runs.study.log_progress import LogProgress
from piispan.runs.study.measuring import measure
from piispan.runs.study.places import FAILURE, lock_of

__all__ = ["command_of", "main"]


def command_of(cell: Cell, data: str | Path, study: Path, jobs: int) -> list[str]:
    """The command line of the process; the arguments are those of ``measure``."""
    return [sys.executable, "-m", "piispan.runs.study.cell_process", json.dumps(asdict(cell)), str(data), str(study), str(jobs)]


def main(arguments: Sequence[str]) -> int:
    """Measure the cell; its exit code. Why it failed stands in its folder: our own words, or the kind of an error alone, because others'
    words may hold what they were about.
    """
    given, data, study, jobs = arguments
    row = json.loads(given)
    cell = Cell(**{**row, "settings": TrainSettings(**row["settings"]), "held_out": tuple(row["held_out"])})
    failure = Path(study) / cell.place / FAILURE
    try:
        with lock_of(Path(study), cell):
            measure(cell, data, Path(study), LogProgress(), jobs=int(jobs))
    except PiispanError as error:
        write_json(failure, {"kind": type(error).__name__, "reason": str(error).removeprefix(f"{cell.place}: ")})
        return 2
    except Exception as error:
        write_json(failure, {"kind": type(error).__name__, "reason": type(error).__name__})
        raise
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
