"""Folders of parts: the one that ``piispan data split`` writes, and the data folder of ``piispan data export``."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml

__all__ = ["MARKER", "PARTS", "export_head", "front_matter", "part_files"]

PARTS = ("train", "validation", "test")
"""The parts of a split, in their order."""

MARKER = "piispan"
"""Key of the front matter by which a folder is known as an export."""


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
    elif export_head(folder):
        found = {part: sorted((folder / "spans").glob(f"{part}-*.parquet")) for part in PARTS}
    else:
        return {}
    filled = {part: [file for file in files if file.is_file() and file.stat().st_size] for part, files in found.items()}
    return {part: files for part, files in filled.items() if files}


def export_head(folder: Path) -> Mapping[str, object]:
    """The front matter of the card in a folder that an export wrote; empty for any other folder."""
    readme = folder / "README.md"
    head = front_matter(readme.read_text("utf-8", errors="replace")) if readme.is_file() else {}
    return head if MARKER in head else {}


def front_matter(readme: str) -> Mapping[str, object]:
    """The YAML at the head of a README; empty when there is none, or none that can be read."""
    opening, _, rest = readme.partition("---\n")
    head, closing, _ = rest.partition("\n---")
    if opening or not closing:
        return {}
    try:
        found = yaml.safe_load(head)
    except yaml.YAMLError:
        return {}
    return found if isinstance(found, dict) else {}
