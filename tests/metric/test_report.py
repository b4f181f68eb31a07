"""The report says what was scored, and nothing of any text."""

import json
import sys
from pathlib import Path

import pytest

from piispan.core import DataError, Document, Label, LabelSet, MissingExtraError, Prediction, Span
from piispan.metric import analyse, draw_confusion, draw_labels, markdown_report, paired_differences, percent, score, write_report

LABELS = LabelSet("test", tuple(Label(name, "a label") for name in ("PERSON", "CITY", "PHONE")))
SECRET = "Zebulon Quarterstaff"
DOCUMENTS = [
    Document("a", f"{SECRET} of Cork", (Span(0, 20, "PERSON"), Span(24, 28, "CITY"))),
    Document("b|c", "Cork", (Span(0, 4, "CITY"),)),
    Document("c", "nothing"),
]
PREDICTIONS = [
    Prediction("a", (Span(0, 7, "PERSON"), Span(24, 28, "PERSON")), f"<PERSON>{SECRET}</PERSON>"),
    Prediction("b|c", ()),
    Prediction("c", (Span(0, 7, "CITY"),)),
]


@pytest.fixture
def found():
    return score(DOCUMENTS, PREDICTIONS, LABELS), analyse(DOCUMENTS, PREDICTIONS, LABELS)


def test_every_file_is_written_and_holds_no_text(tmp_path: Path, found) -> None:
    scores, analysis = found
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("kept")
    paths = write_report(tmp_path / "out", scores, analysis)
    assert [path.name for path in paths] == ["report.md", "report.json", "labels.png", "confusion.png"]
    assert (tmp_path / "out" / "mine.txt").read_text() == "kept"
    content = json.loads(paths[1].read_text("utf-8"))
    assert content == {
        "scores": json.loads(json.dumps(scores.to_dict(details=True))),
        "analysis": analysis.to_dict(),
        "differences": {},
        "broken_gates": [],
    }
    for path in paths[2:]:
        assert path.read_bytes().startswith(b"\x89PNG")
    assert not any(word.encode() in path.read_bytes() for path in paths for word in SECRET.split())


def test_the_report_says_what_was_scored(found) -> None:
    text = markdown_report(*found, pictures=["labels.png"])
    assert text.startswith("# Scores of 3 documents, 3 spans\n")
    assert found[0].signature in text
    assert "| F1, exact | 0.0 % | 0.0 to" in text
    assert "| `CITY` | 2 | 0.0 % | 0.0 % | 0.0 % (0.0 to" in text
    assert "PHONE" not in text  # neither gold nor predicted
    assert "![labels](labels.png)" in text
    assert "| `CITY` | `PERSON` | 1 |" in text
    assert "| end | 1 | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 0 |" in text
    assert "Most leaked label: `PERSON`." in text
    assert "| `b\\|c` | 4 | 1 |" in text
    assert "Hallucinated" not in text  # nothing was parsed
    assert "None" not in text


def test_a_report_holds_the_comparison_and_the_limits(tmp_path: Path, found) -> None:
    compared = paired_differences(DOCUMENTS, PREDICTIONS, [Prediction(d.id, ()) for d in DOCUMENTS], LABELS, resamples=50)
    paths = write_report(tmp_path, *found, differences=compared, faults=["leak_rate<=0.01: leak_rate is 0.6"])
    text, content = paths[0].read_text("utf-8"), json.loads(paths[1].read_text("utf-8"))
    assert "- `leak_rate<=0.01: leak_rate is 0.6`" in text
    assert "| PII characters found | +" in text
    assert content["differences"]["char_recall"]["p_value"] == 1.0
    assert "precision" not in compared  # the other system predicted nothing


def test_an_id_cannot_break_the_report() -> None:
    documents = [Document("a|x\n\n# Injected `", "Cork", (Span(0, 4, "CITY"),))]
    text = markdown_report(score(documents, said := [Prediction(documents[0].id, ())], LABELS), analyse(documents, said, LABELS))
    assert "| `a\\|x??# Injected '` | 4 | 1 |" in text


def test_shares_are_never_rounded_to_all_or_nothing() -> None:
    assert [percent(value) for value in (0.0, 1 / 3000, 0.5, 2999 / 3000, 1.0, None)] == [
        "0.0 %",
        "< 0.1 %",
        "50.0 %",
        "> 99.9 %",
        "100.0 %",
        "nothing to score",
    ]


def test_a_report_of_nothing() -> None:
    text = markdown_report(score([], [], LABELS), analyse([], [], LABELS))
    assert "| F1, exact | nothing to score |  |" in text
    assert "Most leaked label: none" in text


def test_the_same_figures_give_the_same_pictures(tmp_path: Path, found) -> None:
    first, again = (write_report(tmp_path / name, *found) for name in ("first", "again"))
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in again]


def test_pictures_need_an_extra_and_the_rest_does_not(tmp_path: Path, found, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setattr("piispan.core.extras.find_spec", lambda name: None)
    assert [path.name for path in write_report(tmp_path, *found)] == ["report.md", "report.json"]
    assert "![" not in (tmp_path / "report.md").read_text("utf-8")
    for draw in (lambda: draw_labels(found[0]), lambda: draw_confusion(found[1])):
        with pytest.raises(MissingExtraError, match=r"piispan\[plots\]"):
            draw()


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, found) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="cannot be written"):
        write_report(tmp_path / "file", *found)
