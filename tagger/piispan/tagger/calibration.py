"""Choose a tag bias with a guarantee on recall: Learn then Test (A. Angelopoulos et al., arXiv 2110.01052).

The promise: with probability at least ``1 - delta`` over the draw of the calibration documents, the expected share of
a document's PII characters that are missed is at most ``1 - target_recall``. It is about documents that hold PII. It
needs calibration documents drawn independently (one of each group of near-duplicates) from what is to be tagged, none
of them trained on, and a grid fixed beforehand. Biases are tested in fixed sequence, the largest first, each at the
full ``delta``; the first not to be rejected ends the run. Risk need not be monotone in the bias.
"""

import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise, takewhile
from typing import cast

import numpy as np
import numpy.typing as npt

from piispan.core import CalibrationError, Document, Span

__all__ = [
    "MOST_DOCUMENTS",
    "OperatingPoint",
    "calibration_documents",
    "check_enough",
    "choose_operating_point",
    "documents_needed",
    "hoeffding_bentkus",
    "missed_share",
]

MOST_DOCUMENTS = 10**8
"""Where ``documents_needed`` gives up on a mean loss just below the limit."""

_ROUNDING = 1 - 1e-12  # Seven lost documents in 25 must not become eight: 7 / 25 * 25 is 7.000000000000001.


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """A chosen tag bias and what is promised of it.

    Args:
        tag_bias: What is added to the logits of opening tags; finite.
        target_recall: Promised expected share of a document's PII characters that are found, in (0, 1).
        delta: Probability that an unlucky draw of documents breaks the promise, in (0, 1).
        documents: Calibration documents that hold PII, at least 1.
        calibration_recall: 1 less the mean loss of those documents at this bias, in [0, 1].
        p_value: Of "the promise does not hold at this bias", in [0, 1].

    Raises:
        CalibrationError: If a value is out of its range.
    """

    tag_bias: float
    target_recall: float
    delta: float
    documents: int
    calibration_recall: float
    p_value: float

    def __post_init__(self) -> None:
        _check("tag_bias must be finite", self.tag_bias, math.isfinite(self.tag_bias))
        _tolerated_loss(self.target_recall, self.delta)
        _check("documents must be a whole number of at least 1", self.documents, isinstance(self.documents, int) and self.documents >= 1)
        _check("calibration_recall must be in [0, 1]", self.calibration_recall, 0 <= self.calibration_recall <= 1)
        _check("p_value must be in [0, 1]", self.p_value, 0 <= self.p_value <= 1)

    def to_dict(self) -> dict[str, float | int]:
        """The fields by name, as saved in ``piispan.json``."""
        return asdict(self)

    @classmethod
    def from_dict(cls, row: Mapping[str, object]) -> "OperatingPoint":
        """The operating point of ``to_dict``.

        Raises:
            CalibrationError: If a key is missing or unknown, or a value is not a number or out of its range.
        """
        names = cls.__dataclass_fields__.keys()
        wrong = sorted(name for name in names | row.keys() if name not in names or type(row.get(name)) not in (int, float))
        if wrong:
            raise CalibrationError(f"an operating point needs {', '.join(names)}, all numbers; missing, unknown or no number: {wrong}")
        return cls(**cast("Mapping[str, int]", row))  # An int serves as a float; documents is checked.


def missed_share(gold: Sequence[Span], predicted: Sequence[Span]) -> float | None:
    """Share of gold characters under no predicted span, labels ignored, in [0, 1]; ``None`` without gold spans.

    A character counts once, however many spans hold it.
    """
    wanted, found = ({place for span in spans for place in range(span.start, span.end)} for spans in (gold, predicted))
    return len(wanted - found) / len(wanted) if wanted else None


def calibration_documents(documents: Sequence[Document]) -> list[Document]:
    """Those that count: with spans, and of each group the first only, since near-duplicates are one draw, not many."""
    seen: set[str] = set()
    kept = []
    for document in documents:
        if not document.spans:
            continue
        if document.group is None or document.group not in seen:
            kept.append(document)
            seen |= {document.group} if document.group is not None else set()
    return kept


def choose_operating_point(
    losses: npt.NDArray[np.float64], grid: Sequence[float], *, target_recall: float = 0.99, delta: float = 0.05
) -> OperatingPoint:
    """The smallest bias of the unbroken run of biases that pass, from the largest down.

    Args:
        losses: Missed share of each document that holds PII at each bias, in [0, 1]. Shape: ``(documents, len(grid))``
        grid: Tag biases, strictly ascending and finite.
        target_recall: Wanted recall, in (0, 1).
        delta: Probability with which the promise may fail, in (0, 1).

    Raises:
        CalibrationError: If the largest bias does not pass (the message says how many documents would be needed), or
            an argument breaks a rule above.
    """
    alpha = _tolerated_loss(target_recall, delta)
    ascending = all(low < high for low, high in pairwise(grid))
    _check("grid must be finite, strictly ascending and not empty", grid, len(grid) > 0 and all(map(math.isfinite, grid)) and ascending)
    losses = np.asarray(losses, dtype=np.float64)
    shaped = losses.ndim == 2 and len(losses) > 0 and losses.shape[1] == len(grid)
    _check(f"losses must have the shape (documents with PII, at least 1; {len(grid)} biases)", losses.shape, shaped)
    outside = losses[~((losses >= 0) & (losses <= 1))]
    _check("losses must be in [0, 1]", outside[:1], not len(outside))

    means = [math.fsum(column) / len(losses) for column in losses.T]
    p_values = [hoeffding_bentkus(mean, len(losses), alpha) for mean in means]
    passed = len(list(takewhile(lambda p_value: p_value <= delta, reversed(p_values))))
    if passed:
        bias, mean, p_value = grid[-passed], means[-passed], p_values[-passed]
        return OperatingPoint(float(bias), target_recall, delta, len(losses), 1 - mean, p_value)
    needed = documents_needed(means[-1], target_recall=target_recall, delta=delta)
    remedy = f"no number of documents would do, as that is not clearly below {alpha:.4g}: the target or the training must change"
    raise CalibrationError(
        f"no tag bias passes: at the largest, {grid[-1]:g}, the mean missed share of {len(losses)} documents with PII is {means[-1]:.4g} "
        f"(p-value {p_values[-1]:.2g}, must be at most {delta:g}); "
        + (remedy if needed is None else f"at that share, {needed} documents with PII would be needed")
    )


def check_enough(documents: int, *, target_recall: float, delta: float) -> None:
    """Check that so many documents could keep the promise if nothing in them were missed; no model is needed to know.

    Raises:
        CalibrationError: If they could not, or ``target_recall`` or ``delta`` is not in (0, 1); says how many are needed, and what
            these could promise.
    """
    needed = documents_needed(0.0, target_recall=target_recall, delta=delta)
    if needed is not None and documents >= needed:
        return
    could = f", or a target of {math.floor(1000 * delta ** (1 / documents)) / 1000:g}" if documents else ""
    raise CalibrationError(
        f"a recall of {target_recall:g} cannot be promised from {documents} documents with PII (of each group one counts), even if nothing "
        f"in them is missed: it takes {needed or f'more than {MOST_DOCUMENTS}'}{could}"
    )


def documents_needed(mean_loss: float, *, target_recall: float, delta: float) -> int | None:
    """The number of documents from which on this mean loss passes at every count; with one fewer it does not.

    A smaller number may pass as well, by luck: the p-value jumps up where ``count * mean_loss`` exceeds a whole number.

    Returns:
        At least 1; ``None`` where ``MOST_DOCUMENTS`` are not surely enough, as for any mean loss of ``1 - target_recall`` or more.

    Raises:
        CalibrationError: If ``mean_loss`` is not in [0, 1], or ``target_recall`` or ``delta`` not in (0, 1).
    """
    alpha = _tolerated_loss(target_recall, delta)
    _check("mean_loss must be in [0, 1]", mean_loss, 0 <= mean_loss <= 1)
    rate = _divergence(mean_loss, alpha)
    if mean_loss > 0 and -math.log(delta) > rate * MOST_DOCUMENTS:
        return None
    surely = math.ceil(-math.log(delta) / rate) + 1

    def passes(count: int) -> bool:
        return hoeffding_bentkus(mean_loss, count, alpha) <= delta

    def fewest(lost: int) -> int:
        """The smallest count whose summed loss rounds up to ``lost``; the p-value falls from there to the next."""
        return math.floor((lost - 1) / max(mean_loss * _ROUNDING, 1e-300)) + 1

    # Were fewest() not rounded, passing would be monotone in lost. Passing with one fewer implies passing unrounded, so all pass
    # from the number that the bisection finds; the last failure is a short walk below.
    candidates = range(max(1, _lost(mean_loss, surely)) + 1)
    lost = bisect_left(candidates, True, lo=1, key=lambda lost: _p_value(mean_loss, lost, fewest(lost) - 1, alpha) <= delta)
    while lost > 1 and passes(fewest(lost - 1)):
        lost -= 1
    return 1 if lost == 1 else bisect_left(range(surely), True, lo=fewest(lost - 1), hi=min(fewest(lost), surely), key=passes)


def hoeffding_bentkus(mean_loss: float, count: int, alpha: float) -> float:
    """The p-value of "the expected loss is above ``alpha``", in [0, 1]: the Hoeffding-Bentkus bound of arXiv 2110.01052.

    Args:
        mean_loss: Mean of ``count`` independent losses, each in [0, 1].
        count: At least 1.
        alpha: Tolerated expected loss, in (0, 1).

    Raises:
        CalibrationError: If an argument is out of its range.
    """
    _check("mean_loss must be in [0, 1]", mean_loss, 0 <= mean_loss <= 1)
    _check("count must be at least 1", count, count >= 1)
    _check("alpha must be in (0, 1)", alpha, 0 < alpha < 1)
    return _p_value(mean_loss, _lost(mean_loss, count), count, alpha)


def _p_value(mean_loss: float, lost: int, count: int, alpha: float) -> float:
    hoeffding = math.exp(-count * _divergence(mean_loss, alpha))
    # The median of a binomial is at most its mean rounded up: from there on, e times the tail is above 1.
    return hoeffding if lost >= count * alpha else min(hoeffding, math.exp(1 + _log_tail(lost, count, alpha)))


def _divergence(mean_loss: float, alpha: float) -> float:
    """h1 of the paper: of Bernoulli(min(mean_loss, alpha)) from Bernoulli(alpha), in nats."""
    low = min(mean_loss, alpha)
    found = low * math.log(low / alpha) if low else 0.0
    return max(0.0, found + (1 - low) * (math.log1p(-low) - math.log1p(-alpha)))


def _log_tail(most: int, count: int, alpha: float) -> float:
    """Log of P(Bin(count, alpha) <= most) for ``most`` below the mean: its terms fall from ``most`` downwards."""
    choices = math.lgamma(count + 1) - math.lgamma(most + 1) - math.lgamma(count - most + 1)
    largest = choices + most * math.log(alpha) + (count - most) * math.log1p(-alpha)
    # The term m further down is at most exp(-m * (m - 1) / (2 * count * alpha)) of the largest: e**-40 of it at the cut.
    further = min(most, math.ceil(9 * math.sqrt(count * alpha)) + 1)
    taken = np.arange(most, most - further, -1, dtype=np.float64)
    ratios = np.log(taken) - np.log(count - taken + 1) + math.log1p(-alpha) - math.log(alpha)
    return largest + math.log1p(float(np.exp(np.cumsum(ratios)).sum()))


def _lost(mean_loss: float, count: int) -> int:
    """The summed loss, rounded up."""
    return math.ceil(mean_loss * _ROUNDING * count)


def _tolerated_loss(target_recall: float, delta: float) -> float:
    _check("target_recall must be in (0, 1)", target_recall, 0 < target_recall < 1)
    _check("delta must be in (0, 1)", delta, 0 < delta < 1)
    return 1 - target_recall


def _check(rule: str, value: object, holds: bool) -> None:
    if not holds:
        raise CalibrationError(f"{rule}, was: {value}")
