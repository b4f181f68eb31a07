"""The counts of each document, small enough to keep when the documents may not be."""

from collections.abc import Sequence

from piispan.core.labels import LabelSet
from piispan.core.predictions import Prediction
from piispan.core.spans import Document
from piispan.metric.counts import Counts, count
from piispan.metric.leak import measure_coverage
from piispan.metric.matching import match_spans
from piispan.metric.pairing import check_gold_labels, check_offsets, in_document_order
from piispan.metric.span_table import lay_out

__all__ = ["COUNTED", "counts_of", "document_counts"]

COUNTED = ("exact", "gold", "predicted", "covered_characters", "gold_characters", "leaked")
"""What ``document_counts`` counts; see ``Counts``."""


def counts_of(documents: Sequence[Document], predictions: Sequence[Prediction], labels: LabelSet) -> Counts:
    """The counts of ``Prediction.spans``, a row for each document.

    Raises:
        DataError: If ids do not match, or a span lies outside its document.
        LabelError: If a gold label is not in the label set.
    """
    check_gold_labels(documents, labels)
    predicted = [prediction.spans for prediction in in_document_order(documents, predictions)]
    check_offsets(documents, predicted)
    gold_table, predicted_table = lay_out([document.spans for document in documents], predicted, labels.names)
    return count(gold_table, predicted_table, match_spans(gold_table, predicted_table), measure_coverage(gold_table, predicted_table))


def document_counts(documents: Sequence[Document], predictions: Sequence[Prediction], labels: LabelSet) -> dict[str, list[int]]:
    """What ``COUNTED`` names, over all labels, a number for each document in their order: no text, no value, no offset.

    Their sums give exact micro precision, recall and F1, character recall and the share of leaked documents, and so do those of any
    resample of the documents.

    Raises:
        DataError: If ids do not match, or a span lies outside its document.
        LabelError: If a gold label is not in the label set.
    """
    counts = counts_of(documents, predictions, labels)
    return {name: [int(number) for number in getattr(counts, name).sum(axis=1)] for name in COUNTED}
