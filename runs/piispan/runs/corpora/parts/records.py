"""Records, and the chunks in which they are read, redacted and written."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

__all__ = ["LEFT_OUT", "Chunk", "ChunkSize", "Columns", "Fault", "Part", "Record", "Written"]

LEFT_OUT = "spans"
"""The column of gold spans: they would no longer fit the text, and tell what stood there."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns of a row are read.

    Args:
        texts: To redact.
        id: That names the row in the quarantine, where there is one. It is not redacted.
        group: That tells whose dates move by one offset (one patient), or ``None``. It is not redacted.
    """

    texts: tuple[str, ...] = ("text",)
    id: str = "id"
    group: str | None = None

    @property
    def asked(self) -> tuple[str, ...]:
        """The columns that a table must have: all but the usual name of an id."""
        others = (None if self.id == "id" else self.id, self.group)
        return (*self.texts, *(name for name in others if name))


@dataclass(frozen=True, slots=True)
class ChunkSize:
    """Where a chunk ends: after so many records, or so many bytes.

    Args:
        records: Most records.
        bytes: No record is added after so many; one record may be longer.
    """

    records: int = 128
    bytes: int = 4_000_000


@dataclass(frozen=True, slots=True)
class Chunk:
    """Neighbouring records of one file. The same file is cut alike each time, so that a run that goes on answers as one that went through.

    Args:
        number: Of the chunk in its file, from 0.
        start: Where it begins: a byte of the file, or a row.
        end: Where the next begins.
        record: Number of its first record, from 1: a line, a row or a file.
        next_record: Number of the next chunk's first record.
        content: What was read of it already, or ``None``. Personal data.
    """

    number: int
    start: int
    end: int
    record: int
    next_record: int
    content: Any = field(default=None, repr=False, compare=False)

    @property
    def place(self) -> list[int]:
        """All but its content: ``Chunk(*place)`` is the chunk, to be read again."""
        return [self.number, self.start, self.end, self.record, self.next_record]


@dataclass(frozen=True, slots=True)
class Record:
    """One document.

    Args:
        number: Of the record in its file, from 1.
        id: Its name, or ``None``.
        texts: What is to be redacted, by column. Personal data.
        group: See ``Columns``.
        row: All of it, as the part that wrote it understands. Personal data.
    """

    number: int
    id: str | None
    texts: Mapping[str, str] = field(repr=False)
    group: str | None = field(default=None, repr=False)
    row: Any = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Fault:
    """A record that cannot be redacted.

    Args:
        number: Of the record in its file, from 1.
        id: Its name, where it can be read.
        reason: Why; never a value of the text.
    """

    number: int
    id: str | None
    reason: str


Written = Sequence[tuple[Record, Mapping[str, str]]]
"""Records in order, each with its new texts by column; records that failed are not among them."""


class Part(Protocol):
    """One file of records, or many files that are one record each."""

    name: str
    """Its place in the output folder; the file's name."""
    unit: str
    """What a record is: ``line``, ``row`` or ``file``."""
    streams: bool
    """Whether what is written piece by piece is a file as it stands."""

    def count(self) -> int | None:
        """Records in it, or ``None`` where that would have to be read."""
        ...

    def inputs(self) -> Iterator[Path]:
        """The files that it reads."""
        ...

    def copied(self) -> frozenset[str]:
        """Columns that are copied as they are, as far as they are known before a row is read."""
        ...

    def chunks(self, size: ChunkSize, after: Chunk | None) -> Iterator[Chunk]:
        """Its chunks in order, from the start or after one that is done."""
        ...

    def read(self, chunk: Chunk) -> list[Record | Fault]:
        """A chunk's records."""
        ...

    def head(self) -> bytes:
        """What stands before all records."""
        ...

    def written(self, chunk: Chunk, records: Written) -> bytes:
        """A chunk as it is written, each record in its place."""
        ...

    def finish(self, grown: Path, target: Path) -> None:
        """Make ``target`` of a file that has grown by ``head`` and every ``written``; done again, it does the same."""
        ...
