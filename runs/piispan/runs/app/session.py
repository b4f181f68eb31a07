"""What the page does, without the page: one text tagged at a bias, redacted by a policy, and told of in a manifest."""

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from threading import Lock
from typing import Any

from piispan.core import DataError, DocumentError, LabelSet, RedactionError, Span
from piispan.runs.corpora.digests import Digest, Digests
from piispan.runs.corpora.manifest import make_manifest, safe_harbor_report, utc_now
from piispan.runs.corpora.models import TaggerSource
from piispan.runs.corpora.tally import Tally
from piispan.tagger import (
    BIAS_GRID,
    UNFAITHFUL,
    OperatingPoint,
    Policy,
    RedactionKey,
    Redactor,
    TaggedText,
    Tagger,
    TextTagger,
    VerbatimDecoder,
    without_overlap,
)

__all__ = ["LONGEST", "Answer", "Dial", "Session", "open_session"]

LONGEST = 1_000_000
"""Characters of a text that the page takes."""


@dataclass(frozen=True, slots=True)
class Dial:
    """The range of the tag bias: more finds more, and more that is none.

    Args:
        start: Where it stands at first.
        point: What was calibrated for the adapter, or ``None``.
    """

    start: float = 0.0
    point: OperatingPoint | None = None
    least: float = BIAS_GRID[0]
    most: float = BIAS_GRID[-1]
    step: float = BIAS_GRID[1] - BIAS_GRID[0]

    @classmethod
    def at(cls, point: OperatingPoint | None, *, begin_there: bool) -> "Dial":
        """A dial that begins at 0, as ``piispan redact`` does, or at the first mark that finds as much as the operating point."""
        if point is None or not begin_there:
            return cls(point=point)
        mark = math.ceil(point.tag_bias / cls().step) * cls().step
        return cls(min(max(mark, cls().least), cls().most), point)


@dataclass(frozen=True, slots=True)
class Answer:
    """One text, redacted.

    Args:
        text: As it was given.
        spans: What was found, flat and sorted, in its offsets.
        redacted: What became of it.
        manifest: Counts, digests and settings; no value of the text.
    """

    text: str = field(repr=False)
    spans: tuple[Span, ...]
    redacted: str = field(repr=False)
    manifest: Mapping[str, Any]


class Session:
    """A tagger, for as many texts as come, one after the other. Nothing of a text is kept but where its last spans were.

    Args:
        tagger: Finds the spans.
        facts: What a manifest says of it.
        key: Your key; without one, policies that encrypt are not offered.
        begin_at_point: Let the dial begin at the adapter's operating point.

    Raises:
        RedactionError: If the dial is to begin at an operating point and there is none.
    """

    def __init__(
        self, tagger: TextTagger, facts: Mapping[str, Any], *, key: RedactionKey | None = None, begin_at_point: bool = False
    ) -> None:
        self._tagger, self._facts, self._key, self._lock = tagger, dict(facts), key, Lock()
        self._decoder = tagger.decoder if isinstance(tagger, Tagger) and isinstance(tagger.decoder, VerbatimDecoder) else None
        self._last: tuple[str, float | None, TaggedText] | None = None
        shipped = {name: Policy.load(name) for name in Policy.shipped()}
        self._policies = {name: policy for name, policy in shipped.items() if key is not None or not policy.needs_key}
        point = _operating_point(tagger)
        if begin_at_point and point is None:
            raise RedactionError("no operating point, or not one for these labels; calibrate the adapter first")
        self.dial = None if self._decoder is None else Dial.at(point, begin_there=begin_at_point)
        """``None`` where decoding knows no tag bias."""

    @property
    def labels(self) -> LabelSet:
        """The labels that may be found."""
        return self._tagger.labels

    @property
    def policies(self) -> tuple[str, ...]:
        """Names of the policies that can be used, sorted."""
        return tuple(self._policies)

    def kept(self, policy: str) -> Mapping[str, str]:
        """The Safe Harbor categories that a policy lets stay: name by letter."""
        return dict(safe_harbor_report(self.labels, self._policies[policy])["kept"])

    def redact(self, text: str, policy: str, bias: float = 0.0) -> Answer | None:
        """One text redacted; ``None`` for an empty one.

        Args:
            text: The text.
            policy: One of ``policies``.
            bias: Tag bias of all labels, in logits; without a dial it does not count.

        Raises:
            DataError: If the text is too long for a page.
            DocumentError: If it holds half a character (a lone surrogate).
            RedactionError: If the policy is none of those offered, or the model's answer cannot be trusted whole.
            CoverageError: If a character outside the spans would change.
        """
        if policy not in self._policies:
            raise RedactionError(f"no policy of that name is offered; offered: {', '.join(self.policies)}")
        if len(text) > LONGEST:
            raise DataError(f"the text has {len(text):,} characters, and this page takes {LONGEST:,}; use piispan redact for files")
        if not text:
            return None
        started, digest = utc_now(), _digest(text)
        chosen = self._policies[policy]
        dated = chosen.dated(date.today().year)
        with self._lock:
            tagged = self._tagged(text, digest.sha256, bias)
            redaction = Redactor(self._tagger, dated, key=self._key).apply(text, tagged)
        tally = Tally(documents=1)
        tally.add_text(text, tagged.windows, redaction)
        manifest = make_manifest(
            started=started,
            policy=chosen,
            reference_year=dated.reference_year,
            keyed=self._key is not None,
            model=self._model(bias),
            labels=self.labels,
            tally=tally,
            files=Digests(digest, _digest(redaction.text)),
        )
        return Answer(text, tuple(without_overlap(tagged.spans)), redaction.text, manifest)

    def _tagged(self, text: str, digest: str, bias: float) -> TaggedText:
        """The spans; of the same text and bias as before without the model, so that another policy shows at once."""
        asked = bias if self._decoder else None
        if self._last and self._last[:2] == (digest, asked):
            return self._last[2]
        tagged = self._biased(text, bias)
        if not tagged.faithful:
            raise RedactionError(UNFAITHFUL)
        self._last = (digest, asked, tagged)
        return tagged

    def _biased(self, text: str, bias: float) -> TaggedText:
        if self._decoder is None:
            return self._whole(text)
        before = self._decoder.tag_bias
        self._decoder.tag_bias = dict.fromkeys(self.labels.names, bias)
        try:
            return self._whole(text)
        finally:
            self._decoder.tag_bias = before

    def _whole(self, text: str) -> TaggedText:
        (tagged,) = self._tagger.stream([text])
        return tagged

    def _model(self, bias: float) -> dict[str, Any]:
        if self.dial is None:
            return {**self._facts, "tag_bias": None}
        point = self.dial.point
        there = point is not None and point.tag_bias == bias
        return {**self._facts, "tag_bias": bias, "operating_point": point.to_dict() if point and there else None}


def open_session(source: TaggerSource, *, key: RedactionKey | None = None, begin_at_point: bool = False) -> Session:
    """A session with the tagger of a source, which is loaded now.

    Raises:
        ModelError: If it cannot be loaded.
        RedactionError: As ``Session`` does.
    """
    return Session(source.load(), source.facts(), key=key, begin_at_point=begin_at_point)


def _operating_point(tagger: TextTagger) -> OperatingPoint | None:
    sidecar = tagger.sidecar if isinstance(tagger, Tagger) else None
    # What was promised holds for all labels of the adapter together.
    if sidecar is None or sidecar.operating_point is None or sidecar.labels != tagger.labels:
        return None
    return OperatingPoint.from_dict(sidecar.operating_point)


def _digest(text: str) -> Digest:
    try:
        content = text.encode("utf-8")
    except UnicodeEncodeError as error:
        place = error.start  # the codec's error carries the text itself, so it must not be chained
        raise DocumentError(f"the text holds half a character (a lone surrogate) at offset {place}") from None
    return Digest(1, len(content), hashlib.sha256(content).hexdigest())
