"""brat standoff: a ``.txt`` file and its ``.ann`` beside it, one pair for each document (https://brat.nlplab.org/standoff.html)."""

import re
from collections.abc import Iterator
from pathlib import Path

from piispan.core import DataError

__all__ = ["brat_rows", "is_brat"]

_TEXT_BOUND = re.compile(r"T\S*\t(\S+) ([0-9; ]+)\t(.*)", re.DOTALL)


def is_brat(path: Path) -> bool:
    """Whether a path is an ``.ann`` file or a folder that holds some."""
    return path.suffix.lower() == ".ann" or (path.is_dir() and next(path.rglob("*.ann"), None) is not None)


def brat_rows(path: Path) -> Iterator[tuple[int, object]]:
    """The number of each annotation file, from 1 and by name, with its row ``{"id", "text", "spans"}`` or the ``DataError`` of the file.

    Ids are the files' names below ``path``, without their ending. Relations, events, attributes and notes are counted as ignored.
    """
    files = sorted(path.rglob("*.ann")) if path.is_dir() else [path]
    for number, file in enumerate(files, start=1):
        name = file.relative_to(path).with_suffix("").as_posix() if path.is_dir() else file.stem
        try:
            yield number, _row(file, name)
        except DataError as error:
            yield number, error


def _row(file: Path, name: str) -> dict[str, object]:
    text, annotations = _content(file.with_suffix(".txt")), _content(file)
    spans: list[dict[str, object]] = []
    others: dict[str, object] = {}
    for number, line in enumerate(annotations.split("\n"), start=1):
        if not line.strip():
            continue
        if not line.startswith("T"):
            others[f"annotations.{line[0]}"] = None
            continue
        match = _TEXT_BOUND.fullmatch(line.rstrip("\r"))
        if not match:
            raise DataError(f"{file.name}, line {number}: not an identifier, a label with its offsets, and a text, with tabs between")
        label, offsets, value = match.groups()
        places = offsets.replace(";", " ").split()
        if len(places) != 2:
            raise DataError(f"{file.name}, line {number}: a span in {len(places) // 2} pieces; only whole ones can be read")
        spans.append({"start": int(places[0]), "end": int(places[1]), "label": label, "value": value})
    return {"id": name, "text": text, "spans": spans, **others}


def _content(file: Path) -> str:
    try:
        return file.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise DataError(f"{file.name} is missing") from None
    except UnicodeDecodeError as error:
        raise DataError(f"{file.name} is not UTF-8 at byte {error.start}") from None
