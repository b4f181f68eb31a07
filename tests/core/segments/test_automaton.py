"""Whatever is chosen among the allowed tokens, the answer is the text with well-formed tags of the label set."""

import copy
import random
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from piispan.core import Document, FormatError, ModelError, Span, TagPlacement, TagTokens, get_format
from piispan.core.segments import Automaton, TagGrammar, gold_decisions, read_spans, tag_token_names
from tests.core.strategies import HOSTILE, LABELS, documents, texts
from tests.tiny import tiny_tokenizer
from tests.vocabularies import NAMES, add_tag_tokens, by_name

SPELLINGS: list[tuple[TagTokens, TagPlacement]] = [
    ("text", "before_space"),
    ("text", "at_value"),
    ("special", "before_space"),
    ("special", "at_value"),
]
EACH = pytest.mark.parametrize(("name", "tag_tokens", "placement"), [(name, *spelling) for name in NAMES for spelling in SPELLINGS])
RUNS = 630
"""Random runs for each of 16 spellings: 10,080 in all, and 100,800 by ``make proofs``."""


@cache
def grammar(name: str, tag_tokens: TagTokens, placement: TagPlacement) -> TagGrammar:
    tokenizer = copy.deepcopy(by_name(name))
    if tag_tokens == "special":
        add_tag_tokens(tokenizer, LABELS)
    return TagGrammar(tokenizer, LABELS, tag_tokens=tag_tokens, placement=placement)


def random_answer(automaton: Automaton, rng: random.Random, eagerness: float) -> list[int]:
    """Tokens chosen at random; tags with probability ``eagerness`` where they may stand."""
    state, ids = automaton.start, []
    while not automaton.finished(state):
        choice = automaton.allowed(state)
        take_tag = choice.tags and (not choice.copies or rng.random() < eagerness)
        ids.append(rng.choice(list(choice.tags) if take_tag else list(choice.copies)))
        state = automaton.step(state, ids[-1])
    return ids


def copied_tokens(automaton: Automaton, ids: list[int]) -> list[int]:
    """The tokens of an answer that are no tags."""
    state, copies = automaton.start, []
    for token in ids:
        copies += [token] if token in automaton.allowed(state).copies else []
        state = automaton.step(state, token)
    return copies


@pytest.mark.proof
@EACH
def test_random_choices_leave_the_text_whole(name: str, tag_tokens: TagTokens, placement: TagPlacement, proof_scale: int) -> None:
    rng = random.Random(f"{name} {tag_tokens} {placement}")
    spelling = grammar(name, tag_tokens, placement)
    for run in range(RUNS * proof_scale):
        text = (
            HOSTILE[run % len(HOSTILE)]
            if run < 90
            else "".join(rng.choice("aB <>/\\.\n\t\u00a0é東👩\u200d\u0301\x04\x06") for _ in range(rng.randrange(25)))
        )
        automaton = spelling.automaton(text)
        ids = random_answer(automaton, rng, rng.choice([0.1, 0.5, 1.0]))
        spans = read_spans(automaton, ids)
        if name in {"bytes", "smollm2"} and placement == "before_space" and all(map(spelling.encoder.fragment, text)):
            copied = by_name(name).decode(copied_tokens(automaton, ids), skip_special_tokens=False, clean_up_tokenization_spaces=False)
            assert copied == text  # the others normalise, or put spaces into tags
        document = Document("any", text, tuple(spans))  # refuses what is not flat, not trimmed or empty
        assert {span.label for span in spans} <= set(LABELS.names)
        assert get_format("tagged").parse(get_format("tagged").render(document), text, LABELS).spans == document.spans


@EACH
@settings(max_examples=120, deadline=None)
@given(document=documents(texts.filter(lambda text: "<" not in text)))
def test_a_document_s_answer_gives_its_spans(name: str, tag_tokens: TagTokens, placement: TagPlacement, document: Document) -> None:
    spelling = grammar(name, tag_tokens, placement)
    try:
        ids = [decision.token for decision in gold_decisions(spelling, document)]
    except FormatError:
        # SmolLM2's vocabulary lacks some control characters: beside them nothing tells where a tag stands.
        assert any(not spelling.encoder.fragment(character) for character in document.text)
        return
    assert tuple(read_spans(spelling.automaton(document.text), ids)) == document.spans


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=120, deadline=None)
@given(document=documents(texts.filter(str.isprintable)))
def test_special_tags_can_stand_before_text_that_looks_like_them(name: str, document: Document) -> None:
    spelling = grammar(name, "special", "before_space")
    ids = [decision.token for decision in gold_decisions(spelling, document)]
    assert tuple(read_spans(spelling.automaton(document.text), ids)) == document.spans


def test_text_tags_cannot_stand_where_the_text_goes_on_like_a_tag() -> None:
    document = Document("d-7", "<b>", (Span(0, 3, "PERSON"),))
    with pytest.raises(FormatError, match=r"document 'd-7', span PERSON\[0:3\]: .*special tag tokens"):
        gold_decisions(grammar("bytes", "text", "before_space"), document)


@pytest.mark.parametrize("name", ["qwen", "smollm2", "mistral"])
def test_tags_before_the_space_leave_the_text_s_tokens_as_they_are(name: str) -> None:
    spelling = grammar(name, "special", "before_space")
    document = Document("d", "Mr. John Smith came.", (Span(4, 14, "PERSON"),))
    tags = set(by_name(name).get_vocab()) & set(tag_token_names(LABELS))
    assert not tags
    own = [token for unit in spelling.encoder.units(document.text) for token in unit.ids]
    answer = [decision.token for decision in gold_decisions(spelling, document)]
    assert [token for token in answer if token < len(by_name(name))] == own
    assert len(answer) == len(own) + 2


def test_a_tag_at_the_value_takes_the_space_with_it() -> None:
    tokenizer = by_name("smollm2")
    document = Document("d", "Mr. John came.", (Span(4, 8, "PERSON"),))
    ids = [decision.token for decision in gold_decisions(grammar("smollm2", "text", "at_value"), document)]
    joint = tokenizer.encode("Mr. <PERSON>John</PERSON> came.", add_special_tokens=False)
    assert ids == joint


def test_decisions_tell_what_else_was_allowed() -> None:
    spelling = grammar("bytes", "special", "before_space")
    decisions = gold_decisions(spelling, Document("d", "a b", (Span(2, 3, "AGE"),)))
    opening = [token for token, node in spelling.tags.opening("").children.items()]
    assert [decision.token in decision.choice.ids for decision in decisions] == [True] * len(decisions)
    assert set(decisions[0].choice.tags) == set(opening)  # before "a"
    assert not decisions[1].choice.tags  # before the space: the tag for "b" stands there in other vocabularies, not in this one
    assert set(decisions[-1].choice.tags) == set(spelling.tags.closing[0].children)


@pytest.mark.parametrize(("ids", "message"), [([0], "token 0"), ([], "stops short after 0")])
def test_an_answer_that_is_none_is_refused(ids: list[int], message: str) -> None:
    automaton = grammar("bytes", "special", "before_space").automaton("Zebedee")
    with pytest.raises(FormatError, match=message) as error:
        read_spans(automaton, ids)
    assert "Zebedee" not in str(error.value)


def test_special_tags_must_be_in_the_vocabulary() -> None:
    with pytest.raises(ModelError, match="<PERSON>"):
        TagGrammar(tiny_tokenizer(), LABELS, tag_tokens="special")


def test_a_million_characters_on_one_line_take_seconds() -> None:
    spelling = grammar("smollm2", "special", "before_space")
    automaton = spelling.automaton("x1" * 500_000)
    state, count = automaton.start, 0
    while not automaton.finished(state):
        state = automaton.step(state, automaton.allowed(state).copies[0])
        count += 1
    assert automaton.position(state) == 1_000_000
    assert count == sum(len(unit.ids) for unit in automaton.units)


@given(text=st.text(max_size=5))
def test_steps_that_are_not_allowed_are_errors(text: str) -> None:
    automaton = grammar("bytes", "text", "before_space").automaton("abc" + text)
    with pytest.raises(KeyError):
        automaton.step(automaton.start, ord("z"))
