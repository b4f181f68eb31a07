"""A training that begins from another adapter."""

import shutil
from pathlib import Path

import pytest
import torch
from peft import get_peft_model, get_peft_model_state_dict
from safetensors.torch import load_file

from piispan.core import Document, LabelSet, ModelError, PiispanWarning, Sidecar, Span, get_format, make_prompt
from piispan.core.segments import tag_token_names
from piispan.dataset_builder import Split
from piispan.runs import Silent, TrainSettings
from piispan.runs.artifacts import trained_on
from piispan.runs.experiment import Experiment
from piispan.runs.starting import begin_from, check_start, checked_start, start_in_words, start_of
from piispan.runs.training import adapter_config, prepare_tag_tokens
from piispan.tagger import Tagger, adapter_folder, embedded_model, pretuned_adapters, read_sidecar
from tests.tiny import tiny_llama, tiny_tokenizer

DOCUMENTS = tuple(Document(str(i), f"Ada is {i}.", (Span(0, 3, "PERSON"),)) for i in range(8))


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny")
    tiny_llama().float().save_pretrained(folder)
    tiny_tokenizer().save_pretrained(folder)
    return folder


def settings(base: Path, **changes: object) -> TrainSettings:
    given = {"model": str(base), "epochs": 1, "batch_size": 4, "lora_rank": 2, "lora_alpha": 4, **changes}
    return TrainSettings(**given)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def start(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An adapter that was trained far enough to differ from a fresh one."""
    experiment = Experiment.open(settings(base, learning_rate=0.05, epochs=4), None, None, None)
    experiment.train(DOCUMENTS)
    folder = tmp_path_factory.mktemp("start")
    experiment.save(folder, Split(DOCUMENTS, (), ()))
    return folder


def adapted(base: Path, labels: LabelSet, **changes: object):
    model, tokenizer = tiny_llama().float(), tiny_tokenizer()
    chosen = settings(base, **changes)
    tokens = prepare_tag_tokens(model, tokenizer, make_prompt("plain", labels, get_format("tagged")), chosen)
    return get_peft_model(model, adapter_config(chosen, tokens, model))


def tag_rows(model) -> torch.Tensor:
    """Rows of the tags, of embedding and head. Shape: ``(2, tags, hidden)``"""
    return torch.stack([value.detach() for name, value in model.named_parameters() if "trainable_tokens_delta" in name])


def test_all_of_the_weights_are_taken_over(base: Path, start: Path) -> None:
    model = adapted(base, LabelSet.load("presidio"))
    begin_from(model, str(start), LabelSet.load("presidio"))
    theirs = load_file(start / "adapter_model.safetensors")
    ours = get_peft_model_state_dict(model, save_embedding_layers=False)
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name].float()) for name in ours)
    assert any(name.endswith("lora_B.weight") and value.any() for name, value in ours.items())


def test_tags_go_by_their_labels(base: Path, start: Path) -> None:
    known, mine = LabelSet.load("presidio"), LabelSet.load("zh_pii")
    fresh, begun, whole = adapted(base, mine), adapted(base, mine), adapted(base, known)
    begin_from(begun, str(start), mine)
    begin_from(whole, str(start), known)
    names, their_names = tag_token_names(mine), tag_token_names(known)
    for place, name in enumerate(names):
        expected = tag_rows(whole)[:, their_names.index(name)] if name in their_names else tag_rows(fresh)[:, place]
        assert torch.equal(tag_rows(begun)[:, place], expected)
    assert not torch.equal(tag_rows(begun), tag_rows(fresh))


def test_a_training_begins_with_them(base: Path, start: Path) -> None:
    losses = {}
    for name, given in {"fresh": None, "begun": str(start)}.items():
        told: list[str] = []

        class Told(Silent):
            def start(self, what: str, total: int | None, unit: str, told: list[str] = told) -> None:
                told.append(what)

            def advance(self, done: int, note: str = "", told: list[str] = told) -> None:
                told.append(note)

        experiment = Experiment.open(settings(base, start=given, learning_rate=1e-9), None, Told(), None)
        experiment.train(DOCUMENTS)
        assert told[0] == f"Training from {start.name if given else 'the base'}"
        losses[name] = float(told[1].removeprefix("loss ").split(",")[0])
    assert losses["begun"] < 0.8 * losses["fresh"]


@pytest.mark.parametrize("changes", [{"lora_rank": 4}, {"lora_alpha": 8}, {"adapter": "dora"}])
def test_an_adapter_of_another_shape_is_refused(base: Path, start: Path, changes: dict[str, object]) -> None:
    with pytest.raises(ModelError, match="another base, kind, rank or scale cannot be begun from"):
        begin_from(adapted(base, LabelSet.load("presidio"), **changes), str(start), LabelSet.load("presidio"))


def test_what_is_no_adapter_is_refused(base: Path) -> None:
    with pytest.raises(ModelError, match="is no adapter to begin from"):
        begin_from(adapted(base, LabelSet.load("presidio")), str(base), LabelSet.load("presidio"))


def test_an_adapter_of_other_weights_is_refused_before_the_training(start: Path, tmp_path: Path) -> None:
    tiny_llama(seed=1).float().save_pretrained(tmp_path)
    tiny_tokenizer().save_pretrained(tmp_path)
    with pytest.raises(ModelError, match="was trained over other weights"):
        Experiment.open(settings(tmp_path, start=str(start)), None, None, None)


def test_what_the_first_was_trained_on_is_not_forgotten(base: Path, start: Path, tmp_path: Path) -> None:
    experiment = Experiment.open(settings(base, start=str(start)), None, None, None)
    others = (Document("x", "Bob called.", (Span(0, 3, "PERSON"),)),)
    experiment.train(others)
    experiment.save(tmp_path, Split(others, (), ()))
    sidecar = Sidecar.load(tmp_path)
    assert sidecar.earlier_training_sha256 == (Sidecar.load(start).training_sha256,)
    assert trained_on(sidecar, others)
    assert trained_on(sidecar, DOCUMENTS)
    assert not trained_on(sidecar, DOCUMENTS[1:])


@pytest.mark.parametrize(
    ("changes", "begun"),
    [
        ({}, "pretuned-en"),
        ({"epochs": 9, "seed": 4, "labels": "safe_harbor"}, "pretuned-en"),
        ({"labels": "zh_pii"}, "pretuned-zh"),
        ({"labels": "zh_pii", "language": "en"}, "pretuned-en"),
        ({"start": "none"}, None),
        ({"start": "mine"}, "mine"),
        ({"language": "zh"}, "pretuned-zh"),
        ({"language": "zh-CN"}, "pretuned-zh"),
        ({"language": "de"}, None),
        ({"model": "a/b"}, None),
        ({"format": "json"}, None),
        ({"tokenisation": "joint"}, None),
        ({"tag_tokens": "text"}, None),
        ({"loss": "answer"}, None),
        ({"lora_rank": 8}, None),
        ({"lora_alpha": 8}, None),
        ({"adapter": "dora"}, None),
    ],
)
def test_the_adapter_that_ships_is_begun_from_where_it_fits(changes: dict[str, object], begun: str | None) -> None:
    assert start_of(TrainSettings(**changes)) == begun  # type: ignore[arg-type]


def test_an_adapter_that_ships_goes_by_its_name(start: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(start, tmp_path / "pretuned-xx")
    monkeypatch.setattr("piispan.tagger.adapters._PRETUNED", tmp_path)
    assert pretuned_adapters() == ("pretuned-xx",)
    assert adapter_folder("pretuned-xx") == tmp_path / "pretuned-xx"
    assert read_sidecar("pretuned-xx") == Sidecar.load(start)
    (tmp_path / "work" / "pretuned-xx").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "work")
    assert adapter_folder("pretuned-xx") == tmp_path / "pretuned-xx"  # a folder of that name is ./pretuned-xx


@pytest.mark.slow
def test_the_adapter_that_ships_is_over_the_embedded_model_and_finds_names() -> None:
    check_start("pretuned-en", embedded_model())
    text = "Please ask Jonathan Albrecht to call +1 415 555 0132 before Monday."
    assert text.index("Jonathan Albrecht") in {span.start for span in Tagger.from_pretrained("pretuned-en").tag([text])[0]}


@pytest.mark.slow
def test_what_ships_for_chinese_finds_names_there() -> None:
    assert pretuned_adapters() == ("pretuned-en", "pretuned-zh")
    check_start("pretuned-zh", embedded_model())
    text = "患者欧阳晓梅，女，联系电话13812345678，请于明日复诊。"
    assert text.index("欧阳晓梅") in {span.start for span in Tagger.from_pretrained("pretuned-zh").tag([text])[0]}


def test_a_default_over_other_weights_is_left_out_and_told(base: Path) -> None:
    with pytest.warns(PiispanWarning, match="pretuned-en: was trained over other weights .* begins afresh"):
        assert checked_start(TrainSettings(), base) is None
    with pytest.raises(ModelError, match="was trained over other weights"):
        checked_start(TrainSettings(start="pretuned-en"), base)


def test_a_card_says_what_was_begun_from(base: Path, start: Path, tmp_path: Path) -> None:
    assert start_in_words("pretuned-en") == "the adapter pretuned-en of piispan, trained on synthetic documents alone"
    assert start_in_words("someone/adapter") == "the adapter someone/adapter"
    experiment = Experiment.open(settings(base, start=str(start)), None, None, None)
    experiment.train(DOCUMENTS)
    assert experiment.training.start == "another adapter, a local one"


def test_norms_of_dora_are_not_rounded(base: Path, tmp_path: Path) -> None:
    experiment = Experiment.open(settings(base, adapter="dora", learning_rate=1e-4), None, None, None)
    experiment.train(DOCUMENTS)
    experiment.save(tmp_path, Split(DOCUMENTS, (), ()))
    norms = {name: value for name, value in load_file(tmp_path / "adapter_model.safetensors").items() if "magnitude" in name}
    assert norms
    assert all(value.dtype == torch.float32 for value in norms.values())
    assert any((value != value.bfloat16().float()).any() for value in norms.values())


def test_what_is_saved_is_half_as_long_and_what_was_measured(start: Path, base: Path) -> None:
    experiment = Experiment.open(settings(base, learning_rate=0.05, epochs=4), None, None, None)
    experiment.train(DOCUMENTS)
    weights = load_file(start / "adapter_model.safetensors")
    assert {value.dtype for value in weights.values()} == {torch.bfloat16}
    held = get_peft_model_state_dict(experiment._model, save_embedding_layers=False)
    assert held.keys() == weights.keys()
    assert all(torch.equal(held[name], weights[name].float()) for name in held)
