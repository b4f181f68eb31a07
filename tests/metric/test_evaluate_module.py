"""The ``evaluate`` module, loaded from the checkout and from package data, in a process with a cache of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import piispan.metric
from piispan.core import DataError, Document, LabelError, LabelSet, Prediction, Span
from piispan.metric.rows import check_rows, score_rows

ROOT = Path(__file__).parents[2]
SECRET = "Zebulon Quarterstaff"
GOOD = {"spans": [{"start": 0, "end": 20, "label": "PERSON"}]}

PROGRAM = """
import json, sys
import evaluate
from piispan.core import DataError

metric = evaluate.load(sys.argv[1], **json.loads(sys.argv[2]))
rows = json.loads(sys.argv[3])
results = [metric.compute(**rows, labels="presidio", resamples=50, seed=4)]
for prediction, reference in zip(rows["predictions"], rows["references"]):
    metric.add(prediction=prediction, reference=reference)
results.append(metric.compute(labels="presidio", resamples=50, seed=4))
try:
    metric.add_batch(predictions=[{"spans": [{"start": 0.5, "end": 2, "label": "PERSON"}]}], references=[{"spans": []}])
except DataError as error:
    results.append(str(error))
for prediction, reference in zip(rows["predictions"], rows["references"]):
    metric.add_batch(predictions=[prediction], references=[reference])
results.append(metric.compute(labels="presidio", resamples=50, seed=4))
print(json.dumps(results))
"""


def loaded(path: str, folder: Path, rows: dict[str, object], **settings: object) -> list[dict[str, object] | str]:
    environment = {**os.environ, "HF_HOME": str(folder), "HF_MODULES_CACHE": str(folder / "modules"), "HF_HUB_OFFLINE": "1"}
    command = [sys.executable, "-c", PROGRAM, path, json.dumps(settings), json.dumps(rows)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize(("path", "in_memory"), [("./metric", False), (piispan.metric.path(), True)])
def test_loads_and_scores_as_the_package_does(tmp_path, path, in_memory):
    documents = [Document("a", f"{SECRET} in Rome", (Span(0, 20, "PERSON"), Span(24, 28, "CITY"))), Document("b", "Nothing")]
    documents = [Document(x.id, x.text, tuple(s for s in x.spans if s.label == "PERSON")) for x in documents]
    predictions = [Prediction("a", (Span(0, 20, "PERSON"), Span(0, 7, "PERSON"))), Prediction("b", ())]
    rows = {"predictions": [x.to_dict() for x in predictions], "references": [x.to_dict() for x in documents]}
    once, one_by_one, refusal, in_batches = loaded(path, tmp_path, rows, keep_in_memory=in_memory)
    expected = piispan.metric.score(documents, predictions, LabelSet.load("presidio"), resamples=50, seed=4).to_dict()
    assert once == one_by_one == in_batches == expected
    assert refusal == "predictions[0], span 0: offsets must be integers, was: float"
    assert not [file for file in tmp_path.rglob("*") if file.is_file() and SECRET.encode() in file.read_bytes()]


def spans(*rows: object) -> dict[str, object]:
    return {"spans": list(rows), "text": SECRET, "id": "a"}


@pytest.mark.parametrize(
    ("predictions", "references", "message"),
    [
        (None, [GOOD], "predictions must be a list of rows, was: NoneType"),
        (SECRET, [GOOD], "predictions must be a list of rows, was: str"),
        ([GOOD], [GOOD, GOOD], "predictions and references must be of one length, were: 1 and 2"),
        ([GOOD, SECRET], [GOOD, GOOD], "predictions[1] must be a dict with the key spans, was: str"),
        ([GOOD], [{"text": SECRET}], "references[0] lacks the key spans"),
        ([{"spans": SECRET}], [GOOD], "predictions[0] needs a list of spans, was: str"),
        ([GOOD, spans(SECRET)], [GOOD, GOOD], "predictions[1], span 0: must be a dict"),
        ([spans({"start": 0, "label": SECRET})], [GOOD], "predictions[0], span 0: lacks the key end"),
        ([spans({"start": 0, "end": 2.0, "label": "A"})], [GOOD], "predictions[0], span 0: offsets must be integers, was: float"),
        ([spans({"start": False, "end": 2, "label": "A"})], [GOOD], "predictions[0], span 0: offsets must be integers, was: bool"),
        (
            [spans({"start": 0, "end": 2**40, "label": "A"})],
            [GOOD],
            "predictions[0], span 0: offsets must be at least 0 and at most 2147483647",
        ),
        ([spans({"start": -(10**5000), "end": 2, "label": "A"})], [GOOD], "predictions[0], span 0: offsets must be at least 0"),
        ([GOOD], [spans({"start": 0, "end": 2, "label": "A\ud83d"})], "references[0], span 0: the label holds a lone surrogate"),
        ([spans({"start": 2, "end": 2, "label": "A"})], [GOOD], "predictions[0], span 0: a span needs 0 <= start < end"),
        ([spans({"start": 0, "end": 2, "label": None})], [GOOD], "predictions[0], span 0: label must be a non-empty string"),
        ([GOOD], [spans(*GOOD["spans"] * 2)], "references[0]: spans [0:20] and [0:20] overlap"),
        ([spans()], [{"spans": [], "id": SECRET}], "predictions[0] and references[0] have different ids"),
    ],
)
def test_rows_are_checked_before_evaluate_sees_them(predictions, references, message):
    with pytest.raises(DataError) as caught:
        check_rows(predictions, references)
    assert str(caught.value).startswith(message)
    assert SECRET not in str(caught.value)


def test_integers_of_numpy_are_integers():
    row = {"spans": [{"start": np.int64(0), "end": np.int32(20), "label": "PERSON", "score": 0.5}]}
    assert check_rows([row], [row]) == ([GOOD], [GOOD])


def test_labels_default_to_those_of_the_references():
    invented = {"spans": [{"start": 0, "end": 20, "label": "person"}]}
    scores = score_rows([invented], [GOOD], resamples=0)
    assert list(scores["per_label"]) == ["PERSON"]
    assert (scores["f1"], scores["f1_boundaries"]) == (0.0, 1.0)
    assert "|labels:data-" in scores["signature"]
    assert score_rows([], [], resamples=0)["f1"] is None


OUTPUTS = """
import json, sys
import evaluate
from piispan.core import DataError

rows = json.loads(sys.argv[2])
metric = evaluate.load(sys.argv[1], "tagged", labels="presidio")
results = [metric.compute(**rows, resamples=50, alignment=way) for way in ("strict", "recover")]
for prediction, reference in zip(rows["predictions"], rows["references"]):
    metric.add(prediction=prediction, reference=reference)
results.append(metric.compute(resamples=50))
try:
    metric.add_batch(predictions=rows["predictions"], references=rows["references"][::-1])
except DataError as error:
    results.append(str(error))
try:
    metric.add(prediction={"output": 1}, reference=rows["references"][0])
except DataError as error:
    results.append(str(error))
print(json.dumps(results))
"""


def test_raw_outputs_are_read_and_nothing_of_them_is_kept(tmp_path):
    documents = [Document("a", f"{SECRET} in Rome", (Span(0, 20, "PERSON"), Span(24, 28, "GPE"))), Document("b", "Nothing")]
    outputs = [f"<PERSON>{SECRET}</PERSON> in <FOO>Roma</FOO>", "<GPE>Nothing</GPE> else"]
    rows = {
        "predictions": [{"id": d.id, "output": output} for d, output in zip(documents, outputs, strict=True)],
        "references": [d.to_dict() for d in documents],
    }
    environment = {**os.environ, "HF_HOME": str(tmp_path), "HF_MODULES_CACHE": str(tmp_path / "modules"), "HF_HUB_OFFLINE": "1"}
    command = [sys.executable, "-c", OUTPUTS, piispan.metric.path(), json.dumps(rows)]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    strict, repaired, added, order, refusal = json.loads(done.stdout.splitlines()[-1])
    predictions = [Prediction(d.id, (), output) for d, output in zip(documents, outputs, strict=True)]
    for found, way in ((strict, "strict"), (repaired, "recover")):
        scores = piispan.metric.score(documents, predictions, "presidio", format="tagged", alignment=way, resamples=50).to_dict()
        assert found == {**scores, "output_tokens_per_document": None}
    assert added == strict
    assert (strict["text_drift_rate"], strict["hallucination_rate"], strict["unknown_label_rate"]) == (0.5, 1 / 3, 1 / 3)
    assert order == "predictions[0] and references[0] have different ids; give both in one order"
    assert refusal == "predictions[0] needs the key output, a string"
    assert not [file for file in tmp_path.rglob("*") if file.is_file() and SECRET.encode() in file.read_bytes()]


def test_labels_may_be_a_list():
    rows = [{"spans": [{"start": 0, "end": 2, "label": "A"}]}]
    assert score_rows(rows, rows, ["A", "B"], resamples=0)["per_label"].keys() == {"A", "B"}
    with pytest.raises(LabelError, match="unknown label 'A' for label set 'list'"):
        score_rows(rows, rows, ["B"], resamples=0)
