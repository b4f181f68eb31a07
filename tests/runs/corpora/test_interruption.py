"""A run that is killed, or whose disk is full, goes on with nothing lost and nothing doubled."""

import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pandas as pd
import pytest

from piispan.core import DataError
from piispan.runs import ChunkSize, Outputs, redact_corpus, restore_corpus
from piispan.runs.corpora.parts.csv_rows import CsvRows
from piispan.runs.corpora.parts.jsonl import JsonLines
from piispan.runs.corpora.parts.parquet_rows import ParquetRows
from piispan.runs.corpora.parts.plain_texts import PlainTexts
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


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet", "folder"])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_kill_around_the_end_of_a_part_loses_nothing(tmp_path, monkeypatch, suffix, moment) -> None:
    source = tmp_path / "in"
    source.mkdir()
    for name in ("a", "b"):
        documents(source / f"{name}.jsonl", 20)
        rows = [{"text": f"Note {number} of Ada Lovelace."} for number in range(20)]
        if suffix != "jsonl":
            pd.DataFrame(rows).to_csv(source / f"{name}.csv", index=False)
            pd.DataFrame(rows).to_parquet(source / f"{name}.parquet")
        (source / f"{name}.txt").write_text(name, "utf-8")
    whole = redact_corpus(StubSource(), source, Outputs.beside(tmp_path / "whole"))
    kind = {"csv": CsvRows, "jsonl": JsonLines, "parquet": ParquetRows, "folder": PlainTexts}[suffix]
    finish, left = kind.finish, [2]

    def killed(part, grown, target) -> None:
        if left[0] and moment == "before":
            left[0] -= 1
            raise Cut
        finish(part, grown, target)
        if left[0]:
            left[0] -= 1
            raise Cut

    monkeypatch.setattr(kind, "finish", killed)
    for _ in range(3):
        with suppress(Cut):
            cut = redact_corpus(StubSource(), source, Outputs.beside(tmp_path / "cut"), resume=True)
    assert cut.manifest["outputs"] == whole.manifest["outputs"]
    assert cut.tally == whole.tally


def test_the_folder_that_is_read_is_never_the_work_folder(tmp_path) -> None:
    source = documents(tmp_path / "in.jsonl", 5).rename(tmp_path / "rows.jsonl")
    folder = tmp_path / "notes.partial"
    folder.mkdir()
    shutil.move(source, folder / "rows.jsonl")
    for asked in (folder, folder / "rows.jsonl"):
        with pytest.raises(DataError, match="lies where the work for"):
            redact_corpus(StubSource(), asked, Outputs.beside(tmp_path / "notes"))
    other = documents(tmp_path / "in.jsonl", 5)
    with pytest.raises(DataError, match="has other files in it"):
        redact_corpus(StubSource(), other, Outputs.beside(tmp_path / "notes"))
    assert (folder / "rows.jsonl").exists()


def test_resuming_with_other_settings_is_refused(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("piispan.runs.corpora.journal._SECONDS_BETWEEN_COMMITS", 0.0)
    source = documents(tmp_path / "in.log", 40)
    outputs = Outputs.beside(tmp_path / "out.log")
    with pytest.raises(Cut):
        redact_corpus(StubSource(), source, outputs, file_format="jsonl", chunk_size=ChunkSize(8), progress=Cutting(20))
    with pytest.raises(DataError, match="differs in format"):
        redact_corpus(StubSource(), source, outputs, chunk_size=ChunkSize(8), resume=True)
    (tmp_path / "precious").write_text("x", "utf-8")
    elsewhere = Outputs.beside(tmp_path / "out.log", quarantine=tmp_path / "precious")
    with pytest.raises(DataError, match="differs in places"):
        redact_corpus(StubSource(), source, elsewhere, file_format="jsonl", chunk_size=ChunkSize(8), resume=True)
    redact_corpus(StubSource(), source, outputs, file_format="jsonl", chunk_size=ChunkSize(8), resume=True)
    vault = Outputs.beside(tmp_path / "out.log", vault=tmp_path / "vault")
    with pytest.raises(DataError, match="exists; --force"):
        redact_corpus(StubSource(), source, vault, file_format="jsonl", key=RedactionKey(KEY), chunk_size=ChunkSize(8), resume=True)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DataError, match="is no file"):
        redact_corpus(StubSource(), source, Outputs.beside(tmp_path / "pipe"))


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
