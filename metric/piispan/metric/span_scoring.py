"""Scoring spans alone: counts, ratios and intervals put together into ``Scores``. No text is needed for it."""

from collections.abc import Mapping, Sequence
from statistics import fmean

from piispan.core.errors import DataError
from piispan.core.formats.base import Parsed
from piispan.core.spans import Span
from piispan.metric.bootstrap import Interval, bootstrap_intervals
from piispan.metric.counts import Counts, count
from piispan.metric.hallucination import HallucinationRates, count_mentions, hallucination_rates
from piispan.metric.leak import measure_coverage
from piispan.metric.matching import match_spans
from piispan.metric.modes import Mode, ModeScores, score_modes, semeval_counts
from piispan.metric.ratios import as_score, headline_ratios, label_ratios
from piispan.metric.scores import Alignment, LabelScores, Scores, SeenRecall, SemEvalCounts, signature_of
from piispan.metric.span_table import BoolArray, lay_out

__all__ = ["score_spans"]

Spans = Sequence[Sequence[Span]]


def score_spans(
    gold: Spans,
    predicted: Spans,
    labels: Sequence[str],
    *,
    labels_hash: str,
    parsed: Sequence[Parsed] | None = None,
    alignment: Alignment = "strict",
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
        alignment: Which of their spans ``predicted`` are; stands in the signature.
        output_tokens: Tokens of each document's answer.
        seen: Whether training saw the value of each gold span. Shape: ``(gold spans,)``
        resamples: Bootstrap resamples; 0 leaves every interval ``None``.
        seed: Seed of the bootstrap.

    Raises:
        DataError: If ``resamples`` or ``seed`` is negative.
    """
    if resamples < 0 or seed < 0:
        raise DataError(f"resamples and seed must not be negative, were: {resamples} and {seed}")
    gold_table, predicted_table = lay_out(gold, predicted, labels)
    matches = match_spans(gold_table, predicted_table)
    mentions = None if parsed is None else count_mentions(parsed)
    counts = count(gold_table, predicted_table, matches, measure_coverage(gold_table, predicted_table), mentions)
    total = counts.total()
    headline = {name: as_score(values[0]) for name, values in headline_ratios(total).items()}
    intervals, label_intervals = bootstrap_intervals(counts, resamples, seed)
    modes = score_modes(gold_table, predicted_table, matches)
    semeval, label_counts = semeval_counts(gold_table, predicted_table, matches)
    return Scores(
        precision=headline["precision"],
        recall=headline["recall"],
        f1=headline["f1"],
        macro_f1=headline["macro_f1"],
        f2=headline["f2"],
        f1_partial=headline["f1_partial"],
        f1_boundaries=modes["boundaries"].micro.f1,
        f1_overlap=modes["overlap"].micro.f1,
        f1_recovered=None if parsed is None else _exact_f1(gold, [output.recovered for output in parsed], labels),
        char_recall=headline["char_recall"],
        char_precision=headline["char_precision"],
        leak_rate=headline["leak_rate"],
        leaked_documents=headline["leaked_documents"],
        hallucination=HallucinationRates() if parsed is None else hallucination_rates(parsed),
        documents=len(gold),
        spans=len(gold_table),
        output_tokens_per_document=_mean(output_tokens),
        per_label=_per_label(total, labels, label_intervals, modes, label_counts),
        intervals=intervals,
        signature=signature_of(alignment, labels_hash, resamples, seed),
        boundaries=modes["boundaries"].micro,
        overlap=modes["overlap"].micro,
        partial=modes["partial"].micro,
        macro={name: found.macro for name, found in modes.items()},
        semeval=semeval,
        f1_strict=None if parsed is None else _exact_f1(gold, [output.spans for output in parsed], labels),
        seen=None if seen is None else _seen_recall(matches.exact, seen),
    )


def _seen_recall(found: BoolArray, seen: BoolArray) -> SeenRecall:
    return SeenRecall(
        seen=float(found[seen].mean()) if seen.any() else None,
        unseen=float(found[~seen].mean()) if not seen.all() else None,
    )


def _exact_f1(gold: Spans, predicted: Spans, labels: Sequence[str]) -> float | None:
    gold_table, predicted_table = lay_out(gold, predicted, labels)
    found = match_spans(gold_table, predicted_table).exact.sum()
    sides = len(gold_table) + len(predicted_table)
    return float(2 * found / sides) if sides else None


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
