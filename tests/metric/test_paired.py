"""The paired bootstrap between two systems."""

import random

import pytest

from piispan.core import DataError, Document, LabelSet, Prediction, Span
from piispan.metric import paired_bootstrap, score

LABELS = LabelSet.load("presidio")
DOCUMENTS = [Document(str(n), "Ada met Bob", (Span(0, 3, "PERSON"), Span(8, 11, "PERSON"))) for n in range(60)]


def system(finds: float, seed: int) -> list[Prediction]:
    rng = random.Random(seed)
    return [Prediction(d.id, tuple(span for span in d.spans if rng.random() < finds)) for d in DOCUMENTS]


def test_the_difference_is_that_of_the_scores() -> None:
    first, second = system(0.9, 1), system(0.5, 2)
    compared = paired_bootstrap(DOCUMENTS, first, second, LABELS)
    scores = [score(DOCUMENTS, predictions, LABELS).f1 for predictions in (first, second)]
    assert compared.difference == pytest.approx(scores[0] - scores[1])
    assert compared.interval[0] < compared.difference < compared.interval[1]
    assert compared.p_value < 0.01
    other = paired_bootstrap(DOCUMENTS, second, first, LABELS)
    assert (other.difference, other.p_value) == (pytest.approx(-compared.difference), compared.p_value)


def test_equal_systems_differ_by_nothing() -> None:
    same = system(0.7, 3)
    compared = paired_bootstrap(DOCUMENTS, same, same[::-1], LABELS, figure="char_recall")
    assert (compared.difference, compared.interval, compared.p_value) == (0.0, (0.0, 0.0), 1.0)


def test_chance_is_not_taken_for_a_difference() -> None:
    """Two systems of the same quality: at most one seed in ten may look different at the level of one in twenty."""
    surprises = sum(
        paired_bootstrap(DOCUMENTS, system(0.7, n), system(0.7, 1000 + n), LABELS, resamples=500).p_value < 0.05 for n in range(40)
    )
    assert surprises <= 4


def test_pairing_sees_what_intervals_of_each_alone_do_not() -> None:
    better = system(0.6, 5)
    worse = [Prediction(p.id, p.spans if int(p.id) % 5 else ()) for p in better]
    scores = [score(DOCUMENTS, predictions, LABELS) for predictions in (better, worse)]
    assert scores[1].intervals["recall"][1] > scores[0].intervals["recall"][0]  # they overlap
    assert paired_bootstrap(DOCUMENTS, better, worse, LABELS, figure="recall").p_value < 0.05


@pytest.mark.parametrize(
    ("changes", "message"), [({"figure": "f3"}, "figure must be one of precision"), ({"resamples": 0}, "resamples must be at least 1")]
)
def test_bad_arguments(changes, message: str) -> None:
    with pytest.raises(DataError, match=message):
        paired_bootstrap(DOCUMENTS, system(1, 0), system(1, 0), LABELS, **changes)


def test_nothing_to_score() -> None:
    empty = [Prediction(d.id, ()) for d in DOCUMENTS]
    with pytest.raises(DataError, match="nothing to score"):
        paired_bootstrap(DOCUMENTS, empty, empty, LABELS, figure="precision")


def test_documents_that_differ_in_counts_alone_are_seen() -> None:
    """One spurious span against nine is precision 0 either way, and yet the corpus differs."""
    gold, spurious = Span(0, 1, "PERSON"), tuple(Span(2 * i, 2 * i + 1, "PERSON") for i in range(1, 10))
    documents = [Document(str(i), "x" * 30, (gold,) if i % 2 else ()) for i in range(200)]
    first, second = ([Prediction(d.id, d.spans if d.spans else spurious[:most]) for d in documents] for most in (1, 9))
    compared = paired_bootstrap(documents, first, second, LABELS, figure="precision", resamples=500)
    assert compared.p_value < 0.01
    assert compared.interval[0] > 0.2


def test_few_documents_prove_nothing() -> None:
    documents = [Document(str(i), "xxxx", (Span(0, 2, "PERSON"),)) for i in range(5)]
    right, none = [Prediction(d.id, d.spans) for d in documents], [Prediction(d.id, ()) for d in documents]
    for count in (1, 2, 5):
        compared = paired_bootstrap(documents[:count], right[:count], none[:count], LABELS, figure="recall")
        assert compared.p_value == min(1.0, 2 / 2**count)
        assert compared.interval == (0.0, 1.0)
    assert paired_bootstrap(documents, right, right, LABELS, figure="recall").p_value == 1.0
