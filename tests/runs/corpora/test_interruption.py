"""A run that is killed, or whose disk is full, goes on with nothing lost and nothing doubled."""

import json
import random
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from piispan.core import DataError
from piispan.runs import ChunkSize, Outputs, redact_corpus, restore_corpus
from piispan.tagger import RedactionKey
from tests.house.rooms import ROOT
from tests.redaction_process import KEY
from tests.stub_tagger import StubSource


def documents(path: Path, count: int, *, every_fails: int = 0) -> Path:
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            text = f"Note {number} of Ada Lovelace, +4420794{number:05}."
            file.write(json.dumps({"id": f"n{number}", "text": 0 if every_fails and number % every_fails == 5 else text}) + "\n")
    return path


def process(*arguments: object, preexec=None) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.redaction_process", *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True, preexec_fn=preexec)


_START = 3.0
"""Seconds that a process takes to begin, about."""


def written(out: Path) -> dict[str, bytes]:
    return {name: out.with_name(out.name + ending).read_bytes() for name, ending in (("out", ""), ("quarantine", ".quarantine.jsonl"))}


@pytest.mark.proof
def test_killed_at_random_moments_it_ends_as_it_would_have_ended(tmp_path, proof_scale) -> None:
    """In continuous integration 400 documents and 2 kills; 20,000 and 20 in ``make proofs``."""
    kills, rng = 2 * proof_scale, random.Random(proof_scale)
    source = documents(tmp_path / "in.jsonl", 400 if proof_scale == 1 else 2000 * proof_scale, every_fails=100)
    settings = ["policy=surrogate", "--tiny"]
    start = time.monotonic()
    whole = process(source, tmp_path / "whole.jsonl", *settings, f"vault={tmp_path / 'whole.vault'}")
    assert whole.wait() == 3
    seconds = time.monotonic() - start
    arguments = (source, tmp_path / "cut.jsonl", *settings, f"vault={tmp_path / 'cut.vault'}")
    for _ in range(kills):
        running = process(*arguments)
        time.sleep(_START + rng.random() * max(0.1, (seconds - _START) / kills))
        running.send_signal(signal.SIGKILL)
        running.wait()
        assert not (tmp_path / "cut.jsonl").exists() or not (tmp_path / "cut.jsonl.partial" / "growing" / "0").exists()
    last = process(*arguments)
    assert last.wait() == 3, last.stderr.read()
    assert written(tmp_path / "cut.jsonl") == written(tmp_path / "whole.jsonl")
    assert not (tmp_path / "cut.jsonl.partial").exists()
    tallies = [json.loads((tmp_path / f"{name}.jsonl.manifest.json").read_text("utf-8"))["tally"] for name in ("cut", "whole")]
    assert tallies[0] == tallies[1]
    restore_corpus(tmp_path / "cut.jsonl", tmp_path / "back.jsonl", tmp_path / "cut.vault", RedactionKey(KEY))
    rows = [json.loads(line) for line in source.read_text("utf-8").splitlines()]
    back = [json.loads(line) for line in (tmp_path / "back.jsonl").read_text("utf-8").splitlines() if line]
    assert back == [row for row in rows if row["text"]]


class Cut(Exception):
    """Raised in the place of a kill."""


class Cutting:
    """Progress that cuts a run after some documents."""

    def __init__(self, after: int) -> None:
        self.left = after

    def start(self, what, total, unit) -> None:
        pass

    def advance(self, done, note="") -> None:
        self.left -= done if note != "done before" else 0
        if self.left <= 0:
            raise Cut

    def finish(self) -> None:
        pass


@pytest.mark.parametrize("suffix", ["jsonl", "csv", "parquet", "folder"])
def test_every_format_goes_on_at_every_chunk(tmp_path, suffix, monkeypatch) -> None:
    monkeypatch.setattr("piispan.runs.corpora.journal._SECONDS_BETWEEN_COMMITS", 0.0)
    source = tmp_path / f"in.{suffix}"
    texts = [f"Note {number} of Ada Lovelace." for number in range(40)]
    if suffix == "folder":
        source.mkdir()
        for number, text in enumerate(texts):
            (source / f"{number:02}.txt").write_text(text, "utf-8")
        documents(source / "more.jsonl", 20)
        documents(source / "rest.jsonl", 10)
    elif suffix == "jsonl":
        documents(source, 40)
    else:
        import pandas as pd

        frame = pd.DataFrame({"text": texts})
        frame.to_csv(source, index=False) if suffix == "csv" else frame.to_parquet(source)

    def run(name: str, **settings):
        out = Outputs.beside(tmp_path / f"{name}.{suffix}", vault=tmp_path / f"{name}.vault")
        return redact_corpus(StubSource(), source, out, key=RedactionKey(KEY), policy="hash", chunk_size=ChunkSize(7), **settings)

    whole = run("whole")
    for after in (1, 8, 20, 30, 100):
        try:
            run("cut", resume=True, progress=Cutting(after))
        except Cut:
            assert not (tmp_path / f"cut.{suffix}").exists()
    cut = run("cut", resume=True)
    assert cut.tally == whole.tally
    assert cut.manifest["outputs"] == whole.manifest["outputs"]
    restore_corpus(tmp_path / f"cut.{suffix}", tmp_path / f"back.{suffix}", tmp_path / "cut.vault", RedactionKey(KEY))


def test_a_run_that_was_interrupted_is_neither_overwritten_nor_taken_for_another(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("piispan.runs.corpora.journal._SECONDS_BETWEEN_COMMITS", 0.0)
    source = documents(tmp_path / "in.jsonl", 40)
    outputs = Outputs.beside(tmp_path / "out.jsonl")
    with pytest.raises(Cut):
        redact_corpus(StubSource(), source, outputs, chunk_size=ChunkSize(8), progress=Cutting(20))
    with pytest.raises(DataError, match="--resume, or delete the folder"):
        redact_corpus(StubSource(), source, outputs, chunk_size=ChunkSize(8))
    with pytest.raises(DataError, match="differs in policy;"):
        redact_corpus(StubSource(), source, outputs, chunk_size=ChunkSize(8), policy="mask", resume=True)
    source.write_text(source.read_text("utf-8") + '{"text": ""}\n', "utf-8")
    with pytest.raises(DataError, match="differs in input;"):
        redact_corpus(StubSource(), source, outputs, chunk_size=ChunkSize(8), resume=True)


def test_a_run_that_is_over_is_not_done_again(tmp_path) -> None:
    source, outputs = documents(tmp_path / "in.jsonl", 40, every_fails=10), Outputs.beside(tmp_path / "out.jsonl")
    first = redact_corpus(StubSource(), source, outputs)
    with pytest.raises(DataError, match="exists; --force"):
        redact_corpus(StubSource(), source, outputs)
    again = redact_corpus(StubSource(), source, outputs, resume=True, progress=Cutting(0))
    assert again.tally == first.tally
    assert again.faults == first.faults
    (tmp_path / "out.jsonl").write_text("changed", "utf-8")
    with pytest.raises(DataError, match="exists; --force"):
        redact_corpus(StubSource(), source, outputs, resume=True)
    redact_corpus(StubSource(), source, outputs, force=True)


def test_a_full_disk_loses_nothing(tmp_path) -> None:
    source = documents(tmp_path / "in.jsonl", 3000)

    def small_disk() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))

    full = process(source, tmp_path / "out.jsonl", "policy=surrogate", f"vault={tmp_path / 'vault'}", preexec=small_disk)
    assert full.wait() == 2
    message = full.stderr.read()
    assert "File too large; what is done is kept, and --resume goes on" in message
    assert message.count("\n") == 1
    assert not (tmp_path / "out.jsonl").exists()
    assert process(source, tmp_path / "out.jsonl", "policy=surrogate", f"vault={tmp_path / 'vault'}").wait() == 0
    assert process(source, tmp_path / "whole.jsonl", "policy=surrogate", f"vault={tmp_path / 'vault-2'}").wait() == 0
    assert (tmp_path / "out.jsonl").read_bytes() == (tmp_path / "whole.jsonl").read_bytes()


def test_two_runs_do_not_write_the_same_file(tmp_path) -> None:
    source, outputs = documents(tmp_path / "in.jsonl", 40), Outputs.beside(tmp_path / "out.jsonl")

    class Second(Cutting):
        def advance(self, done, note="") -> None:
            with pytest.raises(DataError, match="another run is at work here"):
                redact_corpus(StubSource(), source, outputs, resume=True)

    redact_corpus(StubSource(), source, outputs, progress=Second(0))


def test_a_source_that_changes_meanwhile_is_noticed(tmp_path) -> None:
    source = documents(tmp_path / "in.jsonl", 40)

    class Changing(Cutting):
        def advance(self, done, note="") -> None:
            source.write_text("{}\n", "utf-8")

    with pytest.raises(DataError, match="was changed while it was read"):
        redact_corpus(StubSource(), source, Outputs.beside(tmp_path / "out.jsonl"), progress=Changing(0))
    assert not (tmp_path / "out.jsonl").exists()
