"""Lines of a file, or of a stream, in chunks."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

from piispan.core import DataError
from piispan.runs.corpora.parts.records import Chunk, ChunkSize

__all__ = ["content_of", "line_chunks", "opened"]


def line_chunks(records: Iterable[tuple[bytes, int]], size: ChunkSize, after: Chunk | None, *, start: int = 0) -> Iterator[Chunk]:
    """Chunks of records, each with its content.

    Args:
        records: The bytes of each record with how many numbers it takes: 1, or 0 for what belongs to the next.
        size: When a chunk ends.
        after: The chunk after which ``records`` begin, or ``None``.
        start: Byte of the file at which the first record begins, when ``after`` is ``None``.
    """
    number, place, record = (0, start, 1) if after is None else (after.number + 1, after.end, after.next_record)
    lines: list[bytes] = []
    length = counted = 0
    for line, counts in records:
        lines.append(line)
        length += len(line)
        counted += counts
        if counted >= size.records or length >= size.bytes:
            yield Chunk(number, place, place + length, record, record + counted, b"".join(lines))
            number, place, record = number + 1, place + length, record + counted
            lines, length, counted = [], 0, 0
    if lines:
        yield Chunk(number, place, place + length, record, record + counted, b"".join(lines))


def content_of(path: Path, chunk: Chunk) -> bytes:
    """A chunk's bytes, read again where they were not kept.

    Raises:
        DataError: If the file is not as long as it was.
    """
    if isinstance(chunk.content, bytes):
        return chunk.content
    with opened(path) as file:
        file.seek(chunk.start)
        content = file.read(chunk.end - chunk.start)
    if len(content) != chunk.end - chunk.start:
        raise DataError(f"{path}: was changed while it was read")
    return content


def opened(path: Path) -> IO[bytes]:
    """The file, to read bytes.

    Raises:
        DataError: If it cannot be opened.
    """
    try:
        return path.open("rb")
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or type(error).__name__})") from None
