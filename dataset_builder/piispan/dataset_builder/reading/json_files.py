"""JSON arrays and JSON Lines, item by item.

No error holds any of the text: the standard library's own errors carry it (``json.JSONDecodeError.doc``,
``UnicodeDecodeError.object``), so they are never chained.
"""

import codecs
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from piispan.core import DataError

__all__ = ["json_array", "json_line", "json_lines", "starts_as_array", "unreadable"]


def starts_as_array(path: Path) -> bool:
    """Whether the first character of a file opens a JSON array.

    Raises:
        DataError: If the file is missing or empty.
    """
    try:
        with path.open("rb") as file:
            while block := file.read(4096):
                start = block.removeprefix(codecs.BOM_UTF8).lstrip()
                if start:
                    return start.startswith(b"[")
    except OSError as error:
        raise unreadable(path, error) from None
    raise DataError(f"{path}: the file is empty")


def json_array(path: Path) -> Iterator[tuple[int, object]]:
    """Places from 0 with the items of a JSON array, which is read at once.

    Raises:
        DataError: If the file is missing, is malformed, or holds no such array.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise unreadable(path, error) from None
    if not content.removeprefix(codecs.BOM_UTF8).strip():
        raise DataError(f"{path}: the file is empty")
    parsed = _parse(content)
    if isinstance(parsed, DataError):
        raise DataError(f"{path}: {parsed}")
    if not isinstance(parsed, list):
        raise DataError(f"{path}: needs a JSON array of documents")
    if not parsed:
        raise DataError(f"{path}: no documents in the file")
    yield from enumerate(parsed)


def json_lines(path: Path, *, exact: bool = False) -> Iterator[tuple[int, object]]:
    """Line numbers from 1 with what each line holds: parsed JSON, or the ``DataError`` of that line. Empty lines are passed over.

    Args:
        path: The file.
        exact: Read fractions as ``decimal.Decimal``, which keeps every digit.

    Raises:
        DataError: If the file is missing or empty.
    """
    offset, any_row = 0, False
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if line.removeprefix(codecs.BOM_UTF8).strip():
                    any_row = True
                    yield number, _parse(line, offset, one_line=True, fraction=Decimal if exact else float)
                offset += len(line)
    except OSError as error:
        raise unreadable(path, error) from None
    if not any_row:
        raise DataError(f"{path}: the file is empty")


def json_line(line: bytes, offset: int = 0) -> object:
    """What one line of JSON Lines holds, fractions as ``decimal.Decimal``, or the ``DataError`` that says where it broke.

    Args:
        line: The line.
        offset: Byte of the file at which it begins.
    """
    return _parse(line, offset, one_line=True, fraction=Decimal)


def _parse(content: bytes, offset: int = 0, *, one_line: bool = False, fraction: type[float | Decimal] = float) -> object:
    """What JSON gives for ``content``, or a ``DataError`` that says where it broke (returned, so that a reader can go on)."""
    bom = len(codecs.BOM_UTF8) if offset == 0 and content.startswith(codecs.BOM_UTF8) else 0
    try:
        return json.loads(content[bom:].decode("utf-8"), object_pairs_hook=_object, parse_float=fraction)
    except DataError as error:
        return error
    except UnicodeDecodeError as error:
        return DataError(f"not UTF-8 at byte {offset + bom + error.start} of the file; save it as UTF-8 text")
    except json.JSONDecodeError as error:
        place = f"column {min(error.pos, len(error.doc.rstrip())) + 1}" if one_line else f"line {error.lineno}, column {error.colno}"
        return DataError(f"malformed JSON at {place}: {error.msg.removesuffix(' at')}")
    except RecursionError:
        return DataError("JSON that is nested too deep")
    except (ValueError, ArithmeticError):
        return DataError("JSON with a number of too many digits, or too large")


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise DataError("an object has a key twice")
    return found


def unreadable(path: Path, error: OSError) -> DataError:
    """What to tell of a file that cannot be opened."""
    if isinstance(error, FileNotFoundError):
        return DataError(f"{path}: no such file")
    return DataError(f"{path}: cannot be read: {error.strerror or type(error).__name__}")
