"""SHA-256 of what is read and written."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from piispan.runs.corpora.parts.line_chunks import opened

__all__ = ["Digest", "Digests", "HashedStream", "digest_of"]

_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Digest:
    """Of one file, or of many together.

    Args:
        files: How many.
        bytes: In all of them.
        sha256: Of the file; of many, of a line for each with its SHA-256 and its path under the folder, sorted as by ``sha256sum``.
    """

    files: int
    bytes: int
    sha256: str

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Digests:
    """Of all that a run reads and writes.

    Args:
        inputs: What was read.
        outputs: What was written.
        vault: Of its file, where there is one.
        quarantine: Of its file, where there is one.
    """

    inputs: Digest | None
    outputs: Digest
    vault: Digest | None = None
    quarantine: Digest | None = None

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


def digest_of(paths: Iterable[Path], under: Path) -> Digest:
    """The digest of a file (``under`` itself), or of the files under a folder.

    Raises:
        DataError: If one cannot be read.
    """
    found = sorted((path.relative_to(under).as_posix(), *_of_file(path)) for path in paths)
    size = sum(length for _, length, _ in found)
    if len(found) == 1 and found[0][0] == ".":
        return Digest(1, size, found[0][2])
    lines = "".join(f"{digest}  {name}\n" for name, _, digest in found)
    return Digest(len(found), size, hashlib.sha256(lines.encode("utf-8", "surrogateescape")).hexdigest())


def _of_file(path: Path) -> tuple[int, str]:
    digest, length = hashlib.sha256(), 0
    with opened(path) as file:
        while block := file.read(_BLOCK):
            digest.update(block)
            length += len(block)
    return length, digest.hexdigest()


class HashedStream:
    """A stream of bytes that is hashed as it is read or written."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream, self._digest, self._length = stream, hashlib.sha256(), 0

    def __enter__(self) -> "HashedStream":
        return self

    def __exit__(self, *raised: object) -> None:
        """The stream stays open: it is whoever's gave it."""

    def __iter__(self) -> Iterator[bytes]:
        while line := self.readline():
            yield line

    def readline(self) -> bytes:
        """The next line."""
        return self._seen(self._stream.readline())

    def read(self) -> bytes:
        """The rest."""
        return self._seen(self._stream.read())

    def write(self, content: bytes) -> None:
        """Write, and flush."""
        self._stream.write(self._seen(content))
        self._stream.flush()

    def digest(self) -> Digest:
        """Of all so far."""
        return Digest(1, self._length, self._digest.hexdigest())

    def _seen(self, content: bytes) -> bytes:
        self._digest.update(content)
        self._length += len(content)
        return content
