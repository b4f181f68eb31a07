"""The setting that a grid on validation chooses."""

from pathlib import Path

from piispan.core import DataError, FormatError
from piispan.runs.study.comparing import highest
from piispan.runs.study.grid import Grid
from piispan.runs.study.grid_files import load_grid
from piispan.runs.study.results import found_cells, rows

__all__ = ["check_choice", "resolved"]


def check_choice(grid: Grid) -> None:
    """Check before the long work that whatever a grid may choose can be fitted again, if it asks for that.

    Raises:
        FormatError: If a setting to choose from cannot: its early stopping watches the validation documents, or it is a trial of how many
            documents are enough.
    """
    if grid.chosen_from is None or not grid.refit:
        return
    for cell in load_grid(grid.chosen_from).cells:
        if cell.settings.early_stopping_patience or cell.documents:
            raise FormatError(
                f"grid {grid.name}: refit trains on all training and validation documents, which goes with neither early stopping nor "
                f"a number of documents, as {cell.setting!r} asks for"
            )


def resolved(grid: Grid, study: Path, data: str | Path | None = None) -> Grid:
    """The grid itself; or, of one that is chosen, with its cells: the setting with the highest F1 on validation, the mean over the splits.

    Args:
        grid: The grid.
        study: Folder of the study.
        data: Choose by what was measured on these documents alone; without it, by whatever was.

    Raises:
        DataError: If a cell of the grid to choose from is not done, or was not measured on validation.
        FormatError: If a split is missing there, or the best setting measures the adapter of another.
    """
    if grid.chosen_from is None:
        return grid
    trials = load_grid(grid.chosen_from)
    found = found_cells(study, trials, data)
    if len(found) < len(trials.cells):
        missing = len(trials.cells) - len(found)
        raise DataError(f"grid {grid.name}: chosen from {trials.name}, of which {missing} of {len(trials.cells)} cells are not done yet")
    if any(cell.part != "validation" for cell in trials.cells):
        raise DataError(f"grid {grid.name}: chosen from {trials.name}, which is not measured on validation")
    best = highest(rows(found))
    of_split = {cell.split: cell for cell in trials.cells if cell.setting == best}  # of any seed: the grid brings its own
    return grid.with_chosen(list(of_split.values()))
