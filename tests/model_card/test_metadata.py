"""The YAML block as huggingface_hub reads it back."""

import dataclasses
from pathlib import Path

import pytest
from huggingface_hub import ModelCard, metadata_load

from piispan.model_card import CardFacts, generate_card, write_card


@pytest.fixture
def loaded(facts: CardFacts, tmp_path: Path) -> ModelCard:
    return ModelCard.load(write_card(tmp_path, facts))


def test_the_hub_reads_what_the_adapter_is(facts: CardFacts, tmp_path: Path) -> None:
    metadata = metadata_load(write_card(tmp_path, facts))
    assert metadata is not None
    assert metadata["base_model"] == "HuggingFaceTB/SmolLM2-135M-Instruct"
    assert metadata["base_model_relation"] == "adapter"
    assert metadata["library_name"] == "peft"
    assert metadata["pipeline_tag"] == "text-generation"
    assert metadata["license"] == "apache-2.0"
    assert metadata["language"] == ["en"]
    assert "datasets" not in metadata


def test_eval_results_come_back_as_the_same_floats(facts: CardFacts, loaded: ModelCard) -> None:
    figures = {key: value for key, value in facts.measured_after.figures.items() if value is not None and "tokens" not in key}
    results = {result.metric_type: result for result in loaded.data.eval_results or []}
    assert {key: result.metric_value for key, result in results.items()} == figures
    assert all(type(result.metric_value) is float for result in results.values())
    assert {result.metric_config for result in results.values()} == {facts.after["signature"]}
    assert {(result.dataset_type, result.dataset_split) for result in results.values()} == {("Made-up-notes", "test")}


def test_a_loaded_card_writes_the_same_bytes(facts: CardFacts, loaded: ModelCard) -> None:
    assert str(loaded) == str(generate_card(facts))


def test_floats_of_numpy_are_written_as_plain_ones(facts: CardFacts) -> None:
    import numpy

    card = generate_card(dataclasses.replace(facts, after={**facts.after, "f1": numpy.float64(0.5)}))
    assert "python/object" not in str(card)
    assert "value: 0.5\n" in str(card)


def test_figures_that_were_not_measured_are_left_out(facts: CardFacts) -> None:
    card = generate_card(dataclasses.replace(facts, after={**facts.after, "precision": None}))
    assert card.data.eval_results is not None
    assert "precision" not in {result.metric_type for result in card.data.eval_results}


def test_a_data_set_on_the_hub_is_named(facts: CardFacts) -> None:
    card = generate_card(dataclasses.replace(facts, data=dataclasses.replace(facts.data, hub_id="example/notes")))
    assert card.data.datasets == ["example/notes"]
    assert card.data.eval_results is not None
    assert card.data.eval_results[0].dataset_type == "example/notes"


def test_a_local_base_is_not_passed_off_as_a_hub_model(facts: CardFacts) -> None:
    card = generate_card(dataclasses.replace(facts, sidecar=dataclasses.replace(facts.sidecar, base_weights="local")))
    assert card.data.base_model is None
    assert "base_model_relation" not in card.data.to_dict()
