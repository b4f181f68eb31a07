"""Presidio's pattern recognisers as guesses."""

import pytest

from piispan.core import LabelSet
from piispan.tagger import PatternGuess


@pytest.fixture(scope="module")
def guess() -> PatternGuess:
    return PatternGuess(LabelSet.load("presidio"))


def test_patterns_are_found_with_exact_offsets(guess: PatternGuess) -> None:
    text = "Card 4012888888881881, mail ada@example.org, from 192.168.0.1."
    found = {(span.label, text[span.start : span.end]) for span in guess(text)}
    assert {("CREDIT_CARD", "4012888888881881"), ("EMAIL_ADDRESS", "ada@example.org"), ("IP_ADDRESS", "192.168.0.1")} <= found


def test_labels_that_are_not_in_the_set_are_left_out() -> None:
    few = PatternGuess(LabelSet.load("presidio").subset(["IP_ADDRESS", "PERSON"]))
    assert {span.label for span in few("ada@example.org at 10.0.0.1")} == {"IP_ADDRESS"}
    renamed = PatternGuess(LabelSet.load("presidio").subset(["PERSON"]), names={"EMAIL_ADDRESS": "PERSON"})
    assert {span.label for span in renamed("ada@example.org")} == {"PERSON"}


@pytest.mark.parametrize("text", ["", " \n", "nothing here"])
def test_nothing_is_found_in_nothing(guess: PatternGuess, text: str) -> None:
    assert guess(text) == []
