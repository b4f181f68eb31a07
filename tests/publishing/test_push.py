"""What a push leaves on the Hub, and what it refuses."""

import json
import shutil
import socket
from dataclasses import replace
from pathlib import Path

import pytest
from huggingface_hub import HfApi, ModelCard, metadata_load

from piispan.core import Document, Sidecar
from piispan.dataset_builder import write_jsonl
from piispan.model_card import CardError, check_folder, read_facts, write_card
from piispan.runs import Publication, check_card
from piispan.tagger import Tagger
from piispan.tagger.adapters import load_adapted
from tests.loopback_hub import LoopbackHub
from tests.publishing.conftest import BASE, PLANTED, REPO, TOKEN, Trained
from tests.publishing.pushes import push, run

FILES = [
    "README.md",
    "adapter_config.json",
    "adapter_model.safetensors",
    "card_facts.json",
    "chat_template.jinja",
    "confusion.png",
    "labels.png",
    "piispan.json",
    "tokenizer.json",
    "tokenizer_config.json",
]


def files(hub: LoopbackHub, repo: str = REPO) -> dict[str, bytes]:
    return {name: content for name, content in hub.repos[repo][-1].files.items() if name != ".gitattributes"}


def written(hub: LoopbackHub, folder: Path, repo: str = REPO) -> Path:
    """The repository's files in a folder."""
    for name, content in files(hub, repo).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def test_an_adapter_is_pushed_private_and_whole_in_one_commit(hub, base_revision, trained: Trained, monkeypatch, capsys, tmp_path) -> None:
    assert push(monkeypatch, trained.adapter, base_revision) == 0
    shown = capsys.readouterr()
    assert f"pushed: {hub.endpoint}/{REPO} (private), v1, commit {hub.repos[REPO][-1].sha}" in shown.out
    assert (hub.private[REPO], len(hub.repos[REPO]), hub.tags[REPO]) == (True, 2, {"v1": hub.repos[REPO][-1].sha})
    assert sorted(files(hub)) == FILES
    assert hub.unanswered == []
    folder = written(hub, tmp_path / "there")
    sidecar = Sidecar.load(folder)
    assert (sidecar.base_model, sidecar.base_revision) == (BASE, base_revision)
    config = json.loads((folder / "adapter_config.json").read_text("utf-8"))
    assert (config["base_model_name_or_path"], config["revision"]) == (BASE, base_revision)
    assert check_folder(folder) == []
    assert Sidecar.load(trained.adapter).base_model != BASE  # the folder itself stays as it was


def test_the_metadata_are_those_that_the_hub_reads(hub, base_revision, trained: Trained, monkeypatch, tmp_path) -> None:
    HfApi(endpoint=hub.endpoint, token=TOKEN).create_repo("you/pii-data", repo_type="dataset", private=True)
    push(monkeypatch, trained.adapter, base_revision, "--dataset", "you/pii-data")
    readme = written(hub, tmp_path / "there") / "README.md"
    head, card = metadata_load(readme), ModelCard.load(readme)
    assert head is not None
    assert (head["base_model"], head["license"], head["library_name"], head["datasets"]) == (BASE, "apache-2.0", "peft", ["you/pii-data"])
    metrics = json.loads((trained.out / "metrics.json").read_text("utf-8"))["after"]
    measured = {result.metric_type: result.metric_value for result in card.data.eval_results}
    assert measured == {key: metrics[key] for key in measured}
    assert {"f1", "char_recall", "leak_rate"} <= measured.keys()
    assert all(type(value) is float for value in measured.values())
    assert all(result.dataset_type == "you/pii-data" for result in card.data.eval_results)
    assert str(ModelCard(str(card))) == str(card)


def test_the_same_again_makes_no_commit(hub, base_revision, trained: Trained, monkeypatch, capsys) -> None:
    push(monkeypatch, trained.adapter, base_revision)
    capsys.readouterr()
    assert push(monkeypatch, trained.adapter, base_revision) == 0
    assert "nothing to push: the same is there" in capsys.readouterr().out
    assert (len(hub.repos[REPO]), list(hub.tags[REPO])) == (2, ["v1"])


def test_a_new_version_has_a_tag_of_its_own_and_drops_what_it_lacks(hub, base_revision, trained: Trained, monkeypatch, capsys) -> None:
    push(monkeypatch, trained.adapter, base_revision)
    api = HfApi(endpoint=hub.endpoint, token=TOKEN)
    api.upload_file(path_or_fileobj=b"Thanks.", path_in_repo="THANKS.txt", repo_id=REPO)
    (trained.adapter / "chat_template.jinja").unlink()
    assert push(monkeypatch, trained.adapter, base_revision) == 0
    assert hub.tags[REPO] == {"v1": hub.repos[REPO][1].sha, "v2": hub.repos[REPO][-1].sha}
    assert sorted(files(hub)) == sorted({*FILES, "THANKS.txt"} - {"chat_template.jinja"})
    assert push(monkeypatch, trained.adapter, base_revision, "--tag", "ward-3") == 0
    assert hub.tags[REPO]["ward-3"] == hub.repos[REPO][-1].sha
    capsys.readouterr()
    assert push(monkeypatch, trained.adapter, base_revision, "--tag", "v1") == 2
    assert "the tag v1 is that of an older version" in capsys.readouterr().err
    (trained.adapter / "tokenizer_config.json").unlink()
    commits = len(hub.repos[REPO])
    assert push(monkeypatch, trained.adapter, base_revision, "--tag", "v1") == 2
    assert len(hub.repos[REPO]) == commits  # told before anything is changed


def test_public_must_be_said(hub, base_revision, trained: Trained, monkeypatch, capsys) -> None:
    assert push(monkeypatch, trained.adapter, base_revision) == 0
    capsys.readouterr()
    assert push(monkeypatch, trained.adapter, base_revision, "--public") == 0
    assert "made public: " in capsys.readouterr().out
    assert (hub.private[REPO], len(hub.repos[REPO])) == (False, 2)
    capsys.readouterr()
    (trained.adapter / "chat_template.jinja").unlink()
    assert push(monkeypatch, trained.adapter, base_revision) == 2
    assert "is public; say --public" in capsys.readouterr().err
    assert len(hub.repos[REPO]) == 2
    assert push(monkeypatch, trained.adapter, base_revision, "--public", to="you/other") == 0
    assert hub.private["you/other"] is False


def test_a_dry_run_says_all_and_sends_nothing(hub, base_revision, trained: Trained, monkeypatch, capsys) -> None:
    (trained.adapter / "training_args.bin").write_bytes(b"pickled")
    (trained.adapter / "checkpoint-5").mkdir()
    assert push(monkeypatch, trained.adapter, base_revision, "--dry-run") == 0
    shown = capsys.readouterr().out
    assert [line.split()[-1] for line in shown.splitlines()[: len(FILES)]] == [
        *(name for name in FILES if name != "README.md"),
        "README.md",
    ]
    assert "nothing was sent" in shown
    assert "left out: checkpoint-5, training_args.bin" in shown
    assert (hub.requests, list(hub.repos)) == ([], [BASE])
    assert push(monkeypatch, trained.adapter, base_revision, "--dry-run", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (sorted(found["files"]), found["pushed"]) == (FILES, None)


def test_nothing_that_is_personal_or_of_this_machine_is_uploaded(
    hub, base_revision, trained: Trained, monkeypatch, capsys, tmp_path
) -> None:
    home = tmp_path / "people" / "quillfeather-home"
    home.mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "quillfeather")
    monkeypatch.setattr(socket, "gethostname", lambda: "kestrel-17.ward.example")
    planted = {"args": TOKEN, "home": str(home), "login": "quillfeather", "host": "kestrel-17", "text": PLANTED}
    for name in ("training_args.bin", "optimizer.pt", "notes.txt", "events.out.tfevents.1"):
        (trained.adapter / name).write_text(json.dumps(planted), "utf-8")
    (trained.adapter / "checkpoint-5").mkdir()
    shutil.copy(trained.adapter / "training_args.bin", trained.adapter / "checkpoint-5" / "README.md")
    assert push(monkeypatch, trained.adapter, base_revision) == 0
    assert len(hub.uploads) > 5
    sent = b"\n".join(hub.uploads) + "\n".join(hub.headers).encode()
    assert b"adapter_model.safetensors" in sent  # it is what was sent that is searched
    words = PLANTED.lower().split()
    runs = [" ".join(words[start : start + 8]) for start in range(len(words) - 7)]
    for secret in (TOKEN, str(home), str(trained.out), str(trained.data.parent), "quillfeather", "kestrel-17", "ptarmigan", *runs):
        assert secret.lower().encode() not in sent.lower(), secret
    shown = capsys.readouterr()
    assert TOKEN not in shown.out + shown.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "the base model is no Hub id (owner/name); say which it is: --base-model"),
        (("--base-model", BASE), "the base model has no pinned revision; say which commit of base-owner/tiny it is: --base-revision"),
        (("--base-model", BASE, "--base-revision", "main"), "--base-revision, with 40 hex digits"),
        (("--base-model", BASE, "--base-revision", "f" * 40), "the Hub has no such revision; mend --base-revision"),
        (("--base-model", "no/such", "--base-revision", "f" * 40), "the Hub shows no such model to this token; mend --base-model"),
        (("--base-model", "no such"), "--base-model must be owner/name on the Hub"),
        (
            ("--base-model", BASE, "--base-revision", "REVISION", "--dataset", "you/no"),
            "shows no such dataset to this token; mend --dataset",
        ),
        (("--tag", "a b"), "--tag must be a name that git takes"),
        (("--tag", "a..b"), "--tag must be a name that git takes"),
        (("--tag", "main"), "no branch or commit"),
        (("--data", "nowhere.jsonl"), "nowhere.jsonl"),
    ],
)
def test_a_refusal_says_which_flag_mends_it(hub, base_revision, trained, monkeypatch, capsys, arguments, said) -> None:
    given = [base_revision if word == "REVISION" else word for word in arguments]
    assert run(monkeypatch, "push", trained.adapter, "--to", REPO, *given) == 2
    assert said in capsys.readouterr().err
    assert list(hub.repos) == [BASE]


def test_what_is_wrong_with_the_card_is_told_before_anything_is_sent(hub, base_revision, trained, monkeypatch, capsys) -> None:
    card = trained.adapter / "README.md"
    card.write_text(card.read_text("utf-8") + f"\n## Example\n\n{PLANTED}\nAsk ada@example.org.\n", "utf-8")
    assert push(monkeypatch, trained.adapter, base_revision) == 2
    shown = capsys.readouterr().err
    assert "holds 8 words in a row of the training text" in shown
    assert "holds what looks like an e-mail address" in shown
    assert "Ptarmigan" not in shown
    assert hub.requests == []


def test_an_adapter_that_was_changed_is_not_made_whole_by_a_push(hub, base_revision, trained, monkeypatch, capsys) -> None:
    path = trained.adapter / "piispan.json"
    sidecar = json.loads(path.read_text("utf-8"))
    sidecar["labels"]["labels"] = sidecar["labels"]["labels"][:3]
    path.write_text(json.dumps(sidecar), "utf-8")
    assert push(monkeypatch, trained.adapter, base_revision) == 2
    assert "piispan.json is not the one that card_facts.json was written for" in capsys.readouterr().err
    assert hub.requests == []


def test_validation_documents_are_not_taken_for_those_trained_on(trained: Trained, tmp_path, monkeypatch, capsys) -> None:
    from piispan.runs.artifacts import documents_sha256

    other = [Document("a", "Ada is 36.")]
    write_jsonl(other, tmp_path / "validation.jsonl")
    facts = read_facts(trained.adapter)
    chosen = replace(facts.sidecar, selection_sha256=documents_sha256(other))
    chosen.save(trained.adapter)
    write_card(trained.adapter, replace(facts, sidecar=chosen), over=facts)
    assert run(monkeypatch, "card", "check", trained.adapter, "--data", tmp_path / "validation.jsonl") == 2
    assert "not the documents that the adapter was trained on" in capsys.readouterr().err


def test_without_the_training_documents_nothing_is_pushed(hub, base_revision, trained, monkeypatch, capsys, tmp_path) -> None:
    note = trained.out / "training_data.json"
    assert json.loads(note.read_text("utf-8"))["data"] == str(trained.data)
    moved = json.loads(note.read_text("utf-8"))
    note.write_text(json.dumps({**moved, "data": str(tmp_path / "moved.jsonl")}), "utf-8")
    assert push(monkeypatch, trained.adapter, base_revision) == 2
    assert "if they have moved, say where they are: --data" in capsys.readouterr().err
    note.unlink()
    assert push(monkeypatch, trained.adapter, base_revision) == 2
    assert "say it: --data FILE" in capsys.readouterr().err
    other = tmp_path / "other.jsonl"
    other.write_text('{"id": "a", "text": "Ada is 36.", "spans": []}\n', "utf-8")
    assert push(monkeypatch, trained.adapter, base_revision, "--data", other) == 2
    assert "not the documents that the adapter was trained on" in capsys.readouterr().err
    assert hub.requests == []
    assert push(monkeypatch, trained.adapter, base_revision, "--data", trained.data) == 0


def test_merged_weights_are_a_whole_model_with_the_same_card(hub, base_revision, trained, monkeypatch, tmp_path, capsys) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    to = "you/pii-merged"
    assert push(monkeypatch, trained.adapter, base_revision, "--merged", "--base", str(trained.base), to=to) == 0
    whole = {"config.json", "generation_config.json", "model.safetensors"}
    assert set(files(hub, to)) == (set(FILES) | whole) - {"adapter_config.json", "adapter_model.safetensors"}
    folder = written(hub, tmp_path / "there", to)
    assert check_folder(folder) == []
    assert metadata_load(folder / "README.md")["library_name"] == "transformers"
    model, tokenizer = (kind.from_pretrained(folder) for kind in (AutoModelForCausalLM, AutoTokenizer))
    texts = ["Ada Lee is 36.", PLANTED]
    tagger = Tagger.from_pretrained(trained.adapter, base=trained.base, device="cpu")
    adapted, _ = load_adapted(trained.adapter, Sidecar.load(trained.adapter), "adapter", base=trained.base, device="cpu")
    ids = tokenizer("Ada <PERSON>is</PERSON> 36.", return_tensors="pt").input_ids
    assert (model(ids).logits - adapted(ids).logits).abs().max() < 1e-4
    for pulled in (Tagger.from_pretrained(folder), Tagger.from_pretrained(to)):
        assert pulled.tag(texts) == tagger.tag(texts)
    commits = len(hub.repos[to])
    assert push(monkeypatch, trained.adapter, base_revision, "--merged", "--base", str(trained.base), to=to) == 0
    assert len(hub.repos[to]) == commits
    capsys.readouterr()
    assert push(monkeypatch, trained.adapter, base_revision, to=to) == 2
    assert "holds something of another kind (config.json)" in capsys.readouterr().err
    assert push(monkeypatch, trained.adapter, base_revision) == 0
    assert push(monkeypatch, trained.adapter, base_revision, "--merged", "--base", str(trained.base)) == 2
    assert "holds something of another kind (adapter_config.json)" in capsys.readouterr().err
    assert run(monkeypatch, "push", folder, "--to", to, "--data", trained.data) == 0  # what was pulled can be pushed again
    assert len(hub.repos[to]) == commits


def test_a_card_is_checked_as_it_would_be_pushed(trained: Trained, monkeypatch, capsys) -> None:
    assert run(monkeypatch, "card", "check", trained.adapter) == 1
    shown = capsys.readouterr().out
    assert "--base-model" in shown
    assert "--base-revision" in shown
    pinned = ("--base-model", BASE, "--base-revision", "f" * 40)
    assert run(monkeypatch, "card", "check", trained.adapter, *pinned) == 0
    assert "nothing found" in capsys.readouterr().out
    card = trained.adapter / "README.md"
    whole = card.read_text("utf-8")
    card.write_text(whole.replace("| Seed | 0 |", "| Seed | 7 |"), "utf-8")
    assert run(monkeypatch, "card", "check", trained.adapter, *pinned, "--json") == 1
    found = json.loads(capsys.readouterr().out)
    assert found["training_text_compared"] is True
    assert any("a figure is not that of card_facts.json" in fault["what"] for fault in found["faults"])
    assert run(monkeypatch, "card", "write", trained.adapter) == 0
    assert card.read_text("utf-8") == whole


def test_without_training_documents_a_check_says_what_was_not_compared(trained: Trained, monkeypatch, capsys, tmp_path) -> None:
    shutil.copytree(trained.adapter, tmp_path / "alone" / "copy")
    found = check_card(tmp_path / "alone" / "copy", publication=Publication(base_model=BASE, base_revision="f" * 40))
    assert (found.faults, found.compared) == ([], False)
    with pytest.raises(CardError, match="--dataset"):
        Publication(dataset="no such")


def test_every_number_of_the_card_is_traced_to_the_runs_metrics(trained: Trained) -> None:
    facts = read_facts(trained.adapter)
    metrics = json.loads((trained.out / "metrics.json").read_text("utf-8"))
    assert json.loads(json.dumps(facts.after)) == metrics["after"]
    assert facts.pictures.keys() == {"labels.png", "confusion.png"}
