"""What the cells of a study found: figures over seeds, with intervals and paired tests."""

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import numpy as np
import numpy.typing as npt

from piispan.core import DataError
from piispan.metric import COUNTED
from piispan.runs.study.grid import Cell, Grid
from piispan.runs.study.places import COUNTS, METRICS, config_of, is_done

__all__ = ["Comparison", "Difference", "Found", "Row", "compared", "corrected", "difference", "found_cells", "rows"]

_Array = npt.NDArray[np.float64]
_RESAMPLES = 2000
_T = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262)
"""Student's t at 97.5 %, by degrees of freedom from 1."""
_NORMAL = 1.96


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
    counts: _Array

    def to_dict(self) -> dict[str, Any]:
        """An entry of ``study.json``: place, figures, cost, and how it was got."""
        figures = {
            name: value for name, value in self.metrics.items() if name not in ("per_label", "signature", "cost", "adapter_weights_sha256")
        }
        return {"cell": self.cell.place, **figures, "cost": self.metrics["cost"], "config": self.config}

    @property
    def machine(self) -> str:
        """On what it was measured, and beside what."""
        jobs = self.config.get("jobs", 1)
        return f"{self.config['hardware']} ({self.config['dtype']}{f', up to {jobs} cells at a time' if jobs > 1 else ''})"

    @property
    def f1(self) -> float:
        """Exact F1, micro; 0 where nothing was found."""
        return float(_f1(self.counts.sum(0)))


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

    def by_machine(self) -> "dict[str, Row]":
        """Its cells apart by the machine that they were measured on, whose times have no common mean."""
        machines = dict.fromkeys(one.machine for one in self.found)
        return {machine: replace(self, found=tuple(one for one in self.found if one.machine == machine)) for machine in machines}

    def interval(self) -> tuple[float, float]:
        """95 % interval of the mean of F1, see ``_interval``; with one seed it knows documents or groups alone."""
        low, high = _interval([one.f1 for one in self.found], _drawn([one.counts for one in self.found]))
        return max(low, 0.0), min(high, 1.0)

    def spread(self) -> float | None:
        """Standard deviation of F1 over seeds; ``None`` for one seed."""
        return stdev([one.f1 for one in self.found]) if len(self.found) > 1 else None


@dataclass(frozen=True, slots=True)
class Difference:
    """How much F1 of one row is above that of another.

    Args:
        value: The mean over the seeds that both have.
        interval: 95 % interval, see ``_interval``.
        p_value: Two-sided, of a paired bootstrap over documents, or groups, at these seeds: what other seeds would give, it does not
            know. Never less than flipping the signs of those that differ could give.
        seeds: How many seeds both have.
    """

    value: float
    interval: tuple[float, float]
    p_value: float
    seeds: int

    @property
    def is_clear(self) -> bool:
        """Whether other documents would likely show it too, and, where there are several, other seeds."""
        return self.p_value < 0.05 and self.interval[0] > 0


@dataclass(frozen=True, slots=True)
class Comparison:
    """The settings of a grid on one split.

    Args:
        best: The highest, by the very figures that are compared.
        others: The others, with how much the highest is above each; p-values are corrected for their number.
    """

    best: Row
    others: tuple[tuple[Row, Difference], ...]


def found_cells(study: Path, grid: Grid) -> list[Found]:
    """The cells of a grid that were measured as it says now.

    Raises:
        DataError: If one was measured by an earlier version, which did not say what is to be resampled.
    """
    return [_read(study, cell) for cell in grid.cells if is_done(study, cell)]


def _read(study: Path, cell: Cell) -> Found:
    metrics, counts = (json.loads((study / cell.place / name).read_text("utf-8")) for name in (METRICS, COUNTS))
    by_document = np.array([counts["all"][name] for name in COUNTED], dtype=np.float64).T
    if "units" not in counts:
        raise DataError(f"{cell.place}: was measured by an earlier version; measure it anew with --again")
    by_unit = np.zeros((max(counts["units"]) + 1, len(COUNTED)))
    np.add.at(by_unit, counts["units"], by_document)
    return Found(cell, config_of(study, cell), metrics, by_unit)


def rows(found: Iterable[Found]) -> list[Row]:
    """Cells that differ in their seed alone, together; in their order."""
    together = groupby(found, key=lambda one: (one.cell.setting, one.cell.split))
    return [Row(setting, split, tuple(cells)) for (setting, split), cells in together]


def difference(first: Row, second: Row) -> Difference | None:
    """How much the first is above the second; ``None`` where they share no seed, or were not measured on the same documents.

    A system without seeds, measured once, is compared with every seed of the other.
    """
    others = {one.cell.settings.seed: one for one in second.found}
    once = second.found[0] if not second.found[0].cell.trains and len(second.found) == 1 else None
    pairs = [(one, other) for one in first.found if (other := once or others.get(one.cell.settings.seed))]
    if not pairs or any(one.config["measured_sha256"] != other.config["measured_sha256"] for one, other in pairs):
        return None
    ours, theirs = [one.counts for one, _ in pairs], [other.counts for _, other in pairs]
    values = [one.f1 - other.f1 for one, other in pairs]
    drawn = _drawn(ours) - _drawn(theirs)
    differing = int(np.count_nonzero((np.stack(ours) != np.stack(theirs)).any(axis=(0, 2))))
    value = fmean(values)
    against = int(np.count_nonzero(drawn <= 0 if value > 0 else drawn >= 0))
    p_value = min(1.0, max(2 * (1 + against) / (1 + len(drawn)), 2 / 2 ** min(differing, 60)))
    return Difference(value, _interval(values, drawn), p_value, len(pairs))


def compared(done: Iterable[Row], split: str) -> Comparison | None:
    """The settings on a split, the highest against each other; ``None`` where there are fewer than two to compare."""
    here = [row for row in done if row.split == split]
    if not here:
        return None
    best = max(here, key=lambda row: row.mean("f1") or 0.0)
    pairs = [(row, found) for row in here if row is not best and (found := difference(best, row))]
    others = zip(pairs, corrected([found for _, found in pairs]), strict=True)
    return Comparison(best, tuple((row, found) for (row, _), found in others)) if pairs else None


def corrected(differences: Sequence[Difference]) -> list[Difference]:
    """The differences with their p-values raised for their number (S. Holm, "A Simple Sequentially Rejective Multiple Test Procedure",
    Scandinavian Journal of Statistics 6, 1979).
    """
    order = sorted(range(len(differences)), key=lambda place: differences[place].p_value)
    raised, least = list(differences), 0.0
    for rank, place in enumerate(order):
        least = max(least, min(1.0, (len(order) - rank) * differences[place].p_value))
        raised[place] = replace(differences[place], p_value=least)
    return raised


def _interval(values: Sequence[float], drawn: _Array) -> tuple[float, float]:
    """95 % interval of a mean over seeds: the half-widths of documents or groups (bootstrap) and of seeds (Student's t), at right angles.

    Args:
        values: The figure at each seed.
        drawn: Its mean over the seeds, in each resample. Shape: ``(_RESAMPLES,)``
    """
    resampled, seeds = _NORMAL * float(drawn.std()), 0.0
    if len(values) > 1:
        freedom = len(values) - 1
        seeds = (_T[freedom - 1] if freedom <= len(_T) else _NORMAL) * stdev(values) / math.sqrt(len(values))
    half = math.hypot(resampled, seeds)
    return fmean(values) - half, fmean(values) + half


def _drawn(counts: Sequence[_Array]) -> _Array:
    """The mean F1 over seeds in each resample of documents or groups; the same draws each time. Shape: ``(_RESAMPLES,)``"""
    units = len(counts[0])
    weights = np.random.default_rng(0).multinomial(units, np.full(units, 1 / units), size=_RESAMPLES).astype(np.float64)
    drawn: _Array = np.mean([_f1(weights @ one) for one in counts], axis=0)
    return drawn


def _f1(sums: _Array) -> _Array:
    """Exact F1 of summed counts; 0 where there is nothing. Shape of ``sums``: ``(..., len(COUNTED))``"""
    exact, gold, predicted = (sums[..., COUNTED.index(name)] for name in ("exact", "gold", "predicted"))
    return np.asarray(2 * exact / np.maximum(gold + predicted, 1))
