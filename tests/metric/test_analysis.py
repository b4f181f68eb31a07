"""Errors counted by hand, and against the scores."""

import json
import random

import pytest

from piispan.core import DataError, Document, Label, LabelSet, Prediction, Span
from piispan.metric import EdgeErrors, Leak, analyse, score
from tests.metric.test_peers import LABELS as PEER_LABELS
from tests.metric.test_peers import LENGTH, blurred, flat_spans

LABELS = LabelSet("test", tuple(Label(name, "a label") for name in ("PERSON", "CITY", "PHONE")))


def test_every_error_of_a_small_corpus() -> None:
    documents = [
        Document("a", "x" * 60, (Span(0, 10, "PERSON"), Span(20, 25, "CITY"), Span(30, 40, "PHONE"))),
        Document("b", "x" * 60, (Span(0, 4, "PERSON"), Span(5, 9, "CITY"))),
        Document("c", "x" * 60, (Span(0, 50, "CITY"),)),
    ]
    predictions = [
        Prediction("a", (Span(0, 8, "PERSON"), Span(20, 25, "PERSON"), Span(29, 52, "PHONE"), Span(55, 60, "CITY"))),
        Prediction("b", (Span(0, 4, "ZIP"),)),
        Prediction("c", ()),
    ]
    found = analyse(documents, predictions, LABELS)
    assert found.confusion == ((1, 0, 0, 1), (1, 0, 0, 0), (0, 0, 1, 0), (0, 0, 0, 0))
    assert found.confused() == [("PERSON", "other labels", 1), ("CITY", "PERSON", 1)]
    assert (found.missed, found.spurious) == ((0, 2, 0, 0), (0, 1, 0, 0))
    # the two that merely overlap: [0:8] for [0:10], and [29:52] for [30:40]
    assert found.starts == EdgeErrors(early=(1, 0, 0, 0, 0), late=(0, 0, 0, 0, 0), right=1)
    assert found.ends == EdgeErrors(early=(0, 1, 0, 0, 0), late=(0, 0, 0, 0, 1), right=0)
    assert (found.leaked_characters, found.most_leaked) == ((2, 54, 0, 0), "CITY")
    assert found.leaks == (Leak("c", 50, 1), Leak("b", 4, 1), Leak("a", 2, 1))
    assert analyse(documents, predictions, LABELS, most_leaks=1).leaks == (Leak("c", 50, 1),)
    assert json.loads(json.dumps(found.to_dict())) == found.to_dict()


def test_nothing_is_no_error() -> None:
    found = analyse([], [], LABELS)
    assert (found.most_leaked, found.leaks, found.confused(), sum(map(sum, found.confusion))) == (None, (), [], 0)


def test_counts_are_those_of_the_scores() -> None:
    generator = random.Random(3)
    gold = [flat_spans(generator) for _ in range(300)]
    documents = [Document(str(i), "x" * LENGTH, tuple(spans)) for i, spans in enumerate(gold)]
    predictions = [Prediction(str(i), tuple(blurred(spans, generator))) for i, spans in enumerate(gold)]
    found, scores = analyse(documents, predictions, PEER_LABELS), score(documents, predictions, PEER_LABELS, resamples=0)
    types, partial = scores.semeval["type"], scores.semeval["partial"].partial
    assert sum(found.confusion[i][i] for i in range(len(found.labels))) == types.correct
    assert sum(map(sum, found.confusion)) == types.correct + types.incorrect
    assert (sum(found.missed), sum(found.spurious)) == (types.missing, types.spurious)
    for edges in (found.starts, found.ends):
        assert sum(edges.early) + sum(edges.late) + edges.right == partial
    gold_characters = sum(span.end - span.start for spans in gold for span in spans)
    assert sum(found.leaked_characters) / gold_characters == pytest.approx(scores.leak_rate)
    every = analyse(documents, predictions, PEER_LABELS, most_leaks=300).leaks
    assert len(every) / 300 == scores.leaked_documents
    assert [leak.characters for leak in every] == sorted((leak.characters for leak in every), reverse=True)


def test_predictions_of_another_text_are_refused() -> None:
    with pytest.raises(DataError, match="lies outside the text of 4 characters"):
        analyse([Document("a", "Cork")], [Prediction("a", (Span(0, 9, "CITY"),))], LABELS)
