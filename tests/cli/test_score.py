"""Scoring files of predictions, comparing two of them, and limits that fail a pipeline."""

import json
import re
from pathlib import Path

import pytest

from piispan.core import Prediction, Span, write_predictions

TEXT = "Call Mia Lee on 555-0199."
PERSON, PHONE = Span(5, 12, "PERSON"), Span(16, 24, "PHONE_NUMBER")


@pytest.fixture
def gold(tmp_path) -> Path:
    spans = [PERSON.to_dict(), PHONE.to_dict()]
    path = tmp_path / "gold.jsonl"
    path.write_text("".join(json.dumps({"id": f"d{i}", "text": TEXT, "spans": spans}) + "\n" for i in range(20)), "utf-8")
    return path


def said(tmp_path: Path, name: str, *spans: Span, output: str | None = None) -> Path:
    path = tmp_path / name
    write_predictions([Prediction(f"d{i}", spans, output) for i in range(20)], path)
    return path


def test_scores_of_a_file(piispan, tmp_path, gold) -> None:
    code, out, err = piispan("score", said(tmp_path, "p.jsonl", PERSON), gold, "--json")
    scores = json.loads(out)
    assert (code, err) == (0, "")
    assert (scores["precision"], scores["recall"], scores["per_label"]["PHONE_NUMBER"]["recall"]) == (1.0, 0.5, 0.0)
    assert (scores["hallucination_rate"], scores["differences"], scores["broken_gates"]) == (None, {}, [])


def test_labelled_documents_serve_as_predictions(piispan, tmp_path, gold) -> None:
    assert json.loads(piispan("score", gold, gold, "--json")[1])["f1"] == 1.0
    items = [
        {"id": f"d{i}", "full_text": TEXT, "spans": [{"entity_type": "PERSON", "start_position": 5, "end_position": 12}]} for i in range(20)
    ]
    (tmp_path / "presidio.json").write_text(json.dumps(items), "utf-8")
    assert json.loads(piispan("score", tmp_path / "presidio.json", gold, "--json")[1])["recall"] == 0.5


def test_columns_are_scored_sentence_by_sentence(piispan, tmp_path) -> None:
    columns = {"gold": ("B-PERSON", "I-PERSON", "O", "B-GPE"), "said": ("B-PERSON", "I-PERSON", "O", "O")}
    for name, tags in columns.items():
        lines = [f"{token}\t{tag}" for token, tag in zip(("Mia", "Lee", "in", "Rome"), tags, strict=True)]
        (tmp_path / f"{name}.bio").write_text("\n".join([*lines, "", *lines, ""]), "utf-8")
    scores = json.loads(piispan("score", tmp_path / "said.bio", tmp_path / "gold.bio", "--json")[1])
    assert (scores["documents"], scores["precision"], scores["recall"]) == (2, 1.0, 0.5)
    (tmp_path / "said.bio").write_text("Mia\tO\nLee\tO\nof\tO\nRome\tO\n\nMia\tO\n", "utf-8")
    code, _, err = piispan("score", tmp_path / "said.bio", tmp_path / "gold.bio")
    assert code == 2
    assert "document 'sentence-00001' has another text than its gold document" in err


def test_predictions_for_another_text_are_refused(piispan, tmp_path, gold) -> None:
    rows = [json.loads(line) for line in gold.read_text("utf-8").splitlines()]
    (tmp_path / "p.jsonl").write_text("\n".join(json.dumps({**row, "text": "Now " + row["text"]}) for row in rows), "utf-8")
    for files in ((tmp_path / "p.jsonl", gold), (gold, gold, "--compare", tmp_path / "p.jsonl")):
        code, _, err = piispan("score", *files)
        assert code == 2
        assert err.startswith(f"piispan: {tmp_path / 'p.jsonl'}: document 'd0' has another text than its gold document")


def test_predictions_are_taken_as_they_are_in_every_layout(piispan, tmp_path) -> None:
    """Overlapping spans and white space at their edges: the gold spans are trimmed, and that is told."""
    spans = [(5, 13), (5, 8)]
    text = {"full_text": TEXT, "spans": [{"entity_type": "PERSON", "start_position": a, "end_position": b} for a, b in spans]}
    (tmp_path / "p.json").write_text(json.dumps([text]), "utf-8")
    row = {"id": "presidio-00000", "text": TEXT, "spans": [{"start": a, "end": b, "label": "PERSON"} for a, b in spans]}
    (tmp_path / "p.jsonl").write_text("\ufeff" + json.dumps(row), "utf-8")
    (tmp_path / "gold.jsonl").write_text(json.dumps({**row, "spans": row["spans"][:1]}), "utf-8")
    found = [piispan("score", tmp_path / name, tmp_path / "gold.jsonl", "--json") for name in ("p.json", "p.jsonl")]
    assert found[0][1] == found[1][1]
    assert (json.loads(found[0][1])["f1"], json.loads(found[0][1])["char_recall"]) == (0.0, 1.0)
    assert found[0][2] == "gold: 1 span trimmed of white space, 0 documents sorted; predictions are taken as they are\n"


def test_labels_that_the_set_lacks_are_told(piispan, tmp_path, gold) -> None:
    said_by = said(tmp_path, "p.jsonl", Span(5, 12, "PER"), Span(16, 24, "Mia Lee"))
    code, _, err = piispan("score", said_by, gold)
    assert (code, err) == (0, "40 predicted spans with a label that presidio lacks (PER 20): wrong whatever their boundaries\n")
    rows = [{"id": "a", "text": TEXT, "spans": [{"start": 0, "end": 4, "label": "Mia Lee"}]}]
    (tmp_path / "gold.jsonl").write_text(json.dumps(rows[0]), "utf-8")
    code, _, err = piispan("score", said_by, tmp_path / "gold.jsonl")
    assert code == 2
    assert "unknown label of 7 characters" in err
    assert "Mia" not in err


def test_a_split_passes_over_predictions_of_its_other_parts(piispan, tmp_path, gold) -> None:
    scores = json.loads(piispan("score", said(tmp_path, "p.jsonl", PERSON, PHONE), gold, "--split", "random", "--json")[1])
    assert 0 < scores["documents"] < 20
    assert scores["f1"] == 1.0


def test_a_format_needs_raw_outputs(piispan, tmp_path, gold) -> None:
    code, _, err = piispan("score", said(tmp_path, "p.jsonl", PERSON), gold, "--format", "tagged")
    assert (code, err) == (2, f"piispan: {tmp_path / 'p.jsonl'}: has no raw outputs, so there is nothing to read in a format\n")


def test_raw_outputs_are_read_anew_where_a_format_is_given(piispan, tmp_path, gold) -> None:
    predictions = said(tmp_path, "p.jsonl", output="Call <PERSON>Mia Loo</PERSON> on 555-0199.")
    scores = json.loads(piispan("score", predictions, gold, "--format", "tagged", "--json")[1])
    assert (scores["text_drift_rate"], scores["hallucination_rate"], scores["f1"]) == (1.0, 1.0, 0.0)


def test_two_systems_are_compared(piispan, tmp_path, gold) -> None:
    both, one, none = said(tmp_path, "both.jsonl", PERSON, PHONE), said(tmp_path, "one.jsonl", PERSON), said(tmp_path, "none.jsonl")
    compared = json.loads(piispan("score", both, gold, "--compare", one, "--json")[1])["differences"]
    assert (compared["recall"]["difference"], compared["precision"]["difference"], compared["leaked_documents"]["difference"]) == (
        0.5,
        0.0,
        -1.0,
    )
    assert "precision" not in json.loads(piispan("score", both, gold, "--compare", none, "--json")[1])["differences"]
    code, out, _ = piispan("score", both, gold, "--compare", one)
    assert code == 0
    assert "+50.0" in out
    assert "0.002" in out  # 1,000 resamples prove no less
    assert "Above one.jsonl, in points" in out


def test_a_broken_limit_fails_the_command(piispan, tmp_path, gold) -> None:
    limits = ("--fail-under", "recall[PERSON]>=0.99", "--fail-under", "leak_rate<=0.01")
    code, out, err = piispan("score", said(tmp_path, "one.jsonl", PERSON), gold, *limits)
    assert code == 1
    assert err == "broken: leak_rate<=0.01: leak_rate is 0.533333\n"
    assert "F1, exact" in out
    assert re.search(r"^piispan-metric:\S+\|match:exact\|input:spans\|labels:[0-9a-f]{12}\|bootstrap:1000:0$", out, re.MULTILINE)
    both = said(tmp_path, "both.jsonl", PERSON, PHONE)
    assert piispan("score", both, gold, *limits)[0] == 0
    code, out, err = piispan("score", both, gold, *limits, "--confident", "--json")
    assert (code, json.loads(out)["broken_gates"]) == (1, [line.removeprefix("broken: ") for line in err.splitlines()])
    assert err.startswith("broken: recall[PERSON]>=0.99: lower end of recall[PERSON] is 0.83")


def test_a_report_is_left_where_it_was_asked_for(piispan, tmp_path, gold) -> None:
    code, out, _ = piispan("score", said(tmp_path, "p.jsonl", PERSON), gold, "--out", tmp_path / "report")
    assert code == 0
    assert sorted(path.name for path in (tmp_path / "report").iterdir()) == ["confusion.png", "labels.png", "report.json", "report.md"]
    assert "report.md" in out
    assert "Mia" not in (tmp_path / "report" / "report.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--fail-under", "recall"], "a gate reads like"),
        (["--fail-under", "recal>=1"], "did you mean recall?"),
        (["--confident"], "--confident goes with --fail-under"),
        (["--fail-under", "f1>=0.5", "--confident", "--resamples", "0"], "f1 has no interval"),
        (["--format", "xml"], "xml"),
        (["--compare", "absent.jsonl"], "absent.jsonl"),
    ],
)
def test_mistakes_are_named(piispan, tmp_path, gold, arguments, message) -> None:
    code, out, err = piispan("score", said(tmp_path, "p.jsonl", PERSON), gold, *arguments)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert message in err


def test_predictions_of_other_documents_are_refused(piispan, tmp_path, gold) -> None:
    other = tmp_path / "other.jsonl"
    write_predictions([Prediction("elsewhere", ())], other)
    code, _, err = piispan("score", other, gold)
    assert code == 2
    assert "20 documents and 1 predictions do not match" in err


def test_the_metric_is_written_as_a_space(piispan, tmp_path) -> None:
    code, out, _ = piispan("metric", "export", tmp_path / "new", "--to", "ada/scores")
    assert code == 0
    assert "python app.py" in out
    assert (tmp_path / "new" / "scores.py").is_file()
