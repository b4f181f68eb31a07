"""Folders of parts: the one that ``piispan data split`` writes, and the data folder of ``piispan data export``."""

from collections.abc import Mapping, Sequence
from pathlib import Path

__all__ = ["PARTS", "part_files"]

PARTS = ("train", "validation", "test")
"""The parts of a split, in their order."""

_MARKER = "piispan:"
"""A line at the head of the card of an export."""


def part_files(path: str | Path) -> Mapping[str, Sequence[Path]]:
    """The files of each part that a folder holds, in order; nothing for what is no such folder.

    Args:
        path: A folder of ``train.jsonl``, ``validation.jsonl`` and ``test.jsonl``; or one with the card of an export, whose documents stand
            in ``spans/<part>-*.parquet``. Files without content are passed over: a part may be empty.
    """
    folder = Path(path)
    if not folder.is_dir():
        return {}
    if (folder / "train.jsonl").is_file():
        found = {part: [folder / f"{part}.jsonl"] for part in PARTS}
    elif _is_export(folder):
        found = {part: sorted((folder / "spans").glob(f"{part}-*.parquet")) for part in PARTS}
    else:
        return {}
    filled = {part: [file for file in files if file.is_file() and file.stat().st_size] for part, files in found.items()}
    return {part: files for part, files in filled.items() if files}


def _is_export(folder: Path) -> bool:
    readme = folder / "README.md"
    if not readme.is_file():
        return False
    opening, _, rest = readme.read_text("utf-8", errors="replace").partition("---\n")
    head, closing, _ = rest.partition("\n---")
    return not opening and bool(closing) and _MARKER in head.splitlines()
