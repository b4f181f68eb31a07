"""Equality with outside truths on flat predictions: seqeval (strict IOB2) and nervaluate.

nervaluate needs 1.2.1: the overall F1 of 1.2.0 leaves the halves of partial matches out.
"""

import random

import pytest

from piispan.core import Document, Label, LabelSet, Prediction, Span
from piispan.metric import Scores, SpanScores, score

NAMES = ("PERSON", "CITY", "PHONE")
LABELS = LabelSet("test", tuple(Label(name, "a label") for name in NAMES))
LENGTH = 40
DOCUMENTS = 400


def flat_spans(generator: random.Random) -> list[Span]:
    edges = sorted(generator.sample(range(LENGTH + 1), generator.randint(0, 5) * 2))
    return [Span(edges[i], edges[i + 1], generator.choice(NAMES)) for i in range(0, len(edges), 2)]


def blurred(spans: list[Span], generator: random.Random) -> list[Span]:
    """The spans as a middling tagger finds them: some lost, some with another label or edge; still flat."""
    kept: list[Span] = []
    for span in spans:
        start, end = span.start + generator.choice((0, 0, 0, -1, 1)), span.end + generator.choice((0, 0, 0, -1, 2))
        start = max(start, kept[-1].end if kept else 0)
        if start < min(end, LENGTH) and generator.random() < 0.9:
            kept.append(Span(start, min(end, LENGTH), generator.choice((span.label,) * 4 + NAMES)))
    return kept


@pytest.fixture(scope="module")
def pairs() -> list[tuple[list[Span], list[Span]]]:
    generator = random.Random(0)
    gold = [flat_spans(generator) for _ in range(DOCUMENTS)]
    return [(spans, blurred(spans, generator) if number % 5 else flat_spans(generator)) for number, spans in enumerate(gold)]


@pytest.fixture(scope="module")
def ours(pairs) -> Scores:
    documents = [Document(str(i), "x" * LENGTH, tuple(gold)) for i, (gold, _) in enumerate(pairs)]
    return score(documents, [Prediction(str(i), tuple(predicted)) for i, (_, predicted) in enumerate(pairs)], LABELS, resamples=0)


def tags(spans: list[Span]) -> list[str]:
    """IOB2 with a character as a token."""
    line = ["O"] * LENGTH
    for span in spans:
        line[span.start : span.end] = [f"B-{span.label}"] + [f"I-{span.label}"] * (span.end - span.start - 1)
    return line


def test_exact_scores_are_those_of_seqeval(pairs, ours):
    metrics = pytest.importorskip("seqeval.metrics.v1")
    scheme = pytest.importorskip("seqeval.scheme").IOB2
    gold, predicted = [tags(left) for left, _ in pairs], [tags(right) for _, right in pairs]
    micro = metrics.precision_recall_fscore_support(gold, predicted, average="micro", scheme=scheme)
    assert (ours.precision, ours.recall, ours.f1) == pytest.approx(micro[:3])
    assert ours.macro_f1 == pytest.approx(metrics.precision_recall_fscore_support(gold, predicted, average="macro", scheme=scheme)[2])
    assert ours.f2 == pytest.approx(metrics.precision_recall_fscore_support(gold, predicted, average="micro", scheme=scheme, beta=2)[2])
    by_label = metrics.precision_recall_fscore_support(gold, predicted, average=None, scheme=scheme)
    for name, *theirs in zip(sorted(NAMES), *by_label, strict=True):
        label = ours.per_label[name]
        assert (label.precision, label.recall, label.f1, label.n) == pytest.approx(theirs)


def test_scores_are_those_of_nervaluate(pairs, ours):
    nervaluate = pytest.importorskip("nervaluate")

    def rows(spans: list[Span]) -> list[dict[str, object]]:
        return [{"label": span.label, "start": span.start, "end": span.end - 1} for span in spans]

    sides = [rows(left) for left, _ in pairs], [rows(right) for _, right in pairs]
    theirs = nervaluate.Evaluator(*sides, tags=list(NAMES), loader="dict").evaluate()["overall"]
    strict, exact, partial = theirs["strict"], theirs["exact"], theirs["partial"]
    assert (ours.precision, ours.recall, ours.f1) == pytest.approx((strict.precision, strict.recall, strict.f1))
    assert ours.boundaries == SpanScores(*(pytest.approx(value) for value in (exact.precision, exact.recall, exact.f1)))
    assert (ours.partial.correct, ours.partial.partial, ours.partial.incorrect) == (partial.correct, partial.partial, partial.incorrect)
    assert (ours.partial.missing, ours.partial.spurious) == (partial.missed, partial.spurious)
    assert ours.f1_partial == pytest.approx(partial.f1)
    assert ours.f1 < ours.f1_partial < 1
