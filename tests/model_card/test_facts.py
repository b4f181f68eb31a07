"""What facts refuse."""

import dataclasses
from collections.abc import Callable

import pytest
from huggingface_hub.errors import HFValidationError
from huggingface_hub.utils import validate_repo_id
from hypothesis import given
from hypothesis import strategies as st

from piispan.core import HUB_ID, PiispanError, SidecarError
from piispan.model_card import CardError, CardFacts
from piispan.model_card.publishable import publishable_text

TOKEN = "hf_" + "a" * 34
SECRETS = [
    "/home/ada/notes.jsonl",
    "read from /data/notes",
    "~/notes",
    "~ada/notes",
    "./notes",
    "..\\notes",
    "C:\\notes",
    "on d:/notes",
    "\\\\server\\notes",
    "file:///notes",
    "host:/notes",
    "(/srv)",
    "/",
    "ada@example.org",
    "by Ada <ada@example.org>",
    TOKEN,
    f"with {TOKEN}.",
    "two\nlines",
    "",
]
HARMLESS = [
    "https://huggingface.co/datasets/org/name",
    "org/name",
    "tagged and/or json",
    "about 3 / 4 of it",
    "release 1.2.3",
    "8:30 and ratio 1:2",
    "p@5",
    "hf_transfer",
]

CHANGES: dict[str, Callable[[CardFacts, str], object]] = {
    "model_name": lambda facts, text: dataclasses.replace(facts, model_name=text),
    "decoder": lambda facts, text: dataclasses.replace(facts, decoder=text),
    "base_licence": lambda facts, text: dataclasses.replace(facts, base_licence=text),
    "base_model": lambda facts, text: dataclasses.replace(facts, sidecar=dataclasses.replace(facts.sidecar, base_model=text)),
    "versions": lambda facts, text: dataclasses.replace(facts, sidecar=dataclasses.replace(facts.sidecar, versions={"torch": text})),
    "hardware": lambda facts, text: dataclasses.replace(facts.training, hardware=text),
    "target_modules": lambda facts, text: dataclasses.replace(facts.training, target_modules=(text,)),
    "data name": lambda facts, text: dataclasses.replace(facts.data, name=text),
    "how_made": lambda facts, text: dataclasses.replace(facts.data, how_made=text),
    "hub_id": lambda facts, text: dataclasses.replace(facts.data, hub_id=text),
    "split": lambda facts, text: dataclasses.replace(facts.data, split=text, documents={text: 200}),
    "signature": lambda facts, text: dataclasses.replace(facts, after={**facts.after, "signature": text}),
    "metrics": lambda facts, text: dataclasses.replace(facts, before={"more": {"inside": [text]}}),
}


@pytest.mark.parametrize("place", CHANGES)
@pytest.mark.parametrize("secret", SECRETS)
def test_secrets_are_refused_everywhere_and_not_repeated(facts: CardFacts, place: str, secret: str) -> None:
    # A base's name is refused by the sidecar already: it would be read from the disk of whoever loads the adapter.
    with pytest.raises((CardError, SidecarError) if place == "base_model" else CardError) as caught:
        CHANGES[place](facts, secret)
    assert len(secret) < 5 or secret not in str(caught.value)


@pytest.mark.parametrize("text", HARMLESS)
def test_harmless_text_passes(text: str) -> None:
    assert publishable_text(text, "here") == text


@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize(
    "figures",
    [
        {"f1": float("nan")},
        {"f1": float("inf")},
        {"f1": 1.01},
        {"f1": -0.1},
        {"f1": "0.9"},
        {"f1": True},
        {"documents": 1.5},
        {"documents": 201},
        {"spans": -1},
        {"intervals": {"f1": [0.9, 0.1]}},
        {"intervals": {"f1": [0.9]}},
        {"intervals": {"f1": [0.1, float("nan")]}},
        {"intervals": [0.1, 0.2]},
        {"per_label": {"NOT_A_LABEL": {"n": 1}}},
        {"per_label": {"PERSON": {"precision": 0.5}}},
        {"per_label": {"PERSON": {"n": 3, "recall": float("nan")}}},
        {"per_label": {"PERSON": 0.5}},
        {"signature": 7},
        {"more": {1: 2}},
        {"more": object()},
    ],
)
def test_impossible_figures_are_refused(facts: CardFacts, side: str, figures: dict[str, object]) -> None:
    with pytest.raises(CardError, match=side):
        dataclasses.replace(facts, **{side: {**getattr(facts, side), **figures}})


@pytest.mark.parametrize("missing", ["documents", "signature"])
def test_the_measurement_must_be_described(facts: CardFacts, missing: str) -> None:
    with pytest.raises(CardError, match="after"):
        dataclasses.replace(facts, after={key: value for key, value in facts.after.items() if key != missing})


def test_a_card_needs_something_measured(facts: CardFacts) -> None:
    with pytest.raises(CardError, match="neither"):
        dataclasses.replace(facts, after={**facts.after, "f1": None, "char_recall": None})


@pytest.mark.parametrize(
    "wrong",
    [
        {"documents": 0},
        {"steps": -1},
        {"seed": 1.5},
        {"lora_rank": True},
        {"learning_rate": float("nan")},
        {"mention_replacement": 1.5},
        {"prompt_loss_weight": -0.1},
        {"seconds": float("inf")},
        {"epochs": -1.0},
        {"target_modules": ()},
        {"target_modules": "all-linear"},
        {"dropped_documents": None},
    ],
)
def test_impossible_training_facts_are_refused(facts: CardFacts, wrong: dict[str, object]) -> None:
    with pytest.raises(CardError, match=f"training.{next(iter(wrong))}"):
        dataclasses.replace(facts.training, **wrong)


def test_the_measured_split_needs_a_count(facts: CardFacts) -> None:
    with pytest.raises(CardError, match="'validation'"):
        dataclasses.replace(facts.data, split="validation")


@pytest.mark.parametrize("languages", [(), ("English",), ("en", "EN")])
def test_languages_are_codes(facts: CardFacts, languages: tuple[str, ...]) -> None:
    with pytest.raises(CardError, match="languages"):
        dataclasses.replace(facts, languages=languages)


def test_errors_are_of_the_house_and_value_errors() -> None:
    assert issubclass(CardError, PiispanError)
    assert issubclass(CardError, ValueError)


def test_facts_keep_their_own_copy(facts: CardFacts) -> None:
    metrics = {**facts.after, "intervals": {"f1": [0.1, 0.2]}}
    kept = dataclasses.replace(facts, after=metrics)
    metrics["intervals"] = {"f1": [0.8, 0.9]}
    assert kept.measured_after.intervals["f1"] == (0.1, 0.2)


@given(st.text(alphabet="aZ0_.-/é ", min_size=1, max_size=100))
def test_names_are_those_that_huggingface_hub_takes(name: str) -> None:
    try:
        validate_repo_id(name)
    except HFValidationError:
        assert not HUB_ID.fullmatch(name)
