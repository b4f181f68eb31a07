"""A tagger as a recogniser of presidio-analyzer, behind its engines."""

import re
import subprocess
import sys

import pytest
from presidio_analyzer import AnalyzerEngine, BatchAnalyzerEngine, RecognizerRegistry, RecognizerResult
from presidio_analyzer.nlp_engine import NoOpNlpEngine
from presidio_anonymizer import AnonymizerEngine

from piispan.core import LabelError, LabelSet, MissingExtraError, RedactionError, Span
from piispan.tagger import PiispanRecognizer, TaggedText, Tagger, VerbatimDecoder
from tests.stub_tagger import UNFAITHFUL, StubTagger
from tests.tagger.constrained import PROMPT, eager_model

TEXT = "Ada Lovelace was born on 1815-12-10. Call +441234567890, from 192.168.0.1."


class Scored:
    """Says of every text that its first three characters are a place, with a given score."""

    labels = LabelSet.load("presidio")

    def __init__(self, score: float | None) -> None:
        self._score = score

    def stream(self, texts):
        return (TaggedText((Span(0, 3, "GPE", self._score),)) for _ in texts)


def engine(*recognisers: PiispanRecognizer, languages: tuple[str, ...] = ("en",)) -> AnalyzerEngine:
    """These recognisers and no others, without an NLP model."""
    registry = RecognizerRegistry(list(recognisers), supported_languages=list(languages))
    nlp_engine = NoOpNlpEngine(models=[{"lang_code": language, "model_name": ""} for language in languages])
    return AnalyzerEngine(registry=registry, nlp_engine=nlp_engine, supported_languages=list(languages))


def found(results: list[RecognizerResult], text: str = TEXT) -> set[tuple[str, str]]:
    return {(result.entity_type, text[result.start : result.end]) for result in results}


def test_the_engine_finds_what_the_tagger_finds_with_exact_offsets() -> None:
    results = engine(PiispanRecognizer(StubTagger())).analyze(TEXT, language="en")
    assert found(results) == {("PERSON", "Ada Lovelace"), ("DATE_TIME", "1815-12-10"), ("PHONE_NUMBER", "+441234567890")}
    assert {result.score for result in results} == {0.85}
    assert {result.recognition_metadata["recognizer_name"] for result in results} == {"PiispanRecognizer"}


def test_it_works_beside_the_predefined_recognisers() -> None:
    analyzer = AnalyzerEngine(nlp_engine=NoOpNlpEngine(models=[{"lang_code": "en", "model_name": ""}]))
    analyzer.registry.add_recognizer(PiispanRecognizer(StubTagger()))
    assert {("PERSON", "Ada Lovelace"), ("IP_ADDRESS", "192.168.0.1")} <= found(analyzer.analyze(TEXT, language="en"))
    assert "STREET_ADDRESS" in analyzer.get_supported_entities("en")
    redacted = AnonymizerEngine().anonymize(TEXT, analyzer.analyze(TEXT, language="en")).text
    assert redacted == "<PERSON> was born on <DATE_TIME>. Call <PHONE_NUMBER>, from <IP_ADDRESS>."


def test_only_entities_asked_for_are_given() -> None:
    recogniser = PiispanRecognizer(StubTagger())
    assert found(engine(recogniser).analyze(TEXT, language="en", entities=["PERSON"])) == {("PERSON", "Ada Lovelace")}
    assert found(recogniser.analyze(TEXT, ["DATE_TIME"])) == {("DATE_TIME", "1815-12-10")}
    assert recogniser.analyze(TEXT, []) == []
    assert len(recogniser.analyze(TEXT)) == 3


def test_scores_are_those_of_the_spans_and_thresholds_apply() -> None:
    analyzer = engine(PiispanRecognizer(Scored(0.5)))
    (result,) = analyzer.analyze("Rom", language="en", score_threshold=0.5, return_decision_process=True)
    assert (result.score, result.analysis_explanation.original_score) == (0.5, 0.5)
    assert analyzer.analyze("Rom", language="en", score_threshold=0.51) == []
    assert engine(PiispanRecognizer(Scored(None), default_score=0.3)).analyze("Rom", language="en")[0].score == 0.3


def test_a_span_whose_score_is_rounded_to_zero_is_still_found() -> None:
    assert len(engine(PiispanRecognizer(Scored(0.0))).analyze("Rom", language="en")) == 1


def test_entity_types_are_label_names_unless_renamed() -> None:
    recogniser = PiispanRecognizer(Scored(None), names={"GPE": "LOCATION", "STREET_ADDRESS": "LOCATION"})
    assert recogniser.supported_entities.count("LOCATION") == 1
    assert not {"GPE", "STREET_ADDRESS"} & set(recogniser.supported_entities)
    analyzer = engine(recogniser)
    assert found(analyzer.analyze("Rom", language="en", entities=["LOCATION"]), "Rom") == {("LOCATION", "Rom")}
    assert found(engine(PiispanRecognizer(Scored(None))).analyze("Rom", language="en"), "Rom") == {("GPE", "Rom")}
    with pytest.raises(LabelError, match="names: unknown label 'GEP'"):
        PiispanRecognizer(Scored(None), names={"GEP": "LOCATION"})


@pytest.mark.parametrize("score", [0.0, -1.0, 1.5, float("nan")])
def test_a_default_score_out_of_range_is_refused(score: float) -> None:
    with pytest.raises(ValueError, match="default_score must be above 0 and at most 1"):
        PiispanRecognizer(StubTagger(), default_score=score)


def test_recognisers_of_several_languages_share_a_tagger() -> None:
    tagger = StubTagger()
    analyzer = engine(*(PiispanRecognizer(tagger, supported_language=code) for code in ("en", "de")), languages=("en", "de"))
    assert len(analyzer.analyze(TEXT, language="de")) == len(analyzer.analyze(TEXT, language="en")) == 3


def test_batches_and_tables_work() -> None:
    batch = BatchAnalyzerEngine(engine(PiispanRecognizer(StubTagger())))
    assert [len(results) for results in batch.analyze_iterator([TEXT, "", "nobody", TEXT], language="en")] == [3, 0, 0, 3]
    rows = list(batch.analyze_dict({"name": ["Ada Lovelace", "nobody"], "age": 36, "note": TEXT}, language="en"))
    assert [row.key for row in rows] == ["name", "age", "note"]
    assert [len(results) for results in rows[0].recognizer_results] == [1, 0]
    assert (len(rows[1].recognizer_results), len(rows[2].recognizer_results)) == (0, 3)


def test_an_answer_that_is_not_to_be_trusted_is_refused_without_its_text() -> None:
    with pytest.raises(RedactionError, match=r"a text of 23 characters: the answer was cut, .* so a span may be missing") as error:
        engine(PiispanRecognizer(StubTagger())).analyze(f"Ada Lovelace {UNFAITHFUL}", language="en")
    assert "Ada" not in str(error.value)


def test_a_model_behind_the_engine_gives_its_own_spans_and_scores() -> None:
    tagger = Tagger(VerbatimDecoder(*eager_model("llama", "special"), PROMPT, tag_tokens="special"), PROMPT)
    text = "Ada met Bob on Monday at noon in Rome."
    (spans,) = tagger.tag([text])
    results = sorted(engine(PiispanRecognizer(tagger)).analyze(text, language="en"), key=lambda result: result.start)
    assert spans
    assert [(r.start, r.end, r.entity_type, r.score) for r in results] == [(s.start, s.end, s.label, s.score) for s in spans]


def test_an_adapter_is_loaded_as_it_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, object] = {}

    def load(name: str, **options: object) -> StubTagger:
        asked.update(options, name=name)
        return StubTagger()

    monkeypatch.setattr(Tagger, "from_pretrained", load)
    recogniser = PiispanRecognizer.from_pretrained("out/adapter", names={"GPE": "LOCATION"}, supported_language="de", operating_point=True)
    assert asked == {"name": "out/adapter", "operating_point": True, "device": None, "revision": None, "base": None}
    assert (recogniser.supported_language, "LOCATION" in recogniser.supported_entities) == ("de", True)


def test_presidio_is_imported_with_the_class_only() -> None:
    program = (
        "import sys, piispan.tagger as tagger; before = 'presidio_analyzer' in sys.modules; tagger.PiispanRecognizer; "
        "print(before, 'presidio_analyzer' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("piispan.core.extras.find_spec", lambda module: None)
    monkeypatch.delattr("piispan.tagger.PiispanRecognizer")  # it was loaded above
    with pytest.raises(MissingExtraError, match=re.escape('pip install "piispan[presidio]"')):
        from piispan.tagger import PiispanRecognizer  # noqa: F401
