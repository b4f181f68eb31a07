"""Limits that scores must keep, for a pipeline that fails when personal data leaks: ``recall[US_SSN]>=0.99``, ``leak_rate<=0.01``."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from math import isfinite
from operator import ge, gt, le, lt

from piispan.core.errors import DataError
from piispan.metric.scores import Scores

__all__ = ["Gate", "broken_gates"]

_NUMBER = r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
_GATE = re.compile(rf"\s*(?P<figure>\w+)\s*(?:\[\s*(?P<label>[^\[\]]+?)\s*\])?\s*(?P<sign>>=|<=|>|<)\s*(?P<limit>{_NUMBER})\s*")
_COUNTS = frozenset({"n", "documents", "spans", "output_tokens_per_document"})
"""Figures that are no ratios."""
_SIGNS = {">=": ge, "<=": le, ">": gt, "<": lt}


@dataclass(frozen=True, slots=True)
class Gate:
    """One limit.

    Args:
        figure: A key of ``Scores.to_dict()`` that holds a number, or with ``label`` of that label's scores.
        label: The label, or ``None`` for the whole.
        sign: ``>=``, ``<=``, ``>`` or ``<``.
        limit: What the figure is held against.

    Raises:
        DataError: If the sign is another, or a ratio is held against a limit outside 0 to 1 or one that cannot break.
    """

    figure: str
    label: str | None
    sign: str
    limit: float

    def __post_init__(self) -> None:
        if self.sign not in _SIGNS or not isfinite(self.limit):
            raise DataError(f"a gate needs >=, <=, > or < and a finite limit, were: {self.sign!r} and {self.limit}")
        if self.figure in _COUNTS:
            return
        if not 0 <= self.limit <= 1:
            raise DataError(f"gate {self}: ratios lie between 0 and 1 (1 % is 0.01)")
        if (self.sign, self.limit) in {(">=", 0.0), ("<=", 1.0)}:
            raise DataError(f"gate {self}: holds whatever the figure is (1 % is 0.01)")

    @classmethod
    def parse(cls, text: str) -> "Gate":
        """The gate that ``text`` spells, such as ``recall[US_SSN]>=0.99``.

        Raises:
            DataError: If it spells none.
        """
        match = _GATE.fullmatch(text)
        if match is None:
            raise DataError(f"a gate reads like recall[US_SSN]>=0.99 or leak_rate<=0.01, was: {text!r}")
        return cls(match["figure"], match["label"], match["sign"], float(match["limit"]))

    def __str__(self) -> str:
        return f"{self.name}{self.sign}{self.limit!r}"

    @property
    def name(self) -> str:
        """The figure, with its label."""
        return self.figure if self.label is None else f"{self.figure}[{self.label}]"

    def fault(self, scores: Mapping[str, object], *, confident: bool = False) -> str | None:
        """What is wrong with ``scores``, in a line; ``None`` where they keep the limit. What could not be scored breaks every gate.

        Args:
            scores: As ``Scores.to_dict()`` or ``metrics.json`` has them.
            confident: Hold the limit against the worse end of the figure's 95 % interval, not against the figure; counts have none, and
                are taken as they are.

        Raises:
            DataError: If there is no such figure or label, or with ``confident`` no interval of it.
        """
        level = self._level(scores)
        figures = {name: value for name, value in level.items() if isinstance(value, int | float | None)}
        if self.figure not in figures:
            raise DataError(f"gate {self}: no figure {self.figure!r}{_near(self.figure, figures)}")
        value, what = figures[self.figure], self.name
        if confident and value is not None and self.figure not in _COUNTS:
            intervals = level["intervals"]
            ends = intervals.get(self.figure) if isinstance(intervals, Mapping) else None
            if not ends:
                raise DataError(
                    f"gate {self}: {self.name} has no interval to be confident of; intervals need resamples, and not every figure has one"
                )
            upwards = self.sign in {">", ">="}
            value, what = ends[0 if upwards else 1], f"{'lower' if upwards else 'upper'} end of {self.name}"
        if value is None:
            return f"{self}: nothing to score"
        kept: bool = _SIGNS[self.sign](value, self.limit)
        return None if kept else f"{self}: {what} is {value:.6g}"

    def _level(self, scores: Mapping[str, object]) -> Mapping[str, object]:
        """Where the figure stands: at the top, or with its label."""
        if self.label is None:
            return scores
        labels = scores["per_label"]
        if not isinstance(labels, Mapping) or self.label not in labels:
            known = list(labels) if isinstance(labels, Mapping) else []
            raise DataError(f"gate {self}: no label {self.label!r}{_near(self.label, known)}")
        level: Mapping[str, object] = labels[self.label]
        return level


def broken_gates(gates: Iterable[Gate], scores: Scores | Mapping[str, object], *, confident: bool = False) -> list[str]:
    """The faults of all ``gates`` that do not hold, in their order. See ``Gate.fault``."""
    figures = scores.to_dict() if isinstance(scores, Scores) else scores
    faults = [gate.fault(figures, confident=confident) for gate in gates]
    return [fault for fault in faults if fault is not None]


def _near(name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name, known, n=1)
    return f"; did you mean {near[0]}?" if near else ""
