"""The libraries on top of ``huggingface_hub`` push and pull too, each in a process of its own that knows no other Hub."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.loopback.pushes import TOKEN
from tests.loopback_hub import LoopbackHub

DATASETS = """
from datasets import Dataset, load_dataset
for texts in (["a"], ["a", "b"]):
    Dataset.from_dict({"text": texts}).push_to_hub("you/it", private=True)
print(load_dataset("you/it", split="train")["text"][:])
"""
EVALUATE = '''
import evaluate
from huggingface_hub import HfApi
code = """
import datasets
import evaluate
class It(evaluate.Metric):
    def _info(self):
        features = datasets.Features({"predictions": datasets.Value("string"), "references": datasets.Value("string")})
        return evaluate.MetricInfo(description="", citation="", inputs_description="", features=features)
    def _compute(self, predictions, references):
        return {"n": NUMBER * len(predictions)}
"""
api = HfApi()
api.create_repo("you/it", repo_type="space", space_sdk="gradio", private=True)
for number, tag in (("10", "v1"), ("100", "v2")):
    api.upload_file(path_or_fileobj=code.replace("NUMBER", number).encode(), path_in_repo="it.py", repo_id="you/it", repo_type="space")
    api.create_tag("you/it", tag=tag, repo_type="space")
print([evaluate.load("you/it", revision=revision).compute(predictions=["a"], references=["b"])["n"] for revision in ("v1", None)])
'''
TRANSFORMERS = """
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM
config = LlamaConfig(vocab_size=32, hidden_size=8, intermediate_size=8, num_hidden_layers=1, num_attention_heads=2)
LlamaForCausalLM(config).push_to_hub("you/base", private=True)
base = AutoModelForCausalLM.from_pretrained("you/base")
pushed = get_peft_model(base, LoraConfig(task_type="CAUSAL_LM", target_modules=["q_proj"], r=2, init_lora_weights=False))
pushed.push_to_hub("you/it", private=True)
pulled = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained("you/base"), "you/it")
ids = torch.tensor([[1, 2, 3]])
print(torch.equal(pushed(ids).logits, pulled(ids).logits))
"""


@pytest.mark.parametrize(("program", "expected", "repos"), [
    (DATASETS, "['a', 'b']", {"datasets/you/it"}),
    (EVALUATE, "[10, 100]", {"spaces/you/it"}),
    (TRANSFORMERS, "True", {"you/base", "you/it"}),
], ids=["datasets", "evaluate", "transformers"])  # fmt: skip
def test_a_client_pushes_and_pulls(tmp_path: Path, program: str, expected: str, repos: set[str]) -> None:
    with LoopbackHub(token=TOKEN) as hub:
        command = [sys.executable, "-c", program]
        done = subprocess.run(command, env=hub.environment(tmp_path, TOKEN), capture_output=True, text=True, check=False)
    assert done.stdout.strip() == expected, done.stderr
    assert hub.private == dict.fromkeys(repos, True)
    assert hub.unanswered == []


def test_the_environment_names_this_hub_and_no_account(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("HF_TOKEN", "HF_HUB_OFFLINE", "HUGGING_FACE_HUB_TOKEN", "HUGGINGFACE_HUB_CACHE"):
        monkeypatch.setenv(name, "theirs")
    monkeypatch.setenv("KEPT", "1")
    with LoopbackHub() as hub:
        found = hub.environment(tmp_path)
        assert (found["HF_ENDPOINT"], found["HF_HOME"], found["KEPT"]) == (hub.endpoint, str(tmp_path), "1")
        assert "theirs" not in found.values()
        assert hub.environment(tmp_path, "mine") == {**found, "HF_TOKEN": "mine"}
