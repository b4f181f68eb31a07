"""TRL's own command trains on an exported folder; piispan cannot even be imported there."""

import json
import math
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from piispan.core import LabelSet
from piispan.dataset_builder import Split, export_folder, synthesise
from tests.doc_blocks import code_blocks
from tests.tiny import tiny_llama, tiny_tokenizer

pytestmark = pytest.mark.slow

PAGE = Path(__file__).parents[2] / "docs" / "data.md"
BLOCK = """
import sys

class Refusal:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "piispan":
            raise ImportError("no piispan here")

sys.meta_path.insert(0, Refusal())
"""
FOR_THE_TEST = (
    "--max_steps 2 --logging_steps 1 --save_steps 2 --per_device_train_batch_size 2 --max_length 4096 "
    "--use_cpu --bf16 False --report_to none --disable_tqdm True"
)


def test_trl_sft_trains_on_a_data_folder(tmp_path: Path) -> None:
    tiny_llama().float().save_pretrained(tmp_path / "base")
    tiny_tokenizer().save_pretrained(tmp_path / "base")
    split = Split(tuple(synthesise(8, seed=1)), (), tuple(synthesise(2, seed=2)))
    export_folder(split, tmp_path / "my-data", labels=LabelSet.load("presidio"), formats=["tagged"])
    (tmp_path / "block").mkdir()
    (tmp_path / "block" / "sitecustomize.py").write_text(BLOCK)
    (documented,) = (code for language, code in code_blocks(PAGE) if language == "bash" and code.startswith("trl"))
    _, *arguments = shlex.split(f"{documented.replace('BASE', './base')} {FOR_THE_TEST}")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "PYTHONPATH"))}
    own = {"HF_HOME": str(tmp_path / "home"), "HF_HUB_OFFLINE": "1", "PYTHONPATH": str(tmp_path / "block"), "OMP_NUM_THREADS": "1"}
    run = {"cwd": tmp_path, "env": {**inherited, **own}, "capture_output": True, "text": True, "check": False}

    refused = subprocess.run([sys.executable, "-c", "import piispan.core"], **run)
    assert "no piispan here" in refused.stderr
    done = subprocess.run([Path(sys.executable).with_name("trl"), *arguments], **run)
    assert done.returncode == 0, done.stderr[-3000:]
    state = json.loads((tmp_path / "out" / "checkpoint-2" / "trainer_state.json").read_text())
    losses = [entry["loss"] for entry in state["log_history"] if "loss" in entry]
    assert state["global_step"] == len(losses) == 2
    # Random weights: about the loss of a guess among the 260 tokens, on the answers' tokens alone.
    assert all(abs(loss - math.log(260)) < 0.5 for loss in losses), losses
