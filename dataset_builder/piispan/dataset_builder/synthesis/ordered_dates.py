"""Pairs of dates in one document, the second later than the first."""

import random
import re
from collections.abc import Callable
from datetime import datetime, timedelta

__all__ = ["OrderedDates"]

_END = re.compile(r"(from|until)(\w*)")
_STEPS = {"time": (60, 300), "month": (45 * 1440, 10 * 365 * 1440), "year": (366 * 1440, 30 * 365 * 1440)}
"""By kind, how many minutes lie between the two at least and at most; ``_DAYS`` for any other."""
_DAYS = (1440, 45 * 1440)


class OrderedDates:
    """Remembers where a range began.

    ``{DATE_TIME.date:from} to {DATE_TIME.date:until}`` is such a range; whatever follows the two words in the keys tells several
    ranges of a document apart.

    Args:
        rng: Source of chance.
    """

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._begun: dict[str, tuple[datetime, float]] = {}

    def begin(self) -> None:
        """Forget the ranges of the last document."""
        self._begun.clear()

    def end(self, key: str, kind: str, draw: Callable[[], datetime]) -> tuple[datetime, float] | None:
        """One end of a range, with a number from 0 to 1 that is the same for both, to choose how to write them.

        Args:
            key: ``from`` or ``until`` and what tells the range apart; any other gives ``None``.
            kind: What is to be written: a time of day comes hours later, a date days, a month months, a year years, at most 30.
            draw: Draws where a range begins.
        """
        found = _END.fullmatch(key)
        if not found:
            return None
        if found[1] == "from" or found[2] not in self._begun:
            # At most 18:00, so that some hours of the same day are left for a range of times.
            first = draw()
            self._begun[found[2]] = (first.replace(hour=first.hour * 3 // 4), self._rng.random())
            return self._begun[found[2]]
        least, most = _STEPS.get(kind, _DAYS)
        first, form = self._begun[found[2]]
        return first + timedelta(minutes=5 * int((least + self._rng.random() * (most - least)) / 5)), form
