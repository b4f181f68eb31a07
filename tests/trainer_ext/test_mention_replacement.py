"""Other values in the same sentences: what gives way to what, and that all around it stays."""

import json
import re
from random import Random

import pytest
from hypothesis import assume
from hypothesis import given as for_any
from hypothesis import strategies as st

from piispan.core import Document, FormatError, LabelSet, Span, TooLongError, get_format, make_prompt
from piispan.core.segments import TagGrammar
from piispan.dataset_builder import synthesise
from piispan.trainer_ext import MentionReplacement, pass_rows, token_row
from tests.tiny import tiny_tokenizer

PROMPT = make_prompt("plain", LabelSet.load("presidio"), get_format("tagged"))
WORD = re.compile(r"\w+")
FIRST, LAST = ("Anna", "Emma", "Nora", "Rosa", "Vera"), ("Baker", "Clark", "Evans", "Hill", "Young")
DOCUMENTS = [document for document in synthesise(120, seed=3) if len(document.text) < 250]


def document(text: str, *values: tuple[str, str], name: str = "d") -> Document:
    """A document whose spans are ``values``, each where it next occurs."""
    spans, end = list[Span](), 0
    for value, label in values:
        start = text.index(value, end)
        end = start + len(value)
        spans.append(Span(start, end, label))
    return Document(name, text, tuple(spans), group="frame", provenance="by hand")


def around(given: Document) -> list[str]:
    """The text around the spans."""
    edges = [0, *(edge for span in given.spans for edge in (span.start, span.end)), len(given.text)]
    return [given.text[start:end] for start, end in zip(edges[::2], edges[1::2], strict=True)]


def values(given: Document) -> list[tuple[str, str]]:
    return [(span.label, given.value(span)) for span in given.spans]


def test_what_stands_around_the_values_stays_and_so_do_the_labels():
    replaced = MentionReplacement(DOCUMENTS, 1.0)
    rng = Random(0)
    changed = 0
    words = {(label, word) for given in DOCUMENTS for label, value in values(given) for word in WORD.findall(value)}
    for given in DOCUMENTS:
        new = replaced(given, rng)
        assert around(new) == around(given)
        assert [span.label for span in new.spans] == [span.label for span in given.spans]
        assert {(label, word) for label, value in values(new) for word in WORD.findall(value)} <= words
        assert (new.id, new.group, new.provenance) == (given.id, given.group, given.provenance)
        changed += new.text != given.text
    assert changed > 0.7 * len([given for given in DOCUMENTS if given.spans])


def test_a_value_gives_way_to_one_of_its_form():
    given = document("Ann, 12\nand Bob", ("Ann", "PERSON"), ("12", "STREET_ADDRESS"), ("Bob", "PERSON"))
    others = document(
        "12 High Street, Leeds; 7; cleo; 1234567; Maximiliane; Eve; Leeds",
        ("12 High Street, Leeds", "STREET_ADDRESS"),
        ("7", "STREET_ADDRESS"),
        ("cleo", "PERSON"),
        ("1234567", "STREET_ADDRESS"),
        ("Maximiliane", "PERSON"),
        ("Eve", "PERSON"),
        ("Leeds", "GPE"),
    )
    rng = Random(0)
    replaced = MentionReplacement([given, others], 1.0)
    drawn = [replaced(given, rng) for _ in range(200)]
    assert {new.value(new.spans[0]) for new in drawn} == {"Ann", "Bob", "Eve"}
    assert {new.value(new.spans[1]) for new in drawn} == {"12"}
    assert {around(new)[1] for new in drawn} == {", "}


def test_most_values_are_new_and_have_the_form_of_one_that_is_known():
    given = [document(f"{first} {last}", (f"{first} {last}", "PERSON")) for first, last in zip(FIRST, LAST, strict=True)]
    replaced, rng = MentionReplacement(given, 1.0), Random(4)
    drawn = [replaced(one, rng).text for one in given for _ in range(20)]
    known = {one.text for one in given}
    assert 0.5 < sum(name not in known for name in drawn) / len(drawn) < 0.9
    assert {word for name in drawn for word in name.split(" ")} == {*FIRST, *LAST}
    assert all(len(name.split(" ")) == 2 for name in drawn)
    loud = document("ANNA BAKER", ("ANNA BAKER", "PERSON"))
    assert MentionReplacement([*given, loud], 1.0)(loud, rng).text == "ANNA BAKER"


def test_a_value_that_occurs_twice_gives_way_twice_to_the_same():
    given = document("Ann met Bob; Ann left.", ("Ann", "PERSON"), ("Bob", "PERSON"), ("Ann", "PERSON"))
    replaced = MentionReplacement([given, document("Eve", ("Eve", "PERSON"), name="e")], 1.0)
    rng = Random(1)
    drawn = [[value for _, value in values(replaced(given, rng))] for _ in range(100)]
    assert all(first == third for first, _, third in drawn)
    assert len({tuple(three) for three in drawn}) == 9


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_the_share_is_of_values(share):
    names = [f"Name{number:03d}" for number in range(400)]
    given = document(" ".join(names), *((name, "PERSON") for name in names))
    new = MentionReplacement([given], share)(given, Random(2))
    other = sum(left != right for left, right in zip(values(given), values(new), strict=True))
    assert other / len(names) == pytest.approx(share, abs=0.08)


def test_each_pass_has_values_of_its_own_and_the_same_seed_draws_the_same():
    given = {"passes": 3, "batch_size": 4, "seed": 1, "mention_replacement": 0.8}
    rows = pass_rows(DOCUMENTS, PROMPT, tiny_tokenizer(), **given)
    assert rows == pass_rows(DOCUMENTS, PROMPT, tiny_tokenizer(), **given)
    size = len(DOCUMENTS)
    passes = [{row["id"]: row["input_ids"] for row in rows[start : start + size]} for start in (0, size, 2 * size)]
    assert all(found.keys() == {document.id for document in DOCUMENTS} for found in passes)
    differ = sum(passes[0][document.id] != passes[1][document.id] for document in DOCUMENTS if document.spans)
    assert differ > 0.6 * sum(bool(document.spans) for document in DOCUMENTS)
    plain = pass_rows(DOCUMENTS, PROMPT, tiny_tokenizer(), **{**given, "mention_replacement": 0.0})
    assert {row["id"]: row["input_ids"] for row in plain[:size]} == {
        document.id: token_row(document, PROMPT, tiny_tokenizer())["input_ids"] for document in DOCUMENTS
    }


def test_a_document_that_would_be_too_long_keeps_its_own_values():
    short = document("Ann", ("Ann", "PERSON"), name="short")
    long = document("Eve-Maria " * 40 + "Bob", ("Bob", "PERSON"), name="long")
    wordy = document("Zoë", ("Zoë", "PERSON"), name="wordy")  # of as many characters, and of more tokens
    lengths = {given.id: len(token_row(given, PROMPT, tiny_tokenizer())["input_ids"]) for given in (short, long, wordy)}
    assert lengths["wordy"] > lengths["short"]
    most = lengths["long"]
    rows = pass_rows(
        [short, long, wordy], PROMPT, tiny_tokenizer(), passes=20, batch_size=3, seed=0, mention_replacement=1.0, max_length=most
    )
    assert len(rows) == 60
    assert max(len(row["input_ids"]) for row in rows) == most
    assert len({tuple(row["input_ids"]) for row in rows if row["id"] == "short"}) == 3
    assert len({tuple(row["input_ids"]) for row in rows if row["id"] == "long"}) == 2
    with pytest.raises(TooLongError, match="'long'"):
        pass_rows(
            [short, long, wordy], PROMPT, tiny_tokenizer(), passes=1, batch_size=3, seed=0, mention_replacement=1.0, max_length=most - 1
        )


def test_what_stands_between_words_stays():
    given = [document(f"{value} it was", (value, "DATE_TIME")) for value in ("12/03/1999", "27/11/2004", "1 May 2020")]
    replaced, rng = MentionReplacement(given, 1.0), Random(0)
    drawn = {value for one in given[:2] for _ in range(100) for _, value in values(replaced(one, rng))}
    assert all(re.fullmatch(r"(12|03|27|11)/(12|03|27|11)/(1999|2004|2020)", value) for value in drawn)
    assert len(drawn) > 20


def test_a_script_without_spaces_changes_in_runs():
    rng = Random(0)
    towns = [document(f"住在{town}", (town, "GPE")) for town in ("北京市，朝阳区", "成都市，武侯区")]
    drawn = {value for _ in range(800) for _, value in values(MentionReplacement(towns, 1.0)(towns[0], rng))}
    runs = ("北京市", "朝阳区", "成都市", "武侯区")
    assert drawn == {f"{first}，{second}" for first in runs for second in runs}


def test_values_that_were_not_given_stay():
    other = document("Zoë-Anna wrote to zoe@one.example", ("Zoë-Anna", "PERSON"), ("zoe@one.example", "EMAIL_ADDRESS"))
    given = document("Maximilian Featherstone", ("Maximilian Featherstone", "PERSON"))
    assert MentionReplacement([given], 1.0)(other, Random(0)) == other


def test_a_word_keeps_its_marks():
    names = ("Rene\u0301e Lamotte", "सीता देवी", "Helene\u0300 Dupontel")
    given = [document(name, (name, "PERSON")) for name in names]
    known = {word for name in names for word in name.split(" ")}
    rng = Random(0)
    replaced = MentionReplacement(given, 1.0)
    assert {word for one in given for _ in range(50) for _, value in values(replaced(one, rng)) for word in value.split(" ")} == known


def test_what_the_format_could_not_write_stays_as_it_was():
    touching = document("Rue12", ("Rue", "STREET_ADDRESS"), name="touching")
    prompt = make_prompt("plain", LabelSet.load("presidio"), get_format("bio"))
    given = [document("Way 7", ("Way", "STREET_ADDRESS"), name="free")]
    assert pass_rows(given, prompt, tiny_tokenizer(), passes=1, batch_size=1, seed=0, mention_replacement=1.0)
    with pytest.raises(FormatError, match="'touching'"):
        pass_rows([*given, touching], prompt, tiny_tokenizer(), passes=1, batch_size=2, seed=0, mention_replacement=1.0)


@for_any(
    text=st.text(min_size=1), cuts=st.lists(st.integers(0, 60), max_size=12), share=st.floats(0, 1), seed=st.integers(), known=st.booleans()
)
def test_any_document_keeps_its_frame_and_its_labels(text: str, cuts: list[int], share: float, seed: int, known: bool):
    edges = sorted({min(cut, len(text)) for cut in cuts})
    spans = [found for start, end in zip(edges[::2], edges[1::2], strict=False) if (found := Span.trimmed(text, start, end, "PERSON"))]
    assume(not any("\ud800" <= character <= "\udfff" for character in text))
    whole = Document("d", text, tuple(spans))
    other = document("Ann Lee, 7", ("Ann Lee", "PERSON"), ("7", "AGE"))
    new = MentionReplacement([whole, other] if known else [other], share)(whole, Random(seed))
    assert around(new) == around(whole)
    assert [span.label for span in new.spans] == [span.label for span in whole.spans]


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_a_share_is_within_0_and_1(share):
    with pytest.raises(FormatError, match="mention_replacement must be within 0 and 1"):
        MentionReplacement(DOCUMENTS, share)
    with pytest.raises(FormatError, match="mention_replacement must be within 0 and 1"):
        pass_rows(DOCUMENTS, PROMPT, tiny_tokenizer(), passes=1, batch_size=4, seed=0, mention_replacement=share)


def test_what_is_asked_for_is_one_of_two():
    with pytest.raises(FormatError, match="label_sampling must be one of all, subset, was: 'some'"):
        pass_rows(DOCUMENTS, PROMPT, tiny_tokenizer(), passes=1, batch_size=4, seed=0, label_sampling="some")


@pytest.mark.parametrize("options", [{"loss": "decisions"}, {"loss": "answer"}])
def test_some_labels_are_asked_for_of_new_values_too(options):
    grammar = TagGrammar(tiny_tokenizer(), LabelSet.load("presidio"))
    given = {"passes": 2, "batch_size": 4, "seed": 1, "label_sampling": "subset", "grammar": grammar, **options}
    plain = pass_rows(DOCUMENTS, PROMPT, tiny_tokenizer(), **given)
    rows = pass_rows(DOCUMENTS, PROMPT, tiny_tokenizer(), **given, mention_replacement=1.0)
    assert len(rows) == len(plain) == 2 * len(DOCUMENTS)
    assert {row["id"] for row in rows} == {document.id for document in DOCUMENTS}
    assert rows != plain


def test_answers_that_copy_values_copy_the_new_ones():
    tokenizer, prompt = tiny_tokenizer(), make_prompt("plain", LabelSet.load("presidio"), get_format("json_values"))
    given = [document(f"{first} {last} called.", (f"{first} {last}", "PERSON")) for first, last in zip(FIRST, LAST, strict=True)]
    rows = pass_rows(given, prompt, tokenizer, passes=4, batch_size=2, seed=0, mention_replacement=1.0)
    known = {one.text.removesuffix(" called.") for one in given}
    new = 0
    for row in rows:
        asked = tokenizer.decode([token for token, label in zip(row["input_ids"], row["labels"], strict=True) if label == -100])
        (answer,) = json.loads(tokenizer.decode([label for label in row["labels"] if label != -100]).removesuffix("<|im_end|>\n"))
        assert f"{answer['entity_value']} called." in asked
        new += answer["entity_value"] not in known
    assert new > 5
