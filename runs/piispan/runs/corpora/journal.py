"""The folder of a run under way: what has been written, and how far the journal vouches for it.

Files only grow. From time to time all of them are brought to the disk and then their lengths are written into the journal, in one piece.
A run that goes on cuts them to those lengths and continues after the chunk that the journal names, so nothing is lost and nothing
stands twice, whenever it was interrupted.
"""

import json
import os
import shutil
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from time import monotonic
from typing import IO, Any

from piispan.core import DataError, replacing
from piispan.runs.corpora.asked import Begun
from piispan.runs.corpora.parts.records import Chunk
from piispan.runs.corpora.tally import Tally

__all__ = ["Journal"]

_SECONDS_BETWEEN_COMMITS = 2.0
"""At least."""
_RUN, _BEGUN, _JOURNAL, _GROWING = "run.json", "begun.json", "journal.json", "growing"


class Journal:
    """The state of a run.

    Args:
        folder: Its folder; made if it is not there.
        identity: What the run is: another with the same folder is refused.
        begun: What is drawn for a run that begins; kept in the folder, for its owner alone, as long as the run lasts.
        resume: Whether to go on with a run that was interrupted; without it, one that is there is refused.

    Raises:
        DataError: If the folder holds another run, or one and ``resume`` is not asked for, or it is at work now, or cannot be written.
    """

    def __init__(self, folder: Path, identity: Mapping[str, Any], begun: Begun, *, resume: bool) -> None:
        self.folder, self._committed = folder, monotonic()
        self._open = ExitStack()
        self._files: dict[str, IO[bytes]] = {}
        self._sizes: dict[str, int] = {}
        self.part = 0
        """The part at work; all before it are whole."""
        self.chunk: Chunk | None = None
        """The last chunk that is done of it."""
        self.closing = False
        """Whether all of it is done but for its file's last change of name or form."""
        self.tally, self.copied, self.begun = Tally(), set[str](), begun
        try:
            self._begin(identity, begun, resume=resume)
        except DataError:
            self._open.close()
            raise
        except OSError as error:
            self._open.close()
            raise DataError(f"{folder}: cannot be written ({error.strerror or type(error).__name__})") from None

    def __enter__(self) -> "Journal":
        return self

    def __exit__(self, *raised: object) -> None:
        self._open.close()

    def append(self, name: str, content: bytes) -> None:
        """Let a file grow."""
        if name not in self._files:
            path = self.growing(name)
            path.parent.mkdir(exist_ok=True)
            self._files[name] = self._open.enter_context(path.open("ab"))
        self._files[name].write(content)

    def commit(self, *, force: bool = False) -> None:
        """Vouch for all that has been appended, if it is time."""
        if not force and monotonic() - self._committed < _SECONDS_BETWEEN_COMMITS:
            return
        for file in self._files.values():
            file.flush()
            os.fsync(file.fileno())
        sizes = {**self._sizes, **{name: file.tell() for name, file in self._files.items()}}
        state = {
            "part": self.part,
            "chunk": self.chunk and self.chunk.place,
            "closing": self.closing,
            "sizes": sizes,
            "tally": self.tally.to_dict(),
            "copied": sorted(self.copied),
        }
        with replacing(self.folder / _JOURNAL) as written:
            json.dump(state, written)
        self._sizes, self._committed = sizes, monotonic()

    def growing(self, name: str) -> Path:
        """Where a file grows."""
        return self.folder / _GROWING / name

    def length(self, name: str) -> int:
        """Bytes of a file so far; 0 if it is not there."""
        if name in self._files:
            return self._files[name].tell()
        path = self.growing(name)
        return path.stat().st_size if path.exists() else 0

    def whole(self, name: str) -> Path:
        """A file that will grow no more, and where it grew."""
        self.commit(force=True)
        if name in self._files:
            self._files.pop(name).close()
        return self.growing(name)

    def remove(self) -> None:
        """The run is over: remove the folder, in one piece for whoever looks for it."""
        gone = self.folder.with_name(f".{self.folder.name}.over")
        shutil.rmtree(gone, ignore_errors=True)
        self.folder.replace(gone)
        self._open.close()
        shutil.rmtree(gone)

    def _begin(self, identity: Mapping[str, Any], begun: Begun, *, resume: bool) -> None:
        known = self.folder / _RUN
        if known.exists() and not resume:
            raise DataError(f"{self.folder}: a run was interrupted here; go on with --resume, or delete the folder to begin anew")
        if self.folder.exists() and not known.exists() and {path.name for path in self.folder.iterdir()} - {_BEGUN, "lock"}:
            raise DataError(f"{self.folder}: is where the work would lie, and has other files in it; name another output, or move them")
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        self.folder.mkdir(mode=0o700, exist_ok=True)
        from filelock import FileLock, Timeout

        lock = FileLock(self.folder / "lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise DataError(f"{self.folder}: another run is at work here") from None
        self._open.callback(lock.release)
        if known.exists():
            self._go_on(identity)
        else:
            self._start(identity, begun)

    def _start(self, identity: Mapping[str, Any], begun: Begun) -> None:
        with os.fdopen(os.open(self.folder / _BEGUN, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(begun.to_dict(), file)
            file.flush()
            os.fsync(file.fileno())
        with replacing(self.folder / _RUN) as written:
            json.dump(identity, written, ensure_ascii=False)

    def _go_on(self, identity: Mapping[str, Any]) -> None:
        before = self._read(_RUN)
        other = sorted(name for name in {*before, *identity} if before.get(name) != json.loads(json.dumps(identity)).get(name))
        if other:
            raise DataError(f"{self.folder}: the run that was interrupted differs in {', '.join(other)}; delete the folder to begin anew")
        self.begun = Begun(**self._read(_BEGUN))
        state: dict[str, Any] = self._read(_JOURNAL) if (self.folder / _JOURNAL).exists() else {"sizes": {}}
        self._sizes = state["sizes"]
        if "tally" in state:
            self.part, self.copied, self.tally = state["part"], set(state["copied"]), Tally.from_dict(state["tally"])
            self.chunk, self.closing = Chunk(*state["chunk"]) if state["chunk"] else None, state["closing"]
        for path in (self.folder / _GROWING).glob("*"):
            length = self._sizes.get(path.name, 0)
            if path.stat().st_size < length:
                raise DataError(f"{path}: shorter than it was; delete the folder {self.folder} to begin anew")
            os.truncate(path, length)

    def _read(self, name: str) -> dict[str, Any]:
        try:
            found = json.loads((self.folder / name).read_text("utf-8"))
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise DataError(f"{self.folder / name}: cannot be read; delete the folder to begin anew")
        return found
