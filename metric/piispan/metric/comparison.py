"""One document with its gold spans beside a model's output: what became of every span, to look at."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from piispan.core.errors import FormatError
from piispan.core.formats import OutputFormat, Parsed, get_format
from piispan.core.labels import LabelSet
from piispan.core.predictions import Prediction
from piispan.core.spans import Document, Span
from piispan.metric.matching import match_spans
from piispan.metric.scores import Scores
from piispan.metric.scoring import score
from piispan.metric.span_table import lay_out

__all__ = ["Comparison", "JudgedSpan", "Outcome", "compare_output", "read_gold"]

Outcome = Literal["correct", "incorrect", "partial", "missing", "spurious"]
"""SemEval-2013's names: right; same boundaries, another label; other boundaries; a gold span not met; a predicted one that meets none."""


@dataclass(frozen=True, slots=True)
class JudgedSpan:
    """A span and what became of it.

    Args:
        span: A gold or a predicted span.
        outcome: What became of it.
        partner: The span of the other side that it is paired with; ``None`` for ``missing`` and ``spurious``.
    """

    span: Span
    outcome: Outcome
    partner: Span | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """A model's output beside the gold spans of its document.

    Args:
        gold: The gold spans, in order: ``correct``, ``incorrect``, ``partial`` or ``missing``.
        predicted: The spans of the output that hold as they are, in order: ``spurious`` in place of ``missing``. They may overlap.
        parsed: The output as it was read, with its faulty mentions.
        scores: The scores of this document; no intervals.
    """

    gold: tuple[JudgedSpan, ...]
    predicted: tuple[JudgedSpan, ...]
    parsed: Parsed
    scores: Scores


def read_gold(tagged: str, source: str, labels: LabelSet) -> Document:
    """The document of a source and its gold tagging in the format ``tagged``.

    Raises:
        FormatError: If the tagging is not the source with balanced tags of known labels around its spans.
    """
    parsed = get_format("tagged").parse(tagged, source, labels)
    if parsed.text_drift or parsed.extraneous_text:
        raise FormatError("the gold tagging is not the source with tags in it: other characters differ as well")
    if parsed.malformed or any(mention.problems for mention in parsed.mentions):
        raise FormatError(f"the gold tagging has a tag that is unbalanced, empty or no label of the set {labels.name!r}")
    return Document("gold", source, parsed.spans)


def compare_output(
    document: Document,
    output: str,
    labels: LabelSet,
    format: OutputFormat,  # noqa: A002 - as in ``score``
) -> Comparison:
    """Judge a raw model output span by span.

    Spans with the same boundaries are paired first, then as many overlapping ones as possible, label ignored.

    Args:
        document: A document with its gold spans.
        output: What a model answered for its text.
        labels: The label set.
        format: How the output is read.

    Raises:
        LabelError: If a gold label is not in the label set.
    """
    scores = score([document], [Prediction(document.id, (), output)], labels, format=format, resamples=0)
    parsed = format.parse(output, document.text, labels)
    gold_table, predicted_table = lay_out([document.spans], [parsed.spans], labels.names)
    matches = match_spans(gold_table, predicted_table)
    order = {name: index for index, name in enumerate(labels.names)}
    # The tables' order: of spans with the same boundaries, that of the label set.
    gold, predicted = document.spans, sorted(parsed.spans, key=lambda span: (span.start, span.end, order[span.label]))
    of_gold: dict[int, tuple[Span, Outcome]] = {}
    of_predicted: dict[int, tuple[Span, Outcome]] = {}
    for pairs, partial in ((matches.boundaries, False), (matches.partial, True)):
        for left, right in zip(pairs.gold.tolist(), pairs.predicted.tolist(), strict=True):
            same = gold[left].label == predicted[right].label
            outcome: Outcome = "partial" if partial else "correct" if same else "incorrect"
            of_gold[left], of_predicted[right] = (predicted[right], outcome), (gold[left], outcome)
    return Comparison(_judged(gold, of_gold, "missing"), _judged(predicted, of_predicted, "spurious"), parsed, scores)


def _judged(spans: Sequence[Span], paired: dict[int, tuple[Span, Outcome]], unpaired: Outcome) -> tuple[JudgedSpan, ...]:
    judged = []
    for place, span in enumerate(spans):
        partner, outcome = paired.get(place, (None, unpaired))
        judged.append(JudgedSpan(span, outcome, partner))
    return tuple(judged)
