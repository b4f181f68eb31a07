"""Plain texts, each a file."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from piispan.core import DataError, replacing
from piispan.runs.corpora.digests import HashedStream
from piispan.runs.corpora.parts.line_chunks import opened
from piispan.runs.corpora.parts.records import Chunk, ChunkSize, Fault, Record, Written

__all__ = ["PlainTexts"]

_LENGTH_BYTES = 8
_TEXT = "text"


class PlainTexts:
    """Texts in UTF-8, each a document, line ends and byte-order marks as they are.

    Args:
        root: The file; or the folder, under which the files stay where they are.
        files: Their paths under the folder, or nothing for the file alone.
        stream: Read this instead, once.
    """

    streams = True
    unit = "file"

    def __init__(self, root: Path, files: Sequence[str] | None = None, stream: HashedStream | None = None) -> None:
        self._root, self._files, self._stream = root, files, stream
        self.name = "" if files is not None else root.name

    def count(self) -> int | None:
        """Its files."""
        return 1 if self._files is None else len(self._files)

    def inputs(self) -> Iterator[Path]:
        """The files; nothing for a stream."""
        if self._stream is None:
            yield from (self._place(number) for number in range(self.count() or 0))

    def copied(self) -> frozenset[str]:
        """Nothing."""
        return frozenset()

    def chunks(self, size: ChunkSize, after: Chunk | None) -> Iterator[Chunk]:
        """Its files, some together."""
        number, start = (0, 0) if after is None else (after.number + 1, after.end)
        files = self.count() or 0
        while start < files:
            end, length = start, 0
            while end < files and end - start < size.records and length < size.bytes:
                length += self._size(end)
                end += 1
            yield Chunk(number, start, end, start + 1, end + 1)
            number, start = number + 1, end

    def read(self, chunk: Chunk) -> list[Record | Fault]:
        """A chunk's files.

        Raises:
            DataError: If a file alone cannot be read; of a folder, it is a fault.
        """
        return [self._record(number) for number in range(chunk.start, chunk.end)]

    def head(self) -> bytes:
        """Nothing."""
        return b""

    def written(self, chunk: Chunk, records: Written) -> bytes:
        """The texts: of a folder, each behind the number of its file and its length."""
        del chunk
        texts = [(record.number - 1, texts[_TEXT].encode()) for record, texts in records]
        if self._files is None:
            return b"".join(text for _, text in texts)
        return b"".join(_framed(number) + _framed(len(text)) + text for number, text in texts)

    def finish(self, grown: Path, target: Path) -> None:
        """Rename; or write the files of a folder where each belongs."""
        if self._files is None:
            grown.replace(target)
            return
        with grown.open("rb") as file:
            while number := file.read(_LENGTH_BYTES):
                text = file.read(int.from_bytes(file.read(_LENGTH_BYTES), "big"))
                with replacing(target / self._files[int.from_bytes(number, "big")]) as written:
                    written.write(text.decode())
        grown.unlink()

    def _place(self, number: int) -> Path:
        return self._root if self._files is None else self._root / self._files[number]

    def _size(self, number: int) -> int:
        try:
            return 0 if self._stream is not None else self._place(number).stat().st_size
        except OSError:
            return 0

    def _record(self, number: int) -> Record | Fault:
        path = self._place(number)
        name = None if self._files is None else self._files[number]
        if name is not None and path.suffix.lower() == ".json":
            return Fault(number + 1, name, "JSON is neither plain text nor JSON Lines, and would be cut as text")
        try:
            with self._stream or opened(path) as file:
                content = file.read()
            return Record(number + 1, name, {_TEXT: content.decode("utf-8")})
        except OSError as error:
            fault = f"cannot be read ({error.strerror or type(error).__name__})"
        except DataError as error:
            fault = str(error).removeprefix(f"{path}: ")
        except UnicodeDecodeError as error:
            fault = f"not UTF-8 at byte {error.start}; save it as UTF-8 text"
        if self._files is None:
            raise DataError(f"{'standard input' if self._stream is not None else path}: {fault}")
        return Fault(number + 1, name, fault)


def _framed(number: int) -> bytes:
    return number.to_bytes(_LENGTH_BYTES, "big")
