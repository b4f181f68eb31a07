"""Small files in the form in which each tool exports, read as the same two documents."""

import json
from pathlib import Path

import pytest

from piispan.core import DataError, Document, LabelSet, Span
from piispan.dataset_builder import ReadReport, iter_documents, load_label_map, read_documents, token_documents

TEXT = "Call Mia Lee in Zürich 👍 today"
PERSON, PLACE = Span(5, 12, "PERSON"), Span(16, 22, "GPE")
SECRET = "Quarterstaff"


def value(span: Span) -> str:
    return TEXT[span.start : span.end]


def spans(*names: str) -> list[dict[str, object]]:
    """The two spans under the keys start, end, label and value, or under others."""
    keys = names or ("start", "end", "label", "value")
    return [dict(zip(keys, (one.start, one.end, one.label, value(one)), strict=False)) for one in (PERSON, PLACE)]


def label_studio(**more: object) -> dict[str, object]:
    """A task as the JSON export of Label Studio 1.x has it."""
    results = [
        {
            "id": f"r{number}",
            "from_name": "label",
            "to_name": "text",
            "type": "labels",
            "origin": "manual",
            "value": {"start": one.start, "end": one.end, "text": value(one), "labels": [one.label]},
        }
        for number, one in enumerate((PERSON, PLACE))
    ]
    choice = {"id": "c", "from_name": "kind", "to_name": "text", "type": "choices", "value": {"choices": ["note"]}}
    annotation = {"id": 11, "completed_by": 1, "result": [*results, choice], "was_cancelled": False, "lead_time": 5.2}
    cancelled = {"id": 12, "result": [], "was_cancelled": True}
    return {"id": 7, "annotations": [cancelled, annotation], "predictions": [], "data": {"text": TEXT, "id": 3}, "meta": {}, **more}


ARRAYS = {
    "label_studio": [label_studio()],
    "presidio": [{"full_text": TEXT, "spans": spans("start_position", "end_position", "entity_type", "entity_value"), "template_id": 4}],
    "doccano": [{"id": 7, "text": TEXT, "label": [[5, 12, "PERSON"], [16, 22, "GPE"]], "Comments": []}],
    "doccano with relations": [
        {
            "id": 7,
            "text": TEXT,
            "entities": [
                {"id": 1, "label": "PERSON", "start_offset": 5, "end_offset": 12},
                {"id": 2, "label": "GPE", "start_offset": 16, "end_offset": 22},
            ],
            "relations": [],
        }
    ],
    "ai4privacy": [
        {
            "source_text": TEXT,
            "masked_text": "Call [PERSON_1] in [GPE_1] 👍 today",
            "privacy_mask": spans("start", "end", "label", "value"),
            "uid": 40_767,
            "language": "en",
        }
    ],
    "Nemotron-PII": [{"uid": "a1", "text": TEXT, "spans": json.dumps(spans("start", "end", "label", "text")), "domain": "travel"}],
    "records of a table": [{"id": "a", "text": TEXT, "spans": spans()}],
}


@pytest.mark.parametrize("in_lines", [True, False])
@pytest.mark.parametrize("rows", ARRAYS.values(), ids=ARRAYS)
def test_json_is_known_by_its_keys(tmp_path: Path, rows: list[object], in_lines: bool) -> None:
    path = tmp_path / "export.json"
    path.write_text("\n".join(map(json.dumps, rows)) if in_lines else json.dumps(rows, indent=1), "utf-8")
    (document,), report = read_documents(path, labels=LabelSet.load("presidio"))
    assert (document.text, document.spans) == (TEXT, (PERSON, PLACE))
    assert (report.documents, dict(report.spans)) == (1, {"PERSON": 1, "GPE": 1})


def test_fields_without_a_place_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "tasks.json"
    path.write_text(json.dumps([label_studio()]), "utf-8")
    assert read_documents(path)[1].ignored == {"result.choices": 1}


def brat(folder: Path, name: str, *lines: str, text: str | None = TEXT) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.ann").write_text("".join(line + "\n" for line in lines), "utf-8")
    if text is not None:
        (folder / f"{name}.txt").write_bytes(text.encode())


ANNOTATED = ("T1\tPERSON 5 12\tMia Lee", "T2\tGPE 16 22\tZürich", "R1\tLives Arg1:T1 Arg2:T2", "#1\tAnnotatorNotes T1\tsure")


def test_brat_folder_and_file(tmp_path: Path) -> None:
    brat(tmp_path, "ward/one", *ANNOTATED)
    brat(tmp_path, "two", text="a\r\nb")
    documents, report = read_documents(tmp_path)
    assert documents == [Document("two", "a\r\nb"), Document("ward/one", TEXT, (PERSON, PLACE))]
    assert report.ignored == {"annotations.R": 1, "annotations.#": 1}
    assert read_documents(tmp_path / "ward" / "one.ann")[0] == [Document("one", TEXT, (PERSON, PLACE))]


@pytest.mark.parametrize(
    ("line", "text", "message"),
    [
        (f"T1\tPERSON 5 8;9 12\t{SECRET}", TEXT, "file 1: one.ann, line 1: a span in 2 pieces"),
        (f"T1\tPERSON 5 12\t{SECRET}", TEXT, "file 1: document 'one': span 0: value disagrees with what stands at [5:12]"),
        (f"T1 PERSON 5 12 {SECRET}", TEXT, "file 1: one.ann, line 1: not an identifier"),
        (ANNOTATED[0], None, "file 1: one.txt is missing"),
    ],
)
def test_brat_mistakes(tmp_path: Path, line: str, text: str | None, message: str) -> None:
    brat(tmp_path, "one", line, text=text)
    with pytest.raises(DataError) as caught:
        read_documents(tmp_path)
    assert message in str(caught.value)
    assert SECRET not in str(caught.value)


def test_spacy(tmp_path: Path) -> None:
    spacy = pytest.importorskip("spacy")
    from spacy.tokens import DocBin

    document = spacy.blank("en")(TEXT)
    document.ents = [document.char_span(one.start, one.end, one.label) for one in (PERSON, PLACE)]
    DocBin(docs=[document]).to_disk(tmp_path / "train.spacy")
    assert read_documents(tmp_path / "train.spacy")[0] == [Document("document-00001", TEXT, (PERSON, PLACE))]
    (tmp_path / "none.spacy").write_bytes(b"x")
    with pytest.raises(DataError, match="not a file of spaCy's DocBin"):
        read_documents(tmp_path / "none.spacy")


def test_inline_tags(tmp_path: Path) -> None:
    path = tmp_path / "notes.tagged"
    path.write_text("Call <PERSON>Mia Lee</PERSON> in <GPE>Zürich</GPE> 👍 today\r\n\nNothing <br/> here\n", "utf-8")
    assert read_documents(path)[0] == [Document("line-00001", TEXT, (PERSON, PLACE)), Document("line-00003", "Nothing <br/> here")]
    path.write_text(f"fine\n<PERSON>{SECRET}\n<PERSON>{SECRET}</PERSON></PERSON>\n", "utf-8")
    documents, report = read_documents(path, on_error="skip")
    assert [document.id for document in documents][:1] == ["line-00001"]
    assert [reject.number for reject in report.rejects] == [2, 3]
    assert SECRET not in str(report.to_dict())


def test_token_rows() -> None:
    words = ["Mia", "Lee", "in", "Zürich"]
    names = ["O", "B-PERSON", "I-PERSON", "B-GPE"]
    rows = [{"id": "7", "tokens": words, "ner_tags": [1, 2, 0, 3]}, {"tokens": words, "ner_tags": ["I-PERSON", "I-PERSON", "O", "S-GPE"]}]
    first, second = token_documents(rows, names=names, report=(report := ReadReport()))
    assert first == Document("7", "Mia Lee in Zürich", (Span(0, 7, "PERSON"), Span(11, 17, "GPE")))
    assert (second.id, second.spans, report.documents) == ("row-000001", first.spans, 2)
    for tags, message in (([1, 2, 0, 9], "the number 9"), ([1], "lists of one length"), (["X"] * 4, "tags such as O")):
        with pytest.raises(DataError, match=f"row 0: .*{message}"):
            list(token_documents([{"tokens": words, "ner_tags": tags}], names=names))


def test_token_rows_of_datasets() -> None:
    datasets = pytest.importorskip("datasets")
    names = ["O", "B-PERSON", "I-PERSON"]
    features = datasets.Features(
        {"tokens": datasets.List(datasets.Value("string")), "ner_tags": datasets.List(datasets.ClassLabel(names=names))}
    )
    rows = datasets.Dataset.from_dict({"tokens": [["Mia", "Lee", "in"]], "ner_tags": [[1, 2, 0]]}, features=features)
    (document,) = token_documents(rows, names=rows.features["ner_tags"].feature.names)
    assert document.spans == (Span(0, 7, "PERSON"),)


def counted(offsets: str, ends: str) -> list[dict[str, object]]:
    """The two spans as another tool counts; the second stands behind an emoji."""
    rows = []
    for start, end in ((5, 12), (25, 30)):
        before, within = (TEXT[:start], TEXT[:end])
        length = {"code_points": len, "utf16": lambda t: len(t.encode("utf-16-le")) // 2, "bytes": lambda t: len(t.encode())}[offsets]
        rows.append({"start": length(before), "end": length(within) - (ends == "inclusive"), "label": "PERSON", "value": TEXT[start:end]})
    return rows


@pytest.mark.parametrize("ends", ["exclusive", "inclusive"])
@pytest.mark.parametrize("offsets", ["code_points", "utf16", "bytes"])
def test_offsets_of_other_tools(tmp_path: Path, offsets: str, ends: str) -> None:
    path = tmp_path / "documents.jsonl"
    path.write_text(json.dumps({"id": "a", "text": TEXT, "spans": counted(offsets, ends)}), "utf-8")
    (document,), _ = read_documents(path, offsets=offsets, ends=ends)
    assert [(one.start, one.end) for one in document.spans] == [(5, 12), (25, 30)]
    if (offsets, ends) != ("code_points", "exclusive"):
        with pytest.raises(DataError, match=f"its spans fit with offsets={offsets}, ends={ends}$"):
            read_documents(path)


def test_settings_that_are_none(tmp_path: Path) -> None:
    path = tmp_path / "documents.jsonl"
    path.write_text(json.dumps({"id": "a", "text": TEXT, "spans": []}), "utf-8")
    for options in ({"offsets": "utf8"}, {"ends": "open"}, {"reader": "xml"}):
        with pytest.raises(DataError, match="must be"):
            read_documents(path, **options)


def test_labels_are_mapped_and_left_out(tmp_path: Path) -> None:
    path, labels = tmp_path / "documents.jsonl", tmp_path / "map.yaml"
    rows = [{"id": "a", "text": TEXT, "spans": [{"start": 5, "end": 12, "label": "PER"}, {"start": 16, "end": 22, "label": "MISC"}]}]
    path.write_text(json.dumps(rows[0]), "utf-8")
    labels.write_text("PER: PERSON\nMISC:\n", "utf-8")
    (document,), report = read_documents(path, labels=LabelSet.load("presidio"), label_map=load_label_map(labels))
    assert document.spans == (PERSON,)
    assert report.unmapped == {"MISC": 1}
    for content in ("- PER\n", "PER: 5\n", "", "no: PERSON\n"):
        labels.write_text(content, "utf-8")
        with pytest.raises(DataError, match="needs a"):
            load_label_map(labels)


def test_a_task_that_two_people_did_is_refused(tmp_path: Path) -> None:
    both = label_studio()
    both["annotations"][0]["was_cancelled"] = False
    path = tmp_path / "tasks.json"
    path.write_text(json.dumps([label_studio(), both]), "utf-8")
    stream = iter_documents(path)
    assert next(stream).id == "7"
    with pytest.raises(DataError, match="item 1: the task has 2 annotations that were not cancelled"):
        next(stream)
