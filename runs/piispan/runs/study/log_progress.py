"""Progress as lines of a log, now and then."""

import sys
from time import monotonic

__all__ = ["LogProgress"]

_SECONDS_BETWEEN_LINES = 30


class LogProgress:
    """A line on standard output at the start and the end of each step, and every half minute."""

    def __init__(self) -> None:
        self._what, self._total, self._done, self._said, self._note = "", 0, 0, 0.0, ""

    def start(self, what: str, total: int | None, unit: str) -> None:
        """Begin ``total`` units of work."""
        self._what, self._total, self._done, self._said = f"{what} ({unit})", total or 0, 0, monotonic()

    def advance(self, done: int, note: str = "") -> None:
        """``done`` more units are finished."""
        self._done, self._note = self._done + done, note
        if monotonic() - self._said >= _SECONDS_BETWEEN_LINES:
            self._say()

    def finish(self) -> None:
        """Say where it stands."""
        self._say()

    def _say(self) -> None:
        sys.stdout.write(f"{self._what}: {self._done}/{self._total or '?'} {self._note}\n")
        sys.stdout.flush()
        self._said = monotonic()
