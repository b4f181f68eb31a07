"""Rates over raw outputs, with a made-up format and with the real ones."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from piispan.core import FORMATS, DataError, Document, Label, LabelSet, Mention, Parsed, Prediction, Problem, Span
from piispan.core.formats import get_format
from piispan.metric import HallucinationRates, analyse, score, scored_predictions
from tests.core.strategies import word_documents

LABELS = LabelSet("test", tuple(Label(name, "a label") for name in ("PERSON", "CITY")))
DOCUMENTS = [Document(name, "Ann is in Rome", (Span(0, 3, "PERSON"), Span(10, 14, "CITY"))) for name in "abcd"]
PERSON, CITY = DOCUMENTS[0].spans
OUTPUTS = {
    "whole": Parsed((Mention("PERSON", "Ann", PERSON), Mention("CITY", "Rome", CITY)), (PERSON, CITY), (PERSON, CITY)),
    "both faults in one": Parsed(
        (
            Mention("X", "Bob", None, frozenset({Problem.UNKNOWN_LABEL, Problem.VALUE_NOT_IN_SOURCE})),
            Mention("PERSON", "Eve", None, frozenset({Problem.VALUE_NOT_IN_SOURCE})),
        ),
        extraneous_text=True,
    ),
    "offsets": Parsed(
        (
            Mention("PERSON", "Ann", PERSON, frozenset({Problem.WRONG_OFFSET})),
            Mention("CITY", "Rome", CITY, frozenset({Problem.WRONG_OFFSET})),
            Mention("CITY", " ", None, frozenset({Problem.NOT_A_SPAN})),
        ),
        recovered=(PERSON, CITY),
        malformed=True,
    ),
    "drift": Parsed((Mention("PERSON", "Ann", PERSON),), (), (PERSON,), text_drift=True),
}


class FakeFormat:
    """Looks the output up instead of reading it."""

    name = "fake"
    instruction = "none"

    def unwritable(self, document: Document) -> tuple[Span, ...]:
        return ()

    def render(self, document: Document) -> str:
        return "whole"

    def parse(self, text: str, source: str, labels: LabelSet) -> Parsed:
        assert source == "Ann is in Rome"
        assert labels is LABELS
        return OUTPUTS[text]


def predictions(*outputs: str | None) -> list[Prediction]:
    return [Prediction(x.id, (Span(0, 14, "CITY"),), output=output) for x, output in zip(DOCUMENTS, outputs, strict=True)]


def test_rates_of_raw_outputs():
    scores = score(DOCUMENTS, predictions(*OUTPUTS), LABELS, format=FakeFormat(), resamples=200)
    assert scores.hallucination == HallucinationRates(
        hallucination_rate=2 / 8,
        value_not_in_source_rate=2 / 8,
        unknown_label_rate=1 / 8,
        offset_error_rate=1 / 4,
        malformed_rate=1 / 4,
        text_drift_rate=1 / 4,
        extraneous_text_rate=1 / 4,
    )
    low, high = scores.intervals["hallucination_rate"]
    assert 0 <= low < 2 / 8 < high <= 1
    # the strict spans are scored, not those of the prediction: 2 of 8; the repaired ones find 5 of 8
    assert (scores.precision, scores.recall) == (1.0, 2 / 8)
    assert scores.f1_recovered == 2 * 5 / (5 + 8)


def test_repaired_spans_are_scored_where_asked_for():
    strict, repaired = (
        score(DOCUMENTS, predictions(*OUTPUTS), LABELS, format=FakeFormat(), alignment=way, resamples=0) for way in ("strict", "recover")
    )
    assert (repaired.precision, repaired.recall) == (1.0, 5 / 8)
    assert repaired.f1 == repaired.f1_recovered == strict.f1_recovered
    assert repaired.f1_strict == strict.f1_strict == strict.f1
    assert repaired.hallucination == strict.hallucination
    assert ("input:fake:strict" in strict.signature, "input:fake:recover" in repaired.signature) == (True, True)
    assert repaired.to_dict()["f1_strict"] == strict.f1


def test_scored_predictions_have_the_spans_that_are_scored():
    read = scored_predictions(DOCUMENTS, predictions(*OUTPUTS)[::-1], LABELS, format=FakeFormat(), alignment="recover")
    assert [one.id for one in read] == [document.id for document in DOCUMENTS]
    scores = score(DOCUMENTS, predictions(*OUTPUTS), LABELS, format=FakeFormat(), alignment="recover", resamples=0)
    assert score(DOCUMENTS, read, LABELS, resamples=0).f1 == scores.f1
    assert sum(analyse(DOCUMENTS, read, LABELS).missed) == scores.semeval["partial"].missing


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"alignment": "recover"}, "alignment goes with raw outputs"),
        ({"alignment": "loose"}, "were: 'loose' and 'code_points'"),
        ({"offsets": "bytes"}, "were: 'strict' and 'bytes'"),
        ({"format": FakeFormat(), "offsets": "utf16"}, "offsets go with predicted spans"),
    ],
)
def test_options_that_do_not_go_together(options, message):
    with pytest.raises(DataError, match=message):
        score(DOCUMENTS, predictions(*OUTPUTS), LABELS, **options)


def test_without_outputs_or_format_the_spans_are_scored():
    for scores in (
        score(DOCUMENTS, predictions(None, None, None, None), LABELS, format=FakeFormat()),
        score(DOCUMENTS, predictions(*OUTPUTS), LABELS),
    ):
        assert scores.precision == 0.0
        assert scores.hallucination == HallucinationRates()
        assert scores.f1_recovered is None
        assert scores.intervals["hallucination_rate"] is None


def test_no_mentions_is_nothing_to_score():
    scores = score(DOCUMENTS[:1], [Prediction("a", (), output="[]")], LABELS, format=get_format("json"))
    assert (scores.hallucination.hallucination_rate, scores.hallucination.malformed_rate) == (None, 0.0)


def test_some_outputs_are_refused():
    with pytest.raises(DataError, match=r"1 of 4 predictions have no raw output \(first: 'c'\)"):
        score(DOCUMENTS, predictions("whole", "whole", None, "whole"), LABELS, format=FakeFormat())


@pytest.mark.parametrize("name", FORMATS)
@given(corpus=st.lists(word_documents(), min_size=1, max_size=3))
def test_rendered_documents_score_one_with_nothing_hallucinated(name, corpus):
    corpus = [replace(document, id=str(number)) for number, document in enumerate(corpus)]
    form = get_format(name)
    answers = [Prediction(x.id, (), output=form.render(x)) for x in corpus]
    scores = score(corpus, answers, LabelSet.load("presidio"), format=form, resamples=0)
    one = 1.0 if any(document.spans for document in corpus) else None
    assert (scores.f1, scores.f1_recovered, scores.char_recall) == (one, one, one)
    rates = scores.hallucination.to_dict()
    assert set(rates.values()) <= {0.0, None}
    assert {rates[key] for key in ("malformed_rate", "text_drift_rate", "extraneous_text_rate", "offset_error_rate")} == {0.0}
