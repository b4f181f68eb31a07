"""An exported folder on the Hub, read by the real clients over HTTP in a process of their own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from piispan.core import Document, LabelSet, Span
from piispan.dataset_builder import Split, export_folder
from tests.doc_blocks import code_blocks
from tests.loopback_hub import LoopbackHub

ROOT = Path(__file__).parents[2]
PROGRAM = """
import json, sys
from datasets import exceptions, load_dataset, load_dataset_builder
old, new = sys.argv[1:]
{page}
found = {{"documented": [data["train"].num_rows, [row["id"] for row in rows]]}}
found["features"] = sorted(load_dataset_builder("you/pii-data", "tagged").info.features)
found["counts"] = {{name: part.num_examples for name, part in load_dataset_builder("you/pii-data", "bio").info.splits.items()}}
for revision in (old, new):
    found[revision] = load_dataset("you/pii-data", split="train", revision=revision)["text"][:]
for name, revision in [("you/pii-data", "0" * 40), ("you/nothing", None)]:
    try:
        load_dataset(name, "tagged", revision=revision)
    except exceptions.DatasetNotFoundError as error:
        found[name] = str(error)
print(json.dumps(found))
"""


def documented() -> str:
    """What ``docs/data.md`` says on reading from the Hub."""
    (block,) = (code for language, code in code_blocks(ROOT / "docs" / "data.md") if language == "python" and "you/" in code)
    return block


def run(hub: LoopbackHub, home: Path, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "HUGGING"))}
    environment = {**inherited, "HF_ENDPOINT": hub.endpoint, "HF_HOME": str(home), "HF_HUB_DISABLE_TELEMETRY": "1"}
    command = [sys.executable, "-c", program, *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def hub(tmp_path: Path):
    with LoopbackHub() as running:
        yield running


def test_a_data_set_is_read_from_the_hub(hub: LoopbackHub, tmp_path: Path) -> None:
    shas = []
    for text in ("Ask Ann.", "Ask Bob."):
        split = Split((Document("a", text, (Span(4, 7, "PERSON"),)),), (Document("b", "No one."),), (Document("c", "None."),))
        export_folder(split, tmp_path / "data", labels=LabelSet.load("presidio"), formats=["tagged", "bio"])
        shas.append(hub.put("datasets/you/pii-data", tmp_path / "data"))
    done = run(hub, tmp_path / "home", PROGRAM.format(page=documented()), *shas)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["documented"] == [1, ["c"]]
    assert found["features"] == sorted(["prompt", "completion", "id", "text", "spans", "group", "provenance"])
    assert found["counts"] == {"train": 1, "validation": 1, "test": 1}
    assert [found[sha] for sha in shas] == [["Ask Ann."], ["Ask Bob."]]
    assert "Revision" in found["you/pii-data"]
    assert "doesn't exist" in found["you/nothing"]
    assert hub.unanswered == []
    # The columns were told by the card: the builder asked for no file of its config.
    assert not [request for request in hub.requests if "resolve" in request and "/bio/" in request]
    assert "Ignoring" not in done.stderr


def test_the_loopback_hub_serves_ranges_and_refuses_what_it_has_not(hub: LoopbackHub, tmp_path: Path) -> None:
    from urllib.error import HTTPError
    from urllib.request import Request, urlopen

    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "x y.bin").write_bytes(bytes(range(100)))
    sha = hub.put("you/model", tmp_path / "in")
    address = f"{hub.endpoint}/you/model/resolve/main/x%20y.bin"
    answer = urlopen(Request(address, headers={"Range": "bytes=10-19"}))
    assert (answer.status, answer.read(), answer.headers["X-Repo-Commit"]) == (206, bytes(range(10, 20)), sha)
    assert answer.headers["Content-Range"] == "bytes 10-19/100"
    assert urlopen(Request(address, headers={"Range": "bytes=95-"})).read() == bytes(range(95, 100))
    for path, code in [
        ("you/model/resolve/main/z", "EntryNotFound"),
        ("you/model/resolve/other/z", "RevisionNotFound"),
        ("datasets/you/model/resolve/main/z", "RepoNotFound"),
    ]:
        with pytest.raises(HTTPError) as refused:
            urlopen(f"{hub.endpoint}/{path}")
        assert (refused.value.code, refused.value.headers["X-Error-Code"]) == (404, code)
    with pytest.raises(HTTPError):
        urlopen(f"{hub.endpoint}/api/collections")
    assert hub.unanswered == ["GET /api/collections"]
