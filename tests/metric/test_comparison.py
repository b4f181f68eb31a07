"""Every span of one document, judged: the page's figures and colours come from here."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from piispan.core import Document, FormatError, LabelSet, Span, get_format
from piispan.metric import compare_output, read_gold
from tests.core.strategies import documents

LABELS = LabelSet.load("presidio")
TAGGED = get_format("tagged")
SOURCE = "Ada Lovelace of Zürich, 36, called."
GOLD = "<PERSON>Ada Lovelace</PERSON> of <GPE>Zürich</GPE>, <AGE>36</AGE>, called."


def test_each_outcome_has_its_partner() -> None:
    output = "<PERSON>Ada</PERSON> Lovelace of <ORGANIZATION>Zürich</ORGANIZATION>, 36, <TITLE>called</TITLE>."
    found = compare_output(read_gold(GOLD, SOURCE, LABELS), output, LABELS, TAGGED)
    person, zurich, age = found.gold
    assert (person.outcome, person.partner) == ("partial", Span(0, 3, "PERSON"))
    assert (zurich.outcome, zurich.partner) == ("incorrect", Span(16, 22, "ORGANIZATION"))
    assert (age.outcome, age.partner) == ("missing", None)
    assert [(one.outcome, one.partner) for one in found.predicted] == [
        ("partial", person.span),
        ("incorrect", zurich.span),
        ("spurious", None),
    ]


def test_a_right_answer_is_correct_throughout() -> None:
    found = compare_output(read_gold(GOLD, SOURCE, LABELS), GOLD, LABELS, TAGGED)
    assert {one.outcome for one in (*found.gold, *found.predicted)} == {"correct"}
    assert found.scores.f1 == 1.0


def test_of_two_labels_on_one_stretch_the_right_one_is_correct() -> None:
    """Whatever their order by name: JSON can say both."""
    for right, wrong in (("PERSON", "GPE"), ("GPE", "PERSON"), ("AGE", "ORGANIZATION"), ("ORGANIZATION", "AGE")):
        document = Document("d", "Mia Lee", (Span(0, 7, right),))
        rows = [{"entity_type": label, "entity_value": "Mia Lee", "start_position": 0, "end_position": 7} for label in (wrong, right)]
        found = compare_output(document, json.dumps(rows), LABELS, get_format("json"))
        assert [one.outcome for one in found.gold] == ["correct"]
        assert {one.span.label: one.outcome for one in found.predicted} == {right: "correct", wrong: "spurious"}
        assert found.scores.semeval["strict"].correct == 1


@given(st.data(), documents(), st.sampled_from(["tagged", "json", "json_values"]))
def test_outcomes_add_up_to_the_counts_of_semeval(data, gold, name) -> None:
    output = get_format(name).render(data.draw(documents(st.just(gold.text))))
    found = compare_output(gold, output, LABELS, get_format(name))
    counts, strict = found.scores.semeval["partial"], found.scores.semeval["strict"]
    said = [one.outcome for one in found.gold]
    assert (said.count("missing"), said.count("partial")) == (counts.missing, counts.partial)
    assert said.count("correct") == strict.correct
    assert [one.outcome for one in found.predicted].count("spurious") == counts.spurious
    assert [one.span for one in found.gold] == list(gold.spans)


@pytest.mark.parametrize(
    ("tagging", "message"),
    [
        (SOURCE.replace("Ada", "Eve"), "other characters differ"),
        (f"{SOURCE} Sure!", "other characters differ"),
        (SOURCE.replace("Ada", "<PERSON>Ada"), "unbalanced"),
        (SOURCE.replace("Ada", "<CITY>Ada</CITY>"), "no label of the set 'presidio'"),
    ],
)
def test_a_gold_tagging_that_is_none_is_refused(tagging, message) -> None:
    with pytest.raises(FormatError, match=message) as caught:
        read_gold(tagging, SOURCE, LABELS)
    assert "Ada" not in str(caught.value)
