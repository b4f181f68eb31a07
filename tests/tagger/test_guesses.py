"""Presidio's recognisers as guesses, and guesses behind a ``Tagger``."""

from pathlib import Path

import pytest
from presidio_analyzer import AnalyzerEngine, Pattern, PatternRecognizer

from piispan.core import Document, FormatError, LabelSet, Span, get_format, make_prompt
from piispan.tagger import PatternGuess, PresidioGuess, Tagger, make_decoder
from piispan.tagger.guesses import _analyzer_without_model
from tests.tagger.constrained import LABELS, PROMPT, eager_model
from tests.tiny import tiny_llama, tiny_tokenizer

PRESIDIO = LabelSet.load("presidio")
GUESSES = [PatternGuess, PresidioGuess]


@pytest.fixture(scope="module", params=GUESSES)
def guess(request: pytest.FixtureRequest) -> PatternGuess | PresidioGuess:
    return request.param(PRESIDIO)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A chat model that writes many tags."""
    path = tmp_path_factory.mktemp("model")
    for part in eager_model("llama", "text"):
        part.save_pretrained(path)
    return path


def with_recogniser(*patterns: tuple[str, str, float]) -> AnalyzerEngine:
    """An engine with recognisers of its own: (entity type, expression, score)."""
    analyzer = _analyzer_without_model("en")
    for entity, expression, score in patterns:
        pattern = Pattern(entity, expression, score)
        analyzer.registry.add_recognizer(PatternRecognizer(entity, name=f"{entity}{score}", patterns=[pattern]))
    return analyzer


def test_patterns_are_found_with_exact_offsets(guess: PatternGuess | PresidioGuess) -> None:
    text = "Card 4012888888881881, mail ada@example.org, from 192.168.0.1."
    found = {(span.label, text[span.start : span.end]) for span in guess(text)}
    assert {("CREDIT_CARD", "4012888888881881"), ("EMAIL_ADDRESS", "ada@example.org"), ("IP_ADDRESS", "192.168.0.1")} <= found


@pytest.mark.parametrize("kind", GUESSES)
def test_labels_that_are_not_in_the_set_are_left_out(kind: type[PatternGuess] | type[PresidioGuess]) -> None:
    few = kind(PRESIDIO.subset(["IP_ADDRESS", "PERSON"]))
    assert {span.label for span in few("ada@example.org at 10.0.0.1")} == {"IP_ADDRESS"}
    renamed = kind(PRESIDIO.subset(["PERSON"]), names={"EMAIL_ADDRESS": "PERSON"})
    assert {span.label for span in renamed("ada@example.org")} == {"PERSON"}
    none = kind(PRESIDIO.subset(["AGE"]))
    assert none("ada@example.org at 10.0.0.1") == []


@pytest.mark.parametrize("kind", GUESSES)
def test_a_label_of_presidios_own_name_keeps_it(kind: type[PatternGuess] | type[PresidioGuess]) -> None:
    text = "see https://example.org/page today"
    assert {span.label for span in kind(LabelSet.load("safe_harbor"))(text)} == {"URL"}
    assert {span.label for span in kind(PRESIDIO)(text)} == {"DOMAIN_NAME"}


@pytest.mark.parametrize("text", ["", " \n", "nothing here"])
def test_nothing_is_found_in_nothing(guess: PatternGuess | PresidioGuess, text: str) -> None:
    assert guess(text) == []


def test_a_whole_engine_finds_more_than_patterns() -> None:
    text = "Call 212-555-5555 now"
    assert PatternGuess(PRESIDIO)(text) == []
    assert PresidioGuess(PRESIDIO)(text) == [Span(5, 17, "PHONE_NUMBER")]


def test_results_of_your_engine_are_flat_sorted_and_trimmed() -> None:
    analyzer = with_recogniser(
        ("LOCATION", r"\s+Rome\s+", 0.9), ("TITLE", r"Dr", 0.6), ("NRP", r"Dr", 0.7), ("PERSON", r"Ada Lo", 0.5), ("AGE", r"\d+", 0.39)
    )
    text = "Rome: Dr Ada Lovelace, 36, of  Rome \n"
    assert PresidioGuess(PRESIDIO, analyzer=analyzer)(text) == [Span(6, 8, "NRP"), Span(9, 15, "PERSON"), Span(31, 35, "GPE")]
    assert Span(23, 25, "AGE") in PresidioGuess(PRESIDIO, analyzer=analyzer, least_score=0.3)(text)
    assert PresidioGuess(PRESIDIO, analyzer=analyzer, least_score=0.8)(text) == [Span(31, 35, "GPE")]


def test_languages_are_those_of_the_engine() -> None:
    assert PresidioGuess(PRESIDIO, language="de")("Mail: ada@example.org") == [Span(6, 21, "EMAIL_ADDRESS")]
    with pytest.raises(ValueError, match="does not support the language 'de'; it supports: en"):
        PresidioGuess(PRESIDIO, analyzer=_analyzer_without_model("en"), language="de")


def test_nothing_unknown_is_asked_of_presidio(caplog: pytest.LogCaptureFixture) -> None:
    """It warns of each entity that no recogniser has, for each text."""
    guess = PresidioGuess(PRESIDIO)
    caplog.clear()  # it also warns of each recogniser that it does not load
    guess("Ada")
    assert [record for record in caplog.records if record.levelname == "WARNING"] == []


def test_answers_of_a_tagger_are_those_without_a_guess(folder: Path) -> None:
    documents = [Document("a", "Ada, on 1815-12-10."), Document("b", "SSN 536-90-4399")]
    plain = Tagger.from_pretrained(folder, labels=LABELS).predict(documents)
    truth = {document.text: prediction.spans for document, prediction in zip(documents, plain, strict=True)}
    assert sum(map(len, truth.values())) > 3
    found = PresidioGuess(LABELS)
    assert all(found(document.text) for document in documents)
    for guess in (found, truth.__getitem__):
        guessed = Tagger.from_pretrained(folder, labels=LABELS, guess=guess).predict(documents)
        assert [(p.spans, p.output) for p in guessed] == [(p.spans, p.output) for p in plain]
    passes = [(after.passes or 0, before.passes or 0) for after, before in zip(guessed, plain, strict=True)]
    assert all(after < before for after, before in passes)  # of the last guess, which was right


def test_plain_generation_takes_no_guess(folder: Path) -> None:
    with pytest.raises(FormatError, match="plain generation takes no guess"):
        Tagger.from_pretrained(folder, labels=LABELS, decoder="generate", guess=PatternGuess(LABELS))
    as_json = make_prompt("plain", LABELS, get_format("json"))
    with pytest.raises(FormatError, match="plain generation takes no guess"):
        make_decoder(None, tiny_llama(), tiny_tokenizer(), as_json, placement="at_value", guess=PatternGuess(LABELS))
    guess = PatternGuess(LABELS)
    assert make_decoder(None, tiny_llama(), tiny_tokenizer(), PROMPT, placement="at_value", guess=guess).guess is guess
