"""Scoring spans alone: counts, ratios and intervals put together into ``Scores``. No text is needed for it."""

from collections.abc import Mapping, Sequence
from statistics import fmean

import numpy as np

from piispan.core.errors import DataError
from piispan.core.formats.base import Parsed
from piispan.core.spans import Span
from piispan.metric.bootstrap import Interval, bootstrap_intervals
from piispan.metric.counts import Counts, count
from piispan.metric.hallucination import HallucinationRates, count_outputs
from piispan.metric.leak import measure_coverage
from piispan.metric.matching import match_spans
from piispan.metric.modes import Mode, ModeScores, score_modes, semeval_counts
from piispan.metric.ratios import SPAN_FIGURES, as_score, headline_ratios, label_ratios
from piispan.metric.scores import LabelScores, Scores, SeenRecall, SemEvalCounts, signature_of
from piispan.metric.span_table import BoolArray, FloatArray, lay_out

__all__ = ["score_spans"]

Spans = Sequence[Sequence[Span]]


def score_spans(
    gold: Spans,
    predicted: Spans,
    labels: Sequence[str],
    *,
    labels_hash: str,
    parsed: Sequence[Parsed] | None = None,
    source: str = "spans",
    output_tokens: Sequence[int | None] = (),
    seen: BoolArray | None = None,
    resamples: int = 1000,
    seed: int = 0,
) -> Scores:
    """Score predicted spans against gold spans, document by document.

    Args:
        gold: The spans of each document: flat and sorted.
        predicted: The spans predicted for each document, in any order; they may overlap, doubles count once.
        labels: The labels with scores of their own.
        labels_hash: What stands for them in the signature.
        parsed: The parsed raw outputs, one for each document.
        source: What ``predicted`` was read from; stands in the signature.
        output_tokens: Tokens of each document's answer.
        seen: Whether training saw the value of each gold span. Shape: ``(gold spans,)``
        resamples: Bootstrap resamples; 0 leaves every interval ``None``.
        seed: Seed of the bootstrap.

    Raises:
        DataError: If ``resamples`` or ``seed`` is negative or no whole number.
    """
    if not all(isinstance(one, int) and one >= 0 for one in (resamples, seed)):
        raise DataError(f"resamples and seed must be whole numbers, 0 or more, were: {resamples!r} and {seed!r}")
    gold_table, predicted_table = lay_out(gold, predicted, labels)
    matches = match_spans(gold_table, predicted_table)
    counts = count(
        gold_table,
        predicted_table,
        matches,
        measure_coverage(gold_table, predicted_table),
        outputs=None if parsed is None else count_outputs(parsed),
        readings=None if parsed is None else _readings(gold, parsed, labels),
        seen=seen,
    )
    total = counts.total()
    headline = {name: as_score(values[0]) for name, values in headline_ratios(total).items()}
    intervals, label_intervals = bootstrap_intervals(counts, resamples, seed)
    if seen is None:
        del intervals["recall_seen"], intervals["recall_unseen"]
    modes = score_modes(gold_table, predicted_table, matches)
    semeval, label_counts = semeval_counts(gold_table, predicted_table, matches)
    return Scores(
        **{name: headline[name] for name in (*SPAN_FIGURES, "f1_strict", "f1_recovered")},
        hallucination=HallucinationRates.among(headline),
        documents=len(gold),
        spans=len(gold_table),
        output_tokens_per_document=_mean(output_tokens),
        per_label=_per_label(total, labels, label_intervals, modes, label_counts),
        intervals=intervals,
        signature=signature_of(source, labels_hash, resamples, seed),
        boundaries=modes["boundaries"].micro,
        overlap=modes["overlap"].micro,
        partial=modes["partial"].micro,
        macro={name: found.macro for name, found in modes.items()},
        semeval=semeval,
        seen=None if seen is None else SeenRecall(headline["recall_seen"], headline["recall_unseen"]),
    )


def _readings(gold: Spans, parsed: Sequence[Parsed], labels: Sequence[str]) -> FloatArray:
    """Exact and predicted spans of the outputs as they are, then after repair. Shape: ``(documents, 4)``"""
    columns = []
    for spans in ([output.spans for output in parsed], [output.recovered for output in parsed]):
        gold_table, predicted_table = lay_out(gold, spans, labels)
        columns += [gold_table.per_document(match_spans(gold_table, predicted_table).exact), predicted_table.per_document()]
    return np.hstack(columns)


def _per_label(
    total: Counts,
    labels: Sequence[str],
    intervals: Sequence[dict[str, Interval | None]],
    modes: Mapping[Mode, ModeScores],
    counts: Sequence[SemEvalCounts],
) -> dict[str, LabelScores]:
    ratios = label_ratios(total)
    return {
        name: LabelScores(
            n=int(total.gold[0, column]),
            **{figure: as_score(values[0, column]) for figure, values in ratios.items()},
            intervals=intervals[column],
            boundaries=modes["boundaries"].per_label[column],
            overlap=modes["overlap"].per_label[column],
            partial=modes["partial"].per_label[column],
            counts=counts[column],
        )
        for column, name in enumerate(labels)
    }


def _mean(tokens: Sequence[int | None]) -> float | None:
    known = [number for number in tokens if number is not None]
    return fmean(known) if known and len(known) == len(tokens) else None
