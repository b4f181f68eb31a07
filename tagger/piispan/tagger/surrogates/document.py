"""The surrogates of one document."""

from collections.abc import Mapping, Sequence
from piispan.core import Span
from piispan.tagger.surrogates.dates import DateMover, DateOrder
from piispan.tagger.surrogates.kinds import Kind

__all__ = ["DocumentSurrogates"]


class DocumentSurrogates:
    """Being written."""

    def __init__(
        self,
        text: str,
        spans: Sequence[Span],
        kinds: Mapping[str, Kind],
        *,
        secret: bytes,
        date_secret: bytes,
        locale: str | None = None,
        date_order: DateOrder = "mdy",
    ) -> None:
        self._text, self._kinds = text, kinds
        self._dates = DateMover(date_secret, [text[s.start : s.end] for s in spans if kinds.get(s.label) == "date"], order=date_order)

    def surrogate(self, span: Span) -> str | None:
        """None until written."""
        return self._dates.moved(self._text[span.start : span.end]) if self._kinds.get(span.label) == "date" else None
