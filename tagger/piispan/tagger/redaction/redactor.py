"""``Redactor``: a tagger and a policy, for texts, for batches of ``datasets``, and for the engines that redact corpora."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import tee
from pathlib import Path
from secrets import token_hex
from typing import Any, Protocol

from piispan.core import CoverageError, LabelSet, RedactionError
from piispan.tagger.redaction.keys import RedactionKey
from piispan.tagger.redaction.operators import Operators
from piispan.tagger.redaction.policy import Policy
from piispan.tagger.redaction.redacting import Redaction, redact_spans
from piispan.tagger.tagged_text import UNFAITHFUL, TaggedText

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
        for tagged, (text, group) in zip(self._trusted(_strings(asked)), pairs, strict=True):
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

    def __call__(self, rows: Mapping[str, Any], columns: Sequence[str] = ("text",), group_column: str | None = None) -> dict[str, Any]:
        """For ``dataset.map(redactor)`` and ``dataset.map(redactor, batched=True, fn_kwargs={"columns": ["note"]})``: the columns redacted.

        Args:
            rows: One row, or a batch of them as lists by column; ``None`` stays.
            columns: Names of the columns to redact. Others stay as they are: whatever else tells of a person there is not touched, so
                remove a column ``spans``, which would no longer fit. The columns of a row are one document.
            group_column: The column that tells whose dates move together, such as a patient's number.

        Raises:
            RedactionError: If a column is missing, or holds something else than strings.
        """
        batches = {column: _batch_of(rows, column) for column in columns}
        groups = _batch_of(rows, group_column, kind=object) if group_column else None
        scopes = [token_hex(16) for _ in range(max(map(len, batches.values()), default=0))]
        redacted: dict[str, Any] = {}
        for column, batch in batches.items():
            tagged = iter(self._trusted([value for value in batch if value is not None]))
            new: list[str | None] = []
            for row, value in enumerate(batch):
                group = None if groups is None or groups[row] is None else str(groups[row])
                new.append(None if value is None else self.apply(value, next(tagged), scope=scopes[row], group=group).text)
            redacted[column] = new[0] if isinstance(rows[column], str | None) else new
        return redacted

    def _trusted(self, texts: Iterable[str]) -> Iterator[TaggedText]:
        for number, tagged in enumerate(self.tagger.stream(texts), start=1):
            if not tagged.faithful:
                raise RedactionError(f"text {number}: {UNFAITHFUL}")
            yield tagged


def _strings(texts: Iterable[str]) -> Iterator[str]:
    for number, text in enumerate(texts, start=1):
        if not isinstance(text, str):
            raise TypeError(f"text {number} must be a string, was: {type(text).__name__}")
        yield text


def _batch_of(rows: Mapping[str, Any], column: str, kind: type = str) -> list[Any]:
    """The values of a column, of one row or of many.

    Raises:
        RedactionError: If it is missing, or holds something else than ``kind`` or ``None``.
    """
    if column not in rows:
        raise RedactionError(f"no column named {column!r}")
    values = rows[column]
    batch = [values] if isinstance(values, str | None) else list(values)
    if any(value is not None and not isinstance(value, kind) for value in batch):
        raise RedactionError(f"column {column!r}: needs strings")
    return batch
