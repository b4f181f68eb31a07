"""Checks before scoring: every document has its prediction, and the two speak of the same text."""

from collections import Counter
from collections.abc import Iterable, Sequence

from piispan.core.errors import DataError
from piispan.core.labels import LabelSet
from piispan.core.offsets import code_points_at
from piispan.core.predictions import Prediction
from piispan.core.spans import Document, Span
from piispan.metric.choices import Offsets

__all__ = ["check_gold_labels", "check_offsets", "in_document_order", "predicted_spans"]

_IDS_SHOWN = 5


def in_document_order(documents: Sequence[Document], predictions: Sequence[Prediction]) -> list[Prediction]:
    """The predictions in the order of their documents.

    Raises:
        DataError: If an id occurs twice on a side, or is on one side only; names the ids and how many there are.
    """
    _check_unique("documents", [document.id for document in documents])
    _check_unique("predictions", [prediction.id for prediction in predictions])
    by_id = {prediction.id: prediction for prediction in predictions}
    known = {document.id for document in documents}
    without = [document.id for document in documents if document.id not in by_id]
    foreign = [prediction.id for prediction in predictions if prediction.id not in known]
    if without or foreign:
        raise DataError(
            f"{len(documents)} documents and {len(predictions)} predictions do not match: "
            f"{_listed(without)} without a prediction, {_listed(foreign)} of no document"
        )
    return [by_id[document.id] for document in documents]


def check_gold_labels(documents: Sequence[Document], labels: LabelSet) -> None:
    """Check that the label set has every gold label.

    Raises:
        LabelError: If not; names the document.
    """
    known = set(labels.names)
    for document in documents:
        for span in document.spans:
            if span.label not in known:
                labels.require(span.label, f"document {document.id!r}: ")


def check_offsets(documents: Sequence[Document], predicted: Sequence[Sequence[Span]]) -> None:
    """Check that every predicted span lies inside its document.

    Raises:
        DataError: If not; names the document and the offsets.
    """
    for document, spans in zip(documents, predicted, strict=True):
        length = len(document.text)
        for span in spans:
            if span.end > length:
                raise DataError(
                    f"prediction {document.id!r}: span [{span.start}:{span.end}] lies outside the text of {length} characters; "
                    "was it made on another version of this document?"
                )


def predicted_spans(documents: Sequence[Document], predictions: Sequence[Prediction], offsets: Offsets) -> list[Sequence[Span]]:
    """The predicted spans, counted in code points; both in one order.

    Raises:
        DataError: If a span lies outside its document, or begins or ends inside a character; names the document and the offsets.
    """
    spans: list[Sequence[Span]] = [prediction.spans for prediction in predictions]
    if offsets == "utf16":
        spans = [_from_utf16(document, own) for document, own in zip(documents, spans, strict=True)]
    check_offsets(documents, spans)
    return spans


def _from_utf16(document: Document, spans: Sequence[Span]) -> list[Span]:
    places = code_points_at(document.text, "utf16")
    length = max(places)
    for span in spans:
        for offset in (span.start, span.end):
            if offset not in places:
                what = "inside a character" if offset < length else f"outside the text of {length} UTF-16 units"
                raise DataError(f"prediction {document.id!r}: offset {offset} lies {what}")
    return [Span(places[span.start], places[span.end], span.label, span.score) for span in spans]


def _check_unique(what: str, ids: Sequence[str]) -> None:
    if len(set(ids)) < len(ids):
        doubles = [identifier for identifier, times in Counter(ids).items() if times > 1]
        raise DataError(f"{what} must have different ids; given more than once: {_listed(doubles)}")


def _listed(ids: Iterable[str]) -> str:
    """``7 ids ('a', 'b', 'c', 'd', 'e', …)``"""
    every = list(ids)
    shown = ", ".join(repr(identifier) for identifier in every[:_IDS_SHOWN])
    more = ", …" if len(every) > _IDS_SHOWN else ""
    return f"{len(every)} ids" + (f" ({shown}{more})" if every else "")
