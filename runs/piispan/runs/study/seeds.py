"""How much a figure varies with the seed: told from all settings of a split together, because a few seeds of one tell little."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import variance

import numpy as np

__all__ = ["Noise", "noise_beside", "noise_of"]


@dataclass(frozen=True, slots=True)
class Noise:
    """The variance of a figure over seeds, supposed to be the same for each setting.

    Args:
        variance: Of one measurement.
        freedom: The degrees of freedom that it was told from; 0 where nothing is known of it.
    """

    variance: float = 0.0
    freedom: int = 0

    def half_width(self, seeds: float) -> float:
        """Of the 95 % interval of a mean over so many seeds, by Student's t; 0 where nothing is known."""
        if not self.freedom:
            return 0.0
        from scipy.stats import t

        return float(t.ppf(0.975, self.freedom)) * math.sqrt(self.variance / seeds)


def noise_of(settings: Iterable[Sequence[float]]) -> Noise:
    """Of a setting's own figure, pooled over settings.

    Args:
        settings: For each setting its figure at each seed.
    """
    several = [values for values in settings if len(values) > 1]
    freedom = sum(len(values) - 1 for values in several)
    return Noise(sum((len(values) - 1) * variance(values) for values in several) / freedom, freedom) if freedom else Noise()


def noise_beside(settings: Sequence[Mapping[int, float]]) -> Noise:
    """Of a setting's figure beside those of others at the same seed: what is left when each setting and each seed has its own effect
    (randomised blocks; R. A. Fisher, "The Design of Experiments", 1935). A difference of two settings at one seed varies twice as much.

    Args:
        settings: For each setting its figure by seed.
    """
    measured = [(place, seed, value) for place, by_seed in enumerate(settings) for seed, value in by_seed.items()]
    seeds = sorted({seed for _, seed, _ in measured})
    design = np.zeros((len(measured), len(settings) + len(seeds)))
    for row, (place, seed, _) in enumerate(measured):
        design[row, [place, len(settings) + seeds.index(seed)]] = 1
    values = np.array([value for _, _, value in measured])
    effects, _, rank, _ = np.linalg.lstsq(design, values, rcond=None)
    freedom = len(measured) - int(rank)
    return Noise(float(np.square(values - design @ effects).sum()) / freedom, freedom) if freedom else Noise()
