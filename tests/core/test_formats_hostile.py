"""Whatever a model writes, reading it never raises, never stalls and never invents a span."""

import json
import time
import timeit
from functools import partial

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from piispan.core import FORMATS, Parsed, Problem, get_format
from tests.core.strategies import LABELS, PIECES, documents, texts

TAGS = ("<PERSON>", "</PERSON>", "<GPE>", "</GPE>", "<FOO>", "</FOO>", "<b>", "<\\PERSON>", "John", "a", " ", "  John ", "\n")
LINES = ("John\tB-PERSON", "Doe\tI-PERSON", "a\tO", "a\tB-FOO", "a B-PERSON", "\tO", "a\tI-GPE\r", "```", "", "<\tO", "a\tB-", "a\tO\tO")
scalars = st.none() | st.booleans() | st.integers(-5, 50) | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(PIECES)
keys = st.sampled_from(("entity_type", "entity_value", "start_position", "end_position", "occurrence", "x"))
rows = st.fixed_dictionaries(
    {
        "entity_type": st.sampled_from(("PERSON", "GPE", "FOO", "")) | scalars,
        "entity_value": st.sampled_from(("a", "John", " John")) | scalars,
    },
    optional={"start_position": scalars, "end_position": scalars, "occurrence": scalars},
)
values = st.recursive(scalars | rows, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4), max_leaves=12)


@st.composite
def outputs(draw: st.DrawFn) -> str:
    """Tags, lines, JSON or anything; cut off or wrapped, sometimes."""
    kinds = [
        st.lists(st.sampled_from(TAGS), max_size=20).map("".join),
        st.lists(st.sampled_from(LINES), max_size=10).map("\n".join),
        st.lists(rows, max_size=4).map(json.dumps),
        values.map(json.dumps),
        texts,
    ]
    output = draw(st.one_of(*kinds))
    output = output[: draw(st.integers(0, len(output)))] if draw(st.booleans()) else output
    return draw(st.sampled_from(("{}", "Sure! {}", "```json\n{}\n```", "{} I hope this helps."))).replace("{}", output)


def assert_sound(parsed: Parsed, source: str) -> None:
    """Every span is a trimmed piece of the source under a known label, and strict spans were written so."""
    written = {(mention.label, mention.value.strip()) for mention in parsed.mentions if not mention.problems}
    for spans in (parsed.spans, parsed.recovered):
        assert list(spans) == sorted(set(spans), key=lambda span: (span.start, span.end, span.label))
    for span in (*parsed.spans, *parsed.recovered):
        value = source[span.start : span.end]
        assert value
        assert value == value.strip()
        assert span.label in LABELS
    assert {(span.label, source[span.start : span.end]) for span in parsed.spans} <= written
    assert set(parsed.spans) == {mention.span for mention in parsed.mentions if mention.span}
    assert not (parsed.text_drift and parsed.spans)


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=500, deadline=None)
@given(output=outputs(), source=texts)
@example(output="John <PERSON>J</PERSON>", source="John   ")
@example(output="<PERSON>John</PERSON>", source="  \n")
@example(output='[{"entity_type": "PERSON", "entity_value": "\\ud800", "occurrence": 0}]', source="\ufffd")
def test_reading_invents_nothing(name, output, source):
    assert_sound(get_format(name).parse(output, source, LABELS), source)


@pytest.mark.parametrize("name", ["tagged", "json", "json_values"])
@settings(max_examples=300, deadline=None)
@given(document=documents(), data=st.data())
def test_cut_off_and_changed_answers_stay_sound(name, document, data):
    output = get_format(name).render(document)
    start, end = sorted(data.draw(st.tuples(*[st.integers(0, len(output))] * 2)))
    changed = output[:start] + data.draw(st.sampled_from((*PIECES, ""))) + output[end:]
    assert_sound(get_format(name).parse(changed, document.text, LABELS), document.text)


@pytest.mark.parametrize("name", FORMATS)
def test_mentions_never_show_their_value(name):
    output = {
        "tagged": "<PERSON>Planted</PERSON> <FOO>Planted</FOO>",
        "bio": "Planted\tB-PERSON\nPlanted\tB-FOO",
    }.get(
        name,
        json.dumps([{"entity_type": x, "entity_value": "Planted", "start_position": 0, "end_position": 7, "occurrence": 0} for x in "AB"]),
    )
    parsed = get_format(name).parse(output, "Planted Planted", LABELS)
    assert len(parsed.mentions) == 2
    assert "Planted" not in repr(parsed)


def entity(value: str, **numbers: object) -> str:
    return json.dumps({"entity_type": "PERSON", "entity_value": value, "start_position": 0, "end_position": 9, "occurrence": 0, **numbers})


MEGABYTE = 1_000_000
LARGE = {
    "rows": "[" + ",".join([entity("a", occurrence=10**9)] * 8000) + "]",
    "distinct rows": "[" + ",".join(entity("a" * (i % 90 + 1), occurrence=i) for i in range(7000)) + "]",
    "cut rows": "[" + ",".join([entity("[1]")] * 9000) + ', {"entity_type": "PER',
    "nested lists cut off": "[" * 150 + "1," * 499_900,
    "nested objects cut off": '{"a":' * 150 + "[" + "1," * 499_600,
    "objects that never end": '[{"a":' * 160_000,
    "brackets": "[" * MEGABYTE,
    "braces": "{" * MEGABYTE,
    "open strings": '["a",' * 200_000,
    "bracket and space": "[ " * 500_000,
    "one long string": '{"a":' * 900 + '"' + "a" * 995_000,
    "quoted braces": '{"' * 500_000,
    "huge number": '[{"a": ' + "9" * 999_000,
    "pairs of tags": "<PERSON>a</PERSON>" * 55_000,
    "opening tags": "<PERSON>" * 120_000,
    "unknown tags": "<b>x</b>" * 120_000,
    "angle brackets": "<" * MEGABYTE,
    "backslashes": "<" + "\\" * MEGABYTE,
    "endless tag name": "<" + "A" * MEGABYTE,
    "lines": "Ann\tB-PERSON\n" * 75_000,
    "short lines": "a\tO\n" * 250_000,
    "no lines": "a\n" * 500_000,
    "empty lines": "\n" * MEGABYTE,
    "words": "a b " * 250_000,
}
SOURCES = {"prose": "Ms. Ann Banks of Winmere, aged 47, came at 9. " * 90, "one letter": "a" * 4000, "short": "Ann", "empty": ""}


@pytest.mark.timed
@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
@pytest.mark.parametrize("output", LARGE.values(), ids=LARGE)
def test_a_megabyte_is_read_within_a_second(output, source):
    assert 0.85 * MEGABYTE < len(output) < 1.1 * MEGABYTE
    for name in FORMATS:
        parse = partial(get_format(name).parse, output, source, LABELS)
        # timeit leaves the garbage collector out: it would walk all that the other tests left in memory.
        seconds = timeit.repeat(parse, timer=time.process_time, repeat=3, number=1)
        assert min(seconds) < 1, (name, seconds)
        assert_sound(parse(), source)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("unit", ["[", "{", '{"a":', '[{"a":[', "<PERSON>", "(", "\\"])
def test_deep_nesting_is_malformed(name, unit):
    output = unit * 10_000
    parsed = get_format(name).parse(output, "Ann", LABELS)
    assert parsed.spans == ()
    assert parsed.malformed or parsed.text_drift
    closed = "[" * 10_000 + "]" * 10_000
    assert get_format("json").parse(closed, "Ann", LABELS).malformed


def test_problems_are_named_after_the_metric():
    assert {problem.value for problem in Problem} == {"unknown_label", "value_not_in_source", "wrong_offset", "not_a_span"}
