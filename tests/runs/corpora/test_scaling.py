"""Memory does not grow with a corpus."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.rooms import ROOT
from tests.runs.corpora.test_interruption import documents

PROGRAM = """
import resource, sys
from tests.redaction_process import main
code = main(sys.argv[1:])
print(code, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def redacted(source: Path, out: Path) -> int:
    """Redact in a process of its own, with a vault; its peak memory in MiB."""
    vault = f"vault={out.with_suffix('.vault')}"
    command = [sys.executable, "-c", PROGRAM, str(source), str(out), "policy=replace", "chunk=128", vault]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    code, peak = map(int, done.stdout.split())
    assert code == 0, done.stderr
    return peak


@pytest.mark.proof
def test_a_corpus_of_any_size_takes_the_same_memory(tmp_path, proof_scale) -> None:
    """20,000 documents in continuous integration, a million in ``make proofs``, against 2,000."""
    many = 20_000 if proof_scale == 1 else 100_000 * proof_scale
    few = redacted(documents(tmp_path / "few.jsonl", 2000), tmp_path / "few-out.jsonl")
    peak = redacted(documents(tmp_path / "many.jsonl", many), tmp_path / "many-out.jsonl")
    manifest = json.loads((tmp_path / "many-out.jsonl.manifest.json").read_text("utf-8"))
    assert manifest["tally"]["documents"] == manifest["tally"]["sealed"] == many
    with (tmp_path / "many-out.jsonl").open(encoding="utf-8") as lines:
        assert all('of <PERSON>, <PHONE_NUMBER>."' in line for line in lines)
    assert peak <= few + 16, (few, peak)
