"""``Redactor``: a tagger and a policy, for texts, for batches of ``datasets``, and for the engines that redact corpora."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import tee
from pathlib import Path
from typing import Any, Protocol

from piispan.core import CoverageError, LabelSet, RedactionError
from piispan.tagger.redaction.keys import RedactionKey
from piispan.tagger.redaction.operators import Operators
from piispan.tagger.redaction.policy import Policy
from piispan.tagger.redaction.redacting import Redaction, redact_spans
from piispan.tagger.tagged_text import TaggedText

__all__ = ["Redactor", "TextTagger"]


class TextTagger(Protocol):
    """What finds the spans: a ``Tagger``, or anything of its shape."""

    @property
    def labels(self) -> LabelSet:
        """The labels that it may give."""
        ...

    def stream(self, texts: Iterable[str]) -> Iterator[TaggedText]:
        """The spans of each text, in the texts' order, in memory that does not grow."""
        ...


class Redactor:
    """Finds personal data and replaces it as a policy says.

    Args:
        tagger: Finds the spans.
        policy: A policy, the name of one that ships (``replace``, ``mask``, ``hash``, ``surrogate``, ``encrypt``, ``safe_harbor``), or a
            YAML file.
        key: Your key, of 16 bytes or more: equal values then get equal surrogates and hashes in all that is redacted with it. Needed by
            ``encrypt``; see ``read_key``.

    Raises:
        RedactionError: If there is no such policy, or it encrypts and there is no key.
        LabelError: If the policy has a rule for a label that the tagger does not know.
        MissingExtraError: If the ``tag`` extra is not installed.
    """

    def __init__(self, tagger: TextTagger, policy: Policy | str | Path = "replace", *, key: RedactionKey | bytes | None = None) -> None:
        self.tagger = tagger
        self.policy = policy if isinstance(policy, Policy) else Policy.load(policy)
        self.key = key if isinstance(key, RedactionKey) else RedactionKey(key)
        if self.policy.needs_key and not self.key.given:
            raise RedactionError(f"policy {self.policy.name}: encrypts, so it needs a key of yours, or nobody could decrypt")
        self._operators = Operators(self.policy, tagger.labels)

    def redact(self, texts: Iterable[str], *, groups: Iterable[str | None] | None = None) -> list[Redaction]:
        """Each text redacted, in order.

        Args:
            texts: The texts.
            groups: For each the group (one patient) whose dates move by one offset, or ``None`` for a group of its own.

        Raises:
            RedactionError: If an answer was cut, malformed or untrue to its text (plain generation only): a span may be missing.
            TypeError: If ``texts`` is one string, or one of them is none.
            ValueError: If there are not as many groups as texts.
        """
        return list(self.stream(texts, groups=groups))

    def stream(self, texts: Iterable[str], *, groups: Iterable[str | None] | None = None) -> Iterator[Redaction]:
        """As ``redact``, for a corpus of any size: one at a time, in memory that does not grow."""
        if isinstance(texts, str):
            raise TypeError("texts must be several strings; put a single one into a list")
        asked, kept = tee(texts)
        pairs = ((text, None) for text in kept) if groups is None else zip(kept, groups, strict=True)
        for number, (tagged, (text, group)) in enumerate(zip(self.tagger.stream(asked), pairs, strict=True), start=1):
            if not tagged.faithful:
                raise RedactionError(f"text {number}: the answer was cut, malformed or untrue to the text, so a span may be missing")
            yield self.apply(text, tagged, group=group)

    def apply(self, text: str, tagged: TaggedText, *, scope: str | None = None, group: str | None = None) -> Redaction:
        """A text whose spans are known, redacted.

        Args:
            text: The text.
            tagged: Its spans.
            scope: What tells the document from others of the run; see ``RedactionKey.for_document``.
            group: The documents that share an offset of dates.

        Raises:
            RedactionError: If a span lies outside the text.
            CoverageError: If the redaction, put back, is not the text: something outside a span would have changed.
        """
        redaction = redact_spans(text, tagged.spans, self._operators, self.key.for_document(scope, group))
        if redaction.restore() != text:
            raise CoverageError("what was redacted could not be put back, so something outside a span was touched")
        return redaction

    def __call__(self, rows: Mapping[str, Any], columns: Sequence[str] = ("text",)) -> dict[str, Any]:
        """For ``dataset.map(redactor)`` and ``dataset.map(redactor, batched=True, fn_kwargs={"columns": ["note"]})``: the columns redacted.

        Args:
            rows: One row, or a batch of them as lists by column; ``None`` stays.
            columns: Names of the columns to redact. Others stay as they are: whatever else tells of a person there is not touched, so
                remove a column ``spans``, which would no longer fit.

        Raises:
            RedactionError: If a column is missing, or holds something else than strings.
        """
        redacted: dict[str, Any] = {}
        for column in columns:
            if column not in rows:
                raise RedactionError(f"no column named {column!r}")
            values = rows[column]
            batch = values if isinstance(values, list) else [values]
            if any(not isinstance(value, str | None) for value in batch):
                raise RedactionError(f"column {column!r}: needs strings")
            done = iter(self.stream([value for value in batch if value is not None]))
            new = [None if value is None else next(done).text for value in batch]
            redacted[column] = new if isinstance(values, list) else new[0]
        return redacted
