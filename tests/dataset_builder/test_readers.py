import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from piispan.core import DataError, Document, LabelSet, Span
from piispan.dataset_builder import ReadReport, iter_documents, read_documents, write_jsonl

SECRET = "Zebulon Quimby"
PRESIDIO = LabelSet.load("presidio")


def row(identifier: str = "a", text: str = f"Hi {SECRET}!", spans: object = ((3, 17, "PERSON"),), **more: object) -> dict[str, object]:
    return {"id": identifier, "text": text, "spans": [{"start": s, "end": e, "label": x} for s, e, x in spans], **more}


def jsonl(tmp_path: Path, *rows: object) -> Path:
    path = tmp_path / "documents.jsonl"
    path.write_text("".join((r if isinstance(r, str) else json.dumps(r)) + "\n" for r in rows), "utf-8")
    return path


def presidio(tmp_path: Path, *rows: object) -> Path:
    path = tmp_path / "presidio.json"
    path.write_text(json.dumps(rows), "utf-8")
    return path


def item(spans: object = (("PERSON", SECRET, 3, 17),), text: str = f"Hi {SECRET}!", **more: object) -> dict[str, object]:
    keys = ("entity_type", "entity_value", "start_position", "end_position")
    return {"full_text": text, "spans": [dict(zip(keys, span, strict=True)) for span in spans], **more}


def refusal(path: Path, **options: object) -> str:
    with pytest.raises(DataError) as caught:
        read_documents(path, **options)
    error: BaseException | None = caught.value
    message = str(error)
    while error is not None:  # what a traceback would print, and what it would carry
        assert error.__cause__ is None
        for word in SECRET.split():
            assert word not in f"{error} {error!r} {error.args}"
        error = None if error.__suppress_context__ else error.__context__
    assert str(path) in message
    return message


def test_read_jsonl(tmp_path: Path) -> None:
    documents, report = read_documents(jsonl(tmp_path, row(group="g"), row("b", spans=())), labels=PRESIDIO)
    assert documents[0] == Document("a", f"Hi {SECRET}!", (Span(3, 17, "PERSON"),), "g")
    assert (report.documents, dict(report.spans), report.rejects) == (2, {"PERSON": 1}, [])


def test_read_presidio(tmp_path: Path) -> None:
    path = presidio(tmp_path, item(template_id=7), item(template_id=3, id="mine"))
    documents, _ = read_documents(path)
    assert [(d.id, d.group) for d in documents] == [("presidio-00000", "7"), ("mine", "3")]
    assert documents[0].value(documents[0].spans[0]) == SECRET
    assert read_documents(path, reader="presidio")[0] == documents


def test_read_repairs_are_counted(tmp_path: Path) -> None:
    text = "Ann and Bob "
    documents, report = read_documents(jsonl(tmp_path, row(text=text, spans=[(7, 12, "PERSON"), (0, 4, "PERSON")])))
    assert [documents[0].value(span) for span in documents[0].spans] == ["Ann", "Bob"]
    assert (report.trimmed, report.reordered) == (2, 1)


def test_read_byte_order_mark_and_blank_lines(tmp_path: Path) -> None:
    path = tmp_path / "bom.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(row()).encode() + b"\r\n\r\n" + json.dumps(row("b")).encode())
    assert [d.id for d in read_documents(path)[0]] == ["a", "b"]
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps([item()]).encode())
    assert len(read_documents(path)[0]) == 1


def test_read_line_separator_inside_a_text(tmp_path: Path) -> None:
    path = tmp_path / "separator.jsonl"
    path.write_text(json.dumps(row(text=f"\u2028\x85 {SECRET}", spans=()), ensure_ascii=False) + "\n", "utf-8")
    assert read_documents(path)[0][0].text.startswith("\u2028")


@pytest.mark.parametrize(
    ("bad", "expected"),
    [
        ('{"id": "a", "text": "Zebulon Quimby', "malformed JSON at column"),
        ('["Zebulon Quimby"]', "not a JSON object but list"),
        (row(text=5), "needs the key text"),
        ({"text": SECRET, "spans": []}, "needs the key id"),
        ({"id": "a", "text": SECRET}, "needs the key spans"),
        ({"id": "a", "text": SECRET, "spans": [SECRET]}, "span 0: not a JSON object"),
        (row(group=[SECRET]), "group must be"),
        (row(spans=[(3, 99, "PERSON")]), "document 'a': span 0: [3:99] does not lie inside the text of 18 characters"),
        (row(spans=[(-1, 3, "PERSON")]), "[-1:3] does not lie inside"),
        (row(spans=[(3, 3, "PERSON")]), "[3:3] does not lie inside"),
        (row(spans=[(2, 3, "PERSON")]), "[2:3] is nothing but white space"),
        (row(spans=[(3.0, 17, "PERSON")]), "whole numbers"),
        (row(spans=[(True, 17, "PERSON")]), "whole numbers"),
        (row(spans=[(3, 17, None)]), "non-empty string"),
        (row(spans=[(3, 17, "PERSON"), (11, 17, "TITLE")]), "document 'a': spans PERSON[3:17] and TITLE[11:17] overlap"),
        (
            row(spans=[(3, 17, "PERSN")]),
            "document 'a': span at [3:17]: unknown label 'PERSN' for label set 'presidio'; did you mean PERSON?",
        ),
        (row(text=f"{SECRET} \ud800", spans=()), "document 'a': lone surrogate at offset 15"),
        (row("\ud800"), "lone surrogate"),
        ("[" * 100_000, "JSON that is nested too deep"),
        ('{"id": "a", "text": "Zebulon", "spans": ' + "9" * 5000 + "}", "JSON with a number of too many digits, or too large"),
    ],
)
def test_read_bad_line_names_its_place(tmp_path: Path, bad: object, expected: str) -> None:
    path = jsonl(tmp_path, row("fine"), "", bad)
    message = refusal(path, labels=PRESIDIO, reader="jsonl")
    assert f"{path}, line 3: " in message
    assert expected in message
    documents, report = read_documents(path, labels=PRESIDIO, reader="jsonl", on_error="skip")
    assert [d.id for d in documents] == ["fine"]
    assert [(r.unit, r.number) for r in report.rejects] == [("line", 3)]
    assert "Quimby" not in json.dumps(report.to_dict())


def test_read_id_given_twice(tmp_path: Path) -> None:
    assert "line 2: document 'a': the id was given before" in refusal(jsonl(tmp_path, row(), row()))


def test_read_value_that_disagrees(tmp_path: Path) -> None:
    message = refusal(presidio(tmp_path, item(), item([("PERSON", SECRET, 2, 16)])))
    assert "item 1: document 'presidio-00001': span 0: entity_value disagrees with what stands at [2:16]" in message


@pytest.mark.parametrize("reader", ["auto", "jsonl", "presidio"])
@pytest.mark.parametrize("content", [b"", b" \n\n", b"\xef\xbb\xbf"])
def test_read_empty_file(tmp_path: Path, content: bytes, reader: str) -> None:
    path = tmp_path / "empty"
    path.write_bytes(content)
    assert refusal(path, reader=reader).endswith("the file is empty")


def test_read_array_of_nothing_and_of_no_array(tmp_path: Path) -> None:
    assert "no documents in the file" in refusal(presidio(tmp_path))
    assert "needs the key full_text" in refusal(jsonl(tmp_path, row()), reader="presidio")
    (tmp_path / "cut.json").write_text(f'[{{"full_text":\n"{SECRET}')
    assert "malformed JSON at line 2, column 1" in refusal(tmp_path / "cut.json")


def test_read_missing_file_and_folder(tmp_path: Path) -> None:
    for reader in ("auto", "jsonl", "presidio"):
        assert "no such file" in refusal(tmp_path / "nowhere.json", reader=reader)
        assert "cannot be read" in refusal(tmp_path, reader=reader)


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_read_other_encodings(tmp_path: Path, mark: bytes) -> None:
    path = tmp_path / "latin.jsonl"
    first = mark + json.dumps(row()).encode() + b"\n"
    path.write_bytes(first + f'{{"id": "b", "text": "{SECRET} '.encode() + "Café".encode("latin-1") + b'", "spans": []}')
    offset = path.read_bytes().index(b"\xe9")
    assert f"line 2: not UTF-8 at byte {offset} of the file" in refusal(path)
    path.write_bytes(mark + b"[" + first.removeprefix(mark).strip() + b", \xff]")
    assert f"not UTF-8 at byte {path.read_bytes().index(0xFF, 3)} of the file" in refusal(path)


def test_read_settings_that_are_none(tmp_path: Path) -> None:
    assert "reader must be" in refusal_of_settings(tmp_path, reader="csv")
    assert "on_error" in refusal_of_settings(tmp_path, on_error="ignore")


def refusal_of_settings(tmp_path: Path, **options: object) -> str:
    with pytest.raises(DataError) as caught:
        read_documents(jsonl(tmp_path, row()), **options)
    return str(caught.value)


def test_iter_documents_streams_and_counts(tmp_path: Path) -> None:
    report = ReadReport()
    stream = iter_documents(jsonl(tmp_path, row(), "broken"), report=report)
    assert next(stream).id == "a"
    assert report.documents == 1
    with pytest.raises(DataError, match="line 2"):
        next(stream)


@st.composite
def documents(draw: st.DrawFn) -> Document:
    pieces = draw(st.lists(st.tuples(st.text(st.characters(exclude_categories=["Cs"])), st.sampled_from([None, *PRESIDIO.names]))))
    text, spans = "", []
    for piece, label in pieces:
        if label and piece.strip() == piece != "":
            spans.append(Span(len(text), len(text) + len(piece), label))
        text += piece
    return Document(draw(st.uuids().map(str)), text, tuple(spans), draw(st.none() | st.text(st.characters(exclude_categories=["Cs"]))))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(documents(), min_size=1, max_size=5, unique_by=lambda d: d.id))
def test_write_then_read_gives_the_same(tmp_path: Path, many: list[Document]) -> None:
    path = tmp_path / "round.jsonl"
    assert write_jsonl(many, path) == len(many)
    assert read_documents(path, labels=PRESIDIO)[0] == many
    assert [p.name for p in tmp_path.iterdir()] == ["round.jsonl"]


def test_write_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "old.jsonl"
    write_jsonl([Document("a", "x")], path)

    def breaking() -> object:
        yield Document("b", "y")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_jsonl(breaking(), path)
    assert [d.id for d in read_documents(path)[0]] == ["a"]
    assert len(list(tmp_path.iterdir())) == 1


def test_write_where_it_cannot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match=r"Not a directory|File exists"):
        write_jsonl([], tmp_path / "file" / "such.jsonl")
    (tmp_path / "file").unlink()
    with pytest.raises(DataError, match="cannot be written"):
        write_jsonl([], tmp_path)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(DataError, match="No space left on device"):
        write_jsonl([], tmp_path / "full.jsonl")
    assert not list(tmp_path.iterdir())
