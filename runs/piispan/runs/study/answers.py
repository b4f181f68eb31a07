"""What is known of a grid's question."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from piispan.core import DataError, FormatError
from piispan.runs.study.choosing import resolved
from piispan.runs.study.comparing import Comparison, Pair, compared, paired
from piispan.runs.study.grid import Grid
from piispan.runs.study.places import failure_of
from piispan.runs.study.results import Found, Row, found_cells, rows

__all__ = ["Answer"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the cells say that are done.

    Args:
        grid: The grid, with the cells of what was chosen.
        open_because: Why it cannot be run yet, if it cannot.
        found: Its cells that are done.
        rows: The same, setting by setting.
        comparisons: By split, where there is something to compare.
        contrasts: The grid's contrasts by what differs, split by split, where both settings are done.
        failed: Why cells failed, by their place.
    """

    grid: Grid
    open_because: str
    found: Sequence[Found]
    rows: Sequence[Row]
    comparisons: Mapping[str, Comparison]
    contrasts: Mapping[str, Sequence[Pair]]
    failed: Mapping[str, str]

    @classmethod
    def of(cls, grid: Grid, study: Path, data: str | Path | None = None) -> "Answer":
        """What the cells in ``study`` say; with ``data``, those that were measured on these documents."""
        open_because = ""
        try:
            grid = resolved(grid, study, data)
        except (DataError, FormatError) as error:
            open_because = str(error)
        found = found_cells(study, grid, data)
        done = rows(found)
        splits = list(dict.fromkeys(row.split for row in done))
        comparisons = {split: comparison for split in splits if (comparison := compared(done, split))}
        failed = {cell.place: why for cell in grid.cells if (why := failure_of(study, cell))}
        return cls(grid, open_because, found, done, comparisons, _contrasts(grid, done, splits), failed)

    @property
    def part(self) -> str:
        """What its cells are measured on."""
        return self.grid.cells[0].part

    def how_far(self) -> str:
        """How many cells are done, and the settings without one that is done, or that failed."""
        begun = {row.setting for row in self.rows}
        left = [cell for cell in self.grid.cells if cell.setting not in begun and cell.place not in self.failed]
        missing = dict.fromkeys(cell.setting for cell in left)
        not_yet = f" Not yet: {'; '.join(missing)}." if missing else ""
        return f"{len(self.found)} of {len(self.grid.cells)} cells are done, measured on {self.part}.{not_yet}"

    def documents(self) -> str:
        """How many documents, and groups, were trained and measured on, and how many texts and groups stand on both sides, by split."""
        return f"{'; '.join(self._documents_of(split) for split in dict.fromkeys(one.cell.split for one in self.found))}."

    def _documents_of(self, split: str) -> str:
        here = [one for one in self.found if one.cell.split == split]
        configs = [one.config for one in here]
        sizes = sorted({config["training_documents"] for config in configs} - {0})
        trained = f", trained on {sizes[0]}{f' to {sizes[-1]}' if len(sizes) > 1 else ''}" if sizes else ""
        measured, units = configs[0]["measured_documents"], len(here[0].counts)
        groups = f" of {units} groups" if units < measured else ""
        seen = max(config["measured_of_trained_groups"] for config in configs)
        same = max(config["measured_texts_trained_on"] for config in configs)
        both = [f"{seen} are of groups that were trained on"] if seen else []
        both += [f"{same} stand in the training word for word"] if same else []
        known = f", of which up to {' and '.join(both)}" if both else ""
        return f"`{split}`{trained}, measured on {measured} documents{groups}{known}"


def _contrasts(grid: Grid, done: Sequence[Row], splits: Sequence[str]) -> Mapping[str, Sequence[Pair]]:
    """Those between settings of which cells are done; p-values are corrected for the number of contrasts on a split."""
    pairs: list[Pair] = []
    for split in splits:
        here = {row.setting: row for row in done if row.split == split}
        asked = [(here[first], here[second]) for first, second in grid.contrasts.values() if {first, second} <= here.keys()]
        pairs += paired(asked, list(here.values()))
    return {
        words: [pair for pair in pairs if (pair.first.setting, pair.second.setting) == settings]
        for words, settings in grid.contrasts.items()
    }
