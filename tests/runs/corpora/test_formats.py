"""Each kind of file is written as it was, but redacted, and put back."""

import csv
import json
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from piispan.core import DataError
from piispan.runs import ChunkSize, Columns, Outputs, redact_corpus, restore_corpus
from piispan.tagger import RedactionKey
from tests.stub_tagger import StubSource

KEY = RedactionKey(b"0123456789abcdef0123456789abcdef")
TEXT = "Ada Lovelace called +442079460000 on 1842-10-18."
REDACTED = "<PERSON> called <PHONE_NUMBER> on <DATE_TIME>."


def run(source: Path, out: Path, **settings):
    return redact_corpus(StubSource(), source, Outputs.beside(out, vault=settings.pop("vault", None)), **settings)


def round_trip(source: Path, tmp_path: Path, **settings) -> Path:
    """Redact by surrogates and put back; where the file then lies."""
    out, back, vault = tmp_path / f"out{source.suffix}", tmp_path / f"back{source.suffix}", tmp_path / "vault"
    run(source, out, vault=vault, key=KEY, policy="surrogate", **settings)
    restore_corpus(out, back, vault, KEY)
    return back


def test_a_plain_text_keeps_its_bytes(tmp_path) -> None:
    source = tmp_path / "letter.txt"
    source.write_bytes(b"\xef\xbb\xbf" + TEXT.encode() + b"\r\n\r\nBye\n")
    run(source, tmp_path / "out.txt")
    assert (tmp_path / "out.txt").read_bytes() == b"\xef\xbb\xbf" + REDACTED.encode() + b"\r\n\r\nBye\n"
    assert round_trip(source, tmp_path / "again").read_bytes() == source.read_bytes()


def test_json_lines_keep_lines_keys_and_digits(tmp_path) -> None:
    source = tmp_path / "rows.jsonl"
    rows = [
        f'{{"id": "a", "text": "{TEXT}", "amount": 0.10000000000000000001, "spans": [1]}}',
        "",
        '{"text": null, "id": 7}',
        '{"text": ""}',
    ]
    source.write_text("\n".join(rows), "utf-8")
    result = run(source, tmp_path / "out.jsonl", chunk_size=ChunkSize(2))
    assert (tmp_path / "out.jsonl").read_text("utf-8").split("\n") == [
        f'{{"id": "a", "text": "{REDACTED}", "amount": 0.10000000000000000001}}',
        "",
        '{"text": null, "id": 7}',
        '{"text": ""}',
        "",
    ]
    assert result.tally.documents == 3
    assert dict(result.tally.spans) == {"PERSON": 1, "PHONE_NUMBER": 1, "DATE_TIME": 1}
    assert result.manifest["columns"] == {"redacted": ["text"], "copied": ["amount", "id"], "group": None}
    back = round_trip(source, tmp_path / "again")
    assert [json.loads(line)["text"] for line in back.read_text("utf-8").splitlines() if line] == [TEXT, None, ""]


@pytest.mark.parametrize(("name", "delimiter", "ending"), [("a.csv", ",", "\n"), ("b.csv", ";", "\r\n"), ("c.tsv", "\t", "\n")])
def test_csv_keeps_its_separator_its_line_ends_and_other_fields(tmp_path, name, delimiter, ending) -> None:
    source = tmp_path / name
    rows = [["id", "note", "other"], ["1", f'{TEXT}{ending}Said "Bo Ek".', "Ada Lovelace"], ["2", "", f"a{delimiter}b"]]
    with source.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=delimiter, lineterminator=ending).writerows(rows)
    run(source, tmp_path / f"out-{name}", columns=Columns(("note",)), chunk_size=ChunkSize(1))
    expected = source.read_bytes().decode().replace(TEXT, REDACTED).replace("Bo Ek", "<PERSON>")
    assert (tmp_path / f"out-{name}").read_bytes().decode() == expected
    assert round_trip(source, tmp_path / "again", columns=Columns(("note",))).read_bytes() == source.read_bytes()


def test_parquet_keeps_its_schema_and_other_columns(tmp_path) -> None:
    source = tmp_path / "rows.parquet"
    kinds = {"note": pa.large_string(), "day": pa.date32(), "nested": pa.list_(pa.struct([("n", pa.int8())])), "text": pa.string()}
    rows = [{"note": f"{TEXT} {i}", "day": None, "nested": [{"n": i % 100}], "text": None if i % 3 else TEXT} for i in range(500)]
    schema = pa.schema(list(kinds.items()), {b"from": b"a test"})
    pq.write_table(pa.Table.from_pylist(rows, schema), source, row_group_size=150, compression="ZSTD")
    run(source, tmp_path / "out.parquet", columns=Columns(("note", "text")), chunk_size=ChunkSize(64))
    written = pq.read_table(tmp_path / "out.parquet")
    assert written.schema.equals(pq.read_schema(source), check_metadata=True)
    assert pq.ParquetFile(tmp_path / "out.parquet").metadata.row_group(0).column(0).compression == "ZSTD"
    expected = [{**row, "note": row["note"].replace(TEXT, REDACTED), "text": row["text"] and REDACTED} for row in rows]
    assert written.to_pylist() == expected
    back = round_trip(source, tmp_path / "again", columns=Columns(("note", "text")))
    assert pq.read_table(back).equals(pq.read_table(source))


def test_parquet_with_categories(tmp_path) -> None:
    source = tmp_path / "rows.parquet"
    texts, wards = [TEXT, None, "x", TEXT] * 20, [f"ward {number % 7}" for number in range(80)]
    pq.write_table(pa.table({"text": pa.array(texts).dictionary_encode(), "ward": pa.array(wards).dictionary_encode()}), source)
    run(source, tmp_path / "out.parquet", chunk_size=ChunkSize(16))
    written = pq.read_table(tmp_path / "out.parquet")
    assert written.schema.equals(pq.read_schema(source))
    assert written.to_pylist() == [
        {"text": text and text.replace(TEXT, REDACTED), "ward": ward} for text, ward in zip(texts, wards, strict=True)
    ]


def test_a_folder_keeps_its_files_where_they_are(tmp_path) -> None:
    source = tmp_path / "notes"
    (source / "ward" / "deep").mkdir(parents=True)
    for name in ("a.txt", "ward/b.md", "ward/deep/c"):
        (source / name).write_text(f"{name}: {TEXT}", "utf-8")
    (source / "ward" / "rows.jsonl").write_text(json.dumps({"text": TEXT}) + "\n", "utf-8")
    (source / "rows.csv").write_text(f"text\n{TEXT}\n", "utf-8")
    (source / "scan.bin").write_bytes(b"\xff\xfe\x00")
    (source / "table.json").write_text("[]", "utf-8")
    result = run(source, tmp_path / "out", chunk_size=ChunkSize(2))
    written = {
        path.relative_to(tmp_path / "out").as_posix(): path.read_text("utf-8") for path in (tmp_path / "out").rglob("*") if path.is_file()
    }
    assert written == {
        "a.txt": f"a.txt: {REDACTED}",
        "ward/b.md": f"ward/b.md: {REDACTED}",
        "ward/deep/c": f"ward/deep/c: {REDACTED}",
        "ward/rows.jsonl": json.dumps({"text": REDACTED}) + "\n",
        "rows.csv": f"text\n{REDACTED}\n",
    }
    assert result.tally.documents == 5
    assert [(fault["id"], fault["reason"][:8]) for fault in result.faults] == [("scan.bin", "not UTF-"), ("table.json", "JSON is ")]
    back = round_trip(source, tmp_path / "again")
    for name in written:
        assert (back / name).read_bytes() == (source / name).read_bytes()


def test_csv_of_a_spreadsheet_keeps_its_mark_and_its_line_breaks(tmp_path) -> None:
    source = tmp_path / "rows.csv"
    source.write_bytes(b'\xef\xbb\xbf"text","id"\n"Ada Lovelace\rx","1"\n"Bo Ek","2"\n')
    run(source, tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_bytes() == b'\xef\xbb\xbf"text","id"\n"<PERSON>\rx","1"\n"<PERSON>","2"\n'
    assert round_trip(source, tmp_path / "again").read_bytes() == source.read_bytes()
    source.write_bytes(b"text\nAda Lovelace\n\nBo\rEk\n")
    result = run(source, tmp_path / "one.csv")
    assert (result.tally.documents, result.tally.quarantined) == (2, 1)  # a lone carriage return outside quotes is no row
    assert (tmp_path / "one.csv").read_bytes() == b'text\n<PERSON>\n""\n'


def test_a_row_in_the_place_of_a_header_is_not_shown(tmp_path) -> None:
    source = tmp_path / "rows.csv"
    source.write_text("1,Ada Lovelace,078-05-1120\n", "utf-8")
    with pytest.raises(DataError, match="3 columns, and not all of them look like names") as error:
        run(source, tmp_path / "out.csv")
    assert "Lovelace" not in str(error.value)


def test_keys_that_are_data_do_not_reach_the_manifest(tmp_path) -> None:
    source = tmp_path / "rows.jsonl"
    rows = [{"text": "", "ward": 1, "078-05-1120 Ada Lovelace": 1}, *({"text": "", f"key{number}": 1} for number in range(500))]
    source.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    copied = run(source, tmp_path / "out.jsonl").manifest["columns"]["copied"]
    assert "ward" in copied
    assert len(copied) <= 101
    assert "Lovelace" not in str(copied)


def test_a_column_that_is_named_must_be_there(tmp_path) -> None:
    source = tmp_path / "rows.csv"
    source.write_text("text\nx\n", "utf-8")
    for columns in (Columns(group="patient"), Columns(id="visit")):
        with pytest.raises(DataError, match=r"no column named (patient|visit); the columns are text"):
            run(source, tmp_path / "out.csv", columns=columns)


def test_a_folder_whose_files_all_fail_leaves_an_empty_one(tmp_path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.bin").write_bytes(b"\xff")
    assert run(tmp_path / "in", tmp_path / "out").tally.quarantined == 1
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", b"id,note\n1,2\n", "no column named text; the columns are id, note"),
        ("a.csv", b"text,text\n1,2\n", "a column is named twice"),
        ("a.csv", b"", "needs a first line that names the columns"),
        ("a.csv", b"te\xffxt\n", "needs a first line that names the columns, in UTF-8"),
        ("a.parquet", b"PAR1 and no more", "not a Parquet file"),
        ("a.json", b"[]", "JSON is neither"),
        ("a.jsonl", b'\n{"id": 1, "note": "x"}\n', "the first row has no key text; the keys are id, note"),
        ("a.jsonl", b'{"Jane Roe": "x"}\n', "the first row has no key text; there are 1 keys, and not all of them look like names$"),
        ("a.txt", b"\xff", "not UTF-8 at byte 0"),
        ("absent", None, "no such file"),
    ],
)
def test_a_source_that_cannot_be_read_is_told(tmp_path, name, content, said) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=said):
        run(tmp_path / name, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("entry", ["pipe", "link"])
def test_a_folder_with_what_is_no_file_is_refused_before_any_work(tmp_path, entry) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_text("A")
    if entry == "pipe":
        os.mkfifo(tmp_path / "in" / "pipe")
    else:
        (tmp_path / "in" / "link").symlink_to(tmp_path / "nowhere")
    with pytest.raises(DataError, match=f"{entry}: is no file that can be read; take it out"):
        run(tmp_path / "in", tmp_path / "out")
    assert not (tmp_path / "out.partial").exists()


def test_a_pipe_is_refused_and_not_waited_for(tmp_path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DataError, match="is no file and no folder; what a pipe holds is read with -"):
        run(tmp_path / "pipe", tmp_path / "out")


def test_an_empty_file_of_a_folder_stays_one(tmp_path) -> None:
    (tmp_path / "in").mkdir()
    for name in ("a.csv", "b.jsonl", "c.parquet", "d.txt"):
        (tmp_path / "in" / name).write_bytes(b"")
    (tmp_path / "in" / "e.csv").write_text("text\nJane Roe\n")
    assert run(tmp_path / "in", tmp_path / "out").tally.quarantined == 0
    written = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    assert written == {"a.csv": b"", "b.jsonl": b"", "c.parquet": b"", "d.txt": b"", "e.csv": b"text\n<PERSON>\n"}


def test_the_output_is_named_as_what_it_is(tmp_path) -> None:
    source = tmp_path / "a.jsonl"
    source.write_text('{"text": "A"}\n')
    with pytest.raises(DataError, match=r"out\.csv: is named as csv, and what is read is not"):
        run(source, tmp_path / "out.csv")
    run(source, tmp_path / "out.ndjson")
    run(source, tmp_path / "out.txt")
    source.rename(tmp_path / "a.dump")
    run(tmp_path / "a.dump", tmp_path / "again.jsonl", file_format="jsonl")
    with pytest.raises(DataError, match="is named as parquet"):
        run(tmp_path / "a.dump", tmp_path / "again.parquet", file_format="jsonl")


def test_a_plain_text_has_no_columns(tmp_path) -> None:
    (tmp_path / "a.txt").write_text("A")
    with pytest.raises(DataError, match="is read as plain text, which has no columns"):
        run(tmp_path / "a.txt", tmp_path / "out", columns=Columns(("note",)))


def test_an_output_that_is_a_link_to_a_folder_is_refused_before_any_work(tmp_path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_text("A")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DataError, match="is a link to a folder"):
        run(tmp_path / "in", tmp_path / "out")


def test_what_a_killed_restoration_left_is_gone_after_the_next(tmp_path) -> None:
    source = tmp_path / "a.txt"
    source.write_text("Jane Roe called.")
    key = RedactionKey(bytes(range(32)))
    outputs = Outputs.beside(tmp_path / "out.txt", vault=tmp_path / "vault")
    redact_corpus(StubSource(), source, outputs, key=key)
    left = tmp_path / ".back.txt.restoring"
    left.mkdir()
    (left / "0").write_text("Jane Roe")
    restore_corpus(tmp_path / "out.txt", tmp_path / "back.txt", tmp_path / "vault", key)
    assert (tmp_path / "back.txt").read_text() == "Jane Roe called."
    assert not left.exists()


def test_rows_that_cannot_be_read_are_left_out_and_named(tmp_path) -> None:
    source = tmp_path / "rows.jsonl"
    lines = [
        json.dumps({"id": "good", "text": TEXT}).encode(),
        b'{"id": "cut", "text": "Ada Lov',
        b'{"id": "bytes", "text": "\xff"}',
        b'{"id": "half", "text": "\\ud800"}',
        b'{"id": "number", "text": 3}',
        b'{"id": "lacks"}',
        b'{"id": "shaky", "text": "UNFAITHFUL Ada Lovelace"}',
        json.dumps({"id": "last", "text": TEXT}).encode(),
    ]
    source.write_bytes(b"\n".join(lines) + b"\n")
    result = run(source, tmp_path / "out.jsonl")
    written = (tmp_path / "out.jsonl").read_text("utf-8").split("\n")
    assert [bool(line) for line in written] == [True, *[False] * 6, True, False]
    quarantined = [json.loads(line) for line in (tmp_path / "out.jsonl.quarantine.jsonl").read_text("utf-8").splitlines()]
    assert [(row["line"], row["id"]) for row in quarantined] == [
        (2, None),
        (3, None),
        (4, "half"),
        (5, "number"),
        (6, "lacks"),
        (7, "shaky"),
    ]
    assert result.tally.quarantined == 6
    assert "Lov" not in (tmp_path / "out.jsonl.quarantine.jsonl").read_text("utf-8")


def test_rows_of_csv_that_cannot_be_read_are_left_out(tmp_path) -> None:
    source = tmp_path / "rows.csv"
    source.write_bytes(b"id,text\n1,ok\n2,too,many\n3,\xff\n\n4,fine\n5\n")
    run(source, tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_bytes() == b"id,text\n1,ok\n4,fine\n"
    quarantined = [json.loads(line) for line in (tmp_path / "out.csv.quarantine.jsonl").read_text("utf-8").splitlines()]
    assert [(row["row"], row["id"], row["reason"]) for row in quarantined] == [
        (2, None, "3 fields instead of 2"),
        (3, None, "not UTF-8"),
        (5, None, "1 field instead of 2"),
    ]
