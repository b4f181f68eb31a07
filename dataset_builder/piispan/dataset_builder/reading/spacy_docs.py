"""spaCy's ``DocBin`` files (``.spacy``): entities of annotated documents."""

from collections.abc import Iterator
from pathlib import Path

from piispan.core import DataError, require_extra

__all__ = ["spacy_rows"]


def spacy_rows(path: Path) -> Iterator[tuple[int, object]]:
    """The number of each document, from 1, with its row ``{"id", "text", "spans"}``; ids are ``document-00001`` and on.

    Raises:
        MissingExtraError: If spaCy is not installed (extra ``spacy``).
        DataError: If the file is no ``DocBin``.
    """
    require_extra("spacy", "spacy")
    import spacy
    from spacy.tokens import DocBin

    vocab = spacy.blank("xx").vocab
    try:
        documents = list(DocBin().from_bytes(path.read_bytes()).get_docs(vocab))
    except (ValueError, KeyError, TypeError, EOFError):
        raise DataError(f"{path}: not a file of spaCy's DocBin") from None
    for number, document in enumerate(documents, start=1):
        groups = [name for name, group in document.spans.items() if len(group)]
        if groups and not document.ents:
            held = sum(len(document.spans[name]) for name in groups)
            yield number, DataError(f"holds {held} spans in doc.spans and no entities; only doc.ents is read")
            continue
        spans = [{"start": one.start_char, "end": one.end_char, "label": one.label_} for one in document.ents]
        yield number, {"id": f"document-{number:05d}", "text": document.text, "spans": spans, **({"doc.spans": None} if groups else {})}
