"""``load_dataset("piispan", …)``: what it gives, what it refuses, and which private names of ``datasets`` it rests on."""

import inspect
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import datasets
import pytest
from datasets import load, load_dataset, packaged_modules

from piispan.core import DataError, Document, Span
from piispan.dataset_builder import PiispanBuilder, RegistrationError, register, write_jsonl
from piispan.dataset_builder.publishing import registration
from piispan.dataset_builder.publishing.source_hash import source_hash

DOCUMENTS = (Document("a", "Ask Ann.", (Span(4, 7, "PERSON"),)), Document("b", "No one."))


@pytest.fixture
def unregistered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """``datasets`` as it was, afterwards too; a cache and a working directory with one file of its own."""
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    for part in (1, 2):
        write_jsonl(DOCUMENTS, f"{part}.jsonl")
    original = load.PackagedDatasetModuleFactory.get_module
    yield
    load.PackagedDatasetModuleFactory.get_module = original
    packaged_modules._PACKAGED_DATASETS_MODULES.pop("piispan", None)


@pytest.fixture
def registered(unregistered: None) -> None:
    register()


@pytest.mark.usefixtures("registered")
def test_the_builder_is_known_by_name() -> None:
    data = load_dataset("piispan", "tagged", data_files="1.jsonl", split="train")
    assert [row["completion"][0]["content"] for row in data] == ["Ask <PERSON>Ann</PERSON>.", "No one."]
    assert data.cache_files[0]["filename"].startswith(str(datasets.config.HF_DATASETS_CACHE / "piispan" / "tagged-"))
    stream = load_dataset("piispan", "spans", data_files={"test": "*.jsonl"}, split="test", streaming=True)
    assert [row["id"] for row in stream] == ["a", "b", "a", "b"]
    both = load_dataset("piispan", "json", data_files=["1.jsonl", "2.jsonl"], num_proc=2, prompt_style="few_shot")
    assert len(both["train"]) == 4
    assert len(both["train"][0]["prompt"]) > 1


@pytest.mark.usefixtures("registered")
def test_it_shares_its_cache_with_the_class() -> None:
    data = load_dataset("piispan", "tagged", data_files="1.jsonl", split="train")
    builder = PiispanBuilder(config_name="tagged", data_files="1.jsonl")
    assert builder.as_dataset(split="train")._fingerprint == data._fingerprint


@pytest.mark.usefixtures("registered")
def test_the_working_directory_is_never_taken_for_data() -> None:
    for streaming in (False, True):
        with pytest.raises(DataError, match="needs the files to read"):
            load_dataset("piispan", "tagged", streaming=streaming)
    Path("dealt").mkdir()
    write_jsonl(DOCUMENTS, "dealt/test.jsonl")
    assert list(load_dataset("piispan", "tagged", data_dir="dealt")) == ["test"]


@pytest.mark.usefixtures("registered")
def test_registering_twice_changes_nothing_and_others_are_left_alone() -> None:
    once = load.PackagedDatasetModuleFactory.get_module
    register()
    assert load.PackagedDatasetModuleFactory.get_module is once
    assert load_dataset("json", data_files="1.jsonl", split="train")["id"][:] == ["a", "b"]


@pytest.mark.usefixtures("unregistered")
@pytest.mark.parametrize("release", ["4.6.1", "5.3.0", "6.0.0"])
def test_an_untested_release_is_refused(release: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets, "__version__", release)
    with pytest.raises(RegistrationError, match=rf">=4\.7,<5\.3, this is {release}; use PiispanBuilder.*or write a data folder"):
        register()
    assert "piispan" not in packaged_modules._PACKAGED_DATASETS_MODULES


@pytest.mark.usefixtures("unregistered")
def test_a_release_without_the_names_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(load, "PackagedDatasetModuleFactory")
    with pytest.raises(RegistrationError):
        register()
    monkeypatch.undo()


def test_the_private_names_are_what_they_were() -> None:
    """A new release of ``datasets`` that fails here needs a look before ``register`` may name it as tested."""
    packaged = packaged_modules._PACKAGED_DATASETS_MODULES
    assert load._PACKAGED_DATASETS_MODULES is packaged
    name, state = packaged["json"]
    assert (name, len(state)) == ("datasets.packaged_modules.json.json", 64)
    parameters = inspect.signature(load.PackagedDatasetModuleFactory).parameters
    assert list(parameters)[:3] == ["name", "data_dir", "data_files"]
    factory = load.PackagedDatasetModuleFactory("json", data_files="x.jsonl", data_dir="y")
    assert (factory.name, factory.data_files, factory.data_dir) == ("json", "x.jsonl", "y")
    assert list(inspect.signature(load.PackagedDatasetModuleFactory.get_module).parameters) == ["self"]
    assert load.import_main_class(PiispanBuilder.__module__) is PiispanBuilder


@pytest.mark.usefixtures("registered")
def test_what_is_registered_is_the_module_and_the_state_of_the_code() -> None:
    assert packaged_modules._PACKAGED_DATASETS_MODULES["piispan"] == ("piispan.dataset_builder.publishing.builder", source_hash())


def test_the_installed_release_is_among_the_tested() -> None:
    from packaging.specifiers import SpecifierSet

    assert SpecifierSet(registration._TESTED).contains(version("datasets"))
