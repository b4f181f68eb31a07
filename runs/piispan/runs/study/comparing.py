"""Rows of a study beside each other: paired differences, and what is highest."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from statistics import fmean
from typing import Any, Literal

import numpy as np

from piispan.runs.study.results import FIGURES, NORMAL, Figure, Found, Row, counts_behind, drawn_means
from piispan.runs.study.seeds import Noise, noise_beside, noise_of

__all__ = ["Comparison", "Difference", "Pair", "compared", "corrected", "difference", "highest", "paired"]


@dataclass(frozen=True, slots=True)
class Difference:
    """How much a figure of one row is above that of another.

    Args:
        value: The mean over the seeds that both have.
        interval: 95 % interval: the half-widths of documents or groups (paired bootstrap) and of seeds, in quadrature. With one seed, and
            none of others to tell its noise from, it knows documents or groups alone.
        p_value: Two-sided, of a paired bootstrap over documents, or groups, at these seeds: what other seeds would give, it does not
            know. Never less than flipping the signs of those that differ could give.
        seeds: How many seeds both have.
    """

    value: float
    interval: tuple[float, float]
    p_value: float
    seeds: int

    @property
    def shown(self) -> Literal["higher", "lower"] | None:
        """What other documents would likely show too, and, where there are several, other seeds; ``None`` where neither is shown."""
        low, high = self.interval
        if self.p_value >= 0.05 or low <= 0 <= high:
            return None
        return "higher" if low > 0 else "lower"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two settings on a split, measured on the same documents.

    Args:
        first: The one.
        second: The other.
        differences: By figure, how much the first is above the second; p-values are corrected for the number of pairs.
    """

    first: Row
    second: Row
    differences: Mapping[Figure, Difference]

    def to_dict(self) -> dict[str, Any]:
        """The differences as JSON."""
        return {figure: asdict(difference) for figure, difference in self.differences.items()}


@dataclass(frozen=True, slots=True)
class Comparison:
    """The settings of a grid on one split.

    Args:
        best: The highest, by the very figures that are compared.
        others: The others, with how much the highest is above each; p-values are corrected for their number.
    """

    best: Row
    others: tuple[tuple[Row, Difference], ...]


def difference(first: Row, second: Row, figure: Figure = "f1", *, peers: Sequence[Row] = ()) -> Difference | None:
    """How much the first is above the second; ``None`` where they share no seed, or were not measured on the same documents.

    Args:
        first: The one.
        second: The other. What has no seed, measured once, is compared with every seed of the other.
        figure: Which.
        peers: Rows of the same split, to tell from them too how much the figure varies with the seed; it is taken to vary no less than
            that of these two does.
    """
    pairs = _paired(first, second)
    if not pairs or any(one.config["measured_sha256"] != other.config["measured_sha256"] for one, other in pairs):
        return None
    ours, theirs = [one.counts for one, _ in pairs], [other.counts for _, other in pairs]
    value = fmean(one.value(figure) - other.value(figure) for one, other in pairs)
    drawn = drawn_means(ours, figure) - drawn_means(theirs, figure)
    half = math.hypot(NORMAL * float(drawn.std()), _half_width_of_seeds(first, second, figure, peers, len(pairs)))
    interval = max(value - half, -1.0), min(value + half, 1.0)
    changed = counts_behind(np.stack(ours), figure) != counts_behind(np.stack(theirs), figure)
    differing = int(np.count_nonzero(changed.any(axis=(0, 2))))
    against = int(np.count_nonzero(drawn <= 0 if value > 0 else drawn >= 0))
    p_value = min(1.0, max(2 * (1 + against) / (1 + len(drawn)), 2 / 2 ** min(differing, 60)))
    return Difference(value, interval, p_value, len(pairs))


def _paired(first: Row, second: Row) -> list[tuple[Found, Found]]:
    """The cells of both at the same seed."""
    ours, theirs = ({one.cell.settings.seed: one for one in row.found} for row in (first, second))
    if not first.is_seeded:
        ours = dict.fromkeys(theirs, first.found[0])
    elif not second.is_seeded:
        theirs = dict.fromkeys(ours, second.found[0])
    return [(one, theirs[seed]) for seed, one in ours.items() if seed in theirs]


def _half_width_of_seeds(first: Row, second: Row, figure: Figure, peers: Sequence[Row], seeds: int) -> float:
    others = [row for row in peers if row.found[0].cell.trains]
    known = [row.by_seed(figure) for row in {id(row): row for row in (first, second, *others)}.values() if row.is_seeded]
    both = first.is_seeded and second.is_seeded
    noise = noise_beside(known) if both else Noise()
    if noise.freedom:  # peers that vary less are no proof that these do
        own = noise_beside([first.by_seed(figure), second.by_seed(figure)])
        noise = replace(noise, variance=max(noise.variance, own.variance))
    else:  # one has no seed, or both share one: as if the two varied apart
        noise = noise_of([list(by_seed.values()) for by_seed in known])
    return noise.half_width(seeds / 2 if both else seeds)


def highest(done: Iterable[Row]) -> str:
    """The setting with the highest F1, the mean over its splits; of equals, the first."""
    by_setting: dict[str, list[float]] = {}
    for row in done:
        by_setting.setdefault(row.setting, []).append(row.mean("f1") or 0.0)
    return max(by_setting, key=lambda setting: fmean(by_setting[setting]))


def compared(done: Iterable[Row], split: str) -> Comparison | None:
    """The settings on a split, the highest against each other; ``None`` where there are fewer than two to compare."""
    here = [row for row in done if row.split == split]
    if not here:
        return None
    best = max(here, key=lambda row: row.mean("f1") or 0.0)
    pairs = [(row, found) for row in here if row is not best and (found := difference(best, row, peers=here))]
    others = zip(pairs, corrected([found for _, found in pairs]), strict=True)
    return Comparison(best, tuple((row, found) for (row, _), found in others)) if pairs else None


def paired(rows: Iterable[tuple[Row, Row]], peers: Sequence[Row] = ()) -> list[Pair]:
    """Those of a split that can be compared, with their differences.

    Args:
        rows: The first and the second of each pair.
        peers: See ``difference``.
    """
    found = [(pair, {figure: one for figure in FIGURES if (one := difference(*pair, figure, peers=peers))}) for pair in rows]
    known = [(pair, differences) for pair, differences in found if differences]
    raised = {figure: corrected([differences[figure] for _, differences in known]) for figure in FIGURES}
    return [Pair(*pair, {figure: raised[figure][place] for figure in FIGURES}) for place, (pair, _) in enumerate(known)]


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
