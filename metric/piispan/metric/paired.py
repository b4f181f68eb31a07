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
from piispan.metric.counts import Counts, count
from piispan.metric.leak import measure_coverage
from piispan.metric.matching import match_spans
from piispan.metric.pairing import check_gold_labels, check_offsets, in_document_order
from piispan.metric.ratios import INTERVAL_NAMES, headline_ratios
from piispan.metric.span_table import lay_out

__all__ = ["PairedDifference", "paired_bootstrap"]


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """How much the first system is above the second in one figure.

    Args:
        difference: First less second, on the documents as they are.
        interval: 95 % interval over resamples of the documents.
        p_value: Two-sided: twice the share of resamples in which the sign is the other or there is no difference, at most 1.
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
        figure: A figure that has an interval, such as ``f1``, ``recall`` or ``char_recall``.
        resamples: At least 1.
        seed: Seed of the draws.

    Raises:
        DataError: If ids do not match, a span lies outside its document, the figure is unknown, or there is nothing to score.
        LabelError: If a gold label is not in the label set.
    """
    known = [name for name in INTERVAL_NAMES if name != "hallucination_rate"]
    if figure not in known:
        raise DataError(f"figure must be one of {', '.join(known)}, was: {figure!r}")
    if resamples < 1 or seed < 0:
        raise DataError(f"resamples must be at least 1 and seed at least 0, were: {resamples} and {seed}")
    check_gold_labels(documents, labels)
    counts = [_counts(documents, predictions, labels) for predictions in (first, second)]
    whole = [headline_ratios(system.total())[figure][0] for system in counts]
    # The same seed draws the same documents for both.
    drawn = [headline_ratios(resampled_counts(system, resamples, seed))[figure] for system in counts]
    differences = drawn[0] - drawn[1]
    interval = percentile_interval(differences)
    if interval is None or np.isnan(whole).any():
        raise DataError(f"nothing to score for {figure!r}: no gold or predicted spans")
    difference = float(whole[0] - whole[1])
    settled = differences[~np.isnan(differences)]
    against = np.mean(settled <= 0) if difference > 0 else np.mean(settled >= 0)
    return PairedDifference(difference, interval, min(1.0, 2 * float(against)))


def _counts(documents: Sequence[Document], predictions: Sequence[Prediction], labels: LabelSet) -> Counts:
    predicted = [prediction.spans for prediction in in_document_order(documents, predictions)]
    check_offsets(documents, predicted)
    gold_table, predicted_table = lay_out([document.spans for document in documents], predicted, labels.names)
    return count(gold_table, predicted_table, match_spans(gold_table, predicted_table), measure_coverage(gold_table, predicted_table), None)
