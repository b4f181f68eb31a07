"""A process that measures one cell: ``python -m piispan.runs.study.cell_process GRID PLACE DATA STUDY JOBS``."""

import sys
from pathlib import Path

from piispan.core import PiispanError
from piispan.runs.artifacts import write_json
from piispan.runs.study.grid_files import load_grid
from piispan.runs.study.log_progress import LogProgress
from piispan.runs.study.measuring import measure
from piispan.runs.study.places import FAILURE
from piispan.runs.study.running import cell_of

__all__ = ["main"]


def main(grid: str, place: str, data: str, study: str, jobs: str) -> int:
    """Measure the cell; its exit code. Why it failed stands in its folder: our own words, or the kind of an error alone, because others'
    words may hold what they were about.
    """
    try:
        measure(cell_of(load_grid(grid), Path(study), place, data), data, Path(study), LogProgress(), jobs=int(jobs))
    except PiispanError as error:
        write_json(Path(study) / place / FAILURE, {"kind": type(error).__name__, "reason": str(error)})
        return 2
    except Exception as error:
        write_json(Path(study) / place / FAILURE, {"kind": type(error).__name__, "reason": type(error).__name__})
        raise
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
