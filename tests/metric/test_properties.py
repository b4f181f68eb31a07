"""What holds for every corpus: brute force, and changes whose effect is known."""

from dataclasses import replace
from functools import cache
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from piispan.core import Document, Label, LabelSet, Prediction, Span
from piispan.metric import Scores, score
from piispan.metric.matching import match_spans
from piispan.metric.span_table import lay_out

LENGTH = 24
NAMES = ("A", "B", "C")
LABELS = LabelSet("test", tuple(Label(name, "a label") for name in NAMES))
Pair = tuple[tuple[Span, ...], tuple[Span, ...]]


@st.composite
def flat_spans(draw: st.DrawFn) -> tuple[Span, ...]:
    edges = sorted(draw(st.sets(st.integers(0, LENGTH), max_size=10)))
    return tuple(Span(start, end, draw(st.sampled_from(NAMES))) for start, end in pairwise(edges) if draw(st.booleans()))


@st.composite
def any_spans(draw: st.DrawFn) -> tuple[Span, ...]:
    starts = draw(st.lists(st.integers(0, LENGTH - 1), max_size=8))
    return tuple(Span(at, draw(st.integers(at + 1, LENGTH)), draw(st.sampled_from((*NAMES, "UNKNOWN")))) for at in starts)


@st.composite
def pairs(draw: st.DrawFn) -> Pair:
    """Gold spans, and predictions of which some are right."""
    gold = draw(flat_spans())
    right = tuple(span for span in gold if draw(st.booleans()))
    return gold, draw(any_spans()) + right


corpora = st.lists(pairs(), max_size=5)


def scored(corpus: list[Pair], **settings: int) -> Scores:
    documents = [Document(str(i), "x" * LENGTH, gold) for i, (gold, _) in enumerate(corpus)]
    predictions = [Prediction(str(i), predicted) for i, (_, predicted) in enumerate(corpus)]
    return score(documents, predictions, LABELS, **{"resamples": 0, **settings})


def best_pairing(gold: tuple[Span, ...], predicted: list[Span], worth) -> float:
    """The greatest total worth over all pairings, tried one by one."""

    @cache
    def best(place: int, used: frozenset[int]) -> float:
        if place == len(gold):
            return 0.0
        free = [i for i, span in enumerate(predicted) if i not in used and worth(gold[place], span)]
        taken = [worth(gold[place], predicted[i]) + best(place + 1, used | {i}) for i in free]
        return max([best(place + 1, used), *taken])

    return best(0, frozenset())


@settings(max_examples=300, deadline=None)
@given(corpora)
def test_pairings_are_optimal(corpus):
    matches = match_spans(*lay_out([gold for gold, _ in corpus], [predicted for _, predicted in corpus], NAMES))
    worths = {
        "exact": lambda gold, span: gold == span,
        "boundaries": lambda gold, span: (gold.start, gold.end) == (span.start, span.end),
        "overlap": lambda gold, span: gold.label == span.label and gold.overlaps(span),
        "partial": lambda gold, span: (gold.overlaps(span) + ((gold.start, gold.end) == (span.start, span.end))) / 2,
    }
    found = {
        "exact": matches.exact.sum(),
        "boundaries": len(matches.boundaries.gold),
        "overlap": len(matches.same_label.gold),
        "partial": len(matches.boundaries.gold) + len(matches.partial.gold) / 2,
    }
    for mode, worth in worths.items():
        assert found[mode] == sum(best_pairing(gold, list(set(predicted)), worth) for gold, predicted in corpus), mode
    for pairing in ((matches.boundaries, matches.partial), (matches.same_label, matches.other_label)):
        for side in ("gold", "predicted"):
            paired = [index for pairs in pairing for index in getattr(pairs, side)]
            assert len(set(paired)) == len(paired)


@settings(max_examples=200, deadline=None)
@given(corpora)
def test_counts_are_those_of_one_pairing(corpus):
    """Every strategy uses each span once: pairs and what is left over make up all gold and all predicted spans."""
    scores = scored(corpus)
    gold, predicted = scores.spans, sum(len(set(spans)) for _, spans in corpus)
    for name, counts in scores.semeval.items():
        pairs = counts.correct + counts.incorrect + counts.partial
        assert (pairs + counts.missing, pairs + counts.spurious) == (gold, predicted), name
    assert scores.semeval["type"].correct == pytest.approx((scores.overlap.recall or 0) * gold)


@settings(max_examples=200, deadline=None)
@given(corpora)
def test_characters_are_those_of_sets(corpus):
    scores = scored(corpus)
    gold = [{at for span in spans for at in range(span.start, span.end)} for spans, _ in corpus]
    predicted = [{at for span in spans for at in range(span.start, span.end)} for _, spans in corpus]
    covered = sum(len(left & right) for left, right in zip(gold, predicted, strict=True))
    assert scores.char_recall == (covered / sum(map(len, gold)) if any(gold) else None)
    assert scores.char_precision == (covered / sum(map(len, predicted)) if any(predicted) else None)
    leaked = sum(not left <= right for left, right in zip(gold, predicted, strict=True))
    assert scores.leaked_documents == (leaked / len(corpus) if corpus else None)


@settings(max_examples=100, deadline=None)
@given(corpora, st.randoms())
def test_order_of_documents_and_predictions_does_not_matter(corpus, random):
    before = scored(corpus)
    shuffled = [(gold, tuple(random.sample(predicted, len(predicted)))) for gold, predicted in random.sample(corpus, len(corpus))]
    assert scored(shuffled) == before
    doubled = [(gold, predicted + predicted) for gold, predicted in corpus]
    assert scored(doubled) == before


@settings(max_examples=100, deadline=None)
@given(corpora, corpora)
def test_counts_of_a_split_corpus_add_up(left, right):
    whole, parts = scored(left + right), (scored(left), scored(right))
    for strategy, counts in whole.semeval.items():
        for name in ("correct", "incorrect", "partial", "missing", "spurious"):
            assert getattr(counts, name) == sum(getattr(part.semeval[strategy], name) for part in parts)
            assert getattr(counts, name) >= 0
    for name in NAMES:
        assert whole.per_label[name].n == sum(part.per_label[name].n for part in parts)
    found = sum((part.recall or 0.0) * part.spans for part in parts)
    assert abs((whole.recall or 0.0) * whole.spans - found) < 1e-9


@settings(max_examples=100, deadline=None)
@given(corpora)
def test_the_same_corpus_twice_scores_the_same(corpus):
    once, twice = scored(corpus), scored(corpus + corpus)
    for name in ("precision", "recall", "f1", "macro_f1", "f2", "f1_partial", "f1_overlap", "char_recall", "leaked_documents"):
        assert getattr(once, name) == getattr(twice, name)


@settings(max_examples=100, deadline=None)
@given(st.lists(flat_spans(), min_size=1, max_size=5).filter(any))
def test_perfect_predictions_score_one(corpus):
    scores = scored([(gold, gold) for gold in corpus])
    ones = ("precision", "recall", "f1", "macro_f1", "f2", "f1_partial", "f1_boundaries", "f1_overlap", "char_recall", "char_precision")
    assert {getattr(scores, name) for name in ones} == {1.0}
    assert (scores.leak_rate, scores.leaked_documents) == (0.0, 0.0)


@settings(max_examples=200, deadline=None)
@given(pairs().filter(lambda pair: pair[0]), st.data())
def test_a_right_span_more_never_lowers_recall(pair, data):
    gold, predicted = pair
    before, after = scored([pair]), scored([(gold, (*predicted, data.draw(st.sampled_from(gold))))])
    for name in ("recall", "char_recall", "precision"):
        assert (getattr(after, name) or 0.0) >= (getattr(before, name) or 0.0)
    for name in ("boundaries", "overlap"):
        assert getattr(after, name).recall >= getattr(before, name).recall


@settings(max_examples=200, deadline=None)
@given(corpora)
def test_looser_matching_never_scores_lower(corpus):
    scores = scored(corpus)
    if scores.f1 is not None:
        assert scores.f1 <= scores.f1_boundaries <= scores.f1_partial
        assert scores.f1 <= scores.f1_overlap
    assert all(value is None or 0 <= value <= 1 for value in (scores.f1, scores.f2, scores.leak_rate, scores.char_precision))


@settings(max_examples=50, deadline=None)
@given(corpora)
def test_intervals_stay_inside_the_unit_and_do_not_change_the_score(corpus):
    scores = scored(corpus, resamples=20)
    assert replace(scored(corpus), intervals={}, signature="", per_label={}) == replace(scores, intervals={}, signature="", per_label={})
    for ends in scores.intervals.values():
        assert ends is None or 0 <= ends[0] <= ends[1] <= 1
