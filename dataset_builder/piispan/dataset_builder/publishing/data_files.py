"""Data files as ``datasets`` takes them, and what it cannot know of them."""

import os
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["plain_paths", "stamps_of_texts"]


def plain_paths(data_files: Any) -> Any:
    """Data files with every path a string, which is all that ``datasets`` takes; what is no plain list or dict stays as it is."""
    if isinstance(data_files, os.PathLike):
        return os.fspath(data_files)
    if type(data_files) is dict:
        return {split: plain_paths(files) for split, files in data_files.items()}
    if type(data_files) is list or type(data_files) is tuple:
        return [plain_paths(file) for file in data_files]
    return data_files


def stamps_of_texts(data_files: Mapping[str, Sequence[str]]) -> list[tuple[str, int, int]]:
    """Path, time of change (nanoseconds) and size (bytes) of the texts beside brat's ``.ann`` files, which are no data files themselves."""
    annotations = sorted(file for files in data_files.values() for file in files if file.lower().endswith(".ann"))
    texts = [f"{os.path.splitext(file)[0]}.txt" for file in annotations]
    return [(text, (found := os.stat(text)).st_mtime_ns, found.st_size) for text in texts if os.path.isfile(text)]
