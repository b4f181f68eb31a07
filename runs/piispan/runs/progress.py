"""Progress of long work, for whoever shows it. Nothing is printed here."""

from typing import Protocol

__all__ = ["Progress", "Silent"]


class Progress(Protocol):
    """Shows how far work has come. ``piispan.cli`` has one for terminals."""

    def start(self, what: str, total: int | None, unit: str) -> None:
        """Begin ``total`` units of work; ``None`` where nobody knows how many."""

    def advance(self, done: int, note: str = "") -> None:
        """``done`` more units are finished; ``note`` is a figure worth seeing, such as the loss."""

    def finish(self) -> None:
        """The work begun last is over, whether or not all units were done."""


class Silent:
    """Shows nothing."""

    def start(self, what: str, total: int | None, unit: str) -> None:
        """Nothing."""

    def advance(self, done: int, note: str = "") -> None:
        """Nothing."""

    def finish(self) -> None:
        """Nothing."""
