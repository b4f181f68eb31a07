"""A killed run that goes on ends where it would have ended."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from piispan.core import DataError, Document, LabelSet, Span
from piispan.runs import TrainSettings
from piispan.runs.checkpoints import drop_checkpoints, identity, last_checkpoint, open_checkpoints

PROGRAM = """
import os, signal, sys
from pathlib import Path
import torch
from piispan.core import Document, LabelSet, Span, get_format, make_prompt
from piispan.runs import Silent, TrainSettings
from piispan.runs.checkpoints import last_checkpoint
from piispan.runs.training import train_adapter
from tests.tiny import tiny_llama, tiny_tokenizer

folder, kill_at, resume = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "resume"
torch.set_num_threads(1)

class Killed(Silent):
    steps = 0

    def advance(self, done, note=""):
        self.steps += done
        if self.steps == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
        print(note.split(",")[0])

settings = TrainSettings(epochs=3, batch_size=4, lora_rank=2, lora_alpha=4, lora_dropout=0.1, save_steps=2, labels="presidio")
prompt = make_prompt("plain", LabelSet.load("presidio").subset(["PERSON", "AGE"]), get_format("tagged"))
documents = [Document(str(i), f"Ada is {i}.", (Span(0, 3, "PERSON"),)) for i in range(14)]
found = last_checkpoint(folder) if resume else None
assert (found is not None) == resume
trained = train_adapter(tiny_llama().float(), tiny_tokenizer(), documents, prompt, settings, Killed(), checkpoints=folder, resume=found)
weights = {name: value for name, value in trained.model.state_dict().items() if "lora_" in name or "trainable_tokens" in name}
torch.save(weights, folder / "weights.pt")
"""


def _run(folder: Path, kill_at: int = 0, resume: str = "") -> tuple[int, list[str]]:
    command = [sys.executable, "-W", "ignore", "-c", PROGRAM, str(folder), str(kill_at), resume]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[2], check=False)
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode, done.stdout.splitlines()


def test_a_killed_run_ends_with_the_loss_and_the_weights_of_the_whole_run(tmp_path: Path) -> None:
    import torch

    whole, killed = tmp_path / "whole", tmp_path / "killed"
    code, losses = _run(whole)
    assert code == 0
    assert len(losses) == 12
    code, _ = _run(killed, kill_at=8)  # in the second epoch, two steps behind the last checkpoint
    assert code == -signal.SIGKILL
    assert last_checkpoint(killed) == str(killed / "checkpoint-6")
    code, rest = _run(killed, resume="resume")
    assert code == 0
    assert rest[-6:] == losses[-6:]
    before, after = (torch.load(folder / "weights.pt") for folder in (whole, killed))
    assert before.keys() == after.keys()
    assert all(before[name].equal(after[name]) for name in before)


PRESIDIO = LabelSet.load("presidio")
DOCUMENTS = [Document("a", "Ada", (Span(0, 3, "PERSON"),))]


def _this(settings: TrainSettings, labels: LabelSet = PRESIDIO, documents: list[Document] = DOCUMENTS) -> dict[str, object]:
    return identity(settings, labels, "0" * 64, documents, [])


def _with_checkpoint(folder: Path, step: int = 5) -> Path:
    (folder / f"checkpoint-{step}").mkdir(parents=True)
    (folder / f"checkpoint-{step}" / "trainer_state.json").write_text("{}")
    return folder


def test_checkpoints_of_another_run_are_refused(tmp_path: Path) -> None:
    folder, settings = tmp_path / "checkpoints", TrainSettings(save_steps=5, model=str(tmp_path / "someone"))
    with pytest.raises(DataError, match="no run to go on with"):
        open_checkpoints(folder, _this(settings), resume=True)
    assert open_checkpoints(folder, _this(settings), resume=False) is None
    assert "someone" not in (folder / "run.json").read_text()
    assert open_checkpoints(folder, _this(TrainSettings(save_steps=5, lora_rank=8)), resume=False) is None  # nothing was trained yet
    assert open_checkpoints(folder, _this(settings), resume=False) is None
    _with_checkpoint(folder)
    with pytest.raises(DataError, match="holds a run that did not end"):
        open_checkpoints(folder, _this(settings), resume=False)
    assert open_checkpoints(folder, _this(TrainSettings(save_steps=9)), resume=True) == str(folder / "checkpoint-5")
    with pytest.raises(DataError, match="differs in labels; choose"):
        open_checkpoints(folder, _this(settings, PRESIDIO.subset(["PERSON"])), resume=True)
    with pytest.raises(DataError, match="differs in documents, lora_rank; choose"):
        open_checkpoints(folder, _this(TrainSettings(save_steps=5, lora_rank=8), documents=DOCUMENTS * 2), resume=True)


def test_a_folder_of_other_files_is_refused_and_what_is_not_ours_stays(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(DataError, match="holds other files than a run's checkpoints"):
        open_checkpoints(tmp_path, _this(TrainSettings()), resume=False)
    (tmp_path / "notes.txt").unlink()
    open_checkpoints(tmp_path, _this(TrainSettings()), resume=False)
    _with_checkpoint(tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    drop_checkpoints(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
    (tmp_path / "notes.txt").unlink()
    drop_checkpoints(tmp_path)
    assert not tmp_path.exists()


def test_a_checkpoint_that_was_being_written_does_not_count(tmp_path: Path) -> None:
    assert last_checkpoint(tmp_path) is None
    for step in (2, 10, 12):
        (tmp_path / f"checkpoint-{step}").mkdir()
        if step < 12:
            (tmp_path / f"checkpoint-{step}" / "trainer_state.json").write_text("{}")
    assert last_checkpoint(tmp_path) == str(tmp_path / "checkpoint-10")
    (tmp_path / "checkpoint-12" / "trainer_state.json").write_text('{"log_hist')
    assert last_checkpoint(tmp_path) == str(tmp_path / "checkpoint-10")
