"""What the cells of a study found: figures over seeds, with their intervals."""

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from statistics import fmean
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from piispan.core import DataError
from piispan.metric import COUNTED, widened
from piispan.runs.study.grid import Cell, Grid
from piispan.runs.study.places import COUNTS, METRICS, config_of, is_done
from piispan.runs.study.seeds import Noise, noise_of

__all__ = ["FIGURES", "NORMAL", "Figure", "Found", "Row", "counts_behind", "drawn_means", "found_cells", "rows"]

FloatArray = npt.NDArray[np.float64]
Figure = Literal["f1", "char_recall"]
FIGURES: tuple[Figure, ...] = get_args(Figure)
NORMAL = 1.96
"""Standard deviations to the ends of a 95 % interval."""
_RESAMPLES = 10_000
_TIMES = ("seconds_per_document", "training_seconds")
_WAITED_AT_MOST = 0.05
"""The share of its time that a cell may have waited for a core, if its times are to count."""
_WAITED = f"waited more than {100 * _WAITED_AT_MOST:.0f} % of their time for cores that other work had"


@dataclass(frozen=True, slots=True)
class Found:
    """A cell that is done.

    Args:
        cell: The cell.
        config: Its ``config.json``.
        metrics: Its ``metrics.json``.
        counts: ``all`` of its ``counts.json``, summed by what is resampled: documents, or their groups where those were dealt whole,
            because documents of a group are too alike to count as so many (C. A. Field and A. H. Welsh, "Bootstrapping Clustered Data",
            Journal of the Royal Statistical Society B 69, 2007; of a few groups, intervals are too narrow even so).
            Shape: ``(documents or groups, len(COUNTED))``
    """

    cell: Cell
    config: dict[str, Any]
    metrics: dict[str, Any]
    counts: FloatArray

    def to_dict(self) -> dict[str, Any]:
        """An entry of ``study.json``: place, figures, cost, and how it was got."""
        figures = {
            name: value for name, value in self.metrics.items() if name not in ("per_label", "signature", "cost", "adapter_weights_sha256")
        }
        config = {**self.config, "settings": self.cell.chosen_settings}
        costs = {name: value for name, value in self.metrics["cost"].items() if name not in self.void}
        return {"cell": self.cell.place, **figures, "cost": costs, "config": config}

    @property
    def machine(self) -> str:
        """On what it was measured, and beside what."""
        jobs = self.config.get("jobs", 1)
        return f"{self.config['hardware']} ({self.config['dtype']}{f', up to {jobs} cells at a time' if jobs > 1 else ''})"

    @property
    def void(self) -> dict[str, str]:
        """Why costs of its ``metrics.json`` do not count, by their name: it says so itself, or other work on the machine had the cores that
        it waited for.
        """
        cost = self.metrics["cost"]
        waited = (cost.get("waited_share") or 0.0) > _WAITED_AT_MOST
        return {**(dict.fromkeys(_TIMES, _WAITED) if waited else {}), **cost.get("void", {})}

    def cost(self, name: str) -> float | None:
        """A cost that counts, in the unit of its name."""
        cost: dict[str, float | None] = self.metrics["cost"]
        return None if name in self.void else cost.get(name)

    def value(self, figure: Figure) -> float:
        """Exact F1, micro, or the share of PII characters found; 0 where there is nothing."""
        return float(_ratio(self.counts.sum(0), figure))


@dataclass(frozen=True, slots=True)
class Row:
    """A setting on a split, over its seeds.

    Args:
        setting: Its name.
        split: The split.
        found: Its cells, by seed.
        noise: How much F1 varies with the seed, on this split of its grid.
    """

    setting: str
    split: str
    found: tuple[Found, ...]
    noise: Noise = field(default=Noise(), repr=False)

    @property
    def is_seeded(self) -> bool:
        """Whether another seed would have given other figures."""
        return self.found[0].cell.is_seeded

    def by_seed(self, figure: Figure) -> dict[int, float]:
        """The figure at each seed."""
        return {one.cell.settings.seed: one.value(figure) for one in self.found}

    def mean(self, figure: str) -> float | None:
        """The mean over seeds of a figure of ``metrics.json``; ``None`` where a seed has none."""
        values: list[float] = [value for one in self.found if (value := one.metrics.get(figure)) is not None]
        return fmean(values) if len(values) == len(self.found) else None

    def cost(self, name: str) -> float | None:
        """The mean of a cost over the cells of which it is known; ``None`` where it is of none."""
        known = [cost for one in self.found if (cost := one.cost(name)) is not None]
        return fmean(known) if known else None

    def by_machine(self) -> "dict[str, Row]":
        """Its cells apart by the machine that they were measured on, whose times have no common mean."""
        machines = dict.fromkeys(one.machine for one in self.found)
        return {machine: replace(self, found=tuple(one for one in self.found if one.machine == machine)) for machine in machines}

    def interval(self) -> tuple[float, float]:
        """95 % interval of the mean of F1: the half-widths of documents or groups (bootstrap) and of seeds, in quadrature; at least as
        wide as documents or groups of which all, or none, are right can show.
        """
        mean = fmean(self.by_seed("f1").values())
        drawn = drawn_means([one.counts for one in self.found], "f1")
        half = math.hypot(NORMAL * float(drawn.std()), self.noise.half_width(len(self.found)))
        each = _ratio(np.sum([one.counts for one in self.found], axis=0), "f1", nothing=np.nan)
        low, high = widened((mean - half, mean + half), each)
        return max(0.0, low), min(1.0, high)


def found_cells(study: Path, grid: Grid, data: str | Path | None = None) -> list[Found]:
    """The cells of a grid that were measured as it says now; with ``data`` those alone that were on these documents.

    Raises:
        DataError: If one was measured by an earlier version, which did not say what is to be resampled; or cells of a split were not
            measured on the same documents.
    """
    found = [_read(study, cell) for cell in grid.cells if is_done(study, cell, data)]
    for split in {one.cell.split for one in found}:
        if len({one.config["measured_sha256"] for one in found if one.cell.split == split}) > 1:
            raise DataError(
                f"grid {grid.name}: cells of the split {split} were measured on different documents; name those that count as data"
            )
    return found


def _read(study: Path, cell: Cell) -> Found:
    metrics, counts = (json.loads((study / cell.place / name).read_text("utf-8")) for name in (METRICS, COUNTS))
    by_document = np.array([counts["all"][name] for name in COUNTED], dtype=np.float64).T
    config = config_of(study, cell)
    if "units" not in counts or "measured_of_trained_groups" not in config:
        raise DataError(f"{cell.place}: was measured by an earlier version; measure it anew with --again")
    by_unit = np.zeros((max(counts["units"]) + 1, len(COUNTED)))
    np.add.at(by_unit, counts["units"], by_document)
    return Found(cell, config, metrics, by_unit)


def rows(found: Iterable[Found]) -> list[Row]:
    """Cells that differ in their seed alone, together; in their order."""
    together = groupby(found, key=lambda one: (one.cell.setting, one.cell.split))
    done = [Row(setting, split, tuple(cells)) for (setting, split), cells in together]
    noise = {split: noise_of(_seeded(done, split)) for split in {row.split for row in done}}
    return [replace(row, noise=noise[row.split]) if row.is_seeded else row for row in done]


def _seeded(done: Iterable[Row], split: str) -> Iterable[Sequence[float]]:
    """F1 at each seed of each setting that is trained: one that measures the adapter of another is no other training."""
    return (list(row.by_seed("f1").values()) for row in done if row.split == split and row.found[0].cell.trains)


def drawn_means(counts: Sequence[FloatArray], figure: Figure) -> FloatArray:
    """The mean of a figure over seeds in each resample of documents or groups; the same draws each time.

    Args:
        counts: Of each seed; see ``Found``.
        figure: Which.
    """
    weights = _weights(len(counts[0]))
    drawn: FloatArray = np.mean([_ratio(weights @ one, figure) for one in counts], axis=0)
    return drawn


@lru_cache(maxsize=8)
def _weights(units: int) -> FloatArray:
    """How often each document or group is drawn. Shape: ``(_RESAMPLES, units)``"""
    return np.random.default_rng(0).multinomial(units, np.full(units, 1 / units), size=_RESAMPLES).astype(np.float64)


def counts_behind(counts: FloatArray, figure: Figure) -> FloatArray:
    """The counts that a figure is made of. Shape of both: ``(..., counts)``"""
    return counts[..., [COUNTED.index(name) for name in _BEHIND[figure]]]


def _ratio(sums: FloatArray, figure: Figure, nothing: float = 0.0) -> FloatArray:
    """A figure of summed counts. Shape of ``sums``: ``(..., len(COUNTED))``"""
    right, possible = _RATIOS[figure](np.moveaxis(counts_behind(sums, figure), -1, 0))
    return np.where(possible > 0, right / np.maximum(possible, 1), nothing)


_BEHIND: Mapping[Figure, tuple[str, ...]] = {
    "f1": ("exact", "gold", "predicted"),
    "char_recall": ("covered_characters", "gold_characters"),
}
_RATIOS: Mapping[Figure, Callable[[FloatArray], tuple[FloatArray, FloatArray]]] = {
    "f1": lambda counts: (2 * counts[0], counts[1] + counts[2]),
    "char_recall": lambda counts: (counts[0], counts[1]),
}
