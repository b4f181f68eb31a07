"""A thousand planted values: none in any log, manifest, error, state or temporary file, nor in what is written."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
import traceback
from pathlib import Path

import pytest

from piispan.core import PiispanError
from piispan.runs import ChunkSize, Columns, Outputs, redact_corpus, restore_corpus
from piispan.tagger import RedactionKey, Redactor
from tests.house.rooms import ROOT
from tests.redaction_process import KEY
from tests.stub_tagger import UNFAITHFUL, StubSource, StubTagger

FIRST = ["Wilhelmina", "Quentin", "Ottoline", "Barnaby", "Philippa", "Ignatius", "Cressida", "Thaddeus", "Rosalind", "Leopold"]


def planted() -> list[str]:
    """A thousand names, each a text's only one."""
    rng = random.Random(7)
    return [f"{rng.choice(FIRST)} {''.join(rng.choices('abdefgklmnoprstuvz', k=8)).title()}" for _ in range(1000)]


def corpus(folder: Path, values: list[str]) -> None:
    """The values in every format, some in records that must fail."""
    folder.mkdir()
    rows = [{"id": f"n{number}", "text": f"Seen: {value}.", "spans": value} for number, value in enumerate(values[:600])]
    lines = [json.dumps(row) for row in rows]
    lines[5] = lines[5][:-3]
    lines[6] = lines[6].replace("Seen", "UNFAITHFUL")
    lines[7] = lines[7].replace("Seen", "\\ud800")
    lines[8] = json.dumps({"id": "n8", "text": [values[8]]})
    (folder / "rows.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    cells = [f"{number},Seen: {value}." for number, value in enumerate(values[600:900])]
    cells[3] += ",one too many"
    (folder / "rows.csv").write_text("id,text\n" + "\n".join(cells) + "\n", "utf-8")
    for number, value in enumerate(values[900:]):
        (folder / f"{number}.txt").write_bytes(f"Seen: {value}.".encode() + (b"\xff" if number == 9 else b""))


def found(values: list[str], where: bytes) -> list[str]:
    text = where.lower()
    return [value for value in values if value.lower().encode() in text or value.split()[1].lower().encode() in text]


def faults(tmp_path: Path, watched: Path, caplog) -> bytes:
    """What is said where a run, or a restoration, ends with an error; tracebacks, causes and logs with it."""
    told = ""
    (watched / "file").write_text("", "utf-8")
    changed = tmp_path / "changed"
    shutil.copytree(watched / "out", changed)
    (changed / "0.txt").write_text((tmp_path / "in" / "0.txt").read_text("utf-8"), "utf-8")
    key, other = RedactionKey(KEY), RedactionKey(bytes(32))
    for fails in (
        lambda: redact_corpus(StubSource(), tmp_path / "in" / "9.txt", Outputs.beside(watched / "bad.txt")),
        lambda: redact_corpus(StubSource(), tmp_path / "in" / "rows.csv", Outputs.beside(watched / "file" / "x"), chunk_size=ChunkSize(4)),
        lambda: redact_corpus(StubSource(), tmp_path / "in" / "rows.csv", Outputs.beside(watched / "x.csv"), columns=Columns(("note",))),
        lambda: restore_corpus(changed, watched / "back", watched / "vault", key),
        lambda: restore_corpus(watched / "out", watched / "back", watched / "vault", other),
        lambda: Redactor(StubTagger()).redact([f"{UNFAITHFUL} {planted()[0]}"]),
    ):
        with pytest.raises(PiispanError) as error:
            fails()
        told += "".join(traceback.format_exception(error.value))
    return (told + caplog.text).encode()


@pytest.mark.parametrize("policy", ["replace", "surrogate"])
def test_no_planted_value_is_left_anywhere(tmp_path, policy, caplog) -> None:
    values = planted()
    corpus(tmp_path / "in", values)
    watched, temporary = tmp_path / "watched", tmp_path / "tmp"
    for folder in (watched, temporary):
        folder.mkdir()
    environment = {**os.environ, "TMPDIR": str(temporary), "HOME": str(temporary)}
    said = b""

    def process(source: Path, *arguments: object, kill: float | None = None) -> int:
        nonlocal said
        command = [
            sys.executable,
            "-X",
            "dev",
            "-W",
            "ignore",
            "-m",
            "tests.redaction_process",
            source,
            *arguments,
            f"policy={policy}",
            "chunk=4",
        ]
        running = subprocess.Popen(list(map(str, command)), cwd=ROOT, env=environment, stderr=subprocess.PIPE, stdout=subprocess.PIPE)
        if kill is not None:
            time.sleep(kill)
            running.send_signal(signal.SIGKILL)
        out, err = running.communicate()
        said += out + err
        return running.returncode

    vault = f"vault={watched / 'vault'}"
    process(tmp_path / "in", watched / "out", vault, kill=2.5)
    assert process(tmp_path / "in", watched / "out", vault) == 3
    said += faults(tmp_path, watched, caplog)
    everything = [path for folder in (watched, temporary) for path in folder.rglob("*") if path.is_file()]
    assert {"out.manifest.json", "out.quarantine.jsonl", "vault", "rows.jsonl", "0.txt"} <= {path.name for path in everything}
    assert found(values, said) == []
    assert [path.name for path in everything if found(values, path.read_bytes())] == []
    quarantine = [json.loads(line) for line in (watched / "out.quarantine.jsonl").read_text("utf-8").splitlines()]
    assert sorted(row["id"] or str(row.get("line", row.get("row"))) for row in quarantine) == ["4", "6", "9.txt", "n6", "n7", "n8"]
