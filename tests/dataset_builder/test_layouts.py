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
    assert read_documents(path)[1].ignored == {"result.choices": 1, "data.id": 1}


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


def tasks(tmp_path: Path, *rows: object) -> Path:
    path = tmp_path / "tasks.json"
    path.write_text(json.dumps(rows), "utf-8")
    return path


def with_result(**result: object) -> dict[str, object]:
    """A task whose second annotation has one result more."""
    task = label_studio()
    task["annotations"][1]["result"].append(result)
    return task


@pytest.mark.parametrize(
    ("result", "shown"),
    [
        ({"type": "hypertextlabels", "value": {"start": "/p[1]", "end": "/p[1]", "hypertextlabels": ["PERSON"]}}, "type hypertextlabels"),
        ({"type": "paragraphlabels", "value": {"start": "0", "end": "0", "paragraphlabels": ["PERSON"]}}, "type paragraphlabels"),
        ({"type": "labels", "value": {"start": 5, "end": 12, "text": SECRET}}, "without a label"),
        ({"type": SECRET + " x", "value": {"startOffset": 5, "endOffset": 12}}, "without a label"),
    ],
)
def test_spans_of_label_studio_that_cannot_be_read_are_an_error(tmp_path: Path, result: dict[str, object], shown: str) -> None:
    documents, report = read_documents(tasks(tmp_path, {**label_studio(), "id": 8}, with_result(**result)), on_error="skip")
    assert [document.id for document in documents] == ["8"]
    assert f"result 3 is a span {'of the ' if 'type' in shown else ''}{shown}, which cannot be read" in report.rejects[0].reason
    assert SECRET not in report.rejects[0].reason


@pytest.mark.parametrize(
    "result",
    [
        {"type": "rating", "value": {"rating": 4}},
        {"type": "textarea", "value": {"start": 5, "end": 12, "text": ["x"]}},
        {"type": "relation", "from_id": "r0", "to_id": "r1", "labels": []},
    ],
)
def test_results_of_label_studio_without_spans_are_counted(tmp_path: Path, result: dict[str, object]) -> None:
    (document,), report = read_documents(tasks(tmp_path, with_result(**result)))
    assert document.spans == (PERSON, PLACE)
    assert report.ignored[f"result.{result['type']}"] == 1


def test_a_task_without_annotations_says_how_to_leave_it_out(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"0 annotations .*--on-error skip leaves it out"):
        read_documents(tasks(tmp_path, {**label_studio(), "annotations": []}))


def test_groups_and_texts_of_label_studio(tmp_path: Path) -> None:
    path = tasks(tmp_path, label_studio(data={"text": TEXT, "group": "ward", "patient": 12, "source": "x"}))
    (document,), report = read_documents(path)
    assert (document.group, report.ignored["data.patient"], report.ignored["data.source"]) == ("ward", 1, 1)
    (document,), report = read_documents(path, group_field="patient")
    assert (document.group, report.ignored["data.patient"]) == ("12", 0)
    with pytest.raises(DataError, match="item 0: needs the key visit, which is to be the group"):
        read_documents(path, group_field="visit")
    path = tasks(tmp_path, label_studio(data={"title": SECRET, "body": TEXT}))
    with pytest.raises(DataError, match="several strings: title, body; say which") as caught:
        read_documents(path)
    assert SECRET not in str(caught.value)
    assert read_documents(path, text_field="body")[0][0].text == TEXT
    with pytest.raises(DataError, match="no string under head; its strings: title, body"):
        read_documents(path, text_field="head")


def test_groups_of_rows(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps({"id": 7, "data": TEXT, "label": [[5, 12, "PERSON"]], "patient": "a", "visit": [1], "ok": True}), "utf-8")
    (document,), report = read_documents(path, group_field="patient")
    assert (document.text, document.group, document.spans) == (TEXT, "a", (PERSON,))
    assert "patient" not in report.ignored
    assert read_documents(path, group_field="id")[0][0].group == "7"
    for name in ("visit", "ok"):
        with pytest.raises(DataError, match="group must be a string, a whole number or null"):
            read_documents(path, group_field=name)
    (tmp_path / "x.bio").write_text("a O\n")
    with pytest.raises(DataError, match="its layout has no fields"):
        read_documents(tmp_path / "x.bio", group_field="patient")


def least(number: int, *labelled: Span) -> dict[str, object]:
    """A row of JSON-MIN."""
    label = [{"start": one.start, "end": one.end, "text": value(one), "labels": [one.label]} for one in labelled]
    return {"id": number, "text": TEXT, "label": label, "annotator": 1, "annotation_id": number}


@pytest.mark.parametrize("first", [(), (PERSON,)])
@pytest.mark.parametrize("reader", ["auto", "label_studio"])
def test_label_studio_min(tmp_path: Path, first: tuple[Span, ...], reader: str) -> None:
    documents, report = read_documents(tasks(tmp_path, least(1, *first), least(2, PERSON, PLACE)), reader=reader)
    assert [document.spans for document in documents] == [first, (PERSON, PLACE)]
    assert report.ignored == {"annotator": 2, "annotation_id": 2}
    two = least(3, PERSON)
    two["label"][0]["labels"] = ["PERSON", "GPE"]
    with pytest.raises(DataError, match="item 1: label 0 must have one label"):
        read_documents(tasks(tmp_path, least(1, PERSON), two))


@pytest.mark.parametrize("key", ["spans", "privacy_mask"])
def test_spans_as_python_writes_a_list(tmp_path: Path, key: str) -> None:
    path = tmp_path / "rows.jsonl"
    text = "source_text" if key == "privacy_mask" else "text"
    path.write_text(json.dumps({"id": "a", text: TEXT, key: repr(spans())}), "utf-8")
    assert read_documents(path)[0][0].spans == (PERSON, PLACE)
    for bad in (f"open('{SECRET}')", f"{{'{SECRET}': 1}}", f"['\\{SECRET}'", "[" * 5000):
        path.write_text(json.dumps({"id": "a", text: TEXT, key: bad}), "utf-8")
        with pytest.raises(DataError, match=f"{key} is a string that is no JSON list, nor one of Python") as caught:
            read_documents(path)
        assert SECRET not in str(caught.value)


def test_span_groups_of_spacy_are_not_lost(tmp_path: Path) -> None:
    spacy = pytest.importorskip("spacy")
    from spacy.tokens import DocBin

    grouped, both = (spacy.blank("en")(TEXT) for _ in range(2))
    for document in (grouped, both):
        document.spans["sc"] = [document.char_span(5, 12, "PERSON")]
    both.ents = [both.char_span(5, 12, "PERSON")]
    DocBin(docs=[both, grouped]).to_disk(tmp_path / "train.spacy")
    documents, report = read_documents(tmp_path / "train.spacy", on_error="skip")
    assert ([document.spans for document in documents], report.ignored) == ([(PERSON,)], {"doc.spans": 1})
    assert str(report.rejects[0]) == "item 2: holds 1 spans in doc.spans and no entities; only doc.ents is read"


def test_hints_of_columns_are_for_json_alone(tmp_path: Path) -> None:
    brat(tmp_path, "one", "T1\tPERSON 5 8;9 12\tMia Lee")
    with pytest.raises(DataError, match=r"in 2 pieces; only whole ones can be read$"):
        read_documents(tmp_path)


@pytest.mark.parametrize(
    ("line", "place"),
    [("a <b> c</PERSON>", 3), ("<PERSON>a", 1), ("<A>x</A> <A>y", 10), ("<A>x</B>", 1), ("<A><B>x</B></A>", 4), ("x</A>", 2)],
)
def test_the_unbalanced_tag_is_placed(tmp_path: Path, line: str, place: int) -> None:
    path = tmp_path / "notes.tagged"
    path.write_text(line + "\n", "utf-8")
    with pytest.raises(DataError, match=f"unbalanced or unknown, at character {place} of the line$"):
        read_documents(path)
