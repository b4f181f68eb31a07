"""Ray's actors write what one process writes."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from piispan.core import DataError
from piispan.runs import ChunkSize, Columns, LocalEngine, Outputs, RayEngine, redact_corpus, restore_corpus
from piispan.runs.corpora.digests import HashedStream
from piispan.runs.corpora.engines import Job
from piispan.runs.corpora.parts.jsonl import JsonLines
from piispan.tagger import Policy, RedactionKey
from tests.redaction_process import KEY, TinySource
from tests.stub_tagger import StubSource


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shards")
    for shard in range(2):
        texts = [f"Note {shard}-{number} of Ada Lovelace, 2019-03-{number % 28 + 1:02}." for number in range(30)]
        rows = [{"id": number, "text": None if number == 7 else text} for number, text in enumerate(texts)]
        pq.write_table(pa.Table.from_pylist(rows), folder / f"{shard}.parquet", row_group_size=20)
        lines = [json.dumps({"text": 0 if number == 9 else text}) + "\n" for number, text in enumerate(texts)]
        (folder / f"{shard}.jsonl").write_text("".join(lines), "utf-8")
    return folder


def test_two_workers_write_what_one_process_writes(shards, tmp_path) -> None:
    def run(name: str, engine: object) -> dict[str, bytes]:
        outputs = Outputs.beside(tmp_path / name, vault=tmp_path / f"{name}.vault")
        settings = {"policy": "surrogate", "key": RedactionKey(KEY), "chunk_size": ChunkSize(8), "engine": engine}
        result = redact_corpus(TinySource(), shards, outputs, **settings)
        assert (result.tally.documents, result.tally.quarantined) == (118, 2)
        restore_corpus(outputs.out, tmp_path / f"{name}-back", outputs.vault, RedactionKey(KEY))
        files = [path for path in outputs.out.rglob("*") if path.is_file()] + [outputs.quarantine]
        return {path.name.removeprefix(name): path.read_bytes() for path in files}

    assert run("ray", RayEngine(2)) == run("local", LocalEngine())
    back = [path.read_text("utf-8") for path in sorted((tmp_path / "ray-back").glob("*.jsonl"))]
    assert [json.loads(line) for line in back[0].splitlines() if line][:2] == [
        {"text": "Note 0-0 of Ada Lovelace, 2019-03-01."},
        {"text": "Note 0-1 of Ada Lovelace, 2019-03-02."},
    ]


def test_workers_have_no_standard_input(tmp_path) -> None:
    with (tmp_path / "stream").open("w+b") as file:
        part = JsonLines(Path("standard input"), Columns(), "x", HashedStream(file))
        job = Job(StubSource(), Policy.load("replace"), RedactionKey(), [part])
        with pytest.raises(DataError, match="workers have no standard input"):
            list(RayEngine().results(job, ChunkSize(), 0, None))
