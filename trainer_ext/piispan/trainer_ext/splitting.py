"""Documents cut where no span is hurt."""

from piispan.core import Document, Span, TooLongError

__all__ = ["split_document"]


def split_document(document: Document) -> tuple[Document, Document]:
    """Two documents whose texts, one behind the other, are the document's: cut near the middle, at the end of a line if one is
    near, else behind a white space, never within a span.

    The ids are the document's with ``#1`` and ``#2``; the group is the document's, or its id.

    Raises:
        TooLongError: If there is no such place. Names the document.
    """
    text, middle = document.text, len(document.text) / 2
    inside = {place for span in document.spans for place in range(span.start + 1, span.end)}
    first, last = len(text) - len(text.lstrip()), len(text.rstrip())  # neither half may be white space alone
    places = [i for i in range(first + 1, last) if text[i - 1].isspace() and i not in inside]
    lines = [i for i in places if text[i - 1] == "\n" and abs(i - middle) <= middle / 2]
    if not places:
        raise TooLongError(f"document {document.id!r}: too long, and there is no place to cut it; raise max_length or drop it")
    cut = min(lines or places, key=lambda i: abs(i - middle))
    group = document.group or document.id
    early = tuple(span for span in document.spans if span.end <= cut)
    late = tuple(Span(span.start - cut, span.end - cut, span.label) for span in document.spans if span.start >= cut)
    return Document(f"{document.id}#1", text[:cut], early, group), Document(f"{document.id}#2", text[cut:], late, group)
