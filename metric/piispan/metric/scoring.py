"""Scoring: documents and predictions in, ``Scores`` out."""

from collections.abc import Collection, Sequence

import numpy as np

from piispan.core.errors import DataError
from piispan.core.formats.base import OutputFormat, Parsed
from piispan.core.labels import LabelSet
from piispan.core.predictions import Prediction
from piispan.core.spans import Document
from piispan.metric.pairing import check_gold_labels, check_offsets, in_document_order
from piispan.metric.scores import Scores
from piispan.metric.span_scoring import score_spans
from piispan.metric.span_table import BoolArray

__all__ = ["score"]


def score(
    documents: Sequence[Document],
    predictions: Sequence[Prediction],
    labels: LabelSet,
    *,
    format: OutputFormat | None = None,  # noqa: A002 - the name it has on the command line and in piispan.json
    resamples: int = 1000,
    seed: int = 0,
    seen_values: Collection[str] | None = None,
) -> Scores:
    """Score predictions against the gold spans of their documents.

    With ``format`` and raw outputs, the outputs are parsed again: the strict spans of the parse are scored (not
    ``Prediction.spans``), ``f1_recovered`` comes from the repaired ones, and the hallucination rates from the mentions.
    Without either, ``Prediction.spans`` are scored, and ``f1_recovered`` and the hallucination rates are ``None``.

    A predicted label that is not in the label set is a wrong prediction in the micro scores and in no label's own.

    Args:
        documents: The documents with their gold spans.
        predictions: One for each document, in any order.
        labels: The label set; its hash is in the signature.
        format: The output format of the raw outputs.
        resamples: Bootstrap resamples; 0 leaves every interval ``None``.
        seed: Seed of the bootstrap.
        seen_values: Entity values that training saw; they are compared whole, case folded.

    Raises:
        DataError: If an id occurs twice, the ids of the two do not match, a predicted span lies outside its document,
            only some predictions have a raw output while ``format`` is given, or ``resamples`` is negative.
        LabelError: If a gold label is not in the label set.
    """
    if isinstance(seen_values, str):
        raise DataError("seen_values must be a collection of strings, was: one string")
    ordered = in_document_order(documents, predictions)
    check_gold_labels(documents, labels)
    parsed = None if format is None else _parse(documents, ordered, labels, format)
    predicted = [prediction.spans for prediction in ordered] if parsed is None else [output.spans for output in parsed]
    check_offsets(documents, predicted)
    return score_spans(
        [document.spans for document in documents],
        predicted,
        labels.names,
        labels_hash=labels.hash,
        parsed=parsed,
        output_tokens=[prediction.output_tokens for prediction in ordered],
        seen=None if seen_values is None else _seen_mask(documents, seen_values),
        resamples=resamples,
        seed=seed,
    )


def _parse(documents: Sequence[Document], predictions: Sequence[Prediction], labels: LabelSet, output: OutputFormat) -> list[Parsed] | None:
    """The raw outputs, read; ``None`` when there are none."""
    silent = [prediction.id for prediction in predictions if prediction.output is None]
    if len(silent) == len(predictions):
        return None
    if silent:
        raise DataError(
            f"{len(silent)} of {len(predictions)} predictions have no raw output (first: {silent[0]!r}); "
            "with a format give all of them or none, or leave the format out to score the spans"
        )
    pairs = zip(documents, predictions, strict=True)
    return [output.parse(prediction.output or "", document.text, labels) for document, prediction in pairs]


def _seen_mask(documents: Sequence[Document], values: Collection[str]) -> BoolArray:
    known = {value.casefold() for value in values}
    mask = [document.value(span).casefold() in known for document in documents for span in document.spans]
    return np.array(mask, dtype=np.bool_)
