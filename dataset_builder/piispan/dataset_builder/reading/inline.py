"""Text with inline tags, a document on each line: ``Call <PERSON>Mia Lee</PERSON> today.``"""

import codecs
import re
from collections.abc import Iterator
from pathlib import Path

from piispan.core import DataError, DocumentError, FormatError, Label, LabelSet
from piispan.core.formats.tagged import TaggedFormat

__all__ = ["inline_rows"]

_NAME = re.compile(r"</([A-Z][A-Z0-9_]*)>")


def inline_rows(path: Path) -> Iterator[tuple[int, object]]:
    """Line numbers from 1 with the row ``{"id", "text", "spans"}`` of each, or the ``DataError`` of that line; empty lines are passed over.

    Ids are ``line-00001`` and on. A label is what stands in a closing tag; a tag literal that is none is written with a backslash, as the
    format ``tagged`` does.
    """
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                text = line.removeprefix(codecs.BOM_UTF8 if number == 1 else b"").decode("utf-8").rstrip("\r\n")
                if text.strip():
                    yield number, _row(text, f"line-{number:05d}")
            except UnicodeDecodeError:
                yield number, DataError("not UTF-8")
            except (FormatError, DocumentError) as error:
                yield number, DataError(str(error))


def _row(text: str, identifier: str) -> dict[str, object]:
    names = sorted(set(_NAME.findall(text))) or ["NONE"]
    labels = LabelSet("inline", tuple(Label(name, "a label") for name in names))
    document = TaggedFormat().read(text, labels, identifier)
    return {"id": document.id, "text": document.text, "spans": [span.to_dict() for span in document.spans]}
