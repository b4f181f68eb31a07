"""Whatever a model writes, scoring it never raises, never stalls, and counts no span that is not in the text."""

import gc
import json
import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from piispan.core import FORMATS, Document, LabelSet, Prediction, Span, get_format
from piispan.core.formats.json_reading import Places
from piispan.metric import score, scored_predictions

LABELS = LabelSet.load("presidio")
TEXT = "Dr. Ada Lovelace, 36, of Zürich 👩‍👩‍👧 called <b>+41 44 668 18 00</b>."
GOLD = (Span(0, 3, "TITLE"), Span(4, 16, "PERSON"), Span(18, 20, "AGE"), Span(25, 31, "GPE"))
OUTPUTS = 1000
"""Fuzzed outputs in all, a quarter for each format; 10,000 by ``make proofs``."""

MEGABYTE = 1_000_000
"""Characters of the longest output."""

NUMBERS = (0, 1, 4, 16, -1, -(10**9), 10**18, 10**400, 2.5, float("nan"), float("inf"), None, True, "4", [], {})
VALUES = ("Ada Lovelace", "Ada", "36", "Zürich", "Eve", "", " ", "<b>", "👩", "\ud83d", TEXT, None, 7, ["Ada"])
NAMES = (*LABELS.names, "FOO", "", "person", "B-PERSON", None, 3)


def row(rng: random.Random) -> object:
    keys = ("entity_type", "entity_value", "start_position", "end_position", "occurrence", "x")
    pools = (NAMES, VALUES, NUMBERS, NUMBERS, NUMBERS, VALUES)
    made = {key: rng.choice(pool) for key, pool in zip(keys, pools, strict=True) if rng.random() < 0.85}
    return made if rng.random() < 0.9 else rng.choice(VALUES)


def fuzzed(rng: random.Random, name: str) -> str:
    """Noise, or an answer spoilt: cut, doubled, nested, wrapped, sprinkled with tags and bytes."""
    kind = rng.randrange(7)
    if kind == 0:
        return rng.randbytes(rng.randrange(400)).decode("utf-8", rng.choice(["replace", "backslashreplace", "surrogateescape"]))
    if kind == 1:
        return rng.choice(["[", "{", '[{"a":', "<PERSON>", "</GPE>", "[[", "a\tB-PERSON\n"]) * rng.choice([1, 10, 10_000])
    if kind == 2:
        return json.dumps([row(rng) for _ in range(rng.randrange(30))] * rng.choice([1, 1, 50]))
    answer = get_format(name).render(Document("d", TEXT, GOLD if rng.random() < 0.7 else ()))
    if kind == 3:
        return answer[: rng.randrange(len(answer) + 1)]
    if kind == 4:
        tags = [f"<{rng.choice(NAMES)}>" for _ in range(3)] + [f"</{rng.choice(NAMES)}>", "<br/>", '<a href="x">', "<!--", "&lt;", "\x00"]
        pieces = list(answer)
        for _ in range(rng.randrange(12)):
            pieces.insert(rng.randrange(len(pieces) + 1), rng.choice(tags))
        return "".join(pieces)
    if kind == 5:
        start, end = sorted(rng.randrange(len(answer) + 1) for _ in range(2))
        return answer[:start] + rng.choice([answer, "", answer[start:end] * 3, "東京"]) + answer[end:]
    return rng.choice(["Sure! {}", "```json\n{}\n```", "<html><body>{}</body></html>", "{}\n{}"]).replace("{}", answer)


@pytest.mark.timed
@pytest.mark.proof
@pytest.mark.parametrize("name", FORMATS)
def test_any_output_can_be_scored(name: str, proof_scale: int) -> None:
    rng, output_format = random.Random(name), get_format(name)
    documents = [Document("d", TEXT, GOLD)]
    outputs = [fuzzed(rng, name) for _ in range(OUTPUTS // len(FORMATS) * proof_scale)]
    endless = "\n".join([output_format.render(documents[0])] * 10_000)
    outputs += [endless[:MEGABYTE], endless.replace("]\n[", ",")[:MEGABYTE]]  # answer after answer, and one answer that is cut
    found = 0
    for output in outputs:
        found += read(documents, output, name)
    assert found > len(outputs) / 2


def read(documents: list[Document], output: str, name: str) -> int:
    """Score one output in either alignment, each within a second, and check what was read; gives the number of spans."""
    output_format, text, found = get_format(name), documents[0].text, 0
    answers = [Prediction("d", (), output)]
    for alignment in ("strict", "recover"):
        gc.disable()  # as timeit does: a walk through what other tests have left is not this reading's time
        try:
            started = time.process_time()
            scores = score(documents, answers, LABELS, format=output_format, alignment=alignment, resamples=0)
            seconds = time.process_time() - started
        finally:
            gc.enable()
        assert seconds < 1.0
        (said,) = scored_predictions(documents, answers, LABELS, format=output_format, alignment=alignment)
        assert all(0 <= span.start < span.end <= len(text) and span.label in LABELS for span in said.spans)
        figures = (scores.f1, scores.leak_rate, *scores.hallucination.to_dict().values())
        assert all(value is None or 0 <= value <= 1 for value in figures)
        found += len(said.spans)
    for mention in output_format.parse(output, text, LABELS).mentions:
        if mention.span:
            assert text[mention.span.start : mention.span.end] == mention.value.strip()
    return found


@pytest.mark.parametrize("name", FORMATS)
def test_an_answer_that_is_whole_is_read_to_the_character(name: str) -> None:
    parsed = get_format(name).parse(get_format(name).render(Document("d", TEXT, GOLD)), TEXT, LABELS)
    assert parsed.spans == parsed.recovered == GOLD


REPETITIVE = {"one letter": "a" * 100_000, "a form": "Name: " + "_" * 10_000, "one word": "Ann " * 25_000}


@pytest.mark.timed
@pytest.mark.parametrize("source", REPETITIVE.values(), ids=REPETITIVE)
@pytest.mark.parametrize("name", FORMATS)
def test_a_repetitive_source_does_not_stall_the_reader(name: str, source: str) -> None:
    """Every value stands there thousands of times, and the answer asks for thousands of values at every place."""
    rng = random.Random(5)
    values = [source[: rng.randrange(1, 200)].strip() or "a" for _ in range(8_000)]
    rows = [
        {"entity_type": "PERSON", "entity_value": value, "start_position": start, "end_position": start + len(value), "occurrence": start}
        for value, start in zip(values, (rng.randrange(len(source)) for _ in values), strict=True)
    ]
    long = source[: len(source) // 2]
    for number in range(0, 1000, 50):  # a value that stands nowhere, but almost everywhere
        rows.append({"entity_type": "GPE", "entity_value": f"{long[:20_000]}b{number}", "start_position": len(source) - 1})
        rows[-1] |= {"end_position": len(source), "occurrence": 5}
    answers = {
        "tagged": "".join(f"<PERSON>{value}</PERSON> " for value in values),
        "bio": "\n".join(f"{value.split()[0]}\tB-PERSON" for value in values),
    }
    read([Document("d", source)], answers.get(name, json.dumps(rows))[:MEGABYTE], name)


@pytest.mark.parametrize("name", ["json", "json_values"])
def test_right_mentions_are_kept_however_many_are_made_up(name: str) -> None:
    """An ordinary long text, thousands of values that are not in it, and at the end one that is."""
    rng = random.Random(2)
    source = " ".join(f"word{rng.randrange(10**6)}" for _ in range(10_000)) + " Ada Lovelace"
    start = len(source) - 12
    values = [*(f"made up {number}" for number in range(5_000)), "Ada Lovelace"]
    rows = [
        {"entity_type": "PERSON", "entity_value": v, "start_position": start, "end_position": len(source), "occurrence": 0} for v in values
    ]
    parsed = get_format(name).parse(json.dumps(rows), source, LABELS)
    assert parsed.spans == (Span(start, len(source), "PERSON"),)
    assert (len(parsed.mentions), parsed.malformed) == (5_001, False)


@given(st.text("ab", max_size=12), st.lists(st.tuples(st.text("ab", min_size=1, max_size=3), st.integers(-3, 15)), max_size=8))
def test_places_are_those_of_a_plain_search(source: str, asked: list[tuple[str, int]]) -> None:
    places = Places(source)
    for value, number in asked:
        starts = [start for start in range(len(source)) if source.startswith(value, start)]
        assert places.nearest(value, number) == min(starts, key=lambda start: (abs(start - number), start), default=None)
        there = 0 <= number < len(starts)
        expected = (starts[number], starts[number]) if there else (None, starts[-1] if starts else None)
        assert places.ranked(value, number) == expected
