"""Text with inline tags, a document on each line: ``Call <PERSON>Mia Lee</PERSON> today.``"""

import codecs
import re
from collections.abc import Iterator
from pathlib import Path

from piispan.core import DataError, DocumentError, FormatError, Label, LabelSet
from piispan.core.formats.tagged import TaggedFormat

__all__ = ["inline_rows"]

_NAME = re.compile(r"</([A-Z][A-Z0-9_]*)>")
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9_]*)>")


def inline_rows(path: Path) -> Iterator[tuple[int, object]]:
    """Line numbers from 1 with the row ``{"id", "text", "spans"}`` of each, or the ``DataError`` of that line; empty lines are passed over.

    Ids are ``line-00001`` and on. A label is what stands in a closing tag; a tag literal that is none is written with a backslash, as the
    format ``tagged`` does.
    """
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                text = line.removeprefix(codecs.BOM_UTF8 if number == 1 else b"").decode("utf-8").rstrip("\r\n")
            except UnicodeDecodeError:
                yield number, DataError("not UTF-8")
                continue
            if text.strip():
                yield number, _row(text, f"line-{number:05d}")


def _row(text: str, identifier: str) -> dict[str, object] | DataError:
    names = sorted(set(_NAME.findall(text))) or ["NONE"]
    labels = LabelSet("inline", tuple(Label(name, "a label") for name in names))
    try:
        document = TaggedFormat().read(text, labels, identifier)
    except (FormatError, DocumentError) as error:
        place = _fault(text)
        return DataError(str(error) if place is None else f"{error}, at character {place + 1} of the line")
    return {"id": document.id, "text": document.text, "spans": [span.to_dict() for span in document.spans]}


def _fault(text: str) -> int | None:
    """Offset of the first tag that is unknown, stands inside another pair or lacks its partner; ``None`` when there is none."""
    known = set(_NAME.findall(text))
    opened: re.Match[str] | None = None
    for tag in _TAG.finditer(text):
        if tag[2] not in known or bool(tag[1]) != (opened is not None) or (opened is not None and opened[2] != tag[2]):
            return tag.start()
        opened = None if tag[1] else tag
    return None if opened is None else opened.start()
