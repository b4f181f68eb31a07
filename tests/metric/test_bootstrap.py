"""Intervals: against a plain loop, against theory, reproducible and fast."""

import random
import time
import timeit
from itertools import pairwise

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from piispan.core import Document, Label, LabelSet, Prediction, Span
from piispan.metric import score
from piispan.metric.bootstrap import percentile_interval

NAMES = tuple(f"L{i}" for i in range(17))
LABELS = LabelSet("test", tuple(Label(name, "a label") for name in NAMES))


def corpus(size: int, recall: float = 0.8, seed: int = 0) -> tuple[list[Document], list[Prediction]]:
    generator = random.Random(seed)
    documents, predictions = [], []
    for number in range(size):
        gold = [Span(10 * i, 10 * i + generator.randint(1, 10), generator.choice(NAMES)) for i in range(generator.randint(0, 4))]
        kept = [span for span in gold if generator.random() < recall]
        moved = [Span(span.start, span.end + 1, span.label) for span in gold if span not in kept and generator.random() < 0.5]
        documents.append(Document(str(number), "x" * 60, tuple(gold)))
        predictions.append(Prediction(str(number), tuple(kept + moved)))
    return documents, predictions


def test_interval_equals_that_of_resampled_corpora():
    documents, predictions = corpus(30)
    scores = score(documents, predictions, LABELS, resamples=40, seed=5)
    generator = np.random.default_rng(5)
    values: dict[str, list[float | None]] = {name: [] for name in scores.intervals}
    for _ in range(40):
        drawn = generator.integers(30, size=30)
        again = [Document(str(i), documents[d].text, documents[d].spans) for i, d in enumerate(drawn)]
        said = [Prediction(str(i), predictions[d].spans) for i, d in enumerate(drawn)]
        flat = score(again, said, LABELS, resamples=0).to_dict()
        for name, column in values.items():
            column.append(flat[name])
    single = [score([d], [p], LABELS, resamples=0).to_dict() for d, p in zip(documents, predictions, strict=True)]
    for name, column in values.items():
        ends = percentile_interval(np.array(column, dtype=np.float64))
        if ends is not None:  # no end is better than documents without an error, or all wrong, could prove
            right, wrong = (
                sum(flat[name] is not None and good(flat[name]) for flat in single) for good in (lambda x: x > 0, lambda x: x < 1)
            )
            ends = min(ends[0], 0.025 ** (1 / right) if right else 0), max(ends[1], 1 - (0.025 ** (1 / wrong) if wrong else 0))
        assert scores.intervals[name] == (ends and pytest.approx(ends, abs=1e-12)), name


def test_an_error_more_never_makes_an_interval_better():
    """``--confident`` gates stand on this: who finds everything must not fare worse than who misses one."""
    for size in (1, 3, 40, 100):
        documents = [Document(str(i), "x" * 20, tuple(Span(2 * j, 2 * j + 1, "L0") for j in range(10))) for i in range(size)]
        ends = []
        for missed, spurious in ((0, 0), (1, 0), (5, 1), (5, 5)):
            said = [Prediction(d.id, d.spans[missed if i == 0 else 0 :]) for i, d in enumerate(documents)]
            said.append(Prediction("empty", documents[0].spans[:spurious]))
            intervals = score([*documents, Document("empty", "x" * 20)], said, LABELS).intervals
            lower = [intervals[name][0] for name in ("precision", "recall", "f1", "f2", "char_precision")]
            ends.append((*lower, -intervals["leak_rate"][1], -intervals["leaked_documents"][1]))
        for better, worse in pairwise(ends):
            assert all(left >= right for left, right in zip(better, worse, strict=True)), size


def test_one_document_proves_next_to_nothing():
    document = Document("a", "x" * 20, tuple(Span(2 * j, 2 * j + 1, "L0") for j in range(10)))
    intervals = score([document], [Prediction("a", document.spans[1:])], LABELS).intervals
    assert intervals["recall"] == pytest.approx((0.025, 0.975))
    assert intervals["leaked_documents"] == pytest.approx((0.025, 1.0))


def test_interval_has_about_the_width_of_theory():
    """One span a document makes recall a mean of coin tosses: its standard error is known."""
    documents = [Document(str(i), "xx", (Span(0, 1, "L0"),)) for i in range(400)]
    predictions = [Prediction(str(i), (Span(0, 1 + (i % 4 == 0), "L0"),)) for i in range(400)]
    low, high = score(documents, predictions, LABELS).intervals["recall"]
    width = 2 * 1.96 * (0.75 * 0.25 / 400) ** 0.5
    assert low < 0.75 < high
    assert abs((high - low) / width - 1) < 0.15


def test_perfection_is_not_proven_by_few_documents():
    """Where every resample gives 1 or 0, the interval is the exact binomial one: 0.025 ** (1 / n)."""
    for size in (5, 60):
        documents = [Document(str(i), "xx", (Span(0, 1, "L0"),)) for i in range(size)] + [Document("none", "xx")]
        scores = score(documents, [Prediction(d.id, d.spans) for d in documents], LABELS)
        lower = 0.025 ** (1 / size)
        assert scores.intervals["recall"] == scores.per_label["L0"].intervals["char_recall"] == (pytest.approx(lower), 1.0)
        assert scores.intervals["leak_rate"] == (0.0, pytest.approx(1 - lower))
        assert scores.intervals["leaked_documents"] == (0.0, pytest.approx(1 - 0.025 ** (1 / (size + 1))))


def test_same_seed_same_interval():
    documents, predictions = corpus(200)
    first, again, other = (score(documents, predictions, LABELS, resamples=50, seed=seed) for seed in (1, 1, 2))
    assert first == again
    assert first.intervals != other.intervals
    assert first.signature != other.signature
    assert first.f1 == other.f1


def test_labels_without_anything_have_no_interval():
    documents, predictions = corpus(1)
    scores = score(documents, predictions, LABELS, resamples=20)
    without = [scores.per_label[name].intervals for name in NAMES if not scores.per_label[name].n]
    assert without
    assert all(set(intervals.values()) <= {None, (0.0, 0.975)} and intervals["recall"] is None for intervals in without)
    assert set(score(documents, predictions, LABELS, resamples=0).intervals.values()) == {None}


@pytest.mark.timed
def test_a_thousand_resamples_of_20000_documents_take_under_two_seconds():
    documents, predictions = corpus(20_000)
    score(documents[:10], predictions[:10], LABELS)
    with threadpool_limits(1):  # threads of BLAS that wait for one another count as the processor's time
        seconds = timeit.repeat(lambda: score(documents, predictions, LABELS, resamples=1000), timer=time.process_time, repeat=3, number=1)
    assert min(seconds) < 2.0
