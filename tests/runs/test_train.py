"""``train`` and its dry run, whole, on a tiny model."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from piispan.cli.main import main
from piispan.core import (
    DataError,
    Document,
    FormatError,
    Label,
    LabelError,
    LabelSet,
    Sidecar,
    SidecarError,
    Span,
    TooLongError,
    read_predictions,
)
from piispan.dataset_builder import fixed_split, read_documents, synthesise, write_jsonl
from piispan.model_card import read_facts, write_card
from piispan.runs import AdapterSource, Outputs, TrainSettings, calibrate, dry_run, evaluate, redact_corpus, show_row, train
from piispan.tagger import Tagger
from tests.tiny import tiny_llama, tiny_tokenizer


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny")
    tiny_llama().float().save_pretrained(folder)
    tiny_tokenizer().save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "documents.jsonl"
    write_jsonl(synthesise(24, seed=5), path)
    return path


def _settings(base: Path, **changes: object) -> TrainSettings:
    given = {"model": str(base), "epochs": 1, "batch_size": 4, "lora_rank": 2, "lora_alpha": 4, **changes}
    return TrainSettings(**given)  # type: ignore[arg-type]


@pytest.mark.parametrize("loss", ["answer", "decisions"])
def test_a_document_is_shown_as_it_is_trained_on(base: Path, tmp_path: Path, loss: str) -> None:
    path = tmp_path / "documents.jsonl"
    write_jsonl([Document("a", "Nothing."), Document("b", "Call Mia Lee now.", (Span(5, 12, "PERSON"),))], path)
    pieces = show_row(path, document="b", settings=_settings(base, loss=loss))
    borne = "".join(piece for piece, bears in pieces if bears)
    assert "<PERSON>" in borne
    assert "Mark all personal data" in "".join(piece for piece, bears in pieces if not bears)
    assert ("now." in borne) or loss == "decisions"
    assert "".join(piece for piece, _ in show_row(path, settings=_settings(base))).count("Nothing.") == 2
    with pytest.raises(DataError, match="no document has the id 'c'"):
        show_row(path, document="c", settings=_settings(base))


def test_a_dry_run_counts_and_measures_and_writes_nothing(base: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    estimate = dry_run(data, settings=_settings(base, epochs=3))
    assert (estimate.dropped, estimate.split) == (0, 0)
    assert estimate.steps == -(-estimate.documents // 4) * 3
    assert 0 < estimate.loss_tokens < estimate.tokens
    assert estimate.prefix < estimate.longest
    assert 0.5 < estimate.prefix_share < 1
    assert estimate.seconds > 0
    assert estimate.peak_mib > 10
    text = "".join(piece for piece, _ in estimate.example)
    assert "<PERSON>Ada Lovelace</PII> wrote this." in text
    marked = [piece for piece, bears in estimate.example if bears]
    assert any("<PERSON>" in piece for piece in marked)
    assert not any("Mark" in piece for piece in marked)
    assert json.loads(json.dumps(estimate.to_dict()))["steps"] == estimate.steps
    assert not list(tmp_path.iterdir())


def test_the_command_shows_it_and_options_win_over_the_recipe(
    base: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = tmp_path / "mine.yaml"
    recipe.write_text(f"model_name_or_path: {base}\nnum_train_epochs: 2\nper_device_train_batch_size: 4\nlora_r: 2\nmax_tokens: 4096\n")
    arguments = ["piispan", "train", str(data), "--config", str(recipe), "--dry-run"]
    steps = []
    for more in ([], ["--epochs", "4"], ["--epochs", "4", "--batch-size", "2", "--max-tokens", "0"]):
        monkeypatch.setattr("sys.argv", [*arguments, *more, "--json"])
        with pytest.raises(SystemExit):
            main()
        steps.append(json.loads(capsys.readouterr().out)["steps"])
    assert steps[1:] == [2 * steps[0], 4 * steps[0]]
    monkeypatch.setattr("sys.argv", arguments)
    with pytest.raises(SystemExit):
        main()
    shown = capsys.readouterr().out
    assert "Nothing was trained" in shown
    assert "bear loss" in shown


def test_documents_that_do_not_fit_stand_in_the_estimate_and_on_the_card(base: Path, data: Path, tmp_path: Path) -> None:
    longest = dry_run(data, settings=_settings(base)).longest
    settings = _settings(base, max_length=longest - 100, too_long="drop")
    dropped = dry_run(data, settings=settings).dropped
    assert dropped > 0
    train(data, tmp_path / "out", settings=settings)
    facts = read_facts(tmp_path / "out" / "adapter")
    assert facts.training.dropped_documents == dropped
    assert f"{dropped} dropped, as too long" in (tmp_path / "out" / "adapter" / "README.md").read_text("utf-8")


def test_early_stopping_keeps_the_best_epoch_and_leaves_no_checkpoint(base: Path, data: Path, tmp_path: Path) -> None:
    metrics = train(data, tmp_path / "out", settings=_settings(base, epochs=3, early_stopping_patience=1, save_steps=2))
    assert metrics["after"]
    left = ["adapter", "metrics.json", "predictions.jsonl", "training_data.json"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == left
    assert read_facts(tmp_path / "out" / "adapter").training.epochs < 3  # a model that learns nothing never gets better
    sidecar = Sidecar.load(tmp_path / "out" / "adapter")
    assert sidecar.loss == "decisions"
    with pytest.raises(DataError, match="trained or chosen on"):
        calibrate(tmp_path / "out" / "adapter", data, split="random", base=str(base))


def test_an_adapter_over_a_4_bit_base_is_loaded_over_one(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base = tmp_path / "base"
    tiny_llama(hidden=64).float().save_pretrained(base)  # blocks of 64 weights are quantised together
    tiny_tokenizer().save_pretrained(base)
    metrics = train(data, tmp_path / "out", settings=_settings(base, adapter="qlora"))
    folder = tmp_path / "out" / "adapter"
    assert Sidecar.load(folder).base_quantization == "nf4"
    card = (folder / "README.md").read_text("utf-8")
    assert all(said in card for said in ("quantised to 4 bits", "piispan[qlora]", "piispan.trainer_ext.four_bit"))
    scores = evaluate(str(folder), data, split="random", base=str(base), out=tmp_path / "again")
    first, again = (read_predictions(path / "predictions.jsonl") for path in (tmp_path / "out", tmp_path / "again"))
    assert [(p.id, p.spans) for p in first] == [(p.id, p.spans) for p in again]
    assert scores.f1 == metrics["after"]["f1"]
    seen = []
    monkeypatch.setattr("piispan.tagger.tagger.merge_for_decoding", seen.append)
    Tagger.from_pretrained(folder, base=base)
    assert {weights.dtype for name, weights in seen[0].named_parameters() if name.endswith("up_proj.base_layer.weight")} == {torch.uint8}


def test_a_killed_run_leaves_what_resume_needs_and_a_run_that_never_began_does_not_stand_in_the_way(
    base: Path, data: Path, tmp_path: Path
) -> None:
    settings = _settings(base, save_steps=1, max_length=10)
    with pytest.raises(TooLongError):
        train(data, tmp_path / "out", settings=settings)
    with pytest.raises(FormatError, match="no documents to train on"):
        train(data, tmp_path / "out", settings=replace(settings, too_long="drop"))
    train(data, tmp_path / "out", settings=replace(settings, max_length=None))
    assert not (tmp_path / "out" / "checkpoints").exists()


def test_what_goes_not_together_is_said_before_training(base: Path, data: Path, tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="early_stopping_patience needs validation documents, and there are none here; 0 switches it off"):
        train(data, tmp_path / "out", test=data, settings=_settings(base, early_stopping_patience=1))
    with pytest.raises(DataError, match="--resume needs the --save-steps"):
        train(data, tmp_path / "out", settings=_settings(base), resume=True)
    with pytest.raises(DataError, match="no run to go on with"):
        train(data, tmp_path / "out", settings=_settings(base, save_steps=5), resume=True)
    assert not (tmp_path / "out" / "adapter").exists()


TEMPLATE = """{% call user() %}{{ task }} Labels: {% for label in labels %}{{ label.name }} {% endfor %}
{% for example in examples %}{{ example.text }} => {{ example.answer }}
{% endfor %}Text: {{ text }}{% endcall %}"""


def test_an_adapter_brings_a_prompt_of_ones_own_and_may_be_asked_for_some_labels(base: Path, data: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.jinja").write_text(TEMPLATE, "utf-8")
    write_jsonl([Document("e", "Zoe Quill is 41.", (Span(0, 9, "PERSON"), Span(13, 15, "AGE")))], tmp_path / "examples.jsonl")
    own = {"prompt_style": str(tmp_path / "mine.jinja"), "examples": str(tmp_path / "examples.jsonl")}
    settings = _settings(base, label_sampling="subset", epochs=1.5, early_stopping_patience=1, **own)
    train(data, tmp_path / "out", settings=settings)
    adapter = tmp_path / "out" / "adapter"
    (tmp_path / "mine.jinja").unlink()
    (tmp_path / "examples.jsonl").unlink()
    assert str(tmp_path) not in (adapter / "piispan.json").read_text("utf-8")
    card = (adapter / "README.md").read_text("utf-8")
    assert "| Prompt style | `jinja`: a template of its own, in `piispan.json`; 1 worked examples of its own |" in card
    assert "| Labels asked for in training | some of the set in each batch" in card
    assert "Zoe Quill" not in card
    whole = Tagger.from_pretrained(adapter, base=base)
    (turn,) = whole.prompt.messages("Eve")
    assert turn["content"].endswith("Zoe Quill is 41. => <PERSON>Zoe Quill</PERSON> is <AGE>41</AGE>.\nText: Eve")
    few = whole.prompt.labels.subset(["AGE", "GPE"])
    asked = Tagger.from_pretrained(adapter, base=base, labels=few)
    (turn,) = asked.prompt.messages("Eve")
    assert turn["content"].endswith(f"Labels: {' '.join(few.names)} Zoe Quill is 41. => Zoe Quill is <AGE>41</AGE>.\nText: Eve")
    by_name = Tagger.from_pretrained(adapter, base=base, labels=["GPE", "AGE"])
    assert by_name.prompt.messages("Eve") == asked.prompt.messages("Eve")
    with pytest.raises(LabelError, match="unknown label 'AGES' for label set 'presidio'; did you mean AGE"):
        Tagger.from_pretrained(adapter, base=base, labels=["AGES"])
    with pytest.raises(LabelError, match="labels must be a list of names"):
        Tagger.from_pretrained(adapter, base=base, labels="AGE")
    point = {"tag_bias": 1.0, "target_recall": 0.9, "delta": 0.05, "documents": 99, "calibration_recall": 0.95, "p_value": 0.01}
    replace(Sidecar.load(adapter), operating_point=point).save(adapter)
    with pytest.raises(SidecarError, match="changed, or of another adapter"):
        Tagger.from_pretrained(adapter, base=base)
    write_card(adapter, read_facts(adapter))
    with pytest.raises(SidecarError, match="promises a recall for all labels of the adapter"):
        Tagger.from_pretrained(adapter, base=base, labels=few, operating_point=True)
    (tmp_path / "letter.txt").write_text("Zoe Quill is 41 and lives in Winmere.", "utf-8")
    source = AdapterSource(str(adapter), only=["AGE"], base=str(base))
    assert redact_corpus(source, tmp_path / "letter.txt", Outputs.beside(tmp_path / "out.txt")).tally.spans.keys() <= {"AGE"}
    texts = ["Zoe Quill is 41 and lives in Winmere.", "12 years"]
    assert {span.label for spans in asked.tag(texts) for span in spans} <= {"AGE", "GPE"}
    with pytest.raises(SidecarError, match="no tag tokens for NAME; labels of one's own need tag_tokens: text"):
        Tagger.from_pretrained(adapter, base=base, labels=LabelSet("mine", (Label("NAME", "a name"),)))


def test_worked_examples_that_are_tested_on_are_refused(base: Path, data: Path, tmp_path: Path) -> None:
    shown = fixed_split(read_documents(data)[0], "random").test[:1]
    write_jsonl(shown, tmp_path / "examples.jsonl")
    settings = _settings(base, prompt_style="few_shot", examples=str(tmp_path / "examples.jsonl"))
    with pytest.raises(DataError, match="1 of the worked examples are tested on; take others"):
        train(data, tmp_path / "out", settings=settings)
    assert not (tmp_path / "out" / "adapter").exists()


def test_an_adapter_trained_on_all_labels_is_asked_for_all(base: Path, data: Path, tmp_path: Path) -> None:
    train(data, tmp_path / "out", settings=_settings(base))
    few = LabelSet.load("presidio").subset(["AGE"])
    with pytest.raises(SidecarError, match="trained to tag all labels of 'presidio'; leave labels out, or train with"):
        Tagger.from_pretrained(tmp_path / "out" / "adapter", base=base, labels=few)


def test_characters_of_several_tokens_are_shown_whole(base: Path, tmp_path: Path) -> None:
    write_jsonl([Document("a", "患者王小明，36岁。", (Span(2, 5, "PERSON"),))], tmp_path / "zh.jsonl")
    for loss in ("answer", "decisions"):
        pieces = show_row(tmp_path / "zh.jsonl", settings=_settings(base, loss=loss))
        assert "\ufffd" not in "".join(piece for piece, _ in pieces)
        assert "".join(piece for piece, _ in pieces).count("王小明") == 2
