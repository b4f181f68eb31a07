"""Offsets in UTF-16 units, as Java, JavaScript and C# count them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from piispan.core import DataError, Document, Label, LabelSet, Prediction, Span
from piispan.metric import score

LABELS = LabelSet("test", (Label("PERSON", "a label"),))
TEXT = "👩‍👩‍👧 Ann 𝔅ob"  # three of its characters take two units


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def test_offsets_of_other_languages_are_understood() -> None:
    place = TEXT.index("Ann")
    documents = [Document("a", TEXT, (Span(place, place + 3, "PERSON"), Span(place + 4, len(TEXT), "PERSON")))]
    spans = tuple(Span(units(TEXT[: span.start]), units(TEXT[: span.end]), span.label) for span in documents[0].spans)
    assert spans != documents[0].spans
    scores = score(documents, [Prediction("a", spans)], LABELS, offsets="utf16", resamples=0)
    assert (scores.f1, scores.char_recall, scores.char_precision) == (1.0, 1.0, 1.0)


@given(st.text(min_size=1, max_size=20), st.data())
def test_every_span_is_found_again(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    if text[start].isspace() or text[end - 1].isspace():
        return
    document = Document("a", text, (Span(start, end, "PERSON"),))
    said = Prediction("a", (Span(units(text[:start]), units(text[:end]), "PERSON"),))
    assert score([document], [said], LABELS, offsets="utf16", resamples=0).f1 == 1.0


@pytest.mark.parametrize(
    ("span", "message"),
    [
        (Span(1, 4, "PERSON"), "prediction 'a': offset 1 lies inside a character"),
        (Span(0, 90, "PERSON"), "prediction 'a': offset 90 lies outside the text of 17 UTF-16 units"),
    ],
)
def test_offsets_that_are_none_are_named(span: Span, message: str) -> None:
    with pytest.raises(DataError, match=message):
        score([Document("a", TEXT)], [Prediction("a", (span,))], LABELS, offsets="utf16")
