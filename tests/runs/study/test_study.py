"""A study, whole, on a tiny model: cells that are done, resumed, failing and reported."""

import json
import re
import shlex
import shutil
import signal
import subprocess
import time
from dataclasses import replace
from io import StringIO
from pathlib import Path
from statistics import fmean

import pytest
import yaml
from rich.console import Console

from piispan.cli.main import main
from piispan.cli.terminal import study_table
from piispan.core import DataError, FormatError, read_predictions
from piispan.dataset_builder import read_split, synthesise, whole_groups, write_jsonl
from piispan.metric import COUNTED
from piispan.runs import Silent, grids, is_done, load_grid, run_study, write_report
from piispan.runs.artifacts import documents_sha256
from piispan.runs.checkpoints import last_checkpoint
from piispan.runs.machine import usable_cores
from piispan.runs.study.cell_process import command_of
from piispan.runs.study.choosing import check_choice, resolved
from piispan.runs.study.grid_files import grid_of
from piispan.runs.study.measuring import measure
from piispan.runs.study.results import found_cells
from tests.cli.test_readmes import parse
from tests.tiny import tiny_llama, tiny_tokenizer

TRAINING = {"epochs": 1, "batch_size": 4, "lora_rank": 2, "lora_alpha": 4}
MEASURED = {"hardware": "a machine", "dtype": "float32", "versions": {}, "measured_texts_trained_on": 0, "measured_of_trained_groups": 0}
SETTINGS = {
    "tagged": {"loss": "answer", "tag_tokens": "text", "seeds": [0, 1]},
    "the same, written out": {"decoder": "generate", "adapter_of": "tagged"},
    "too many": {"documents": 1000},
    "fewer labels": {"loss": "answer", "tag_tokens": "text", "held_out": ["PERSON"], "documents": 8},
    "patterns": {"system": "patterns"},
    "token classifier": {"system": "token_classifier", "learning_rate": 1e-3},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A base model, documents and a grid."""
    folder = tmp_path_factory.mktemp("study")
    tiny_llama().float().save_pretrained(folder / "base")
    tiny_tokenizer().save_pretrained(folder / "base")
    write_jsonl(synthesise(30, seed=5), folder / "documents.jsonl")
    common = {**TRAINING, "model": str(folder / "base")}
    grid = {"question": "Which?", "splits": ["random"], "common": common, "settings": SETTINGS}
    (folder / "mine.yaml").write_text(yaml.safe_dump(grid, sort_keys=False))
    return folder


@pytest.fixture(scope="module")
def outcomes(folder: Path) -> dict[str, str | None]:
    grid, data = load_grid(folder / "mine.yaml"), folder / "documents.jsonl"
    for cell in grid.cells:
        if cell.setting not in ("too many", "patterns"):  # these have processes of their own, which take seconds to begin
            measure(cell, data, folder / "out", Silent())
    found = run_study([grid], data, folder / "out", progress=Silent())
    return {outcome.place: outcome.failure for outcome in found}


def test_a_cell_that_fails_stops_none_of_the_rest(folder: Path, outcomes: dict[str, str | None]) -> None:
    failed = {place: failure for place, failure in outcomes.items() if failure}
    assert list(failed) == ["mine/too-many/random-seed0"]
    (failure,) = failed.values()
    assert "asks for 1000 documents to train on, and its training part has 22" in str(failure)
    assert len(outcomes) == 8


def test_a_cell_leaves_what_it_was_and_what_it_found(folder: Path, outcomes: dict[str, str | None]) -> None:
    place = folder / "out" / "mine" / "tagged" / "random-seed0"
    config, metrics, counts = (json.loads((place / f"{name}.json").read_text()) for name in ("config", "metrics", "counts"))
    assert config["settings"]["model"] == "base"
    assert str(folder) not in json.dumps(config)
    assert config["training_documents"] == 16
    assert "generated_together" not in config
    written_out = json.loads((folder / "out" / "mine" / "the-same-written-out" / "random-seed0" / "config.json").read_text())
    assert written_out["generated_together"] == 16
    assert metrics["cost"]["training_seconds"] > 0
    test = read_split(folder / "documents.jsonl", "random").test
    assert [prediction.id for prediction in read_predictions(place / "predictions.jsonl")] == [document.id for document in test]
    assert set(counts["all"]) == set(COUNTED)
    assert sum(counts["all"]["gold"]) == sum(len(document.spans) for document in test)
    written = (place / "counts.json").read_text() + (place / "config.json").read_text() + (place / "metrics.json").read_text()
    assert not any(document.value(span) in written for document in test for span in document.spans if span.label == "PERSON")


def test_what_is_done_is_not_done_again(folder: Path, outcomes: dict[str, str | None]) -> None:
    grid = load_grid(folder / "mine.yaml")
    again = list(run_study([grid], folder / "documents.jsonl", folder / "out", only="tagged/random", progress=Silent()))
    assert [(outcome.seconds, outcome.failure) for outcome in again] == [(0.0, None)] * 2


def test_cells_that_run_beside_each_other_share_the_cores(folder: Path, tmp_path: Path) -> None:
    settings = {"patterns": {"system": "patterns"}, "none of them": {"system": "patterns", "lora_rank": 3}}
    wanted = {"question": "Which?", "splits": ["random"], "seeds": [0, 1], "settings": settings}
    (tmp_path / "two.yaml").write_text(yaml.safe_dump(wanted, sort_keys=False))
    grid, jobs = load_grid(tmp_path / "two.yaml"), min(2, usable_cores())
    outcomes = list(run_study([grid], folder / "documents.jsonl", tmp_path / "out", jobs=jobs, progress=Silent()))
    places = [f"two/{setting}/random-seed{seed}" for seed in (0, 1) for setting in ("patterns", "none-of-them")]
    assert [(outcome.place, outcome.failure) for outcome in outcomes] == [(place, None) for place in places]
    share = usable_cores() // jobs
    configs = [json.loads((tmp_path / "out" / place / "config.json").read_text()) for place in places]
    hardware = f"{share} CPU core{'' if share == 1 else 's'}"
    assert {(config["hardware"], config["jobs"]) for config in configs} == {(hardware, jobs)}
    write_report(tmp_path / "out", [grid], tmp_path / "study.md")
    beside = f", up to {jobs} cells at a time" if jobs > 1 else ""
    assert f"Hardware: {hardware} ({configs[0]['dtype']}{beside})." in (tmp_path / "study.md").read_text()
    for wrong in (0, usable_cores() + 1):
        with pytest.raises(FormatError, match="jobs must be within 1 and the number of cores"):
            list(run_study([grid], folder / "documents.jsonl", tmp_path / "out", jobs=wrong, progress=Silent()))


def test_what_is_done_again_stays_until_its_turn_comes(folder: Path, outcomes: dict[str, str | None], tmp_path: Path) -> None:
    settings = {name: {"system": "patterns", "lora_rank": rank} for rank, name in enumerate(("first", "second"), 3)}
    (tmp_path / "two.yaml").write_text(yaml.safe_dump({"question": "Which?", "splits": ["random"], "settings": settings}))
    grid, data = load_grid(tmp_path / "two.yaml"), folder / "documents.jsonl"
    list(run_study([grid], data, tmp_path / "out", progress=Silent()))
    interrupting = subprocess.CompletedProcess([], -signal.SIGINT)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("piispan.runs.study.running.subprocess.run", lambda *args, **options: interrupting)
        outcomes = list(run_study([grid], data, tmp_path / "out", again=True, progress=Silent()))
    assert [outcome.failure for outcome in outcomes] == ["interrupted", "interrupted"]
    assert [is_done(tmp_path / "out", cell) for cell in grid.cells] == [False, True]
    assert not list((tmp_path / "out").rglob("failure.json"))
    list(run_study([grid], data, tmp_path / "out", progress=Silent()))
    before = [(tmp_path / "out" / cell.place / "metrics.json").stat().st_mtime_ns for cell in grid.cells]
    assert [outcome.seconds > 0 for outcome in run_study([grid], data, tmp_path / "out", again=True, progress=Silent())] == [True, True]
    assert all(
        (tmp_path / "out" / cell.place / "metrics.json").stat().st_mtime_ns > then for cell, then in zip(grid.cells, before, strict=True)
    )


def test_only_takes_words_of_the_setting_and_refuses_those_of_none(folder: Path, outcomes: dict[str, str | None]) -> None:
    grid = load_grid(folder / "mine.yaml")
    data, out = folder / "documents.jsonl", folder / "out"
    assert [outcome.place for outcome in run_study([grid], data, out, only="patterns", progress=Silent())] == ["mine/patterns/random-seed0"]
    with pytest.raises(DataError, match="no cell that can be run holds 'tagegd'"):
        list(run_study([grid], data, out, only="tagegd", progress=Silent()))


def test_what_was_measured_otherwise_is_not_done(folder: Path, outcomes: dict[str, str | None], tmp_path: Path) -> None:
    (cell,) = (cell for cell in load_grid(folder / "mine.yaml").cells if cell.setting == "patterns")
    assert is_done(folder / "out", cell, folder / "documents.jsonl")
    assert not is_done(folder / "out", replace(cell, settings=replace(cell.settings, epochs=2.0)))
    write_jsonl(synthesise(30, seed=6), tmp_path / "others.jsonl")
    assert not is_done(folder / "out", cell, tmp_path / "others.jsonl")


def test_what_another_configuration_left_is_cleared(folder: Path, outcomes: dict[str, str | None], tmp_path: Path) -> None:
    shutil.copytree(folder / "out", tmp_path / "out")
    cell = load_grid(folder / "mine.yaml").cells[0]
    place = tmp_path / "out" / cell.place
    state = place / "checkpoints" / "checkpoint-4" / "trainer_state.json"
    config = json.loads((place / "config.json").read_text())
    for changed, stays in (({"hardware": "3 CPU cores", "jobs": 3}, True), ({"dtype": "float8"}, False)):
        state.parent.mkdir(parents=True, exist_ok=True)
        state.write_text("{}")
        (place / "config.json").write_text(json.dumps({**config, **changed}))
        with pytest.raises(KeyboardInterrupt):
            measure(cell, folder / "documents.jsonl", tmp_path / "out", Interrupted())
        assert not (place / "metrics.json").exists()
        assert state.exists() is stays


class Interrupted(Silent):
    """Stops the work at its first step."""

    def start(self, what: str, total: int | None, unit: str) -> None:
        raise KeyboardInterrupt


def test_times_of_different_machines_have_no_common_mean(folder: Path, outcomes: dict[str, str | None], tmp_path: Path) -> None:
    shutil.copytree(folder / "out", tmp_path / "out")
    for seed, (seconds, machine) in enumerate([(1.0, "2 CPU cores"), (3.0, "1 x GPU")]):
        place = tmp_path / "out" / "mine" / "tagged" / f"random-seed{seed}"
        config, metrics = (json.loads((place / name).read_text()) for name in ("config.json", "metrics.json"))
        (place / "config.json").write_text(json.dumps({**config, "hardware": machine, "dtype": "bfloat16", "jobs": 1}))
        times = {"seconds_per_document": seconds, "training_seconds": 60.0, "waited_share": 0.0}  # whatever else ran beside it here
        (place / "metrics.json").write_text(json.dumps({**metrics, "cost": {**metrics["cost"], **times}}))
    write_report(tmp_path / "out", [load_grid(folder / "mine.yaml")], tmp_path / "study.md")
    report = (tmp_path / "study.md").read_text()
    costs = re.findall(r"^\| tagged \| `random` \|.* ([0-9.]+) \| [0-9.]+ \| [0-9.]+ \| (.+ \(bfloat16\)) \|$", report, re.MULTILINE)
    assert costs == [("1.000", "2 CPU cores (bfloat16)"), ("3.000", "1 x GPU (bfloat16)")]
    assert " Costs are those on " in report


def test_f1_after_repair_has_a_column_where_it_differs(folder: Path, outcomes: dict[str, str | None], tmp_path: Path) -> None:
    shutil.copytree(folder / "out", tmp_path / "out")
    place = tmp_path / "out" / "mine" / "tagged" / "random-seed0" / "metrics.json"
    metrics = json.loads(place.read_text())
    for recovered, columns in ((metrics["f1"], 0), (metrics["f1"] + 0.1, 1)):
        place.write_text(json.dumps({**metrics, "f1_recovered": recovered}))
        write_report(tmp_path / "out", [load_grid(folder / "mine.yaml")], tmp_path / "study.md")
        assert (tmp_path / "study.md").read_text().count("| F1 after repair |") == columns


def test_held_out_labels_are_asked_for_and_were_not_trained_on(folder: Path, outcomes: dict[str, str | None]) -> None:
    place = folder / "out" / "mine" / "fewer-labels" / "random-seed0"
    assert json.loads((place / "config.json").read_text())["training_documents"] == 8
    assert "PERSON" not in json.dumps(json.loads((place / "adapter" / "piispan.json").read_text())["labels"])
    metrics, counts = (json.loads((place / f"{name}.json").read_text()) for name in ("metrics", "counts"))
    assert "PERSON" in metrics["per_label"]
    gold = {name: sum(counts[name]["gold"]) for name in ("all", "held_out", "trained")}
    assert gold["all"] == gold["held_out"] + gold["trained"]
    test = read_split(folder / "documents.jsonl", "random").test
    assert gold["held_out"] == sum(span.label == "PERSON" for document in test for span in document.spans)
    assert metrics["recall_held_out"] == sum(counts["held_out"]["exact"]) / gold["held_out"]


def test_the_lines_that_train_a_setting_can_be_typed(tmp_path: Path) -> None:
    shipped = [grid for grid in map(load_grid, grids()) if not grid.chosen_from]
    for cell in (cell for grid in shipped for cell in grid.cells):
        parts = {"measured_sha256": cell.split, "training_documents": 1, "measured_documents": 1}
        config = {**cell.to_dict(), **MEASURED, **parts}
        counts = {"units": [0], "all": {name: [1] for name in COUNTED}}
        for name, content in (("config", config), ("metrics", {"f1": 1.0, "cost": {}}), ("counts", counts)):
            (tmp_path / cell.place).mkdir(parents=True, exist_ok=True)
            (tmp_path / cell.place / f"{name}.json").write_text(json.dumps(content))
    write_report(tmp_path, shipped, tmp_path / "study.md")
    found = re.findall(r"^- (.+): `piispan (train FILE .+)`$", (tmp_path / "study.md").read_text(), re.MULTILINE)
    for _, line in found:
        parse(shlex.split(line))
    lines = dict(found)
    assert "--gradient-checkpointing" in lines["Mistral 7B"]
    assert lines["100 documents (here on 100 documents)"] == (
        "train FILE --out out --start pretuned-en --mention-replacement 0.8 --epochs 24 --learning-rate 0.001"
    )
    assert {"plain", "pre-tuned, 6 epochs, mentions replaced", "bio, plain decoding (here on 400 documents)"} <= lines.keys()
    assert not {"colon", "prompt loss weight 1", "untuned, plain decoding"} & lines.keys()


@pytest.mark.parametrize("part", ["", "/{}"])
def test_groups_are_resampled_where_they_were_dealt_whole(part: str, tmp_path: Path) -> None:
    data = tmp_path / "documents.jsonl"
    made = [replace(one, group=f"letter {number % 12}{part.format(number % 5)}") for number, one in enumerate(synthesise(36, seed=5))]
    whole = [replace(one, id=f"whole-{one.id}", group=f"letter {number}") for number, one in enumerate(made[:12])]
    write_jsonl([*made, *whole], data)
    settings = {"patterns": {"system": "patterns"}}
    grid = grid_of({"question": "How sure?", "splits": ["random", "template"], "settings": settings}, "sure")
    for cell in grid.cells:
        measure(cell, data, tmp_path, Silent())
    of_random, of_template = found_cells(tmp_path, grid)
    assert len(of_random.counts) == len(read_split(data, "random").test)
    test = read_split(data, "template").test
    groups = set(whole_groups(test))
    assert 1 < len(groups) == len(of_template.counts) < len(test)
    assert of_template.value("f1") == pytest.approx(of_template.metrics["f1"])
    write_report(tmp_path, [grid], tmp_path / "study.md")
    assert f"`template`, measured on {len(test)} documents of {len(groups)} groups." in (tmp_path / "study.md").read_text()


def test_the_best_on_validation_is_measured_on_the_test(folder: Path, tmp_path: Path) -> None:
    trials = {
        "question": "Which?",
        "part": "validation",
        "splits": ["random"],
        "settings": {"patterns": {"system": "patterns"}, "none of them": {"system": "patterns", "labels": "presidio", "lora_rank": 3}},
    }
    (tmp_path / "trials.yaml").write_text(yaml.safe_dump(trials, sort_keys=False))
    wanted = {"question": "So?", "chosen_from": "trials.yaml", "splits": ["random"], "seeds": [4, 5]}
    (tmp_path / "best.yaml").write_text(yaml.safe_dump(wanted))
    grids = [load_grid(tmp_path / name) for name in ("trials.yaml", "best.yaml")]
    data = folder / "documents.jsonl"
    (told,) = run_study(grids[1:], data, tmp_path / "out", progress=Silent())
    assert told.failure == "grid best: chosen from trials, of which 2 of 2 cells are not done yet"
    waiting = Console(file=StringIO(), width=120)
    waiting.print(study_table(grids, tmp_path / "out"))
    assert "│ best   │ chosen from trials, of which 2 of 2 cells are not done yet │" in waiting.file.getvalue()
    list(run_study(grids[:1], data, tmp_path / "out", progress=Silent()))
    worse = tmp_path / "out" / "trials" / "none-of-them" / "random-seed0" / "metrics.json"
    worse.write_text(json.dumps({**json.loads(worse.read_text()), "f1": 0.0}))
    others = tmp_path / "others.jsonl"
    write_jsonl(synthesise(30, seed=9), others)
    assert [list(study_table(grids[:1], tmp_path / "out", data=known).columns[3].cells) for known in (data, others)] == [
        ["1", "1"],
        ["0", "0"],
    ]
    done = [outcome.place for outcome in run_study(grids, data, tmp_path / "out", progress=Silent())]
    assert done[2:] == [f"best/patterns/random-seed{seed}" for seed in (4, 5)]
    assert json.loads((tmp_path / "out" / done[2] / "config.json").read_text())["part"] == "test"
    write_report(tmp_path / "out", grids, tmp_path / "study.md", folder / "documents.jsonl")
    (chosen,) = json.loads((tmp_path / "study.json").read_text())["chosen"].values()
    assert (chosen["seeds"], chosen["cell"]) == (2, "best/patterns/random")
    assert chosen["f1"] == json.loads((tmp_path / "out" / "best/patterns/random-seed4/metrics.json").read_text())["f1"]


def test_what_is_fitted_again_trains_on_validation_too(folder: Path, outcomes: dict[str, str | None], tmp_path: Path) -> None:
    (best,) = (cell for cell in load_grid(folder / "mine.yaml").cells if cell.place == "mine/tagged/random-seed0")
    wanted = {"question": "So?", "chosen_from": "choosing", "splits": ["random"], "seeds": [3], "refit": True}
    grid = grid_of(wanted, "best").with_chosen([best])
    (patterns,) = (cell for cell in load_grid(folder / "mine.yaml").cells if cell.setting == "patterns")
    assert not grid_of(wanted, "best").with_chosen([patterns]).cells[0].refit
    (cell,) = grid.cells
    parts = read_split(folder / "documents.jsonl", "random")
    measure(cell, folder / "documents.jsonl", tmp_path, Silent())
    config = json.loads((tmp_path / cell.place / "config.json").read_text())
    assert (config["refit"], config["part"], config["training_documents"]) == (True, "test", len(parts.train) + len(parts.validation))
    assert is_done(tmp_path, cell)
    assert not is_done(tmp_path, replace(cell, refit=False))
    write_report(tmp_path, [grid], tmp_path / "study.md", folder / "documents.jsonl")
    assert "Trained on the training and the validation documents together" in (tmp_path / "study.md").read_text()
    for setting in ({"early_stopping_patience": 2}, {"documents": 5}):
        trials = {"question": "Which?", "part": "validation", "settings": {"a": setting}}
        (tmp_path / "trials.yaml").write_text(yaml.safe_dump(trials))
        (tmp_path / "again.yaml").write_text(yaml.safe_dump({**wanted, "chosen_from": "trials.yaml"}))
        with pytest.raises(FormatError, match="goes with neither early stopping nor a number of documents, as 'a' asks for"):
            list(run_study([load_grid(tmp_path / "again.yaml")], folder / "documents.jsonl", tmp_path / "none", progress=Silent()))
    check_choice(load_grid("chosen"))
    assert load_grid("chosen").refit


def test_what_cannot_be_chosen_is_told(folder: Path, outcomes: dict[str, str | None], tmp_path: Path) -> None:
    wanted = {"question": "So?", "splits": ["random"], "seeds": [3]}
    trials = {"question": "Which?", "splits": ["random"], "settings": {"patterns": {"system": "patterns"}}}
    for part, splits, said in (
        ("test", ["random"], "chosen from trials, which is not measured on validation"),
        ("validation", ["template"], "chosen from a grid that does not measure the split template"),
    ):
        (tmp_path / "trials.yaml").write_text(yaml.safe_dump({**trials, "part": part}))
        (cell,) = load_grid(tmp_path / "trials.yaml").cells
        measure(cell, folder / "documents.jsonl", tmp_path / part, Silent())
        grid = grid_of({**wanted, "splits": splits, "chosen_from": "trials.yaml"}, "best", tmp_path / "best.yaml")
        with pytest.raises((DataError, FormatError), match=said):
            resolved(grid, tmp_path / part)
    borrowed = [cell for cell in load_grid(folder / "mine.yaml").cells if cell.adapter_of][:1]
    with pytest.raises(FormatError, match="measures the adapter of another, which cannot be chosen alone"):
        grid_of({**wanted, "chosen_from": "choosing"}, "best").with_chosen(borrowed)


def test_cells_of_different_documents_are_not_reported_together(folder: Path, tmp_path: Path) -> None:
    settings = {name: {"system": "patterns", "lora_rank": rank} for rank, name in enumerate(("first", "second"), 3)}
    grid = grid_of({"question": "Which?", "splits": ["random"], "settings": settings}, "two")
    write_jsonl(synthesise(30, seed=6), tmp_path / "others.jsonl")
    for cell, data in zip(grid.cells, (folder / "documents.jsonl", tmp_path / "others.jsonl"), strict=True):
        measure(cell, data, tmp_path / "out", Silent())
    with pytest.raises(DataError, match="cells of the split random were measured on different documents"):
        write_report(tmp_path / "out", [grid], tmp_path / "study.md")
    write_report(tmp_path / "out", [grid], tmp_path / "study.md", tmp_path / "others.jsonl")
    assert "1 of 2 cells are done" in (tmp_path / "study.md").read_text()


def test_documents_that_are_dealt_already_are_not_measured_as_two_splits(folder: Path, tmp_path: Path) -> None:
    parts = read_split(folder / "documents.jsonl", "random")
    for name in ("train", "validation", "test"):
        write_jsonl(getattr(parts, name), tmp_path / "dealt" / f"{name}.jsonl")
    grid = grid_of({"question": "Which?", "settings": {"patterns": {"system": "patterns"}}}, "both")
    with pytest.raises(DataError, match="is dealt already, so that all splits would be the same documents"):
        list(run_study([grid], tmp_path / "dealt", tmp_path / "out", progress=Silent()))
    for cell in grid.cells[:1]:
        measure(cell, tmp_path / "dealt", tmp_path / "out", Silent())
    (told,) = run_study([grid], tmp_path / "dealt", tmp_path / "out", only="random", progress=Silent())
    assert told.failure is None


def test_an_adapter_that_saw_what_is_measured_is_refused(folder: Path, outcomes: dict[str, str | None], tmp_path: Path) -> None:
    adapter = folder / "out" / "mine" / "tagged" / "random-seed0" / "adapter"  # of the training part of `random`
    data = tmp_path / "grouped.jsonl"
    made = [replace(one, group=f"letter {number % 6}") for number, one in enumerate(synthesise(30, seed=5))]
    write_jsonl(made, data)
    begun = {**TRAINING, "model": str(folder / "base"), "start": str(adapter), "loss": "answer", "tag_tokens": "text"}
    settings = {"as it is": {"system": "untuned", **begun}, "tuned further": begun}
    cells = {(cell.split, cell.setting): cell for cell in grid_of({"question": "?", "settings": settings}, "seen").cells}
    sidecar = json.loads((adapter / "piispan.json").read_text())
    for kind in ("random", "template"):
        mine = tmp_path / kind
        shutil.copytree(adapter, mine)
        train = read_split(data, kind).train
        (mine / "piispan.json").write_text(json.dumps({**sidecar, "training_sha256": documents_sha256(train)}))
        for (split, setting), cell in cells.items():
            started = replace(cell, settings=replace(cell.settings, start=str(mine)))
            if split != kind:
                with pytest.raises(DataError, match=rf"seen/.*: {kind} was trained on documents that would be measured"):
                    measure(started, data, tmp_path / "out", Silent())
            elif setting == "as it is":  # what it was trained on is on the other side of this split
                measure(started, data, tmp_path / "out", Silent())
                assert is_done(tmp_path / "out", started)
    on_validation = replace(cells["random", "as it is"], part="validation")
    validation = read_split(data, "random").validation
    (tmp_path / "random" / "piispan.json").write_text(json.dumps({**sidecar, "selection_sha256": documents_sha256(validation)}))
    started = replace(on_validation, settings=replace(on_validation.settings, start=str(tmp_path / "random")))
    with pytest.raises(DataError, match="random was trained on documents that would be measured"):
        measure(started, data, tmp_path / "out", Silent())


def by_setting(cells: list[dict]) -> dict[str, list[dict]]:
    return {name: [cell for cell in cells if cell["config"]["setting"] == name] for name in {cell["config"]["setting"] for cell in cells}}


def test_the_report_says_what_the_cells_say(folder: Path, outcomes: dict[str, str | None], tmp_path: Path) -> None:
    write_report(folder / "out", [load_grid(folder / "mine.yaml"), load_grid("prompts")], tmp_path / "study.md", folder / "documents.jsonl")
    report = (tmp_path / "study.md").read_text()
    content = json.loads((tmp_path / "study.json").read_text())
    assert len(content["cells"]) == 7
    for cell in content["cells"]:
        metrics = json.loads((folder / "out" / cell["cell"] / "metrics.json").read_text())
        assert cell["f1"] == metrics["f1"]
        waited = metrics["cost"].get("waited_share", 0) > 0.05
        assert cell["cost"] == {name: cost for name, cost in metrics["cost"].items() if not (waited and "seconds" in name)}
        if cell["config"]["setting"] != "tagged":
            assert f"| {cell['config']['setting']} | `random` | {100 * metrics['f1']:.1f} % (" in report
    tagged = [cell["f1"] for cell in content["cells"] if cell["config"]["setting"] == "tagged"]
    assert f"| tagged | `random` | {100 * fmean(tagged):.1f} % (" in report
    assert "- mine/too-many/random-seed0: DataError" in report
    _, _, after = report.partition("**Which?** 7 of 8 cells are done, measured on test. ")
    table = after.split("\n\n")[1]
    means = {setting: fmean(cell["f1"] for cell in group) for setting, group in by_setting(content["cells"]).items()}
    best = max(means, key=lambda setting: means[setting])
    shown = re.findall(r"^\| `random` \| ([^|]+) \| ([0-9.]+) % \([12] seeds?\) \|", table, re.MULTILINE)
    assert sorted(shown) == sorted((setting, f"{100 * mean:.1f}") for setting, mean in means.items())
    assert [float(f1) for _, f1 in shown] == sorted((float(f1) for _, f1 in shown), reverse=True)
    assert f" | {best} | {100 * means[best]:.1f} % (" in table.splitlines()[2]
    assert "Not run yet: `piispan study prompts" in report
    assert (
        "\npiispan study mine.yaml --data FILE --out FOLDER --report study.md\n```\n\nGrids that have not been run: `prompts`.\n" in report
    )
    assert "piispan train" not in report  # where the base lies is not told
    assert str(folder) not in report + json.dumps(content)
    hallucinated = any(cell.get("hallucination_rate") for cell in content["cells"])
    drawn = {"mine-f1.png", "mine-speed.png", *(["mine-hallucination.png"] if hallucinated else [])}
    assert {path.name for path in (tmp_path / "study").iterdir()} == drawn


def test_what_is_lower_on_one_split_is_no_sound_choice(tmp_path: Path) -> None:
    f1 = {"everywhere": (80, 70), "on one": (40, 71), "on both": (30, 20)}
    settings = {name: {"system": "patterns", "lora_rank": 1 + number} for number, name in enumerate(f1)}
    contrasts = {"less, not more": ["on one", "everywhere"], "never run": ["never run", "on both"]}
    given = {"question": "Which?", "note": "Mind the gap.", "settings": {**settings, "never run": {}}, "contrasts": contrasts}
    grid = grid_of(given, "two")
    for cell in grid.cells:
        if cell.setting in f1:
            exact = f1[cell.setting][cell.split == "template"]
            parts = {"measured_sha256": cell.split, "training_documents": 0, "measured_documents": 100}
            config = {**cell.to_dict(), **MEASURED, **parts}
            counts = {name: [0] * 100 for name in COUNTED} | {"gold": [1] * 100, "predicted": [1] * 100}
            counts["exact"] = [int(number < exact) for number in range(100)]
            files = {"config": config, "metrics": {"f1": exact / 100, "cost": {}}, "counts": {"units": list(range(100)), "all": counts}}
            (tmp_path / cell.place).mkdir(parents=True)
            for name, content in files.items():
                (tmp_path / cell.place / f"{name}.json").write_text(json.dumps(content))
    write_report(tmp_path, [grid], tmp_path / "study.md")
    report = (tmp_path / "study.md").read_text()
    said = re.findall(r"^\| `(\w+)` \| ([a-z ]+) \| (\d+\.0 %) \(1 seed\) \|.*\| (highest|yes|not shown) \|  \|  \|$", report, re.MULTILINE)
    assert said == [
        ("random", "everywhere", "80.0 %", "highest"),
        ("random", "on one", "40.0 %", "yes"),
        ("random", "on both", "30.0 %", "yes"),
        ("template", "on one", "71.0 %", "highest"),
        ("template", "everywhere", "70.0 %", "not shown"),
        ("template", "on both", "20.0 %", "yes"),
    ]
    assert "\n\nShown to be lower on no split: **everywhere**. As these figures are of the test, they choose none of them.\n\n" in report
    assert "6 of 8 cells are done, measured on test. Not yet: never run." in report
    assert "\n\nMind the gap.\n\n" in report
    paired = re.findall(r"^\| (less, not more|never run) \| `(\w+)` \| 1 \| (\S+) .*?\| (higher|lower|not shown) \|", report, re.MULTILINE)
    assert paired == [("less, not more", "random", "-40.0", "lower"), ("less, not more", "template", "+1.0", "not shown")]
    told = json.loads((tmp_path / "study.json").read_text())["contrasts"]
    assert [(one["contrast"], one["split"], round(one["f1"]["value"], 9)) for one in told] == [
        ("less, not more", "random", -0.4),
        ("less, not more", "template", 0.01),
    ]


def test_the_command_runs_and_reports(folder: Path, outcomes: dict[str, str | None], tmp_path: Path, monkeypatch, capsys) -> None:
    command = ["piispan", "study", str(folder / "mine.yaml"), "--out", str(folder / "out")]
    given = ["--data", str(folder / "documents.jsonl"), "--only", "too-many", "--report", str(tmp_path / "study.md")]
    monkeypatch.setattr("sys.argv", [*command, *given])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 3
    assert "mine/too-many/random-seed0: failed: asks for 1000 documents to train on, and its training part has " in capsys.readouterr().err
    assert (tmp_path / "study.md").is_file()
    elsewhere = ["piispan", "study", str(folder / "mine.yaml"), "--out", str(tmp_path / "elsewhere")]
    monkeypatch.setattr("sys.argv", [*elsewhere, *given])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 3
    assert "no report: " in capsys.readouterr().err
    for words, shown in (("fewer", "fewer labels"), ("nothing of the kind", "")):
        monkeypatch.setattr("sys.argv", [*command, "--list", "--only", words])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        assert ended.value.code == (0 if shown else 2)
        assert shown in said.out
        assert "token classifier" not in said.out
        assert bool(said.err) is not bool(shown)
    monkeypatch.setattr("sys.argv", command)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert "give --data FILE" in capsys.readouterr().err
    wrong = {("study",): "name a grid to measure: baselines, ", (*command[1:], "--report-only"): "--report-only needs --report"}
    for arguments, message in wrong.items():
        monkeypatch.setattr("sys.argv", ["piispan", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code == 2
        assert message in capsys.readouterr().err


def test_another_adapter_in_the_place_of_the_measured_one_is_measured_anew(
    folder: Path, outcomes: dict[str, str | None], tmp_path: Path
) -> None:
    shutil.copytree(folder / "out", tmp_path / "out")
    cells = [cell for cell in load_grid(folder / "mine.yaml").cells if cell.settings.seed == 0]
    source, dependent = (next(cell for cell in cells if cell.setting == name) for name in ("tagged", "the same, written out"))
    assert is_done(tmp_path / "out", source)
    assert is_done(tmp_path / "out", dependent)
    path = tmp_path / "out" / source.place / "metrics.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "adapter_weights_sha256": "0" * 64}))
    assert is_done(tmp_path / "out", source)
    assert not is_done(tmp_path / "out", dependent)


def test_a_cell_that_is_killed_in_its_training_goes_on_at_its_checkpoint(folder: Path, tmp_path: Path) -> None:
    settings = {"killed": {**TRAINING, "model": str(folder / "base"), "epochs": 12, "save_steps": 2}}
    (tmp_path / "cut.yaml").write_text(yaml.safe_dump({"question": "Cut?", "splits": ["random"], "settings": settings}))
    grid, data = load_grid(tmp_path / "cut.yaml"), folder / "documents.jsonl"
    (cell,) = grid.cells
    measure(cell, data, tmp_path / "whole", Silent())
    place = tmp_path / "out" / cell.place
    with subprocess.Popen(command_of(cell, data, tmp_path / "out", 2)) as process:
        deadline = time.monotonic() + 300
        while last_checkpoint(place / "checkpoints") is None:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.01)
        (beside,) = run_study([grid], data, tmp_path / "out", again=True, progress=Silent())
        assert beside.failure == "is being measured by another process"
        process.kill()
    (state,) = place.glob(f"checkpoints/{Path(last_checkpoint(place / 'checkpoints')).name}/trainer_state.json")
    shutil.copy(state, place / "begun.json")
    assert (place / "config.json").is_file()
    assert not is_done(tmp_path / "out", cell, data)
    (outcome,) = run_study([grid], data, tmp_path / "out", progress=Silent())
    assert outcome.failure is None
    whole, cut = (json.loads((tmp_path / name / cell.place / "metrics.json").read_text()) for name in ("whole", "out"))
    begun = json.loads((place / "begun.json").read_text())["log_history"][-1]["seconds"]
    assert cut["cost"]["training_seconds"] > begun > 0
    assert cut["cost"]["void"] == {"training_seconds": "went on from a checkpoint"}
    assert "void" not in whole["cost"]
    write_report(tmp_path / "out", [grid], tmp_path / "study.md")
    assert "Left out of the costs: training of 1 cell that went on from a checkpoint" in (tmp_path / "study.md").read_text()
    assert cut["adapter_weights_sha256"] == whole["adapter_weights_sha256"]
    assert not (place / "checkpoints").exists()
