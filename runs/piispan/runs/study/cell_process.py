"""A process that measures one cell: ``python -m piispan.runs.study.cell_process GRID PLACE DATA STUDY``."""

import sys
from pathlib import Path

from piispan.core import PiispanError
from piispan.runs.study.grid import load_grid
from piispan.runs.study.log_progress import LogProgress
from piispan.runs.study.measuring import measure
from piispan.runs.study.running import cell_of

__all__ = ["main"]


def main(grid: str, place: str, data: str, study: str) -> int:
    """Measure the cell; its exit code, with a line on standard error where it fails."""
    try:
        measure(cell_of(load_grid(grid), Path(study), place), data, Path(study), LogProgress())
    except PiispanError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
