"""The text in files that are to be published, as pieces with their lines."""

import json
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["TEXT_ENDINGS", "Piece", "pieces_of", "png_chunks", "safetensors_header"]

TEXT_ENDINGS = (".md", ".json", ".jinja", ".txt", ".yaml", ".toml", ".py")
_PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text of a file.

    Args:
        text: The text.
        line: The line of the file that it begins in, from 1, or ``None`` where lines say nothing.
    """

    text: str
    line: int | None


def pieces_of(path: Path) -> list[Piece]:
    """Everything that a person could read in a file: a text file whole, every string of a JSON file, what a safetensors header says.

    The vocabulary and the merges of a tokenizer are the base model's, and left out: they hold most short strings.

    Raises:
        ValueError: If the file is not what its ending says.
    """
    if path.name in ("vocab.json", "merges.txt"):
        return []
    if path.suffix == ".json":
        content = json.loads(path.read_text("utf-8"))
        if path.name == "tokenizer.json" and isinstance(content, dict) and isinstance(content.get("model"), dict):
            content["model"] = {key: value for key, value in content["model"].items() if key not in ("vocab", "merges")}
        return [Piece(text, None) for text in _strings(content)]
    if path.suffix in TEXT_ENDINGS:
        return [Piece(path.read_text("utf-8"), 1)]
    if path.suffix == ".safetensors":
        return [Piece(text, None) for text in _strings(safetensors_header(path))]
    return []


def _strings(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for key, item in value.items():
                yield str(key)
                yield from _strings(item)
        case list():
            for item in value:
                yield from _strings(item)


def safetensors_header(path: Path) -> Mapping[str, object]:
    """The JSON at the head of a safetensors file: tensors by their names, and ``__metadata__``.

    Raises:
        ValueError: If the file is none, or holds more or less than its header says: https://huggingface.co/docs/safetensors.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(8)
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else size
        if length > size - 8:
            raise ValueError("not a safetensors file")
        header = json.loads(file.read(length))
    if not isinstance(header, dict):
        raise ValueError("not a safetensors file")
    ends = [tensor["data_offsets"][1] for name, tensor in header.items() if name != "__metadata__"]
    if 8 + length + max(ends, default=0) != size:
        raise ValueError("a safetensors file that is cut, or has something behind its tensors")
    return header


def png_chunks(path: Path) -> set[str]:
    """The kinds of chunks in a PNG file: https://www.w3.org/TR/png-3/#11Chunks.

    Raises:
        ValueError: If the file is none, is cut, or has something behind its end.
    """
    content = path.read_bytes()
    if not content.startswith(_PNG):
        raise ValueError("not a PNG file")
    place, kinds = len(_PNG), set[str]()
    while place < len(content) and "IEND" not in kinds:
        length, kind = struct.unpack_from(">I4s", content, place) if place + 8 <= len(content) else (0, b"")
        kinds.add(kind.decode("latin-1"))
        place += 12 + length
    if place != len(content) or "IEND" not in kinds:
        raise ValueError("a PNG file that is cut, or has something behind its end")
    return kinds
