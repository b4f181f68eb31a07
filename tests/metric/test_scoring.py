"""Hand-computed scores."""

import json
import math
import pickle

import pytest

from piispan.core import DataError, Document, Label, LabelError, LabelSet, Prediction, Span
from piispan.metric import METRIC_VERSION, SemEvalCounts, SpanScores, score

LABELS = LabelSet("test", tuple(Label(name, "a label") for name in ("PERSON", "PHONE", "CITY")))
RATIOS = {
    *("precision", "recall", "f1", "macro_f1", "f2", "f1_partial", "f1_boundaries", "f1_overlap", "f1_recovered"),
    *("char_recall", "char_precision", "leak_rate", "leaked_documents"),
    *("hallucination_rate", "value_not_in_source_rate", "unknown_label_rate"),
    *("offset_error_rate", "malformed_rate", "text_drift_rate", "extraneous_text_rate", "output_tokens_per_document"),
}
FLAT_KEYS = RATIOS | {"f1_strict", "documents", "spans", "per_label", "intervals", "signature"}
SECRET = "Zebulon Quarterstaff"


def document(name: str, *spans: Span, length: int = 40) -> Document:
    return Document(name, "x" * length, spans)


def test_every_figure_of_a_small_corpus():
    documents = [
        document("a", Span(0, 4, "PERSON"), Span(10, 20, "PHONE")),
        document("b", Span(5, 10, "PERSON"), Span(12, 14, "PERSON")),
        document("c"),
    ]
    predictions = [
        Prediction("c", (Span(0, 1, "CITY"),)),
        Prediction("b", (Span(5, 10, "CITY"), Span(12, 14, "PERSON"), Span(12, 14, "PERSON"))),
        Prediction("a", (Span(0, 4, "PERSON"), Span(12, 22, "PHONE"))),
    ]
    scores = score(documents, predictions, LABELS)
    # exact: (0,4) and (12,14) of 4 gold and 5 predicted spans, the double counted once
    assert (scores.precision, scores.recall, scores.f1) == (2 / 5, 2 / 4, 4 / 9)
    assert scores.exact == SpanScores(2 / 5, 2 / 4, 4 / 9)
    assert scores.f2 == 5 * 2 / (4 * 4 + 5)
    # boundaries: the wrong label does not matter; overlap: the phone number too, but not the wrong label
    assert scores.boundaries == SpanScores(3 / 5, 3 / 4, 6 / 9)
    assert scores.overlap == SpanScores(3 / 5, 3 / 4, 6 / 9)
    assert scores.semeval == {
        "strict": SemEvalCounts(correct=2, incorrect=2, partial=0, missing=0, spurious=1),
        "exact": SemEvalCounts(correct=3, incorrect=1, partial=0, missing=0, spurious=1),
        "partial": SemEvalCounts(correct=3, incorrect=0, partial=1, missing=0, spurious=1),
        "type": SemEvalCounts(correct=3, incorrect=1, partial=0, missing=0, spurious=1),
    }
    assert scores.partial == SpanScores(3.5 / 5, 3.5 / 4, 7 / 9)
    assert scores.f1_partial == 2 * 3.5 / 9
    # characters: 4 + 8 + 5 + 2 of 21 gold ones are covered; 4 + 10 + 7 + 1 are predicted
    assert scores.char_recall == 19 / 21
    assert scores.leak_rate == 1 - 19 / 21
    assert scores.char_precision == 19 / 22
    assert scores.leaked_documents == 1 / 3
    # PERSON: 2 of 3 found, 2 predictions; PHONE: none; CITY has no gold span, so it is not in the mean
    person, phone, city = scores.per_label.values()
    assert (person.n, person.precision, person.recall, person.f1, person.char_recall) == (3, 1.0, 2 / 3, 0.8, 1.0)
    none_of_one = (0.0, 0.975)  # what one document can prove: the exact binomial interval of 0 in 1
    anything = pytest.approx((0.025, 0.975))
    nothing = {"precision": none_of_one, "recall": none_of_one, "f1": none_of_one, "char_recall": anything, "leak_rate": anything}
    assert (phone.n, phone.precision, phone.recall, phone.f1, phone.char_recall) == (1, 0.0, 0.0, 0.0, 0.8)
    assert phone.intervals == nothing
    assert (city.n, city.recall, city.f1) == (0, None, 0.0)
    # whatever the other's label: recall goes by the gold label, precision by the predicted one, of which CITY has one in two
    assert (person.boundaries, phone.boundaries) == (SpanScores(1.0, 1.0, 1.0), SpanScores(0.0, 0.0, 0.0))
    assert (city.boundaries, city.counts) == (SpanScores(0.5, None, 0.0), SemEvalCounts(0, 0, 0, 0, 1))
    assert (phone.overlap, phone.partial) == (SpanScores(1.0, 1.0, 1.0), SpanScores(0.5, 0.5, 0.5))
    assert (person.counts, phone.counts) == (SemEvalCounts(3, 0, 0, 0, 0), SemEvalCounts(0, 0, 1, 0, 0))
    assert scores.macro["exact"] == SpanScores(0.5, 1 / 3, 0.4)
    assert scores.macro["boundaries"] == SpanScores(0.5, 0.5, 0.5)
    assert scores.macro_f1 == 0.4
    assert (scores.documents, scores.spans) == (3, 4)


def test_details_are_every_way_to_match():
    documents = [document("a", Span(0, 4, "PERSON"), Span(10, 20, "PHONE"))]
    scores = score(documents, [Prediction("a", (Span(0, 4, "CITY"), Span(12, 20, "PHONE")))], LABELS, resamples=0)
    plain, detailed = scores.to_dict(), scores.to_dict(details=True)
    assert detailed.keys() - plain.keys() == {"micro", "macro", "semeval"}
    assert detailed["micro"]["partial"] == {"precision": 0.75, "recall": 0.75, "f1": 0.75}
    assert detailed["macro"].keys() == {"exact", "boundaries", "overlap", "partial"}
    assert detailed["semeval"]["strict"] == {"correct": 0, "incorrect": 2, "partial": 0, "missing": 0, "spurious": 0}
    phone, more = plain["per_label"]["PHONE"], detailed["per_label"]["PHONE"]
    assert more == {**phone, **{name: more[name] for name in ("boundaries", "overlap", "partial", "counts")}}
    assert more["counts"] == {"correct": 0, "incorrect": 0, "partial": 1, "missing": 0, "spurious": 0}
    assert json.loads(json.dumps(detailed)) == detailed


def test_f_beta():
    documents, predictions = [document("a", Span(0, 4, "PERSON"), Span(10, 20, "PHONE"))], [Prediction("a", (Span(0, 4, "PERSON"),))]
    scores = score(documents, predictions, LABELS, resamples=0)
    assert (scores.f_beta(1), scores.f_beta(2), scores.f_beta(0.5)) == (scores.f1, scores.f2, pytest.approx(5 / 6))
    empty = score(documents, [Prediction("a", ())], LABELS, resamples=0)
    assert (empty.f_beta(2), score([], [], LABELS).f_beta(2)) == (0.0, None)
    for beta in (0, -1, math.inf, math.nan):
        with pytest.raises(DataError, match="beta must be above 0"):
            scores.f_beta(beta)


def test_nothing_to_score_is_none():
    empty = score([], [], LABELS)
    flat = empty.to_dict()
    assert {key for key in RATIOS if flat[key] is not None} == set()
    assert set(empty.intervals.values()) == {None}
    nothing = score([document("a")], [Prediction("a", ())], LABELS)
    assert (nothing.precision, nothing.recall, nothing.f1, nothing.macro_f1, nothing.leak_rate) == (None,) * 5
    assert nothing.leaked_documents == 0.0
    missed = score([document("a", Span(0, 1, "CITY"))], [Prediction("a", ())], LABELS)
    assert (missed.precision, missed.recall, missed.f1, missed.leak_rate, missed.char_precision) == (None, 0.0, 0.0, 1.0, None)
    invented = score([document("a")], [Prediction("a", (Span(0, 1, "CITY"),))], LABELS)
    assert (invented.precision, invented.recall, invented.f1, invented.char_precision) == (0.0, None, 0.0, 0.0)


def test_unknown_labels_are_wrong_predictions_of_no_label():
    scores = score([document("a", Span(0, 1, "CITY"))], [Prediction("a", (Span(0, 1, "CITY"), Span(0, 1, "X"), Span(0, 1, "Y")))], LABELS)
    assert scores.precision == 1 / 3
    assert scores.per_label["CITY"].precision == 1.0
    assert scores.macro_f1 == 1.0


def test_one_prediction_over_two_gold_spans_is_used_once():
    scores = score([document("a", Span(0, 4, "CITY"), Span(5, 9, "CITY"))], [Prediction("a", (Span(0, 9, "CITY"),))], LABELS)
    assert scores.overlap == SpanScores(1.0, 0.5, 2 / 3)
    assert scores.semeval["partial"] == SemEvalCounts(correct=0, incorrect=0, partial=1, missing=1, spurious=0)
    assert scores.char_recall == 1.0


def test_the_first_comer_does_not_take_the_only_partner_of_another():
    """First come, first served would pair [0:9] with [0:4] and leave [3:4], which meets nothing else, without one."""
    gold = document("a", Span(0, 4, "CITY"), Span(5, 9, "CITY"))
    for spans in ((Span(0, 9, "CITY"), Span(3, 4, "CITY")), (Span(3, 4, "CITY"), Span(0, 9, "CITY"))):
        assert score([gold], [Prediction("a", spans)], LABELS).f1_overlap == 1.0


def test_partial_counting_a_half_right_document_twice_stays_half():
    """nervaluate 1.1 keeps ratios in its counters and gives 0.0 here."""
    documents = [document("a", Span(0, 4, "CITY")), document("b", Span(0, 4, "CITY"))]
    predictions = [Prediction(x.id, (Span(0, 3, "CITY"),)) for x in documents]
    assert score(documents, predictions, LABELS).f1_partial == 0.5


def test_flat_keys_are_the_published_ones_and_json():
    scores = score([document("a", Span(0, 4, "CITY"))], [Prediction("a", (), output_tokens=7)], LABELS, resamples=10, seed=3)
    flat = scores.to_dict()
    assert set(flat) == FLAT_KEYS
    assert json.loads(json.dumps(flat, allow_nan=False)) == flat
    assert set(flat["per_label"]) == set(LABELS.names)
    assert set(flat["per_label"]["CITY"]) == {"n", "precision", "recall", "f1", "char_recall", "leak_rate", "interval", "intervals"}
    assert flat["signature"] == f"piispan-metric:{METRIC_VERSION}|match:exact|input:spans|labels:{LABELS.hash}|bootstrap:10:3"
    assert str(scores).endswith(scores.signature)
    assert pickle.loads(pickle.dumps(scores)) == scores


def test_output_tokens_are_none_when_one_is_missing():
    documents = [document("a"), document("b")]
    known = [Prediction("a", (), output_tokens=7), Prediction("b", (), output_tokens=8)]
    assert score(documents, known, LABELS).output_tokens_per_document == 7.5
    assert score(documents, [known[0], Prediction("b", ())], LABELS).output_tokens_per_document is None


def test_recall_apart_for_seen_values():
    documents = [Document("a", "Ann met ann and Bo.", (Span(0, 3, "PERSON"), Span(8, 11, "PERSON"), Span(16, 18, "PERSON")))]
    predictions = [Prediction("a", (Span(0, 3, "PERSON"),))]
    flat = score(documents, predictions, LABELS, seen_values={"ANN"}).to_dict()
    assert (flat["recall_seen"], flat["recall_unseen"]) == (0.5, 0.0)
    unseen = score(documents, predictions, LABELS, seen_values=[]).to_dict()
    assert (unseen["recall_seen"], unseen["recall_unseen"]) == (None, 1 / 3)
    assert "recall_seen" not in score(documents, predictions, LABELS).to_dict()


def test_leak_rate_is_one_minus_char_recall():
    scores = score([document("a", Span(0, 7, "CITY"))], [Prediction("a", (Span(3, 5, "PERSON"), Span(4, 6, "CITY")))], LABELS)
    assert math.isclose(scores.leak_rate, 4 / 7)
    assert scores.leak_rate == 1 - scores.char_recall


def test_ids_must_match():
    documents = [document(name) for name in "abcdefg"]
    with pytest.raises(DataError, match=r"7 documents and 1 predictions do not match: 7 ids \('a', 'b', 'c', 'd', 'e', …\)"):
        score(documents, [Prediction("z", ())], LABELS)
    with pytest.raises(DataError, match=r"predictions must have different ids; given more than once: 1 ids \('a'\)"):
        score(documents[:1], [Prediction("a", ()), Prediction("a", ())], LABELS)
    with pytest.raises(DataError, match="documents must have different ids"):
        score([documents[0], documents[0]], [Prediction("a", ())], LABELS)


@pytest.mark.parametrize(
    ("predicted", "settings", "error"),
    [
        (Prediction("a", (Span(30, 41, SECRET),)), {}, DataError),
        (Prediction("b", (), output=SECRET), {}, DataError),
        (Prediction("a", ()), {"seen_values": SECRET}, DataError),
        (Prediction("a", ()), {"resamples": -1}, DataError),
        (Prediction("a", ()), {"labels": LabelSet("other", (Label("PLACE", "a place"),))}, LabelError),
    ],
)
def test_errors_hold_no_text(predicted, settings, error):
    documents = [Document("a", f"{SECRET} is in Rome " + "." * 8, (Span(0, 20, "PERSON"),))]
    with pytest.raises(error) as caught:
        score(documents, [predicted], settings.pop("labels", LABELS), **settings)
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None
