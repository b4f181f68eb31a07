"""A document as a row of a data set: the columns, and the prompt and answer beside them."""

from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING

from piispan.core import Document, Prompt, Span

if TYPE_CHECKING:
    from datasets import Features

__all__ = ["chat_row", "row_features", "span_row"]


def row_features(*, chat: bool) -> "Features":
    """The columns by which ``datasets`` knows a row: ``id``, ``text``, ``spans``, ``group``, ``provenance``.

    Args:
        chat: Whether ``prompt`` and ``completion`` stand before them.
    """
    from datasets import Features, List, Value

    text = Value("string")
    spans = List({"start": Value("int64"), "end": Value("int64"), "label": text})
    columns = {"id": text, "text": text, "spans": spans, "group": text, "provenance": text}
    turns = List({"role": text, "content": text})
    return Features({"prompt": turns, "completion": turns, **columns} if chat else columns)


def span_row(document: Document) -> dict[str, object]:
    """The row of the config ``spans``."""
    return {**document.to_dict(), "provenance": document.provenance}


def chat_row(prompt: Prompt, document: Document, lost: Collection[Span]) -> dict[str, object]:
    """The row of an output format's config, without the spans that the format cannot write.

    Args:
        prompt: Style, labels and format.
        document: The document.
        lost: What ``prompt.format.unwritable(document)`` gives.
    """
    if lost:
        document = replace(document, spans=tuple(span for span in document.spans if span not in lost))
    return {**prompt.row(document), "group": document.group, "provenance": document.provenance}
