"""Documents and their split: dealt from one file, or as a folder of parts has them."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal
from warnings import warn

from piispan.core import DataError, Document, LabelSet, PiispanWarning
from piispan.dataset_builder.reading.folders import PARTS, part_files
from piispan.dataset_builder.reading.readers import read_documents
from piispan.dataset_builder.splitting.splits import HOW_SPLIT, Split, SplitKind, fixed_split
from piispan.dataset_builder.splitting.stratified import SplitBy

__all__ = ["how_split", "is_split_folder", "note_split", "read_part", "read_split", "split_files", "warn_of_shared_texts"]

_NOTE = "how_split.txt"


def split_files(folder: str | Path) -> Mapping[str, Path]:
    """The files of a split, by part, as ``piispan data split`` writes them."""
    return {part: Path(folder) / f"{part}.jsonl" for part in PARTS}


def is_split_folder(path: str | Path) -> bool:
    """Whether a path is a folder with the training part of a split, as ``piispan data split`` or ``piispan data export`` writes it."""
    return "train" in part_files(path)


def read_split(path: str | Path, kind: SplitKind, labels: LabelSet | None = None) -> Split:
    """Labelled documents and their split.

    Args:
        path: A file in any layout that ``read_documents`` knows, dealt by ``kind``; or a folder of ``train.jsonl``, ``test.jsonl`` and,
            where there is one, ``validation.jsonl``, or the data folder of an export, taken as it is.
        kind: See ``fixed_split``; without meaning for such a folder.
        labels: Check labels against this set.

    Raises:
        DataError: If the documents cannot be read, or the folder has no test part.
    """
    files = part_files(path)
    if "train" not in files:
        return fixed_split(read_documents(path, labels=labels)[0], kind)
    if "test" not in files:
        raise DataError(f"{path}: holds {files['train'][0].name} and no documents to test on")
    train, validation, test = (_documents(files.get(part, ()), labels) for part in PARTS)
    found = Split(train, validation, test)
    warn_of_shared_texts(found, path)
    return found


def read_part(path: str | Path, part: Literal["train", "validation", "test"], labels: LabelSet | None = None) -> Sequence[Document]:
    """The documents of a file in any layout, or one part of such a folder.

    Raises:
        DataError: If they cannot be read, or the folder lacks the part.
    """
    files = part_files(path)
    if "train" not in files:
        return read_documents(path, labels=labels)[0]
    if part not in files:
        raise DataError(f"{path}: holds no documents of the part {part}")
    return _documents(files[part], labels)


def _documents(files: Iterable[Path], labels: LabelSet | None) -> tuple[Document, ...]:
    return tuple(document for file in files for document in read_documents(file, labels=labels)[0])


def warn_of_shared_texts(split: Split, path: str | Path) -> None:
    """Warn if texts of the test are trained on, and say how many.

    Args:
        split: The split.
        path: Where the test comes from.
    """
    seen = {document.text for document in split.train}
    if shared := sum(document.text in seen for document in split.test):
        warn(f"{path}: {shared} of {len(split.test)} texts are trained on as well, so the figures flatter", PiispanWarning, stacklevel=4)


def how_split(path: str | Path, kind: SplitKind) -> str:
    """How ``read_split`` splits, in a sentence for a card."""
    if not is_split_folder(path):
        return HOW_SPLIT[kind]
    note = Path(path) / _NOTE
    return note.read_text("utf-8").strip() if note.is_file() else "As the files have it."


def note_split(folder: str | Path, by: SplitBy, validation: float, test: float, seed: int) -> None:
    """Leave a sentence on how a split was dealt beside its files, for ``how_split``."""
    dealt = {"document": "by document", "group": "by group", "group_and_value": "by group, no entity value on two sides"}[by]
    sentence = f"By `piispan data split`: {dealt}, stratified by label; {validation:g} for validation, {test:g} for the test, seed {seed}."
    (Path(folder) / _NOTE).write_text(f"{sentence}\n", "utf-8")
