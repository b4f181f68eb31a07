"""Redaction changes the spans and nothing else."""

import hashlib
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from presidio_anonymizer.entities import OperatorConfig

from piispan.core import RedactionError, Span
from piispan.tagger import redact_text, without_overlap

TEXT = "Ada Lovelace is 36."
PERSON, AGE = Span(0, 12, "PERSON"), Span(16, 18, "AGE")


@st.composite
def texts_and_spans(draw: st.DrawFn) -> tuple[str, list[Span]]:
    text = draw(st.text(min_size=1, max_size=60))
    offset = st.integers(0, len(text))
    edges = draw(st.lists(st.tuples(offset, offset).map(sorted).filter(lambda e: e[0] < e[1]), max_size=6))
    return text, [Span(start, end, draw(st.sampled_from(["PERSON", "AGE"]))) for start, end in edges]


@given(texts_and_spans())
def test_characters_outside_the_spans_stay_and_each_cover_is_replaced_once(given_case) -> None:
    text, spans = given_case
    covers = without_overlap(spans)
    assert all(left.end <= right.start for left, right in pairwise(covers))
    covered = {i for span in spans for i in range(span.start, span.end)}
    assert {i for span in covers for i in range(span.start, span.end)} == covered
    redacted = redact_text(text, spans, {"DEFAULT": OperatorConfig("replace", {"new_value": "\ue000\ue001"})})
    outside = "".join(character for i, character in enumerate(text) if i not in covered)
    assert redacted.replace("\ue000\ue001", "") == outside.replace("\ue000\ue001", "")
    assert redacted.count("\ue000\ue001") >= len(covers)


def test_the_default_is_the_label() -> None:
    assert redact_text(TEXT, [AGE, PERSON]) == "<PERSON> is <AGE>."
    assert redact_text(TEXT, []) == TEXT
    assert redact_text("", []) == ""


def test_neighbours_of_one_label_keep_a_placeholder_each() -> None:
    assert redact_text("Ada Grace", [Span(0, 3, "PERSON"), Span(4, 9, "PERSON")]) == "<PERSON> <PERSON>"
    assert redact_text("AdaGrace", [Span(0, 3, "PERSON"), Span(3, 8, "PERSON")]) == "<PERSON><PERSON>"


def test_overlapping_spans_are_covered_whole_under_the_longest_label() -> None:
    spans = [Span(0, 12, "PERSON"), Span(4, 15, "AGE"), Span(13, 18, "AGE")]
    assert without_overlap(spans) == [Span(0, 18, "PERSON")]
    assert redact_text(TEXT, spans) == "<PERSON>."


@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        (OperatorConfig("redact"), " is <AGE>."),
        (OperatorConfig("keep"), "Ada Lovelace is <AGE>."),
        (OperatorConfig("replace", {"new_value": "X"}), "X is <AGE>."),
        (OperatorConfig("mask", {"masking_char": "*", "chars_to_mask": 8, "from_end": True}), "Ada ******** is <AGE>."),
    ],
)
def test_operators_of_presidio_by_label(operator, expected) -> None:
    assert redact_text(TEXT, [PERSON, AGE], {"PERSON": operator}) == expected


def test_hash_is_presidio_s_sha256_with_a_salt() -> None:
    redacted = redact_text("Ada", [Span(0, 3, "PERSON")], {"PERSON": OperatorConfig("hash", {"salt": "0123456789abcdef"})})
    assert redacted == hashlib.sha256(b"Ada" + b"0123456789abcdef").hexdigest()


@pytest.mark.parametrize("operator", [OperatorConfig("nonsense"), OperatorConfig("mask", {"masking_char": "**"})])
def test_a_wrong_operator_is_named_without_the_text(operator) -> None:
    with pytest.raises(RedactionError, match=f"operator '{operator.operator_name}' for PERSON") as error:
        redact_text(TEXT, [PERSON], {"PERSON": operator})
    assert "Lovelace" not in str(error.value)


def test_an_operator_by_its_name_alone_is_refused() -> None:
    with pytest.raises(RedactionError, match="operator for PERSON: needs an OperatorConfig of presidio-anonymizer, not str"):
        redact_text(TEXT, [], {"PERSON": "mask"})  # type: ignore[dict-item]


def test_a_span_outside_the_text_is_refused() -> None:
    with pytest.raises(RedactionError, match=r"span AGE\[0:20\] lies outside the text of 19 characters"):
        redact_text(TEXT, [Span(0, 20, "AGE")])
