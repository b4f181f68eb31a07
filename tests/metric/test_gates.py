"""Limits: what breaks them, what cannot be judged, and what is no limit."""

import pytest

from piispan.core import DataError, Document, Label, LabelSet, Prediction, Span
from piispan.metric import Gate, broken_gates, score

LABELS = LabelSet("test", tuple(Label(name, "a label") for name in ("PERSON", "US_SSN", "CITY")))


def corpus(found: int, size: int = 40) -> dict[str, object]:
    """Documents with a PERSON each, of which ``found`` are found, and in the first one a US_SSN that is found, too."""
    person, number = Span(0, 4, "PERSON"), Span(5, 9, "US_SSN")
    documents = [Document(str(i), "x" * 10, (person,) if i else (person, number)) for i in range(size)]
    predictions = [Prediction(d.id, d.spans if i < found else ()) for i, d in enumerate(documents)]
    return score(documents, predictions, LABELS, resamples=200).to_dict()


@pytest.mark.parametrize(
    ("gate", "kept"),
    [
        ("recall>=0.9", True),
        ("recall>=0.95", False),
        ("recall[PERSON]>=0.9", True),
        (" recall [ PERSON ] > 0.9 ", False),
        ("recall[US_SSN]>=1", True),
        ("leak_rate<=0.1", True),
        ("leaked_documents<0.1", False),
        ("n[PERSON]>=40", True),
        ("spans>41", False),
        ("precision[CITY]>0", False),
    ],
)
def test_a_gate_holds_or_breaks(gate: str, kept: bool) -> None:
    assert (Gate.parse(gate).fault(corpus(36)) is None) == kept


def test_a_fault_is_told_in_a_line() -> None:
    gates = [Gate.parse(text) for text in ("recall[US_SSN]>=0.99", "leak_rate<=0.05", "recall[CITY]>=0.5", "f1>=0.5")]
    assert broken_gates(gates, corpus(36)) == ["leak_rate<=0.05: leak_rate is 0.097561", "recall[CITY]>=0.5: nothing to score"]


def test_confident_gates_ask_for_the_worse_end_of_the_interval() -> None:
    scores = corpus(36)
    assert Gate.parse("recall>=0.85").fault(scores) is None
    assert "lower end of recall is 0." in Gate.parse("recall>=0.85").fault(scores, confident=True)
    assert Gate.parse("leak_rate<=0.15").fault(scores) is None
    assert "upper end of leak_rate is 0." in Gate.parse("leak_rate<=0.15").fault(scores, confident=True)
    assert Gate.parse("leak_rate<=0.3").fault(scores, confident=True) is None
    assert Gate.parse("n[PERSON]>=40").fault(scores, confident=True) is None


def test_one_document_proves_nothing_with_confidence() -> None:
    gate = Gate.parse("recall[US_SSN]>=0.99")
    assert gate.fault(corpus(40)) is None
    assert gate.fault(corpus(40), confident=True) == "recall[US_SSN]>=0.99: lower end of recall[US_SSN] is 0.025"


def test_every_ratio_can_be_a_confident_gate() -> None:
    scores = corpus(36)
    for name, value in scores.items():
        if isinstance(value, float):
            assert "end of" in str(Gate(name, None, ">=" if value < 1 else "<", 1.0).fault(scores, confident=True)), name
    assert Gate.parse("leak_rate[PERSON]<=0.2").fault(scores) is None
    without = score([Document("a", "xx", (Span(0, 1, "CITY"),))], [Prediction("a", (Span(0, 1, "CITY"),))], LABELS, resamples=0).to_dict()
    with pytest.raises(DataError, match="recall has no interval"):
        Gate.parse("recall>=0.5").fault(without, confident=True)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("leak_rate<=1", "holds whatever the figure is"),
        ("recall>=0", "holds whatever the figure is"),
        ("recall>=99", "ratios lie between 0 and 1"),
        ("leak_rate<=5", "ratios lie between 0 and 1"),
        ("recall[PERSON]>=-1", "ratios lie between 0 and 1"),
        ("n[PERSON]>=1e999", "a finite limit"),
    ],
)
def test_a_limit_that_cannot_break_is_none(text: str, said: str) -> None:
    with pytest.raises(DataError, match=said):
        Gate.parse(text)


def test_a_limit_is_told_to_its_last_digit() -> None:
    assert str(Gate.parse("recall>=0.9999999")) == "recall>=0.9999999"
    with pytest.raises(DataError, match="a gate needs >="):
        Gate("recall", None, "==", 1.0)


@pytest.mark.parametrize(
    "text",
    [
        "leak_rate<=inf",
        "leak_rate<=1_0",
        "recall>=nan",
        "recall",
        "recall>=",
        "recall=0.9",
        "recall>=high",
        "recall[]>=1",
        "[PERSON]>=1",
        "re call>=1",
        "leak_rate<=1%",
    ],
)
def test_what_is_no_gate(text: str) -> None:
    with pytest.raises(DataError, match="a gate reads like"):
        Gate.parse(text)


@pytest.mark.parametrize(
    ("text", "confident", "said"),
    [
        ("recal>=1", False, "no figure 'recal'; did you mean recall?"),
        ("signature>=1", False, "no figure 'signature'"),
        ("recall[SSN]>=1", False, "no label 'SSN'; did you mean US_SSN?"),
        ("macro_f1[US_SSN]>=1", False, "no figure 'macro_f1'"),
    ],
)
def test_what_cannot_be_judged_is_said(text: str, confident: bool, said: str) -> None:
    with pytest.raises(DataError, match=said):
        Gate.parse(text).fault(corpus(40), confident=confident)
