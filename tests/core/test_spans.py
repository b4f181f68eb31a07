"""Spans and documents check themselves and never show their text."""

import json
import re
import traceback

import pytest
from hypothesis import given

from piispan.core import Document, DocumentError, PiispanError, Span, SpanError
from tests.core.strategies import documents

SECRET = "Wanda Planted"


@pytest.mark.parametrize(
    ("start", "end", "label", "rule"),
    [
        (-1, 2, "PERSON", "a span needs 0 <= start < end, was: start=-1, end=2"),
        (2, 2, "PERSON", "a span needs 0 <= start < end, was: start=2, end=2"),
        (3, 2, "PERSON", "a span needs 0 <= start < end, was: start=3, end=2"),
        (0.0, 2, "PERSON", "start must be an int, was: float"),
        (0, "2", "PERSON", "end must be an int, was: str"),
        (False, 2, "PERSON", "start must be an int, was: bool"),
        (0, True, "PERSON", "end must be an int, was: bool"),
        (0, 2, "", "label must be a non-empty string"),
        (0, 2, None, "label must be a non-empty string"),
    ],
)
def test_span_refuses(start, end, label, rule):
    with pytest.raises(SpanError, match=f"^{re.escape(rule)}$"):
        Span(start, end, label)


def test_score_takes_no_part_in_equality():
    assert Span(0, 2, "PERSON", 0.9) == Span(0, 2, "PERSON")
    assert len({Span(0, 2, "PERSON", 0.9), Span(0, 2, "PERSON", 0.1)}) == 1
    assert Span(0, 2, "PERSON") != Span(0, 2, "AGE")
    assert Span(0, 2, "PERSON", 0.9).to_dict() == {"start": 0, "end": 2, "label": "PERSON"}


@pytest.mark.parametrize(("other", "shared"), [((1, 3), True), ((2, 4), False), ((0, 1), True), ((5, 6), False)])
def test_overlap_is_half_open(other, shared):
    span, other_span = Span(0, 2, "PERSON"), Span(*other, "AGE")
    assert span.overlaps(other_span) is shared
    assert other_span.overlaps(span) is shared


@pytest.mark.parametrize(
    ("text", "spans", "message"),
    [
        ("Jo Ann", [(0, 2), (1, 6)], "document 'd7': spans PERSON[0:2] and PERSON[1:6] overlap; spans must be flat and sorted"),
        ("Jo Ann", [(0, 6), (3, 6)], "document 'd7': spans PERSON[0:6] and PERSON[3:6] overlap; spans must be flat and sorted"),
        ("Jo Ann", [(3, 6), (0, 2)], "document 'd7': spans PERSON[3:6] and PERSON[0:2] are out of order; spans must be flat and sorted"),
        ("Jo Ann", [(0, 2), (0, 2)], "document 'd7': spans PERSON[0:2] and PERSON[0:2] overlap; spans must be flat and sorted"),
        ("Jo Ann", [(3, 7)], "document 'd7': span PERSON[3:7] lies outside the text of 6 characters"),
        ("", [(0, 1)], "document 'd7': span PERSON[0:1] lies outside the text of 0 characters"),
        ("Jo Ann", [(2, 6)], "document 'd7': span PERSON[2:6] has white space at its edge"),
        ("Jo Ann", [(0, 3)], "document 'd7': span PERSON[0:3] has white space at its edge"),
        ("Jo\u00a0Ann", [(0, 3)], "document 'd7': span PERSON[0:3] has white space at its edge"),
        ("Jo\x1cAnn", [(2, 6)], "document 'd7': span PERSON[2:6] has white space at its edge"),
        ("Jo \ud83d Ann", [], "document 'd7': lone surrogate at offset 3"),
    ],
)
def test_document_refuses(text, spans, message):
    with pytest.raises(DocumentError) as caught:
        Document("d7", text, tuple(Span(start, end, "PERSON") for start, end in spans))
    assert str(caught.value) == message
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(("identifier", "text", "message"), [(7, "Jo", "id must be a string"), ("d7", b"Jo", "text must be a string")])
def test_document_refuses_types(identifier, text, message):
    with pytest.raises(DocumentError, match=message):
        Document(identifier, text)


def test_touching_spans_and_lists_are_accepted():
    document = Document("d7", "JoAnn", [Span(0, 2, "PERSON"), Span(2, 5, "PERSON")])
    assert isinstance(document.spans, tuple)
    assert [document.value(span) for span in document.spans] == ["Jo", "Ann"]


FAULTS = [
    {"text": SECRET, "spans": []},
    {"id": "d", "text": SECRET, "spans": None},
    {"id": "d", "text": SECRET, "spans": SECRET},
    {"id": "d", "text": SECRET, "spans": [SECRET]},
    {"id": "d", "text": SECRET, "spans": [{"start": SECRET, "end": 2, "label": "PERSON"}]},
    {"id": "d", "text": SECRET, "spans": [{"start": 0, "label": SECRET}]},
    {"id": "d", "text": SECRET, "spans": [{"start": 0, "end": 99, "label": "PERSON"}]},
    {"id": "d", "text": SECRET, "spans": [{"start": 0, "end": 6, "label": "PERSON"}]},
    {"id": "d", "text": SECRET, "spans": [{"start": 0, "end": 5, "label": "A"}, {"start": 2, "end": 5, "label": "B"}]},
    {"id": "d", "text": SECRET + "\udfff", "spans": []},
    {"id": "d", "text": [SECRET], "spans": []},
    {"id": "d", "text": SECRET, "spans": [], "group": [SECRET]},
]


@pytest.mark.parametrize("row", FAULTS)
def test_errors_and_tracebacks_never_show_the_text(row):
    with pytest.raises(DocumentError) as caught:
        Document.from_dict(row)
    assert "Planted" not in "".join(traceback.format_exception(caught.value))
    error: BaseException | None = caught.value
    while error is not None:
        assert isinstance(error, PiispanError)
        assert all("Planted" not in str(part) for part in error.args)
        error = error.__cause__


def test_repr_never_shows_the_text():
    document = Document("d7", SECRET, (Span(0, 5, "PERSON"),))
    assert "Planted" not in f"{document!r}{document}{[document]}"
    assert "d7" in repr(document)


def test_missing_keys_are_named():
    with pytest.raises(DocumentError, match="missing: text, spans"):
        Document.from_dict({"id": "d"})


def test_span_of_a_row_is_numbered():
    rows = [{"start": 0, "end": 2, "label": "A"}, {"start": 3, "end": 3, "label": "A"}]
    with pytest.raises(DocumentError, match="document 'd': span 1: a span needs 0 <= start < end, was: start=3, end=3"):
        Document.from_dict({"id": "d", "text": "Jo Ann", "spans": rows})


@given(documents())
def test_json_round_trip(document):
    assert Document.from_dict(json.loads(json.dumps(document.to_dict()))) == document


def test_group_may_be_missing():
    assert Document.from_dict({"id": "d", "text": "", "spans": []}) == Document("d", "")


@pytest.mark.parametrize(("start", "end", "kept"), [(0, 9, (1, 8)), (1, 8, (1, 8)), (3, 6, (4, 6)), (0, 1, None), (8, 9, None)])
def test_white_space_at_the_edges_is_cut_off(start: int, end: int, kept: tuple[int, int] | None) -> None:
    assert Span.trimmed(" Al Bert\n", start, end, "PERSON") == (kept and Span(*kept, "PERSON"))
