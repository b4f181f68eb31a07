"""One chunk redacted, by whichever engine: here, or in a process on another machine."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from piispan.core import CoverageError, DocumentError, RedactionError, TooLongError
from piispan.runs.corpora.parts.records import Chunk, Fault, Part, Record
from piispan.runs.corpora.tally import Tally
from piispan.tagger import UNFAITHFUL, Redaction, Redactor, SealedText, TaggedText, Vault, VaultEntry

__all__ = ["RedactedChunk", "Worker"]

_OF_A_DOCUMENT = (CoverageError, DocumentError, RedactionError, TooLongError)
"""What can be wrong with one document, and no reason to stop the run."""


@dataclass(frozen=True, slots=True)
class RedactedChunk:
    """A chunk that is done.

    Args:
        part: Number of its part, from 0.
        chunk: Which it was, without its content.
        content: What its part writes of it.
        faults: Records that failed.
        sealed: Lines for the vault, encrypted.
        tally: Counts.
        copied: Columns found in it that were copied as they are.
    """

    part: int
    chunk: Chunk
    content: bytes = field(repr=False)
    faults: Sequence[Fault]
    sealed: Sequence[bytes] = field(repr=False)
    tally: Tally
    copied: frozenset[str]


class Worker:
    """Reads, tags, redacts and writes chunks.

    Args:
        redactor: Finds and replaces.
        parts: What the chunks are of.
        vault: Seals what was replaced, or ``None``.
    """

    def __init__(self, redactor: Redactor, parts: Sequence[Part], vault: Vault | None = None) -> None:
        self._redactor, self._parts, self._vault = redactor, parts, vault

    def __call__(self, number: int, chunk: Chunk) -> RedactedChunk:
        """A chunk of part ``number``, done."""
        part = self._parts[number]
        found = part.read(chunk)
        records = [record for record in found if isinstance(record, Record)]
        faults = [fault for fault in found if isinstance(fault, Fault)]
        tally = Tally()
        written: list[tuple[Record, Mapping[str, str]]] = []
        entries: list[VaultEntry] = []
        for record, answers in zip(records, self._tagged(records), strict=True):
            done = answers if isinstance(answers, Fault) else self._redacted(f"{number} {record.number}", record, answers, tally)
            if isinstance(done, Fault):
                faults.append(done)
                continue
            written.append((record, {name: redaction.text for name, redaction in done.items()}))
            if self._vault:
                entries.append(VaultEntry((number, record.number), {name: SealedText.of(redaction) for name, redaction in done.items()}))
        tally.documents, tally.quarantined, tally.sealed = len(written), len(faults), len(entries)
        return RedactedChunk(
            number,
            Chunk(*chunk.place),
            part.written(chunk, written),
            sorted(faults, key=lambda fault: fault.number),
            self._vault.sealed(entries) if self._vault else (),
            tally,
            part.copied(),
        )

    def _tagged(self, records: Sequence[Record]) -> list[dict[str, TaggedText] | Fault]:
        """The spans of each record's texts; together, and one by one where one of them breaks the others' batch."""
        try:
            return self._together(records)
        except _OF_A_DOCUMENT as error:
            if len(records) == 1:
                return [Fault(records[0].number, records[0].id, str(error))]
        return [answer for record in records for answer in self._tagged([record])]

    def _together(self, records: Sequence[Record]) -> list[dict[str, TaggedText] | Fault]:
        answers = iter(list(self._redactor.tagger.stream([text for record in records for text in record.texts.values() if text])))
        return [{name: next(answers) if text else TaggedText(()) for name, text in record.texts.items()} for record in records]

    def _redacted(self, scope: str, record: Record, answers: Mapping[str, TaggedText], tally: Tally) -> dict[str, Redaction] | Fault:
        if not all(answer.faithful for answer in answers.values()):
            return Fault(record.number, record.id, UNFAITHFUL)
        try:
            done = {name: self._redactor.apply(text, answers[name], scope=scope, group=record.group) for name, text in record.texts.items()}
        except _OF_A_DOCUMENT as error:
            return Fault(record.number, record.id, str(error))
        for name, redaction in done.items():
            tally.add_text(record.texts[name], answers[name].windows, redaction)
        return done
