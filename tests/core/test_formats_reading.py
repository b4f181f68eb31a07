"""What is read of answers that are nearly right, case by case."""

import json

import pytest

from piispan.core import Parsed, Problem, Span, get_format
from tests.core.strategies import LABELS

SOURCE = "Ann Banks met Ann in Oulu."
ANN, SECOND_ANN, OULU = Span(0, 3, "PERSON"), Span(14, 17, "PERSON"), Span(21, 25, "GPE")
TAGGED = "<PERSON>Ann</PERSON> Banks met <PERSON>Ann</PERSON> in <GPE>Oulu</GPE>."


def read(name: str, output: str, source: str = SOURCE) -> Parsed:
    return get_format(name).parse(output, source, LABELS)


def flags(parsed: Parsed) -> set[str]:
    return {name for name in ("malformed", "text_drift", "extraneous_text") if getattr(parsed, name)}


def row(value: object, start: object = 0, end: object = 3, occurrence: object = 0, label: object = "PERSON") -> dict[str, object]:
    numbers = {"start_position": start, "end_position": end, "occurrence": occurrence}
    return {"entity_type": label, "entity_value": value, **numbers}


WRAPS = ["```\n{}\n```", "Here is the answer:\n\n{}", "{}\n\nI marked every name.", "Sure [as you asked]: {} Done."]


@pytest.mark.parametrize("wrap", WRAPS)
def test_text_around_the_answer_is_extraneous(wrap):
    tagged = read("tagged", wrap.replace("{}", TAGGED))
    assert (tagged.spans, flags(tagged)) == ((ANN, SECOND_ANN, OULU), {"extraneous_text"})
    listed = read("json", wrap.replace("{}", json.dumps([row("Ann"), row("Oulu", 21, 25, label="GPE")])))
    assert (listed.spans, flags(listed)) == ((ANN, OULU), {"extraneous_text", "malformed"})


def test_lines_around_the_answer_are_extraneous():
    parsed = read("bio", "```\nAnn\tB-PERSON\n```", "Ann")
    assert (parsed.spans, flags(parsed)) == ((ANN,), {"extraneous_text", "malformed"})


def test_white_space_around_the_answer_is_nothing():
    assert flags(read("tagged", f"\n {TAGGED} \n")) == set()
    assert flags(read("json", f"\n {json.dumps([row('Ann')])} \n")) == set()
    assert flags(read("bio", "\nAnn\tB-PERSON\n \n", "Ann")) == set()
    assert read("tagged", "<PERSON>Ann</PERSON>", "\n  Ann \n").spans == (Span(3, 6, "PERSON"),)


@pytest.mark.parametrize(
    ("output", "recovered"),
    [
        ("<PERSON>Ann</PERSON> Bank met <PERSON>Ann</PERSON> in <GPE>Oulu</GPE>.", (ANN, SECOND_ANN, OULU)),
        ("met <PERSON>Ann</PERSON> in <GPE>Oulu</GPE>.", (SECOND_ANN, OULU)),
        ("<PERSON>Anne</PERSON> Banks met <PERSON>Ann</PERSON> in Oulu.", (ANN, SECOND_ANN)),
        ("Ann Banks met Ann in <GPE>Zzzz</GPE>.", ()),
        ("<GPE>Oulu</GPE>", (OULU,)),
        ("<FOO>Ann</FOO> Bank met Ann in <GPE>Oulu</GPE>.", (OULU,)),
    ],
)
def test_drifted_text_gives_no_strict_span_but_recovers(output, recovered):
    parsed = read("tagged", output)
    assert parsed.text_drift
    assert (parsed.spans, parsed.recovered) == ((), recovered)


@pytest.mark.parametrize(
    ("output", "spans"),
    [
        ("<PERSON>Ann Banks met Ann in Oulu.", ()),
        ("Ann</PERSON> Banks met Ann in Oulu.", ()),
        ("<PERSON>Ann</GPE> Banks met Ann in <GPE>Oulu</GPE>.", (OULU,)),
        ("<PERSON><PERSON>Ann</PERSON></PERSON> Banks met Ann in Oulu.", (ANN,)),
        ("<PERSON><PERSON>Ann</PERSON> Banks met Ann in Oulu.", (ANN,)),
        ("<FOO>Ann</FOO> Banks met Ann in <GPE>Oulu</GPE>.", (OULU,)),
        ("<b>Ann</b> Banks met Ann in <GPE>Oulu</GPE>.", (OULU,)),
        ("<person>Ann</person> Banks met Ann in <GPE>Oulu</GPE>.", (OULU,)),
    ],
)
def test_bad_tags_are_malformed_and_the_rest_is_read(output, spans):
    parsed = read("tagged", output)
    assert (parsed.spans, flags(parsed)) == (spans, {"malformed"})


def test_html_of_the_text_is_text_even_unescaped():
    source = "a <b>bold</b> move by <i>Ann</i>"
    parsed = read("tagged", source.replace("Ann", "<PERSON>Ann</PERSON>"), source)
    assert (parsed.spans, flags(parsed)) == ((Span(25, 28, "PERSON"),), set())


def test_tagged_problems():
    parsed = read("tagged", "<FOO>Ann</FOO> Banks<GPE> </GPE>met Ann in <GPE>Oulu</GPE>. <PERSON>Eve</PERSON>")
    assert [set(mention.problems) for mention in parsed.mentions] == [
        {Problem.UNKNOWN_LABEL},
        {Problem.NOT_A_SPAN},
        set(),
        {Problem.VALUE_NOT_IN_SOURCE},
    ]
    assert (parsed.spans, flags(parsed)) == ((OULU,), {"malformed", "extraneous_text"})


@pytest.mark.parametrize(
    ("numbers", "problem", "near"),
    [
        ((0, 3), None, ANN),
        ((0, 9), Problem.WRONG_OFFSET, ANN),
        ((1, 4), Problem.WRONG_OFFSET, ANN),
        ((12, 15), Problem.WRONG_OFFSET, SECOND_ANN),
        ((-5, -2), Problem.WRONG_OFFSET, ANN),
        ((10**30, 10**30 + 3), Problem.WRONG_OFFSET, SECOND_ANN),
    ],
)
def test_wrong_offsets_recover_by_the_nearest_value(numbers, problem, near):
    parsed = read("json", json.dumps([row("Ann", *numbers)]))
    assert set(parsed.mentions[0].problems) == ({problem} if problem else set())
    assert parsed.spans == (() if problem else (near,))
    assert parsed.recovered == (near,)
    assert not parsed.malformed


@pytest.mark.parametrize(("occurrence", "near"), [(0, ANN), (1, SECOND_ANN), (2, SECOND_ANN), (-1, SECOND_ANN), (10**30, SECOND_ANN)])
def test_occurrences_that_do_not_exist_recover_as_the_last(occurrence, near):
    parsed = read("json_values", json.dumps([row("Ann", occurrence=occurrence)]))
    assert parsed.recovered == (near,)
    assert parsed.spans == ((near,) if occurrence in {0, 1} else ())
    assert set(parsed.mentions[0].problems) == (set() if occurrence in {0, 1} else {Problem.WRONG_OFFSET})


@pytest.mark.parametrize("number", [float("nan"), float("inf"), 0.0, True, False, "0", None, [0], {}])
@pytest.mark.parametrize("name", ["json", "json_values"])
def test_numbers_that_are_no_integers_are_malformed(name, number):
    parsed = read(name, json.dumps([row("Ann", number, number, number), row("Oulu", 21, 25, label="GPE")]))
    assert (parsed.spans, len(parsed.mentions), parsed.malformed) == ((OULU,), 1, True)


@pytest.mark.parametrize(
    ("bad", "problems"),
    [
        (row("Eve"), {Problem.VALUE_NOT_IN_SOURCE}),
        (row("ann"), {Problem.VALUE_NOT_IN_SOURCE}),
        (row("Ann", label="FOO"), {Problem.UNKNOWN_LABEL}),
        (row("Eve", label="FOO"), {Problem.UNKNOWN_LABEL, Problem.VALUE_NOT_IN_SOURCE}),
        (row(""), {Problem.NOT_A_SPAN}),
        (row(" \n"), {Problem.NOT_A_SPAN}),
    ],
)
@pytest.mark.parametrize("name", ["json", "json_values"])
def test_listed_problems(name, bad, problems):
    parsed = read(name, json.dumps([bad, row("Oulu", 21, 25, label="GPE")]))
    assert set(parsed.mentions[0].problems) == problems
    assert (parsed.spans, parsed.recovered, flags(parsed)) == ((OULU,), (OULU,), set())


def test_duplicates_are_mentions_but_one_span():
    parsed = read("json", json.dumps([row("Ann")] * 3))
    assert (len(parsed.mentions), parsed.spans) == (3, (ANN,))


@pytest.mark.parametrize("name", ["json", "json_values"])
def test_white_space_at_the_edges_of_a_value_is_left_out_of_its_span(name):
    parsed = read(name, json.dumps([row(" Ann ", 13, 18, 0)]))
    assert (parsed.spans, parsed.mentions[0].value) == ((SECOND_ANN,), " Ann ")


def test_an_empty_list_with_words_around_it_is_extraneous():
    for output in ("[] Done.", "None: []", "```json\n[]\n```"):
        assert flags(read("json", output)) == {"malformed", "extraneous_text"}


def test_listed_spans_may_overlap():
    parsed = read("json", json.dumps([row("Ann Banks", 0, 9), row("Ann")]))
    assert parsed.spans == (ANN, Span(0, 9, "PERSON"))


@pytest.mark.parametrize("cut", [", {", ', {"entity_type": "PER', ', {"entity_type": "PERSON", "entity_value": "[1]", "sta', ",", ""])
def test_cut_off_lists_keep_their_whole_objects(cut):
    parsed = read("json", json.dumps([row("Ann"), row("Oulu", 21, 25, label="GPE")])[:-1] + cut)
    assert (parsed.spans, flags(parsed)) == ((ANN, OULU), {"malformed"})


@pytest.mark.parametrize("output", ["", "[", "null", "5", '"[]"', "{}", "[[]]", "[1]", "NaN", "I can't help with that.", "[{]"])
def test_what_is_no_list_of_objects_is_malformed(output):
    parsed = read("json", output)
    assert parsed.malformed
    assert (parsed.mentions, parsed.spans, parsed.recovered) == ((), (), ())


def test_a_bare_object_and_objects_by_line_are_read():
    for output in (json.dumps(row("Ann")), "\n".join(map(json.dumps, [row("Ann"), row("Ann")]))):
        parsed = read("json", output)
        assert (parsed.spans, flags(parsed)) == ((ANN,), {"malformed"})


def test_bio_reads_around_bad_lines_and_recovers_drift():
    exact = read("bio", "Ann\tB-PERSON\nwhat is this\nBanks\tI-PERSON\nmet\tO", "Ann Banks met")
    assert (exact.spans, flags(exact)) == ((Span(0, 9, "PERSON"),), {"malformed"})
    drifted = read("bio", "Ann\tB-PERSON\nBank\tI-PERSON\nmet\tO", "Ann Banks met")
    assert (drifted.spans, drifted.recovered, flags(drifted)) == ((), (ANN,), {"text_drift"})
    foreign = read("bio", "Ann\tB-FOO\nBanks\tI-PERSON\nmet\tO", "Ann Banks met")
    assert (foreign.spans, set(foreign.mentions[0].problems)) == ((Span(4, 9, "PERSON"),), {Problem.UNKNOWN_LABEL})


def test_empty_answers():
    assert read("json", "[]") == read("json_values", " [] ") == Parsed()
    assert read("tagged", SOURCE) == Parsed()
    assert read("tagged", "") == Parsed(text_drift=True)
    assert read("bio", "") == Parsed(text_drift=True)
    assert read("bio", "", " ") == read("tagged", "", " ") == Parsed()
