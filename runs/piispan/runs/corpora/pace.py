"""How fast documents go by, for whoever shows progress."""

from collections.abc import Sequence
from time import monotonic

from piispan.runs.corpora.parts.records import Part
from piispan.runs.progress import Progress

__all__ = ["Pace"]


class Pace:
    """A progress of documents, with how many of them a second.

    Args:
        progress: Shows it.
        parts: What there is to do.
        done: What an earlier run has done of it.
        what: What is done.
    """

    def __init__(self, progress: Progress, parts: Sequence[Part], done: int = 0, *, what: str = "Redacting") -> None:
        self._progress, self._done, self._since = progress, 0, monotonic()
        counts = [part.count() for part in parts]
        progress.start(what, None if None in counts else sum(count or 0 for count in counts), "documents")
        if done:
            progress.advance(done, "done before")

    def __enter__(self) -> "Pace":
        return self

    def __exit__(self, *raised: object) -> None:
        self._progress.finish()

    def advance(self, documents: int) -> None:
        """So many more are done."""
        self._done += documents
        rate = self._done / max(monotonic() - self._since, 1e-9)
        self._progress.advance(documents, f"{rate:,.1f} documents/s" if rate < 100 else f"{rate:,.0f} documents/s")
