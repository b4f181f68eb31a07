"""Percentile bootstrap over documents (B. Efron and R. Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13).

A resample draws as many documents as there are, with replacement: a weight for each document, multinomial in all. Its
counts are the weights times the count matrix, so a thousand resamples are a few matrix products. Counts are whole
numbers, so the sums are exact and the same seed gives the same interval on every machine, whatever the threads.

Resampling cannot see what more documents would show: ten documents without a leak do not prove a rate of 0. So no interval ends nearer to
1 than the exact one of a binomial share does over the documents that are right in part at least, if all were right; nor nearer to 0 than it
does over those that are wrong in part at least (C. Clopper and E. Pearson, "The use of confidence or fiducial limits", Biometrika 26,
1934). An error more never makes an interval better.
"""

from collections.abc import Iterator

import numpy as np

from piispan.metric.counts import Counts
from piispan.metric.ratios import headline_ratios, label_ratios
from piispan.metric.span_table import FloatArray

__all__ = ["CONFIDENCE", "Interval", "bootstrap_intervals", "exact_floor", "percentile_interval", "resampled_counts", "widened"]

Interval = tuple[float, float]
"""Lower and upper end, both inclusive."""

CONFIDENCE = 0.95

_WEIGHTS_AT_ONCE = 2**21


def bootstrap_intervals(counts: Counts, resamples: int, seed: int) -> tuple[dict[str, Interval | None], list[dict[str, Interval | None]]]:
    """95 % intervals of the headline ratios by name, and for each label those of its ratios (see ``label_ratios``).

    A resample without anything to score for a ratio (no gold span of a rare label, say) is left out of that ratio's
    interval. The interval is ``None`` where no resample has anything, and with ``resamples=0``.

    Args:
        counts: A row for each document.
        resamples: Number of resamples, 0 or more.
        seed: Seed of the draws.
    """
    sums = resampled_counts(counts, resamples, seed)
    ratios, alone = headline_ratios(sums), headline_ratios(counts)
    by_label, alone_by_label = label_ratios(sums), label_ratios(counts)
    return (
        {name: _interval(values, alone[name]) for name, values in ratios.items()},
        [
            {name: _interval(values[:, column], alone_by_label[name][:, column]) for name, values in by_label.items()}
            for column in range(counts.gold.shape[1] - 1)
        ],
    )


def resampled_counts(counts: Counts, resamples: int, seed: int) -> Counts:
    """The summed counts of each resample: a row for each."""
    matrix = counts.to_matrix()
    if not len(matrix):
        return counts
    generator = np.random.default_rng(seed)
    blocks = [weights @ matrix for weights in _weights(generator, resamples, len(matrix))]
    return counts.with_matrix(np.vstack(blocks) if blocks else matrix[:0])


def _weights(generator: np.random.Generator, resamples: int, documents: int) -> Iterator[FloatArray]:
    """How often each document is drawn, in blocks of at most 16 MB. Shape: ``(resamples of the block, documents)``"""
    size = max(1, _WEIGHTS_AT_ONCE // documents)
    for begin in range(0, resamples, size):
        block = np.empty((min(size, resamples - begin), documents))
        for row in block:
            row[:] = np.bincount(generator.integers(documents, size=documents), minlength=documents)
        yield block


def _interval(values: FloatArray, alone: FloatArray) -> Interval | None:
    """The percentile interval of ``values``, the ratio of each resample, ``widened``. Shape: ``(resamples,)``"""
    ends = percentile_interval(values)
    return None if ends is None else widened(ends, alone)


def widened(ends: Interval, alone: FloatArray) -> Interval:
    """An interval of a ratio, widened to what the number of documents can prove.

    Args:
        ends: The interval.
        alone: The ratio of each document, NaN where it has nothing to score. Shape: ``(documents,)``
    """
    right, wrong = int(np.count_nonzero(alone > 0)), int(np.count_nonzero(alone < 1))
    return min(ends[0], exact_floor(right)), max(ends[1], 1 - exact_floor(wrong))


def exact_floor(documents: int) -> float:
    """Where the exact 95 % interval of a share begins if all of so many documents are right (Clopper and Pearson, above); 0 for none."""
    return float(((1 - CONFIDENCE) / 2) ** (1 / documents)) if documents else 0.0


def percentile_interval(values: FloatArray) -> Interval | None:
    """The middle 95 % of ``values``, NaN left out; ``None`` when nothing is left. Shape of ``values``: ``(resamples,)``"""
    known = values[~np.isnan(values)]
    if not len(known):
        return None
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(known, [tail, 1 - tail])
    return float(low), float(high)
