"""The state of the code that makes rows, for the cache of ``datasets``."""

import hashlib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from operator import itemgetter

__all__ = ["source_hash"]


@cache
def source_hash() -> str:
    """First 16 hex digits of the SHA-256 of all that rows may depend on.

    That is every file of ``piispan.core``, and every source file of ``piispan.dataset_builder``. The sentence frames and
    vocabularies are not among them: documents that are read do not depend on these.
    """
    found = hashlib.sha256()
    for package, ending in (("piispan.core", ""), ("piispan.dataset_builder", ".py")):
        for name, file in sorted(_files(files(package), package, ending), key=itemgetter(0)):
            found.update(f"{name}\n{len(content := file.read_bytes())}\n".encode())
            found.update(content)
    return found.hexdigest()[:16]


def _files(folder: Traversable, name: str, ending: str) -> Iterator[tuple[str, Traversable]]:
    for entry in folder.iterdir():
        if entry.is_dir() and entry.name != "__pycache__":
            yield from _files(entry, f"{name}/{entry.name}", ending)
        elif entry.is_file() and entry.name.endswith(ending):
            yield f"{name}/{entry.name}", entry
