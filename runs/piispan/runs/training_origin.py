"""Where the documents of a training can be found again, so that nothing of them is published by mistake."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from piispan.core import DataError, Document, Sidecar
from piispan.dataset_builder import SplitKind, is_split_folder, read_documents, read_split
from piispan.runs.artifacts import trained_on, write_json
from piispan.runs.synthetic import Synthesis

__all__ = ["ORIGIN_NAME", "TrainingOrigin", "training_documents"]

ORIGIN_NAME = "training_data.json"
"""File of a run, beside the adapter's folder. It names a file of this machine and is never uploaded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingOrigin:
    """Either a file or folder of labelled documents, or a synthesis.

    Args:
        data: The file or folder.
        split: How it was split; ``None`` when all of it was trained on.
        synthesis: What made the documents.
        documents: How many of them each part had.
    """

    data: Path | None = None
    split: SplitKind | None = None
    synthesis: Synthesis | None = None
    documents: Mapping[str, int] | None = None

    def save(self, folder: Path) -> None:
        """Write ``training_data.json`` into the folder of a run."""
        content: dict[str, object] = {"note": "Where the training documents are. It names a file of this machine: keep it here."}
        if self.data is not None:
            content |= {"data": str(self.data.resolve()), "split": self.split}
        if self.synthesis is not None:
            content |= {"language": self.synthesis.language, "labels": self.synthesis.labels, "documents": dict(self.documents or {})}
        write_json(folder / ORIGIN_NAME, content)

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
            if "data" in content:
                return cls(data=Path(content["data"]), split=content["split"])
            return cls(synthesis=Synthesis(content["language"], content["labels"]), documents=dict(content["documents"]))
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            raise DataError(f"{path}: cannot be read ({type(error).__name__})") from None

    def parts(self) -> Iterator[Sequence[Document]]:
        """The documents, part by part, those of the training first.

        Raises:
            DataError: If they cannot be read or made.
        """
        if self.synthesis is not None:
            counts = self.documents or {}
            split = self.synthesis.split(counts.get("train", 0), counts.get("test", 0))
        elif self.data is None:
            return
        elif self.split is None and not is_split_folder(self.data):
            yield read_documents(self.data)[0]
            return
        else:
            split = read_split(self.data, self.split or "random")
        yield from (members for _, members in split.parts())


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
    origin = TrainingOrigin.load(adapter.resolve().parent) if given is None else TrainingOrigin(data=given)
    if origin is None:
        return None
    place = origin.data or "the synthesis"
    parts = list(origin.parts())
    if not any(trained_on(sidecar, part) for part in parts):
        raise DataError(f"{place}: not the documents that the adapter was trained on (SHA-256 differs); say where they are: --data")
    return [document for part in parts for document in part]
