"""Files read whole, and files and folders written beside their place and renamed, so that nobody ever meets half of one."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from piispan.core.errors import DataError, PiispanError

__all__ = ["read_utf8", "replacing", "replacing_folder"]


@contextmanager
def replacing(path: str | Path, *, errors: str = "strict") -> Iterator[IO[str]]:
    """A text file (UTF-8, line ends as written) that takes ``path``'s place when the block ends well; folders above it are made.

    Args:
        path: The file's place.
        errors: What becomes of a lone surrogate, as in ``open``.

    Raises:
        DataError: If it cannot be written; what was there before stays.
    """
    target = Path(path)
    if target.is_dir():
        raise DataError(f"{target}: cannot be written (it is a folder)")
    beside = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("w", encoding="utf-8", errors=errors, newline="") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        beside.replace(target)
    except OSError as error:
        raise DataError(f"{target}: cannot be written ({error.strerror or type(error).__name__})") from None
    except UnicodeEncodeError:
        raise DataError(f"{target}: cannot be written (a lone surrogate)") from None
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)


@contextmanager
def replacing_folder(path: str | Path) -> Iterator[Path]:
    """A folder to fill that takes ``path``'s place when the block ends well, and vanishes when it does not; folders above it are made.

    Raises:
        DataError: If it cannot be made or moved; what was there before stays.
    """
    target = Path(path).resolve()
    if target.exists() and not target.is_dir():
        raise DataError(f"{target}: cannot be written (there is a file of that name)")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    except OSError as error:
        raise DataError(f"{target.parent}: cannot be written ({error.strerror})") from None
    try:
        yield beside
        _swap(beside, target)
    except OSError as error:
        raise DataError(f"{target}: cannot be written ({error.strerror or type(error).__name__})") from None
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _swap(new: Path, target: Path) -> None:
    mask = os.umask(0)
    os.umask(mask)
    new.chmod(0o777 & ~mask)
    if not target.exists():
        new.replace(target)
        return
    old = target.with_name(f".{target.name}-old-{os.getpid()}")
    target.rename(old)
    try:
        new.rename(target)
    except OSError:
        old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)


def read_utf8(path: Path, error: type[PiispanError]) -> str:
    """The text of a small file that people write.

    Raises:
        error: If the file is missing, cannot be read, or is not UTF-8.
    """
    try:
        return path.read_text("utf-8")
    except FileNotFoundError:
        raise error(f"{path}: no such file") from None
    except OSError as found:
        raise error(f"{path}: cannot be read ({found.strerror or type(found).__name__})") from None
    except UnicodeDecodeError as found:
        raise error(f"{path}: not UTF-8 at byte {found.start}; save it as UTF-8") from None
