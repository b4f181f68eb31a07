"""Against the ``SpanEvaluator`` of presidio-evaluator: equal where definitions meet, and who is right where they do not.

It reads tags without B and I, merges neighbours of one label, leaves out skip words, and calls spans equal from an overlap of 0.9 on.
"""

import random
import re

import pandas as pd
import pytest
from presidio_evaluator.evaluation import SpanEvaluator

from piispan.core import Document, LabelSet, Prediction, Span
from piispan.dataset_builder import synthesise
from piispan.metric import Scores, score

LABELS = LabelSet.load("presidio")
TOKEN = re.compile(r"\w+|[^\w\s]")
Pairs = list[tuple[Document, tuple[Span, ...]]]


def theirs(pairs: Pairs, **options: object):
    """Their result by label, with every fuzziness off unless ``options`` say otherwise."""
    rows = []
    for number, (document, said) in enumerate(pairs):
        for match in TOKEN.finditer(document.text):
            tags = [
                next((span.label for span in spans if span.start <= match.start() and match.end() <= span.end), "O")
                for spans in (document.spans, said)
            ]
            rows.append((number, match[0], match.start(), *tags))
    frame = pd.DataFrame(rows, columns=["sentence_id", "token", "start_indices", "annotation", "prediction"])
    beta = options.pop("beta", 1)
    return SpanEvaluator(**{"iou_threshold": 1.0, "skip_words": [], **options}).calculate_score_on_df(frame, beta=beta)


def ours(pairs: Pairs) -> Scores:
    documents = [document for document, _ in pairs]
    return score(documents, [Prediction(document.id, said) for document, said in pairs], LABELS, resamples=0)


def on_tokens(text: str, spans: tuple[Span, ...]) -> tuple[Span, ...]:
    """The spans that end at tokens and do not touch another of their label, so that tags without B and I tell them apart."""
    starts, ends = {m.start() for m in TOKEN.finditer(text)}, {m.end() for m in TOKEN.finditer(text)}
    kept: list[Span] = []
    for span in spans:
        touches = kept and kept[-1].label == span.label and not TOKEN.search(text[kept[-1].end : span.start])
        if span.start in starts and span.end in ends and not touches:
            kept.append(span)
    return tuple(kept)


def blurred(document: Document, rng: random.Random) -> tuple[Span, ...]:
    spans = []
    for span in document.spans:
        inside = [m for m in TOKEN.finditer(document.text) if span.start <= m.start() < span.end]
        chance = rng.random()
        if chance < 0.1:
            continue
        start = inside[1].start() if chance < 0.2 and len(inside) > 1 else span.start
        spans.append(Span(start, span.end, rng.choice(LABELS.names) if chance > 0.9 else span.label))
    return on_tokens(document.text, tuple(spans))


@pytest.fixture(scope="module")
def pairs() -> Pairs:
    rng = random.Random(4)
    documents = [Document(d.id, d.text, on_tokens(d.text, d.spans)) for d in synthesise(3000, seed=8)]
    return [(document, blurred(document, rng)) for document in documents]


def test_exact_counts_of_every_label_are_equal(pairs: Pairs) -> None:
    per_type, scores = theirs(pairs).per_type, ours(pairs)
    assert 0.5 < scores.f1 < 0.95
    for name, label in scores.per_label.items():
        assert (per_type[name].num_annotated, per_type[name].true_positives) == (label.n, round((label.recall or 0) * label.n)), name
        assert per_type[name].precision == pytest.approx(label.precision), name
        assert per_type[name].recall == pytest.approx(label.recall), name
        assert per_type[name].f_beta == pytest.approx(label.f1), name


def pair(text: str, gold: tuple[Span, ...], said: tuple[Span, ...]) -> Pairs:
    return [(Document("d", text, gold), said)]


def test_neighbours_stay_apart() -> None:
    """Two people named one after the other are two people: a redaction that makes one of them lost a name. Ours is right."""
    both = (Span(0, 3, "PERSON"), Span(4, 7, "PERSON"))
    one = (Span(0, 7, "PERSON"),)
    assert theirs(pair("Ann Bob called", both, one)).per_type["PERSON"].recall == 1.0
    assert ours(pair("Ann Bob called", both, one)).per_label["PERSON"].recall == 0.0


def test_neighbours_across_a_skip_word_stay_apart() -> None:
    """With its own skip words, as they are by default, Presidio merges across them as well."""
    both, one = (Span(0, 3, "PERSON"), Span(8, 11, "PERSON")), (Span(0, 11, "PERSON"),)
    assert theirs(pair("Ann and Bob called", both, one), skip_words=None).per_type["PERSON"].num_annotated == 1
    assert ours(pair("Ann and Bob called", both, one)).per_label["PERSON"].n == 2


def test_a_word_that_is_skipped_is_still_a_word() -> None:
    """Presidio leaves out words such as "the", so an edge that is off by one is right. Ours counts characters as they stand."""
    gold, said = (Span(4, 18, "ORGANIZATION"),), (Span(0, 18, "ORGANIZATION"),)
    assert theirs(pair("The Salvation Army called", gold, said), skip_words=None).per_type["ORGANIZATION"].recall == 1.0
    scores = ours(pair("The Salvation Army called", gold, said))
    assert (scores.per_label["ORGANIZATION"].recall, scores.f1_partial) == (0.0, 0.5)


def test_nearly_the_same_is_not_the_same() -> None:
    """From an overlap of 0.9 on, its default, spans are equal: eleven of twelve letters. That is what ``overlap`` is for."""
    gold, said = (Span(0, 12, "PERSON"),), (Span(2, 12, "PERSON"),)
    text = "J Whittaker, called"
    assert theirs(pair(text, gold, said), iou_threshold=0.8).per_type["PERSON"].recall == 1.0
    scores = ours(pair(text, gold, said))
    assert (scores.recall, scores.f1_overlap) == (0.0, 1.0)


def test_their_f_weighs_recall_double_by_default(pairs: Pairs) -> None:
    """``calculate_score_on_df`` has beta 2 by default: compare it with ``f_beta(2)``, not with F1."""
    result = theirs(pairs, beta=2)
    scores = ours(pairs)
    totals = [sum(getattr(one, name) for one in result.per_type.values()) for name in ("true_positives", "num_predicted", "num_annotated")]
    precision, recall = totals[0] / totals[1], totals[0] / totals[2]
    assert scores.f_beta(2) == pytest.approx(5 * precision * recall / (4 * precision + recall))
