"""What the cells of a study found: figures over seeds, with intervals and paired tests."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import numpy.typing as npt

from piispan.metric import COUNTED
from piispan.runs.study.grid import Cell, Grid
from piispan.runs.study.measuring import CONFIG, COUNTS, METRICS

__all__ = ["Difference", "Found", "Row", "difference", "found_cells", "rows"]

_Array = npt.NDArray[np.float64]
_RESAMPLES = 2000
_FIGURES = ("f1", "char_recall")


@dataclass(frozen=True, slots=True)
class Found:
    """A cell that is done.

    Args:
        cell: The cell.
        config: Its ``config.json``.
        metrics: Its ``metrics.json``.
        counts: Its ``counts.json``. Shape: ``(documents, len(COUNTED))``
    """

    cell: Cell
    config: dict[str, Any]
    metrics: dict[str, Any]
    counts: _Array

    def to_dict(self) -> dict[str, Any]:
        """A line of ``study.json``: figures, cost, and how it was got."""
        left_out = ("per_label", "intervals", "signature", "cost")
        figures = {name: value for name, value in self.metrics.items() if name not in left_out}
        return {"cell": self.cell.place, **self.config, **figures, "cost": self.metrics["cost"], "intervals": self.metrics["intervals"]}


@dataclass(frozen=True, slots=True)
class Row:
    """A setting on a split, over its seeds.

    Args:
        setting: Its name.
        split: The split.
        found: Its cells, by seed.
    """

    setting: str
    split: str
    found: tuple[Found, ...]

    def mean(self, figure: str) -> float | None:
        """The mean over seeds of a figure of ``metrics.json``, or of its cost; ``None`` where a seed has none."""
        values = [one.metrics.get(figure, one.metrics["cost"].get(figure)) for one in self.found]
        return None if not values or any(value is None for value in values) else fmean(values)

    def interval(self, figure: str) -> tuple[float, float]:
        """95 % interval of the mean over seeds of ``f1`` or ``char_recall``: resamples of the seeds and of the documents."""
        drawn = _drawn([one.counts for one in self.found], figure)
        low, high = np.quantile(drawn, [0.025, 0.975])
        return float(low), float(high)


@dataclass(frozen=True, slots=True)
class Difference:
    """How much one row is above another: the mean over the seeds that both have.

    Args:
        value: The difference.
        interval: 95 % interval, over resamples of seeds and documents.
        p_value: Two-sided: twice the share of resamples of the other sign, one added.
        seeds: How many seeds both have.
    """

    value: float
    interval: tuple[float, float]
    p_value: float
    seeds: int


def found_cells(study: Path, grid: Grid) -> list[Found]:
    """The cells of a grid that are done."""
    return [_read(study, cell) for cell in grid.cells if (study / cell.place / METRICS).is_file()]


def _read(study: Path, cell: Cell) -> Found:
    config, metrics, counts = (json.loads((study / cell.place / name).read_text("utf-8")) for name in (CONFIG, METRICS, COUNTS))
    return Found(cell, config, metrics, np.array([counts[name] for name in COUNTED], dtype=np.float64).T)


def rows(found: Iterable[Found]) -> list[Row]:
    """Cells that differ in their seed alone, together; in their order."""
    together = groupby(found, key=lambda one: (one.cell.setting, one.cell.split))
    return [Row(setting, split, tuple(cells)) for (setting, split), cells in together]


def difference(first: Row, second: Row, figure: str = "f1") -> Difference | None:
    """How much the first is above the second in ``f1`` or ``char_recall``; ``None`` where they share no seed, or no documents."""
    others = {one.cell.settings.seed: one for one in second.found}
    pairs = [(one, others[one.cell.settings.seed]) for one in first.found if one.cell.settings.seed in others]
    if not pairs or any(one.counts.shape != other.counts.shape for one, other in pairs):
        return None
    drawn = _drawn([one.counts for one, _ in pairs], figure) - _drawn([other.counts for _, other in pairs], figure)
    value = fmean(float(_ratio(one.counts.sum(0), figure)) - float(_ratio(other.counts.sum(0), figure)) for one, other in pairs)
    against = np.count_nonzero(drawn <= 0) if value > 0 else np.count_nonzero(drawn >= 0)
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Difference(value, (float(low), float(high)), min(1.0, 2 * (1 + int(against)) / (1 + len(drawn))), len(pairs))


def _drawn(counts: Sequence[_Array], figure: str) -> _Array:
    """The mean over seeds of a figure, in each resample; the same draws each time. Shape: ``(_RESAMPLES,)``"""
    generator = np.random.default_rng(0)
    documents = len(counts[0])
    weights = generator.multinomial(documents, np.full(documents, 1 / documents), size=_RESAMPLES).astype(np.float64)
    by_seed = np.stack([_ratio(weights @ one, figure) for one in counts])
    picks = generator.integers(len(counts), size=(_RESAMPLES, len(counts)))
    drawn: _Array = by_seed[picks, np.arange(_RESAMPLES)[:, None]].mean(axis=1)
    return drawn


def _ratio(sums: _Array, figure: str) -> _Array:
    """A figure of summed counts. Shape of ``sums``: ``(..., len(COUNTED))``"""
    if figure not in _FIGURES:
        raise ValueError(f"figure must be one of {', '.join(_FIGURES)}, was: {figure!r}")
    column = {name: sums[..., place] for place, name in enumerate(COUNTED)}
    if figure == "char_recall":
        return np.asarray(column["covered_characters"] / np.maximum(column["gold_characters"], 1))
    return np.asarray(2 * column["exact"] / np.maximum(column["gold"] + column["predicted"], 1))
