"""Where the documents of a training can be found again, so that nothing of them is published by mistake."""

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from piispan.core import DataError, Document, Sidecar
from piispan.dataset_builder import SplitKind, fixed_split, is_split_folder, read_documents, read_split, write_jsonl
from piispan.runs.artifacts import documents_sha256, write_json

__all__ = ["ORIGIN_NAME", "TrainingOrigin", "training_documents"]

ORIGIN_NAME = "training_data.json"
"""File of a run, beside the adapter's folder. It names a file of this machine and is never uploaded."""
_SYNTHETIC_NAME = "training_documents.jsonl"


@dataclass(frozen=True, slots=True)
class TrainingOrigin:
    """Labelled documents that were trained on, whole or in part.

    Args:
        data: Their file or folder.
        split: How it was split; ``None`` when all of it was trained on.
    """

    data: Path
    split: SplitKind | None = None

    @classmethod
    def synthetic(cls, documents: Sequence[Document], folder: Path) -> "TrainingOrigin":
        """That of documents that were made for a run: they are written into its folder, because another version would make others."""
        write_jsonl(documents, folder / _SYNTHETIC_NAME)
        return cls(folder / _SYNTHETIC_NAME)

    def save(self, folder: Path) -> None:
        """Write ``training_data.json`` into the folder of a run."""
        note = "Where the training documents are. It names a file of this machine: keep it here."
        write_json(folder / ORIGIN_NAME, {"note": note, "data": str(self.data.resolve()), "split": self.split})

    @classmethod
    def load(cls, folder: Path) -> "TrainingOrigin | None":
        """The origin of the run in ``folder``; ``None`` where none was written.

        Raises:
            DataError: If the file cannot be read.
        """
        path = folder / ORIGIN_NAME
        if not path.is_file():
            return None
        try:
            content = json.loads(path.read_text("utf-8"))
            data, split = Path(content["data"]), content["split"]
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            raise DataError(f"{path}: cannot be read ({type(error).__name__})") from None
        if split is not None and split not in get_args(SplitKind):
            raise DataError(f"{path}: no split named so")
        return cls(data, split)

    def parts(self) -> list[Sequence[Document]]:
        """The documents, part by part.

        Raises:
            DataError: If they cannot be read.
        """
        if self.split is None and not is_split_folder(self.data):
            return [read_documents(self.data)[0]]
        return [members for _, members in read_split(self.data, self.split or "random").parts()]


def training_documents(adapter: Path, sidecar: Sidecar, given: Path | None) -> list[Document] | None:
    """The documents that an adapter was trained on, with those it was validated and tested on where they lie together.

    Args:
        adapter: The adapter's folder; ``training_data.json`` beside it says where they are.
        sidecar: Its settings, by whose SHA-256 the documents are known.
        given: A file or folder to read instead.

    Returns:
        The documents, or ``None`` when nothing says where they are.

    Raises:
        DataError: If they cannot be read, or are not those that the adapter was trained on.
    """
    noted = TrainingOrigin.load(adapter.resolve().parent) if given is None else None
    origin = TrainingOrigin(given) if given is not None else noted
    if origin is None:
        return None
    try:
        parts = origin.parts()
    except DataError as error:
        if noted is None:
            raise
        raise DataError(f"the training documents cannot be compared: {error}; if they have moved, say where they are: --data") from None
    documents = [document for part in parts for document in part]
    if any(documents_sha256(part) == sidecar.training_sha256 for part in [*parts, *_training_parts(documents)]):
        return documents
    raise DataError(f"{origin.data}: not the documents that the adapter was trained on (SHA-256 differs); say where they are: --data")


def _training_parts(documents: Sequence[Document]) -> Iterator[Sequence[Document]]:
    """What a training would take of documents that lie in one file."""
    for kind in get_args(SplitKind):
        with suppress(DataError):  # too few documents, or groups, to split
            yield fixed_split(documents, kind).train
