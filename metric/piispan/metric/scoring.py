"""Scoring: documents and predictions in, ``Scores`` out."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import get_args

import numpy as np

from piispan.core.errors import DataError
from piispan.core.formats import get_format
from piispan.core.formats.base import OutputFormat, Parsed
from piispan.core.labels import LabelSet
from piispan.core.predictions import Prediction
from piispan.core.spans import Document, Span
from piispan.metric.choices import Alignment, Offsets
from piispan.metric.pairing import check_gold_labels, check_offsets, in_document_order, predicted_spans
from piispan.metric.scores import Scores
from piispan.metric.span_scoring import score_spans
from piispan.metric.span_table import BoolArray

__all__ = ["score", "scored_predictions"]


def score(
    documents: Iterable[Document],
    predictions: Iterable[Prediction],
    labels: LabelSet | str,
    *,
    format: OutputFormat | str | None = None,  # noqa: A002 - the name it has on the command line and in piispan.json
    alignment: Alignment = "strict",
    offsets: Offsets = "code_points",
    resamples: int = 1000,
    seed: int = 0,
    seen_values: Collection[str] | None = None,
) -> Scores:
    """Score predictions against the gold spans of their documents.

    With ``format`` and raw outputs, the outputs are parsed again: the spans of the parse are scored (not
    ``Prediction.spans``), ``f1_recovered`` comes from the repaired ones, and the hallucination rates from the mentions.
    Without either, ``Prediction.spans`` are scored, and ``f1_recovered`` and the hallucination rates are ``None``.

    A predicted label that is not in the label set is a wrong prediction in the micro scores and in no label's own.

    Args:
        documents: The documents with their gold spans.
        predictions: One for each document, in any order.
        labels: The label set, or the name of a shipped one; its hash is in the signature.
        format: The output format of the raw outputs, or its name.
        alignment: Which spans of raw outputs to score: ``strict``, those that hold without any repair, or ``recover``, those mapped back
            from a drifted answer and put right where offsets are wrong. ``f1_strict`` and ``f1_recovered`` are given either way.
        offsets: What the offsets of ``Prediction.spans`` count: Python's code points, or ``utf16`` units, as Java, JavaScript and C# do.
        resamples: Bootstrap resamples; 0 leaves every interval ``None``.
        seed: Seed of the bootstrap.
        seen_values: Entity values that training saw; they are compared whole, case folded.

    Raises:
        DataError: If an id occurs twice, the ids of the two do not match, a predicted span lies outside its document or begins or
            ends inside a character, only some predictions have a raw output while ``format`` is given, ``resamples`` is negative, or
            an option has no such value or does not go with the others.
        LabelError: If a gold label is not in the label set.
    """
    if isinstance(seen_values, str) or not all(isinstance(value, str) for value in seen_values or ()):
        raise DataError("seen_values must be a collection of strings")
    documents, labels, format = list(documents), _label_set(labels), _format(format)  # noqa: A001
    ordered = in_document_order(documents, list(predictions))
    check_gold_labels(documents, labels)
    predicted, parsed = _read(documents, ordered, labels, format, alignment, offsets)
    return score_spans(
        [document.spans for document in documents],
        predicted,
        labels.names,
        labels_hash=labels.hash,
        parsed=parsed,
        source=_source(format if parsed is not None else None, alignment, offsets),
        output_tokens=[prediction.output_tokens for prediction in ordered],
        seen=None if seen_values is None else _seen_mask(documents, seen_values),
        resamples=resamples,
        seed=seed,
    )


def scored_predictions(
    documents: Iterable[Document],
    predictions: Iterable[Prediction],
    labels: LabelSet | str,
    *,
    format: OutputFormat | str | None = None,  # noqa: A002
    alignment: Alignment = "strict",
    offsets: Offsets = "code_points",
) -> list[Prediction]:
    """The predictions in the documents' order, with the spans that ``score`` scores, for ``analyse`` and ``paired_bootstrap``.

    Args and errors are those of ``score``.
    """
    documents, labels, format = list(documents), _label_set(labels), _format(format)  # noqa: A001
    ordered = in_document_order(documents, list(predictions))
    spans, _ = _read(documents, ordered, labels, format, alignment, offsets)
    return [replace(prediction, spans=tuple(own)) for prediction, own in zip(ordered, spans, strict=True)]


def _label_set(labels: LabelSet | str) -> LabelSet:
    return LabelSet.load(labels) if isinstance(labels, str) else labels


def _format(output: OutputFormat | str | None) -> OutputFormat | None:
    return get_format(output) if isinstance(output, str) else output


def _source(output: OutputFormat | None, alignment: Alignment, offsets: Offsets) -> str:
    """What spans were read from, for the signature."""
    if output is None:
        return "spans" if offsets == "code_points" else f"spans:{offsets}"
    return f"{output.name}:{alignment}"


def _read(
    documents: Sequence[Document],
    ordered: Sequence[Prediction],
    labels: LabelSet,
    output: OutputFormat | None,
    alignment: Alignment,
    offsets: Offsets,
) -> tuple[list[Sequence[Span]], list[Parsed] | None]:
    """The spans to score, and the raw outputs that they were read from, where they were."""
    if alignment not in get_args(Alignment) or offsets not in get_args(Offsets):
        raise DataError(f"alignment must be strict or recover and offsets code_points or utf16, were: {alignment!r} and {offsets!r}")
    parsed = None if output is None else _parse(documents, ordered, labels, output)
    if parsed is None:
        if alignment != "strict":
            raise DataError("alignment goes with raw outputs and their format; predicted spans are scored as they are")
        return predicted_spans(documents, ordered, offsets), None
    if offsets != "code_points":
        raise DataError("offsets go with predicted spans; raw outputs are read in code points")
    spans: list[Sequence[Span]] = [one.spans if alignment == "strict" else one.recovered for one in parsed]
    check_offsets(documents, spans)
    return spans, parsed


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
