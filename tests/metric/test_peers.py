"""Equality with outside truths on flat predictions: seqeval (strict IOB2) and nervaluate.

nervaluate needs 1.2.1: the overall F1 of 1.2.0 leaves the halves of partial matches out.
"""

import random

import pytest

from piispan.core import Document, Label, LabelSet, Prediction, Span
from piispan.metric import Scores, SemEvalCounts, SpanScores, score

NAMES = ("PERSON", "CITY", "PHONE")
LABELS = LabelSet("test", tuple(Label(name, "a label") for name in NAMES))
LENGTH = 40
DOCUMENTS = 4000


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


def scored(pairs: list[tuple[list[Span], list[Span]]]) -> Scores:
    documents = [Document(str(i), "x" * LENGTH, tuple(gold)) for i, (gold, _) in enumerate(pairs)]
    return score(documents, [Prediction(str(i), tuple(predicted)) for i, (_, predicted) in enumerate(pairs)], LABELS, resamples=0)


@pytest.fixture(scope="module")
def ours(pairs) -> Scores:
    return scored(pairs)


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


def of_nervaluate(pairs):
    """nervaluate's overall results by strategy; its ends are inclusive."""
    nervaluate = pytest.importorskip("nervaluate")

    def rows(spans: list[Span]) -> list[dict[str, object]]:
        return [{"label": span.label, "start": span.start, "end": span.end - 1} for span in spans]

    sides = [rows(left) for left, _ in pairs], [rows(right) for _, right in pairs]
    return nervaluate.Evaluator(*sides, tags=list(NAMES), loader="dict").evaluate()["overall"]


def ratios(result) -> SpanScores:
    return SpanScores(*(pytest.approx(value) for value in (result.precision, result.recall, result.f1)))


def counts(result) -> SemEvalCounts:
    return SemEvalCounts(result.correct, result.incorrect, result.partial, result.missed, result.spurious)


def test_strict_exact_and_partial_are_those_of_nervaluate(pairs, ours):
    theirs = of_nervaluate(pairs)
    assert SpanScores(ours.precision, ours.recall, ours.f1) == ratios(theirs["strict"])
    assert ours.boundaries == ratios(theirs["exact"])
    assert ours.partial == ratios(theirs["partial"])
    for name in ("strict", "exact", "partial"):
        assert ours.semeval[name] == counts(theirs[name]), name
    assert ours.f1_partial == pytest.approx(theirs["partial"].f1)
    assert ours.f1 < ours.f1_partial < 1


def meets_one_at_most(gold: list[Span], predicted: list[Span]) -> bool:
    sides = (gold, predicted), (predicted, gold)
    return all(sum(span.overlaps(other) for other in others) <= 1 for spans, others in sides for span in spans)


def test_types_are_those_of_nervaluate_where_spans_meet_in_pairs(pairs):
    clear = [pair for pair in pairs if meets_one_at_most(*pair)]
    ours, theirs = scored(clear), of_nervaluate(clear)
    assert len(clear) > len(pairs) / 3
    assert ours.overlap == ratios(theirs["ent_type"])
    assert ours.semeval["type"] == counts(theirs["ent_type"])


def test_types_where_a_span_meets_several(pairs, ours):
    """Of two predictions over one gold span nervaluate pairs the first, right label or not, so the second, which has it, is spurious.

    We are right: SemEval asks whether the type was found, and no score should hang on which of two spans comes first. Ours is the best
    pairing there is, so it is never below theirs.
    """
    theirs = of_nervaluate(pairs)["ent_type"]
    assert ours.semeval["type"].correct > theirs.correct
    gold, predicted = [Span(5, 29, "CITY")], [Span(1, 6, "PHONE"), Span(21, 22, "CITY")]
    assert counts(of_nervaluate([(gold, predicted)])["ent_type"]) == SemEvalCounts(0, 1, 0, 0, 1)
    assert scored([(gold, predicted)]).semeval["type"] == SemEvalCounts(1, 0, 0, 0, 1)


def test_the_order_of_overlapping_predictions_does_not_matter(pairs):
    """nervaluate takes the first prediction that meets a gold span, so its scores hang on the order of overlapping ones. We are right to
    pair as many as possible: predictions are a set, and no order of them says which one is meant."""
    doubled = [(gold, [*predicted, *(Span(s.start, min(s.end + 3, LENGTH), s.label) for s in gold)]) for gold, predicted in pairs[:500]]
    turned = [(gold, predicted[::-1]) for gold, predicted in doubled]
    assert scored(doubled) == scored(turned)
    assert of_nervaluate(doubled)["strict"].f1 != of_nervaluate(turned)["strict"].f1


def test_edges_inside_a_word_are_errors():
    """seqeval sees tokens: a span that ends inside a word becomes the whole word on its way into tags, and the error is gone. We are right
    to count characters: what a placeholder leaves of a word stays readable."""
    metrics = pytest.importorskip("seqeval.metrics")
    text, gold, said = "Call Lovelace now", Span(5, 13, "PERSON"), Span(5, 9, "PERSON")
    words = [(0, 4), (5, 13), (14, 17)]

    def on_words(span: Span) -> list[str]:
        return ["B-PERSON" if start < span.end and span.start < end else "O" for start, end in words]

    assert metrics.f1_score([on_words(gold)], [on_words(said)]) == 1.0
    scores = score([Document("d", text, (gold,))], [Prediction("d", (said,))], "presidio", resamples=0)
    assert (scores.f1, scores.leak_rate) == (0.0, 0.5)
