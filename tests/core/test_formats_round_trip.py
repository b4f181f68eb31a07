"""What a format renders, it reads back: every span, and nothing wrong."""

import json

import pytest
from hypothesis import given, settings

from piispan.core import FORMATS, Document, DocumentError, FormatError, Span, get_format
from piispan.core.formats import TaggedFormat
from tests.core.strategies import LABELS, documents, word_documents


def assert_reads_back(name: str, document: Document) -> None:
    output = get_format(name).render(document)
    parsed = get_format(name).parse(output, document.text, LABELS)
    assert parsed.spans == parsed.recovered == document.spans
    assert [mention.span for mention in parsed.mentions] == list(document.spans)
    assert [mention.value for mention in parsed.mentions] == [document.value(span) for span in document.spans]
    assert not any(mention.problems for mention in parsed.mentions)
    assert (parsed.malformed, parsed.text_drift, parsed.extraneous_text) == (False, False, False)


@pytest.mark.parametrize("name", ["tagged", "json", "json_values"])
@settings(max_examples=400, deadline=None)
@given(document=documents())
def test_any_document_reads_back(name, document):
    assert get_format(name).unwritable(document) == ()
    assert_reads_back(name, document)


@settings(max_examples=400, deadline=None)
@given(word_documents())
def test_bio_reads_back_on_word_edges(document):
    assert_reads_back("bio", document)


CASES = [
    ("", []),
    (" \n\t ", []),
    ("no span", []),
    ("  John \n", [(2, 6)]),
    ("JohnDoe", [(0, 4), (4, 7)]),
    ("<PERSON>", [(0, 8)]),
    ("<PERSON>", [(1, 7)]),
    ("<\\PERSON></PERSON><\\\\b>", [(0, 10), (10, 19)]),
    ("</PERSON>x<PERSON>", [(0, 9), (9, 10), (10, 18)]),
    ("aaaa", [(1, 3)]),
    ("a a a", [(2, 3), (4, 5)]),
    ('say "hi"\\', [(4, 9)]),
    ("\x00\r\x7f", [(0, 1), (2, 3)]),
    ("👩‍👩‍👧", [(0, 2), (2, 5)]),
]


@pytest.mark.parametrize("name", ["tagged", "json", "json_values"])
@pytest.mark.parametrize(("text", "places"), CASES)
def test_awkward_documents_read_back(name, text, places):
    assert_reads_back(name, Document("d", text, tuple(Span(start, end, "PERSON") for start, end in places)))


def test_answers_look_as_documented():
    document = Document("d", "Ann met Ann.", (Span(8, 11, "PERSON"),))
    expected = {
        "tagged": "Ann met <PERSON>Ann</PERSON>.",
        "json": '[{"entity_type": "PERSON", "entity_value": "Ann", "start_position": 8, "end_position": 11}]',
        "json_values": '[{"entity_type": "PERSON", "entity_value": "Ann", "occurrence": 1}]',
        "bio": "Ann\tO\nmet\tO\nAnn\tB-PERSON\n.\tO",
    }
    assert {name: get_format(name).render(document) for name in FORMATS} == expected


def test_occurrences_may_overlap():
    rows = json.loads(get_format("json_values").render(Document("d", "aaaa", (Span(1, 3, "PERSON"),))))
    assert rows[0]["occurrence"] == 1


def test_tag_literals_of_the_text_are_escaped():
    document = Document("d", "<GPE> <\\GPE> <b> < b>", ())
    assert get_format("tagged").render(document) == "<\\GPE> <\\\\GPE> <\\b> < b>"


def test_bio_takes_each_character_of_scripts_without_spaces_for_a_word():
    document = Document("d8", "患者王明,Li 3岁", (Span(2, 4, "PERSON"), Span(5, 7, "PERSON"), Span(8, 10, "AGE")))
    lines = ["患\tO", "者\tO", "王\tB-PERSON", "明\tI-PERSON", ",\tO", "Li\tB-PERSON", "3\tB-AGE", "岁\tI-AGE"]
    assert get_format("bio").render(document) == "\n".join(lines)
    assert_reads_back("bio", document)
    kana = Document("d9", "カナさん", (Span(0, 2, "PERSON"),))
    assert get_format("bio").render(kana) == "カ\tB-PERSON\nナ\tI-PERSON\nさ\tO\nん\tO"


def test_bio_names_what_it_cannot_write():
    document = Document("d7", "Johnson Doe's", (Span(0, 4, "PERSON"), Span(4, 7, "NRP"), Span(8, 11, "GPE")))
    lost = (Span(0, 4, "PERSON"), Span(4, 7, "NRP"))
    assert get_format("bio").unwritable(document) == lost
    with pytest.raises(FormatError) as caught:
        get_format("bio").render(document)
    assert str(caught.value) == "document 'd7': bio can't write 2 span(s) that do not fall on word edges: PERSON[0:4], NRP[4:7]"


@settings(max_examples=200, deadline=None)
@given(documents())
def test_bio_writes_whatever_it_does_not_refuse(document):
    bio = get_format("bio")
    lost = bio.unwritable(document)
    if lost:
        with pytest.raises(FormatError):
            bio.render(document)
    kept = Document(document.id, document.text, tuple(span for span in document.spans if span not in lost))
    assert_reads_back("bio", kept)


@settings(max_examples=400, deadline=None)
@given(documents())
def test_tagged_text_can_be_read_without_its_source(document):
    tagged = TaggedFormat()
    assert tagged.read(tagged.render(document), LABELS, document.id) == Document(document.id, document.text, document.spans)


@pytest.mark.parametrize("text", ["<PERSON>Ann", "Ann</PERSON>", "<PERSON>Ann</GPE>", "<b>Ann</b>", "<PERSON><GPE>Ann</GPE></PERSON>"])
def test_read_refuses_bad_tags(text):
    with pytest.raises(FormatError, match=r"^document 'd7': tags are unbalanced or unknown$"):
        TaggedFormat().read(text, LABELS, "d7")


def test_read_refuses_empty_and_padded_values():
    with pytest.raises(FormatError, match=r"^document 'd7': a pair of tags has nothing between$"):
        TaggedFormat().read("<PERSON></PERSON>", LABELS, "d7")
    with pytest.raises(DocumentError, match=r"^document 'd7': span PERSON\[0:4\] has white space at its edge$"):
        TaggedFormat().read("<PERSON>Ann </PERSON>", LABELS, "d7")


def test_registry():
    assert FORMATS == ("tagged", "json", "json_values", "bio")
    assert all(get_format(name).name == name for name in FORMATS)
    with pytest.raises(FormatError, match="no output format named 'xml'; known: tagged, json, json_values, bio"):
        get_format("xml")


def test_long_bio_answers_stay_in_step():
    text = "word " * 12_000 + "Ann"
    assert_reads_back("bio", Document("d", text, (Span(60_000, 60_003, "PERSON"),)))
