"""Folders of parts, as split and export write them, wherever documents are read."""

import json

import pytest

from piispan.core import DataError, Document, LabelSet, Span
from piispan.dataset_builder import (
    Split,
    Stated,
    export_folder,
    how_split,
    is_split_folder,
    iter_rows,
    read_documents,
    read_part,
    read_split,
    split_files,
    write_jsonl,
)

PARTS = Split(
    *(
        tuple(Document(f"{part}-{n}", f"Call Mia Lee {part} {n}", (Span(5, 12, "PERSON"),), group="g", provenance="made") for n in range(3))
        for part in ("train", "validation", "test")
    )
)
EVERY = [document for _, part in PARTS.parts() for document in part]


def as_split(folder):
    for part, file in split_files(folder).items():
        write_jsonl(dict(PARTS.parts())[part], file)
    return folder


def as_export(folder):
    export_folder(PARTS, folder, labels=LabelSet.load("presidio"), formats=["tagged"], stated=Stated(licence="cc0-1.0"))
    return folder


@pytest.mark.parametrize("write", [as_split, as_export])
def test_both_kinds_are_read(tmp_path, write) -> None:
    folder = write(tmp_path / "folder")
    documents, report = read_documents(folder)
    assert (documents, report.documents, report.ignored) == (EVERY, 9, {})
    assert read_split(folder, "random") == PARTS
    assert tuple(read_part(folder, "validation")) == PARTS.validation
    assert is_split_folder(folder)
    assert how_split(folder, "random") == "As the files have it."
    assert [row["id"] for _, row in iter_rows(folder)] == [document.id for document in EVERY]


def test_parts_that_are_not_there(tmp_path) -> None:
    folder = as_split(tmp_path / "folder")
    (folder / "validation.jsonl").write_bytes(b"")
    assert read_split(folder, "random").validation == ()
    with pytest.raises(DataError, match="no documents of the part validation"):
        read_part(folder, "validation")
    (folder / "test.jsonl").unlink()
    with pytest.raises(DataError, match=r"train\.jsonl and no documents to test on"):
        read_split(folder, "random")
    assert read_documents(folder)[0] == list(PARTS.train)


def test_mistakes_name_the_file_of_the_folder(tmp_path) -> None:
    folder = as_split(tmp_path / "folder")
    write_jsonl([PARTS.train[0], PARTS.test[0]], folder / "test.jsonl")
    with pytest.raises(DataError, match=r"test\.jsonl, line 1: document 'train-0': the id was given before"):
        read_documents(folder)
    documents, report = read_documents(folder, on_error="skip")
    assert len(documents) == 7
    assert str(report.rejects[0]).startswith("test.jsonl, line 1: document")
    assert report.to_dict()["rejects"] == [{"file": "test.jsonl", "line": 1, "reason": "document 'train-0': the id was given before"}]


def test_other_folders_are_none(tmp_path) -> None:
    (tmp_path / "README.md").write_text("---\nlicense: mit\n---\n\npiispan:\n---\n")
    (tmp_path / "spans").mkdir()
    (tmp_path / "spans" / "train-00000-of-00001.parquet").write_bytes(b"x")
    assert not is_split_folder(tmp_path)
    with pytest.raises(DataError, match="cannot be read"):
        read_documents(tmp_path)


def test_a_parquet_file(tmp_path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = tmp_path / "rows.parquet"
    spans = [{"start": 5, "end": 12, "label": "PERSON"}]
    rows = [{"id": str(n), "text": "Call Mia Lee", "spans": spans if n % 2 else json.dumps(spans), "patient": n // 2} for n in range(2)]
    for wanted in rows:
        pq.write_table(pa.Table.from_pylist([wanted]), path)
        (document,), report = read_documents(path)
        assert document == Document(wanted["id"], "Call Mia Lee", (Span(5, 12, "PERSON"),))
        assert report.ignored == {"patient": 1}
        assert read_documents(path, group_field="patient")[0][0].group == "0"
    pq.write_table(pa.Table.from_pylist([{"id": "a", "tokens": ["Call"]}]), path)
    with pytest.raises(DataError, match="needs the columns id, text and spans; lacks text and spans"):
        read_documents(path)
    path.write_bytes(b"PAR1 Quarterstaff PAR1")
    with pytest.raises(DataError, match=r"rows\.parquet: not a Parquet file") as caught:
        read_documents(path)
    assert "Quarterstaff" not in str(caught.value)


def test_convert_tells_what_was_read(tmp_path) -> None:
    from typer.testing import CliRunner

    from piispan.cli.main import app

    def convert(*options: object):
        return CliRunner().invoke(app, ["data", "convert", *map(str, options)])

    folder = as_export(tmp_path / "folder")
    (tmp_path / "map.yaml").write_text("PERSON: NAME\nPERS: NAME\n")
    result = convert(folder, tmp_path / "all.jsonl", "--label-map", tmp_path / "map.yaml")
    assert (result.exit_code, result.stderr) == (0, "labels of the map that never occurred: PERS\n")
    assert result.stdout.splitlines() == ["documents: 9, trimmed: 0, reordered: 0, unmapped: 0, rejected: 0", "spans: NAME 9"]
    rows = [{"id": n, "text": "Call Mia Lee", "spans": [{"start": 6, "end": 12, "label": "Mia Lee"}], "ward": 4} for n in range(2)]
    (tmp_path / "in.jsonl").write_text("\n".join(map(json.dumps, rows)))
    result = convert(tmp_path / "in.jsonl", tmp_path / "out.jsonl", "--group-field", "ward")
    assert result.stderr.startswith("warning: 2 of 2 spans begin or end inside a word")
    assert result.stdout.splitlines()[1] == "spans: 1 label of another look 2"
    assert {document.group for document in iter_read(tmp_path / "out.jsonl")} == {"4"}


def iter_read(path):
    from piispan.dataset_builder import iter_documents

    return iter_documents(path)
