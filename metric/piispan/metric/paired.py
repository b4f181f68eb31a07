"""Paired bootstrap between two systems on the same documents (P. Koehn, "Statistical Significance Tests for Machine Translation
Evaluation", EMNLP 2004)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from piispan.core.errors import DataError
from piispan.core.labels import LabelSet
from piispan.core.predictions import Prediction
from piispan.core.spans import Document
from piispan.metric.bootstrap import Interval, percentile_interval, resampled_counts
from piispan.metric.counts import Counts
from piispan.metric.counts_by_document import counts_of
from piispan.metric.ratios import SPAN_FIGURES, headline_ratios
from piispan.metric.span_table import FloatArray

__all__ = ["PairedDifference", "paired_bootstrap", "paired_differences"]


_FEWEST = 6
"""With fewer documents that differ no p is below 0.05, whatever the differences."""


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """How much the first system is above the second in one figure.

    Args:
        difference: First less second, on the documents as they are.
        interval: 95 % interval over resamples of the documents; it holds 0 where fewer than six documents differ.
        p_value: Two-sided: twice the share of resamples in which the sign is the other or there is no difference, one such added to them
            all; at most 1, and never less than flipping the signs of the documents that make a difference could give: ``2 / 2**differing``.
    """

    difference: float
    interval: Interval
    p_value: float


def paired_bootstrap(
    documents: Sequence[Document],
    first: Sequence[Prediction],
    second: Sequence[Prediction],
    labels: LabelSet,
    *,
    figure: str = "f1",
    resamples: int = 10_000,
    seed: int = 0,
) -> PairedDifference:
    """Compare two systems' ``Prediction.spans``: each resample draws documents, and scores both systems on them.

    Args:
        documents: The documents with their gold spans.
        first: One system's predictions, in any order.
        second: The other's.
        labels: The label set.
        figure: A figure of spans, such as ``f1``, ``recall`` or ``char_recall``.
        resamples: At least 1.
        seed: Seed of the draws.

    Raises:
        DataError: If ids do not match, a span lies outside its document, the figure is unknown, or there is nothing to score.
        LabelError: If a gold label is not in the label set.
    """
    found = paired_differences(documents, first, second, labels, figures=(figure,), resamples=resamples, seed=seed)
    if figure not in found:
        raise DataError(f"nothing to score for {figure!r}: no gold or predicted spans")
    return found[figure]


def paired_differences(
    documents: Sequence[Document],
    first: Sequence[Prediction],
    second: Sequence[Prediction],
    labels: LabelSet,
    *,
    figures: Sequence[str] = SPAN_FIGURES,
    resamples: int = 10_000,
    seed: int = 0,
) -> dict[str, PairedDifference]:
    """``paired_bootstrap`` of several figures over the same draws; figures in which a system has nothing to score are left out."""
    for figure in figures:
        if figure not in SPAN_FIGURES:
            raise DataError(f"figure must be one of {', '.join(SPAN_FIGURES)}, was: {figure!r}")
    if resamples < 1 or seed < 0:
        raise DataError(f"resamples must be at least 1 and seed at least 0, were: {resamples} and {seed}")
    counts = [counts_of(documents, predictions, labels) for predictions in (first, second)]
    whole = [headline_ratios(system.total()) for system in counts]
    swapped = _with_one_swapped(*counts)
    # The same seed draws the same documents for both.
    drawn = [headline_ratios(resampled_counts(system, resamples, seed)) for system in counts]
    compared = {}
    for figure in figures:
        difference = float(whole[0][figure][0] - whole[1][figure][0])
        differences = drawn[0][figure] - drawn[1][figure]
        interval = percentile_interval(differences)
        if interval is None or np.isnan(difference):
            continue
        differing = int(np.count_nonzero(swapped[figure] != whole[0][figure][0]))
        compared[figure] = _tested(difference, differences[~np.isnan(differences)], interval, differing)
    return compared


def _with_one_swapped(first: Counts, second: Counts) -> dict[str, FloatArray]:
    """The first system's figures with the second's counts for one document, for each document. Shape of each: ``(documents,)``"""
    matrix = first.to_matrix()
    return headline_ratios(first.with_matrix(matrix.sum(axis=0) + second.to_matrix() - matrix))


def _tested(difference: float, drawn: FloatArray, interval: Interval, differing: int) -> PairedDifference:
    """The difference with what the number of documents that differ can prove."""
    against = np.count_nonzero(drawn <= 0) if difference > 0 else np.count_nonzero(drawn >= 0)
    p_value = max(2 * (1 + against) / (1 + len(drawn)), 2 / 2**differing)
    if differing < _FEWEST:
        interval = min(interval[0], 0.0), max(interval[1], 0.0)
    return PairedDifference(difference, interval, min(1.0, float(p_value)))
