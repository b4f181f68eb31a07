"""Two processes train as one does."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import json, os, sys
import torch
from transformers import TrainerCallback
from piispan.trainer_ext import PiiSFTConfig, PiiSFTTrainer, lora_preset
from tests.tiny import tiny_llama, tiny_tokenizer
from tests.trainer_ext.examples import random_rows

torch.set_num_threads(1)
folder, each, max_tokens = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
rows = random_rows(24, seed=7)
watched = [rows[0], rows[1]] * 4  # alike for both processes, so that the mean of their means is the mean of all
if max_tokens < 1000:  # one process has long rows and so more goes than the other
    rows = [row if number % 8 < 4 else rows[0] for number, row in enumerate(rows)]
config = PiiSFTConfig(
    folder, use_cpu=True, max_steps=3, logging_steps=1, per_device_train_batch_size=each, learning_rate=1e-2,
    per_device_eval_batch_size=each, max_tokens=max_tokens, train_sampling_strategy="sequential", average_tokens_across_devices=True,
)
trainer = PiiSFTTrainer(
    tiny_llama().float(), config, rows, watched, processing_class=tiny_tokenizer(), peft_config=lora_preset(rank=2, alpha=4)
)
trainer.train()
evaluated = trainer.evaluate()["eval_loss"]
if trainer.is_world_process_zero():
    logs = [entry for entry in trainer.state.log_history if "loss" in entry]
    print(json.dumps({"losses": [*(entry["loss"] for entry in logs), evaluated], "tokens": logs[-1]["num_tokens"]}))
sys.stdout.flush()
if torch.distributed.is_initialized():
    torch.distributed.barrier()
    os._exit(0)  # gloo's threads may abort the interpreter's own end ("terminate called without an active exception")
"""


RESUMED = """
import json, os, sys
import torch
from piispan.trainer_ext import PiiSFTConfig, PiiSFTTrainer, lora_preset
from tests.tiny import tiny_llama, tiny_tokenizer
from tests.trainer_ext.examples import random_rows

torch.set_num_threads(1)
folder, each, checkpoint = sys.argv[1], int(sys.argv[2]), sys.argv[3]
config = PiiSFTConfig(
    folder, use_cpu=True, num_train_epochs=2, logging_steps=1, per_device_train_batch_size=each, learning_rate=1e-2,
    save_strategy="steps", save_steps=3, average_tokens_across_devices=True,
)
trainer = PiiSFTTrainer(
    tiny_llama().float(), config, random_rows(24, seed=7), processing_class=tiny_tokenizer(), peft_config=lora_preset(rank=2, alpha=4),
    passes=2,
)
trainer.train(resume_from_checkpoint=f"{folder}/{checkpoint}" if checkpoint != "none" else None)
if trainer.is_world_process_zero():
    logs = [entry for entry in trainer.state.log_history if "loss" in entry]
    print(json.dumps({"losses": [entry["loss"] for entry in logs], "tokens": logs[-1]["num_tokens"]}))
sys.stdout.flush()
if torch.distributed.is_initialized():
    torch.distributed.barrier()
    os._exit(0)
"""


def _losses(tmp_path: Path, processes: int, last: int | str, program: str = PROGRAM) -> list[float]:
    script = tmp_path / "train.py"
    script.write_text(program)
    # accelerate starts several processes on a CPU by mpirun alone; torchrun sets the same variables.
    launch = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node", str(processes)]
    arguments = [str(tmp_path / "out"), str(8 // processes), str(last)]
    command = [sys.executable, "-W", "ignore", *(launch if processes > 1 else []), str(script), *arguments]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, capture_output=True, text=True, cwd=root, env=_environment(root), check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    answer = json.loads(next(line for line in done.stdout.splitlines() if line.startswith('{"losses"')))
    assert answer["tokens"] > 0
    return answer["losses"]


def _environment(root: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(root), "OMP_NUM_THREADS": "1"}


@pytest.mark.parametrize("max_tokens", [10_000, 60], ids=["whole", "in parts"])
def test_two_processes_have_the_losses_of_one(tmp_path: Path, max_tokens: int) -> None:
    assert _losses(tmp_path, 2, max_tokens) == pytest.approx(_losses(tmp_path, 1, max_tokens), rel=1e-4)


def test_two_processes_go_on_in_the_middle_of_a_pass_with_the_pass_that_is_due(tmp_path: Path) -> None:
    whole = _losses(tmp_path, 2, "none", RESUMED)
    assert len(whole) == 4
    assert _losses(tmp_path, 2, "checkpoint-3", RESUMED)[3:] == pytest.approx(whole[3:], rel=1e-4)
