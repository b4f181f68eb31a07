"""``pretune``, whole, on a tiny model."""

import json
from pathlib import Path

import pytest

from piispan.core import DataError, Sidecar
from piispan.dataset_builder import read_documents
from piispan.model_card import read_facts
from piispan.runs import TrainSettings, load_settings, pretune
from piispan.runs.artifacts import documents_sha256
from piispan.runs.starting import start_of
from piispan.runs.synthetic import HELD_OUT_SETTINGS
from tests.tiny import tiny_llama, tiny_tokenizer


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> TrainSettings:
    folder = tmp_path_factory.mktemp("tiny")
    tiny_llama().float().save_pretrained(folder)
    tiny_tokenizer().save_pretrained(folder)
    return TrainSettings(model=str(folder), batch_size=8, lora_rank=2, lora_alpha=4, epochs=7)


@pytest.fixture(scope="module")
def out(settings: TrainSettings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pretuned")
    pretune(folder, documents=40, settings=settings)
    return folder


def test_it_trains_once_on_documents_that_a_quickstart_is_not_tested_on(out: Path) -> None:
    documents = read_documents(out / "training_documents.jsonl")[0]
    groups = {(document.group or "").split("/")[0] for document in documents}
    assert len(documents) == 40
    assert len(groups) > 10
    assert groups.isdisjoint(HELD_OUT_SETTINGS["en"])
    assert Sidecar.load(out / "adapter").training_sha256 == documents_sha256(documents)
    training = read_facts(out / "adapter").training
    assert (training.epochs, training.start) == (1, None)


def test_it_is_measured_on_settings_that_it_does_not_have(out: Path) -> None:
    metrics = json.loads((out / "metrics.json").read_text("utf-8"))
    assert (metrics["before"], metrics["after"]["documents"]) == ({}, 64)
    page = (out / "adapter" / "README.md").read_text("utf-8")
    assert "Synthesised by piispan. The test settings (bank mail, " in page
    assert "10% of the training documents have typing or scanning errors." in page


def test_it_begins_afresh_where_nothing_else_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    class Asked(Exception):
        pass

    def opened(settings: TrainSettings, *_: object) -> None:
        raise Asked(settings.start, settings.early_stopping_patience)

    monkeypatch.setattr("piispan.runs.pretuning.Experiment.open", opened)
    for given, begun in ((None, "none"), ("mine", "mine")):
        with pytest.raises(Asked) as asked:
            pretune(tmp_path, documents=8, settings=TrainSettings(start=given, early_stopping_patience=1))
        assert asked.value.args == (begun, None)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_recipe_begins_afresh_and_is_of_the_shape_that_is_begun_from_by_default(language: str) -> None:
    recipe, usual = load_settings(f"pretuned-{language}"), TrainSettings()
    assert start_of(recipe) is None
    assert recipe.document_language == language
    assert start_of(usual) == "pretuned-en"
    assert (recipe.model, recipe.lora_rank, recipe.lora_alpha) == (usual.model, usual.lora_rank, usual.lora_alpha)
    assert recipe.spelling == usual.spelling


def test_what_cannot_be_is_told_before_any_work(settings: TrainSettings, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="--resume needs the --save-steps"):
        pretune(tmp_path, settings=settings, resume=True)
    with pytest.raises(DataError, match="synthetic documents are made in"):
        pretune(tmp_path, settings=TrainSettings(language="fi", labels="presidio"))
    assert not list(tmp_path.iterdir())
