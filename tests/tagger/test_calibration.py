"""The promise of an operating point: the p-value against exact fractions, the guarantee by simulation."""

import json
import math
import re
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from piispan.core import CalibrationError, PiispanError, Span
from piispan.tagger.calibration import (
    MOST_DOCUMENTS,
    OperatingPoint,
    check_enough,
    choose_operating_point,
    documents_needed,
    hoeffding_bentkus,
    missed_share,
)

POINT = OperatingPoint(tag_bias=1.5, target_recall=0.99, delta=0.05, documents=400, calibration_recall=0.9975, p_value=0.01)


def exact_tail(most: int, count: int, alpha: Fraction) -> Fraction:
    """P(Bin(count, alpha) <= most)."""
    return sum((math.comb(count, k) * alpha**k * (1 - alpha) ** (count - k) for k in range(most + 1)), Fraction(0))


def reference(lost: Fraction, count: int, alpha: Fraction) -> float:
    """The bound from its definition, for a summed loss of ``lost``: a product of powers and an exact tail, no logarithm."""
    mean = lost / count
    hoeffding = 1.0
    if mean < alpha:
        hoeffding = float((1 - alpha) / (1 - mean)) ** float(count - lost)
        hoeffding *= float(alpha / mean) ** float(lost) if lost else 1.0
    return min(1.0, hoeffding, math.e * float(exact_tail(math.ceil(lost), count, alpha)))


@pytest.mark.parametrize("alpha", [Fraction(1, 100), Fraction(1, 10), Fraction(1, 2), Fraction(9, 10)])
@pytest.mark.parametrize("count", [1, 2, 7, 30, 49])
def test_p_value_equals_its_definition(count, alpha):
    for halves in range(2 * count + 1):
        lost = Fraction(halves, 2)
        p_value = hoeffding_bentkus(float(lost / count), count, float(alpha))
        assert p_value == pytest.approx(reference(lost, count, alpha), rel=1e-10), halves


@pytest.mark.parametrize(("lost", "count", "alpha"), [(0, 3000, 0.01), (9, 3000, 0.01), (25, 3000, 0.01), (1200, 3000, 0.5)])
def test_p_value_of_many_documents_equals_its_definition(lost, count, alpha):
    assert hoeffding_bentkus(lost / count, count, alpha) == pytest.approx(reference(Fraction(lost), count, Fraction(alpha)), rel=1e-9)


def test_the_cut_tail_equals_the_whole_one():
    count, lost, alpha = 10**6, 9900, 0.01
    logs = [
        math.lgamma(count + 1) - math.lgamma(k + 1) - math.lgamma(count - k + 1) + k * math.log(alpha) + (count - k) * math.log1p(-alpha)
        for k in range(lost + 1)
    ]
    tail = math.e * math.fsum(map(math.exp, logs))
    assert tail < math.exp(-count * (0.0099 * math.log(0.99) + 0.9901 * math.log(0.9901 / 0.99)))
    assert hoeffding_bentkus(lost / count, count, alpha) == pytest.approx(tail, rel=1e-8)


def test_rounding_of_the_mean_loses_no_document():
    assert 7 / 25 * 25 > 7
    assert hoeffding_bentkus(7 / 25, 25, 0.5) == pytest.approx(reference(Fraction(7), 25, Fraction(1, 2)), rel=1e-10)


@given(st.floats(0, 1), st.floats(0, 1), st.integers(1, 5000), st.floats(1e-6, 1 - 1e-6))
def test_p_value_is_a_probability_and_rises_with_the_mean(one, other, count, alpha):
    low, high = (hoeffding_bentkus(mean, count, alpha) for mean in sorted((one, other)))
    assert 0 <= low <= high * (1 + 1e-9)
    assert high <= 1
    assert hoeffding_bentkus(1.0, count, alpha) == hoeffding_bentkus(alpha, count, alpha) == 1


@pytest.mark.parametrize("alpha", [Fraction(1, 20), Fraction(3, 10)])
def test_p_value_is_below_any_level_at_most_that_often(alpha):
    """Exactly, for losses of 0 or 1 whose expectation is the largest that the hypothesis excludes."""
    count = 40
    for lost in range(count + 1):
        level = hoeffding_bentkus(lost / count, count, float(alpha))
        assert exact_tail(lost, count, alpha) <= level * (1 + 1e-9) or level == 1


# --- the promise ---------------------------------------------------------------------------------------------------

TARGET, DELTA, DOCUMENTS, DRAWS = 0.9, 0.1, 200, 200
# The expected loss at each bias, the smallest first. 0.1 is tolerated: both have biases just above it, where a lucky draw passes.
MONOTONE = np.array([0.16, 0.14, 0.12, 0.11, 0.105, 0.102, 0.101, 0.04, 0.035, 0.03, 0.03, 0.02])
BUMPY = np.array([0.101] * 14 + [0.02] + [0.101] * 3 + [0.02, 0.04, 0.02])
TOLERATED = DELTA * DRAWS + 3 * math.sqrt(DRAWS * DELTA * (1 - DELTA))
"""Broken promises that are no proof: the mean of Binomial(200, 0.1) and three standard deviations, exceeded about once in a thousand."""


def learn_then_test(losses: np.ndarray) -> int | None:
    try:
        return int(choose_operating_point(losses, range(losses.shape[1]), target_recall=TARGET, delta=DELTA).tag_bias)
    except CalibrationError:
        return None


def plain_mean(losses: np.ndarray) -> int | None:
    """Wrong: the smallest bias whose mean loss is tolerated, as if the mean were the expectation."""
    return int(np.argmax(losses.mean(axis=0) <= 1 - TARGET))


def without_stopping(losses: np.ndarray) -> int | None:
    """Wrong: the smallest bias that passes by itself, wherever a larger one failed."""
    p_values = [hoeffding_bentkus(mean, DOCUMENTS, 1 - TARGET) for mean in losses.mean(axis=0).tolist()]
    return next((bias for bias, p_value in enumerate(p_values) if p_value <= DELTA), None)


def simulate(procedure: Callable[[np.ndarray], int | None], risk: np.ndarray) -> list[int | None]:
    """The bias chosen in each draw of documents that are either missed whole or found whole; ``None`` promises nothing."""
    generator = np.random.default_rng(2110)
    return [procedure((generator.random((DOCUMENTS, len(risk))) < risk).astype(np.float64)) for _ in range(DRAWS)]


def broken_promises(chosen: list[int | None], risk: np.ndarray) -> int:
    return sum(bias is not None and bool(risk[bias] > 1 - TARGET) for bias in chosen)


@pytest.mark.parametrize("risk", [MONOTONE, BUMPY], ids=["monotone", "bumpy"])
def test_promise_is_kept(risk):
    chosen = simulate(learn_then_test, risk)
    assert broken_promises(chosen, risk) <= TOLERATED
    below_the_largest = [bias for bias in chosen if bias is not None and bias < len(risk) - 1]
    assert len(below_the_largest) > DRAWS / 2, "a procedure that never leaves the largest bias keeps any promise"


@pytest.mark.parametrize(
    ("procedure", "risk"),
    [(plain_mean, MONOTONE), (plain_mean, BUMPY), (without_stopping, BUMPY)],
    ids=["plain_mean-monotone", "plain_mean-bumpy", "without_stopping-bumpy"],
)
def test_a_wrong_procedure_breaks_it(procedure, risk):
    assert broken_promises(simulate(procedure, risk), risk) > TOLERATED


# --- choosing ------------------------------------------------------------------------------------------------------


def test_the_run_ends_at_the_first_failure():
    losses = np.zeros((400, 4))
    losses[:40, 1] = 1
    point = choose_operating_point(losses, [-1, 0, 1.5, 3])
    assert point == OperatingPoint(1.5, 0.99, 0.05, 400, 1.0, hoeffding_bentkus(0.0, 400, 1 - 0.99))
    losses[0, 2] = 0.5
    assert choose_operating_point(losses, [-1, 0, 1.5, 3], target_recall=0.98).calibration_recall == 1 - 0.5 / 400


def test_choice_does_not_depend_on_the_order_of_documents():
    generator = np.random.default_rng(0)
    losses = generator.random((500, 3)) ** 40
    turned = generator.permutation(losses)
    assert choose_operating_point(losses, [0, 1, 2], target_recall=0.9) == choose_operating_point(turned, [0, 1, 2], target_recall=0.9)


def message(losses: np.ndarray, target_recall: float = 0.99) -> str:
    with pytest.raises(CalibrationError) as caught:
        choose_operating_point(losses, [0, 2], target_recall=target_recall)
    return str(caught.value)


def test_no_point_says_how_many_documents_are_needed():
    assert message(np.zeros((298, 2))) == (
        "no tag bias passes: at the largest, 2, the mean missed share of 298 documents with PII is 0 (p-value 0.05, must be at most 0.05); "
        "at that share, 299 documents with PII would be needed"
    )
    assert choose_operating_point(np.zeros((299, 2)), [0, 2]).tag_bias == 0
    losses = np.zeros((1000, 2))
    losses[:4, 1] = 1
    assert f"at that share, {documents_needed(0.004, target_recall=0.99, delta=0.05)} documents" in message(losses)


@pytest.mark.parametrize("share", [0.01, 0.5, 1.0])
def test_no_point_says_when_no_number_would_do(share):
    text = message(np.full((100, 2), share))
    assert "no number of documents would do, as that is not clearly below 0.01: the target or the training must change" in text


@pytest.mark.parametrize("mean", [0.0, 1e-6, 0.001, 0.004, 1 / 300, 0.005, 0.007])
@pytest.mark.parametrize("delta", [0.01, 0.1, 0.5])
def test_documents_needed_are_what_choosing_needs(mean, delta):
    needed = documents_needed(mean, target_recall=0.99, delta=delta)
    for count in (needed, needed + 1, needed + 100, 2 * needed):
        assert choose_operating_point(np.full((count, 1), mean), [0], delta=delta).documents == count
    with pytest.raises(CalibrationError, match=f"{needed} documents with PII would be needed"):
        choose_operating_point(np.full((needed - 1, 1), mean), [0], delta=delta)


@settings(deadline=None, max_examples=60)
@given(st.sampled_from([0.02, 0.1, 0.3, 0.5, 0.9]), st.floats(0, 0.75), st.sampled_from([0.01, 0.05, 0.1, 0.3, 0.9]))
def test_documents_needed_follow_the_last_failure(alpha, part, delta):
    """Against trying every count up to where Hoeffding's half alone passes."""
    alpha = 1 - (1 - alpha)
    mean = part * alpha
    rate = (mean * math.log(mean / alpha) if mean else 0) + (1 - mean) * math.log((1 - mean) / (1 - alpha))
    surely = math.ceil(-math.log(delta) / rate) + 1
    failures = [count for count in range(1, surely + 1) if hoeffding_bentkus(mean, count, alpha) > delta]
    assert documents_needed(mean, target_recall=1 - alpha, delta=delta) == max(failures, default=0) + 1


def test_documents_needed_know_when_to_give_up():
    assert documents_needed(0.0099, target_recall=0.99, delta=0.05) < MOST_DOCUMENTS
    assert documents_needed(0.0099999, target_recall=0.99, delta=0.05) is None
    assert documents_needed(0.01, target_recall=0.99, delta=0.05) is None
    assert documents_needed(1.0, target_recall=0.5, delta=0.5) is None
    assert documents_needed(0.0, target_recall=1 - 1e-10, delta=0.05) > MOST_DOCUMENTS


# --- rules ---------------------------------------------------------------------------------------------------------


def rule(text: str) -> str:
    return f"^{re.escape(text)}"


@pytest.mark.parametrize("value", [0.0, 1.0, -1.0, math.nan])
def test_shares_of_the_promise_must_be_inside(value):
    for name in ("target_recall", "delta"):
        arguments = {"target_recall": 0.9, "delta": 0.1, name: value}
        with pytest.raises(CalibrationError, match=rule(f"{name} must be in (0, 1), was: {value}")):
            choose_operating_point(np.zeros((9, 1)), [0], **arguments)
        with pytest.raises(CalibrationError, match=rule(f"{name} must be in (0, 1), was: {value}")):
            documents_needed(0.0, **arguments)
    with pytest.raises(CalibrationError, match=rule(f"alpha must be in (0, 1), was: {value}")):
        hoeffding_bentkus(0.0, 1, value)


@pytest.mark.parametrize("value", [-0.1, 1.1, math.nan, math.inf])
def test_losses_must_be_shares(value):
    with pytest.raises(CalibrationError, match=rule(f"losses must be in [0, 1], was: [{value:g}]")):
        choose_operating_point(np.array([[0.0], [value]]), [0])
    for call in (lambda: hoeffding_bentkus(value, 1, 0.1), lambda: documents_needed(value, target_recall=0.9, delta=0.1)):
        with pytest.raises(CalibrationError, match=rule(f"mean_loss must be in [0, 1], was: {value}")):
            call()


def test_count_must_be_positive():
    with pytest.raises(CalibrationError, match=rule("count must be at least 1, was: 0")):
        hoeffding_bentkus(0.0, 0, 0.1)


@pytest.mark.parametrize("grid", [[], [1.0, 0.0], [0.0, 0.0], [0.0, math.nan], [0.0, math.inf], [math.nan]])
def test_grid_must_ascend(grid):
    with pytest.raises(CalibrationError, match=rule(f"grid must be finite, strictly ascending and not empty, was: {grid}")):
        choose_operating_point(np.zeros((9, len(grid))), grid)


@pytest.mark.parametrize("shape", [(0, 2), (9, 1), (9, 3), (2,), (9, 2, 1), ()])
def test_losses_must_have_a_column_for_each_bias(shape):
    text = f"losses must have the shape (documents with PII, at least 1; 2 biases), was: {shape}"
    with pytest.raises(CalibrationError, match=rule(text)):
        choose_operating_point(np.zeros(shape), [0, 1])


def test_error_is_of_the_tree():
    assert issubclass(CalibrationError, PiispanError)
    assert issubclass(CalibrationError, ValueError)


# --- the point, saved ----------------------------------------------------------------------------------------------

inside = st.floats(0, 1, exclude_min=True, exclude_max=True)
points = st.builds(
    OperatingPoint, st.floats(allow_nan=False, allow_infinity=False), inside, inside, st.integers(1), st.floats(0, 1), st.floats(0, 1)
)


@given(points)
def test_point_survives_json(point):
    assert OperatingPoint.from_dict(json.loads(json.dumps(point.to_dict()))) == point


@pytest.mark.parametrize("key", [*POINT.to_dict(), "colour"])
@pytest.mark.parametrize("value", [None, "0.5", True, [0.5]])
def test_a_malformed_point_is_named(key, value):
    with pytest.raises(CalibrationError, match=rf"missing, unknown or no number: \['{key}'\]"):
        OperatingPoint.from_dict({**POINT.to_dict(), key: value})


def test_a_missing_key_is_named():
    with pytest.raises(CalibrationError, match=r"no number: \['delta', 'p_value'\]"):
        OperatingPoint.from_dict({key: value for key, value in POINT.to_dict().items() if key not in ("delta", "p_value")})


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("tag_bias", math.nan),
        ("target_recall", 1),
        ("delta", 0),
        ("documents", 0),
        ("documents", 1.5),
        ("calibration_recall", 2),
        ("p_value", -1),
    ],
)
def test_a_point_out_of_range_is_named(key, value):
    with pytest.raises(CalibrationError, match=f"^{key} must be .*, was: {value}"):
        OperatingPoint.from_dict({**POINT.to_dict(), key: value})


# --- missed characters ---------------------------------------------------------------------------------------------


def spans(*offsets: tuple[int, int]) -> list[Span]:
    return [Span(start, end, f"L{i}") for i, (start, end) in enumerate(offsets)]


@pytest.mark.parametrize(
    ("gold", "predicted", "share"),
    [
        ([(0, 4)], [], 1),
        ([(0, 4)], [(0, 4)], 0),
        ([(0, 4)], [(4, 8)], 1),
        ([(4, 8)], [(0, 4)], 1),
        ([(0, 4)], [(3, 8)], 0.75),
        ([(2, 6)], [(0, 20)], 0),
        ([(0, 4), (4, 8)], [(2, 6)], 0.5),
        ([(0, 4), (4, 8)], [(0, 8)], 0),
        ([(0, 8)], [(0, 4), (4, 8)], 0),
        ([(0, 8)], [(0, 4), (2, 6)], 0.25),
        ([(0, 8)], [(0, 4), (0, 4)], 0.5),
        ([(0, 2), (10, 16)], [(10, 16)], 0.25),
        ([(0, 4), (2, 6)], [(0, 3)], 0.5),
    ],
)
def test_missed_share(gold, predicted, share):
    assert missed_share(spans(*gold), spans(*predicted)) == share


def test_nothing_can_be_missed_without_gold():
    assert missed_share([], spans((0, 4))) is None
    assert missed_share([], []) is None


@pytest.mark.parametrize(("target_recall", "delta"), [(0.99, 0.05), (0.95, 0.1), (0.5, 0.5)])
def test_too_few_documents_are_told_what_they_could_promise(target_recall, delta):
    needed = next(count for count in range(1, 1000) if hoeffding_bentkus(0.0, count, 1 - target_recall) <= delta)
    check_enough(needed, target_recall=target_recall, delta=delta)
    with pytest.raises(CalibrationError, match=f"it takes {needed}"):
        check_enough(0, target_recall=target_recall, delta=delta)
    if needed > 1:
        with pytest.raises(CalibrationError, match=f"it takes {needed}, or a target of ") as refused:
            check_enough(needed - 1, target_recall=target_recall, delta=delta)
        check_enough(needed - 1, target_recall=float(str(refused.value).rsplit(" ", 1)[1]), delta=delta)
