"""Write documents as JSON Lines, whole or not at all."""

import json
from collections.abc import Iterable
from pathlib import Path

from piispan.core import Document, replacing

__all__ = ["write_jsonl"]


def write_jsonl(documents: Iterable[Document], path: str | Path) -> int:
    """Write a document per line, in UTF-8, and return how many there were.

    The lines go to a file beside ``path`` that takes its place at the end, so that an old file stays whole when the stream
    of documents or the disk fails.

    Raises:
        DataError: If the file cannot be written; says why (no space, no permission, no such folder).
    """
    count = 0
    with replacing(path) as file:
        for document in documents:
            file.write(json.dumps(document.to_dict(), ensure_ascii=False) + "\n")
            count += 1
    return count
