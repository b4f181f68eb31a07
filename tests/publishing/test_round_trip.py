"""What was pushed, pulled by processes that have never seen it: adapter, data and metric, with and without piispan."""

import json
import subprocess
import sys
import sysconfig
from pathlib import Path

import torch

import piispan.metric
from piispan.core import Document, Sidecar, Span
from piispan.dataset_builder import sample_split
from piispan.metric import score
from piispan.tagger import Tagger
from piispan.tagger.adapters import load_adapted
from tests.loopback_hub import LoopbackHub
from tests.publishing.conftest import PLANTED, REPO, TOKEN, Trained
from tests.publishing.pushes import push, run

ALONE = "import sys; sys.path.append({!r})\n".format(sysconfig.get_paths()["purelib"])
TEXTS = ["Ada Lee is 36.", PLANTED, ""]
IDS = [[1, 2, 3, 260, 65, 66, 67]]

PULL = f"""
import json, sys, torch
from piispan.core import Sidecar
from piispan.tagger import Tagger
from piispan.tagger.adapters import adapter_folder, load_adapted
name, revision = sys.argv[1:]
tagger = Tagger.from_pretrained(name, revision=revision, device="cpu")
folder = adapter_folder(name, revision)
model, _ = load_adapted(folder, Sidecar.load(folder), name, device="cpu")
with torch.no_grad():
    logits = model(torch.tensor({IDS!r})).logits
print(json.dumps({{"spans": [[str(span) for span in spans] for spans in tagger.tag({TEXTS!r})], "logits": logits.flatten().tolist()}}))
"""

PEFT_ALONE = f"""
import json, torch
from peft import AutoPeftModelForCausalLM
from transformers import AutoTokenizer
try:
    import piispan.core
    raise SystemExit("piispan is here")
except ModuleNotFoundError:
    pass
model = AutoPeftModelForCausalLM.from_pretrained({REPO!r}).eval()
with torch.no_grad():
    logits = model(torch.tensor({IDS!r})).logits
tokenizer = AutoTokenizer.from_pretrained({REPO!r})
print(json.dumps({{"logits": logits.flatten().tolist(), "tag": tokenizer.tokenize("Ada <PERSON>Lee")}}))
"""

DATA = """
import json
from datasets import load_dataset
data = load_dataset("you/pii-data", "tagged")
print(json.dumps({part: rows.to_list() for part, rows in data.items()}))
"""

ROWS = {
    "predictions": [{"spans": [{"start": 5, "end": 8, "label": "PERSON"}]}],
    "references": [{"spans": [{"start": 5, "end": 12, "label": "PERSON"}]}],
}
METRIC = f"""
import evaluate, json
try:
    import piispan.core
    raise SystemExit("piispan is here")
except ModuleNotFoundError:
    pass
print(json.dumps(evaluate.load("you/pii_span").compute(**{ROWS!r}, labels="presidio", resamples=20)))
"""


def pulled(hub: LoopbackHub, home: Path, program: str, *arguments: str, alone: bool = False) -> dict[str, object]:
    """What a process prints that knows this Hub and nothing of this checkout's caches; without piispan where it is ``alone``."""
    command = [sys.executable, *(["-S"] if alone else []), "-c", (ALONE if alone else "") + program, *arguments]
    done = subprocess.run(command, env=hub.environment(home, TOKEN), cwd=home.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_a_pulled_adapter_is_the_local_one(hub, base_revision, trained: Trained, monkeypatch, tmp_path) -> None:
    assert push(monkeypatch, trained.adapter, base_revision) == 0
    tagger = Tagger.from_pretrained(trained.adapter, base=trained.base, device="cpu")
    model, _ = load_adapted(trained.adapter, Sidecar.load(trained.adapter), "adapter", base=trained.base, device="cpu")
    with torch.no_grad():
        logits = model(torch.tensor(IDS)).logits.flatten().tolist()
    found = pulled(hub, tmp_path / "home", PULL, REPO, "v1")
    assert found["logits"] == logits
    assert found["spans"] == [[str(span) for span in spans] for spans in tagger.tag(TEXTS)]
    assert any(found["spans"])
    # PEFT alone makes room for the tags' tokens, because the tokenizer has them.
    bare = pulled(hub, tmp_path / "bare", PEFT_ALONE, alone=True)
    assert bare["logits"] == logits
    assert "<PERSON>" in bare["tag"]
    assert hub.unanswered == []


def test_a_pulled_data_set_has_the_rows_of_the_folder(hub, monkeypatch, tmp_path, capsys) -> None:
    from datasets import load_dataset

    folder = Path(__file__).parents[2] / "dataset_builder" / "data"
    assert run(monkeypatch, "data", "push", folder, "--to", "you/pii-data") == 0
    assert "datasets/you/pii-data (private), v1" in capsys.readouterr().out
    here = load_dataset(str(folder), "tagged", cache_dir=str(tmp_path / "cache"))
    assert pulled(hub, tmp_path / "home", DATA) == {part: rows.to_list() for part, rows in here.items()}
    assert sum(map(len, here.values())) == sum(len(part) for _, part in sample_split().parts())
    readme = hub.repos["datasets/you/pii-data"][-1].files["README.md"].decode()
    assert 'load_dataset("you/pii-data", "tagged")' in readme
    assert run(monkeypatch, "data", "push", folder, "--to", "you/pii-data") == 0
    assert len(hub.repos["datasets/you/pii-data"]) == 2


def test_a_pulled_metric_scores_the_same_without_piispan(hub, monkeypatch, tmp_path, capsys) -> None:
    from piispan.core import LabelSet, Prediction

    assert run(monkeypatch, "metric", "push", "--to", "you/pii_span") == 0
    assert "spaces/you/pii_span (private), v1" in capsys.readouterr().out
    found = pulled(hub, tmp_path / "home", METRIC, alone=True)
    document = Document("a", "Call Mia Lee", (Span(5, 12, "PERSON"),))
    scores = score([document], [Prediction("a", (Span(5, 8, "PERSON"),))], LabelSet.load("presidio"), resamples=20).to_dict()
    assert found == {key: scores[key] for key in found}
    assert {"f1", "f1_partial", "leak_rate", "intervals", "signature"} <= found.keys()
    assert run(monkeypatch, "metric", "push", "--to", "you/pii_span") == 0
    assert len(hub.repos["spaces/you/pii_span"]) == 2
    assert piispan.metric.METRIC_VERSION in str(found["signature"])
