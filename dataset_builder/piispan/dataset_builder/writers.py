"""Write documents as JSON Lines, whole or not at all."""

import errno
import json
import os
from collections.abc import Iterable
from pathlib import Path

from piispan.core import DataError, Document

__all__ = ["write_jsonl"]


def write_jsonl(documents: Iterable[Document], path: str | Path) -> int:
    """Write a document per line, in UTF-8, and return how many there were.

    The lines go to a file beside ``path`` that takes its place at the end, so that an old file stays whole when the stream
    of documents or the disk fails.

    Raises:
        DataError: If the file cannot be written; says why (no space, no permission, no such folder).
    """
    path, count = Path(path), 0
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        try:
            with draft.open("w", encoding="utf-8", newline="\n") as file:
                for document in documents:
                    file.write(json.dumps(document.to_dict(), ensure_ascii=False) + "\n")
                    count += 1
                file.flush()
                os.fsync(file.fileno())
            os.replace(draft, path)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise DataError(f"{path}: cannot be written: {_reason(error)}") from None
    return count


def _reason(error: OSError) -> str:
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return "no space left on the device"
        case errno.EACCES | errno.EPERM | errno.EROFS:
            return "no permission to write there"
        case errno.ENOENT | errno.ENOTDIR:
            return "the folder does not exist"
        case _:
            return error.strerror or type(error).__name__
