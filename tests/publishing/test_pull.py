"""Pulling from repositories that others have filled: what does not belong together is refused in a line, before it is loaded."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from piispan.core import ModelError, PiispanError, Sidecar, SidecarError
from piispan.model_card import read_facts, write_card
from piispan.tagger import Tagger
from tests.loopback_hub import Fault, LoopbackHub
from tests.publishing.conftest import PLANTED, REPO, TOKEN, Trained
from tests.publishing.pushes import push, run
from tests.publishing.test_push import written


def edit_json(path: Path, **changes: object) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), **changes}), "utf-8")


def only_a_card(folder: Path) -> None:
    for path in folder.iterdir():
        if path.name != "README.md":
            path.unlink()


def pickled_weights(folder: Path) -> None:
    (folder / "adapter_model.safetensors").rename(folder / "adapter_model.bin")


def one_byte(folder: Path) -> None:
    content = bytearray((folder / "adapter_model.safetensors").read_bytes())
    content[-1] ^= 1
    (folder / "adapter_model.safetensors").write_bytes(bytes(content))


def fewer_labels(folder: Path) -> None:
    labels = json.loads((folder / "piispan.json").read_text("utf-8"))["labels"]
    edit_json(folder / "piispan.json", labels={**labels, "labels": labels["labels"][:3]})


TAMPERED: dict[str, tuple[Callable[[Path], object], type[PiispanError], str]] = {
    "only a card": (only_a_card, ModelError, "holds neither an adapter of piispan nor a model, at most a card"),
    "no sidecar": (lambda folder: (folder / "piispan.json").unlink(), SidecarError, "an adapter without piispan.json"),
    "no configuration": (lambda folder: (folder / "adapter_config.json").unlink(), SidecarError, "no adapter_config.json; not a whole"),
    "no weights": (lambda folder: (folder / "adapter_model.safetensors").unlink(), SidecarError, "no adapter_model.safetensors; only"),
    "pickled weights": (pickled_weights, SidecarError, "no adapter_model.safetensors; only safetensors are read"),
    "other weights": (one_byte, SidecarError, "the weights are not those of piispan.json"),
    "fewer labels": (fewer_labels, SidecarError, "piispan.json is not the one that card_facts.json was written for"),
    "another operating point": (
        lambda folder: edit_json(folder / "piispan.json", operating_point={"tag_bias": -9.0}),
        SidecarError,
        "piispan.json is not the one that card_facts.json was written for",
    ),
    "another prompt": (
        lambda folder: edit_json(folder / "piispan.json", prompt_style="dialogue"),
        SidecarError,
        "piispan.json is not the one that card_facts.json was written for",
    ),
    "facts without the digest": (
        lambda folder: edit_json(folder / "card_facts.json", sidecar_sha256=None),
        SidecarError,
        "piispan.json is not the one that card_facts.json was written for",
    ),
    "no facts": (lambda folder: (folder / "card_facts.json").unlink(), SidecarError, "no card_facts.json, or no digests"),
    "no facts and no digests": (
        lambda folder: ((folder / "card_facts.json").unlink(), edit_json(folder / "piispan.json", files_sha256={}), one_byte(folder)),
        SidecarError,
        "no card_facts.json, or no digests in piispan.json",
    ),
    "another scale": (
        lambda folder: edit_json(folder / "adapter_config.json", lora_alpha=4000),
        SidecarError,
        "adapter_config.json is not the one of piispan.json",
    ),
    "no trained tag tokens": (
        lambda folder: edit_json(folder / "adapter_config.json", trainable_token_indices=None),
        SidecarError,
        "adapter_config.json is not the one of piispan.json",
    ),
    "a method that changes the base": (
        lambda folder: edit_json(folder / "adapter_config.json", init_lora_weights="pissa"),
        SidecarError,
        "asks for what no adapter of piispan needs: init_lora_weights",
    ),
    "another base": (
        lambda folder: edit_json(folder / "adapter_config.json", base_model_name_or_path="some/other"),
        SidecarError,
        "name different base models or revisions",
    ),
    "a module to import": (
        lambda folder: edit_json(folder / "adapter_config.json", auto_mapping={"base_model_class": "system", "parent_library": "os"}),
        SidecarError,
        "asks for what no adapter of piispan needs: auto_mapping",
    ),
    "another method": (
        lambda folder: edit_json(folder / "adapter_config.json", peft_type="PROMPT_TUNING"),
        SidecarError,
        "adapter_config.json is not one of LoRA",
    ),
    "a folder for a base": (
        lambda folder: edit_json(folder / "piispan.json", base_model="../secrets"),
        SidecarError,
        "base_model must be a name that the Hub takes",
    ),
    "a file for a prompt": (
        lambda folder: edit_json(folder / "piispan.json", prompt_style="/etc/hostname.jinja"),
        SidecarError,
        "prompt_style must be one of",
    ),
    "versions that are none": (
        lambda folder: edit_json(folder / "piispan.json", versions=[1]),
        SidecarError,
        "versions must be a mapping of names to strings",
    ),
    "a configuration that is none": (
        lambda folder: (folder / "adapter_config.json").write_text("[" * 100_000, "utf-8"),
        SidecarError,
        "adapter_config.json cannot be read as JSON",
    ),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_what_does_not_belong_together_is_refused(hub: LoopbackHub, base_revision, trained: Trained, monkeypatch, tmp_path, what) -> None:
    spoil, error, said = TAMPERED[what]
    assert push(monkeypatch, trained.adapter, base_revision) == 0
    folder = written(hub, tmp_path / "changed")
    spoil(folder)
    hub.put("someone/changed", folder)
    with pytest.raises(error, match=said) as refused:
        Tagger.from_pretrained("someone/changed")
    assert "\n" not in str(refused.value)
    asked = [request for request in hub.requests if "base-owner" in request and "resolve" in request]
    assert asked == []  # nothing of a base was fetched for it


CHANGED_MODEL: dict[str, tuple[Callable[[Path], object], str]] = {
    "another normalisation": (lambda folder: edit_json(folder / "config.json", rms_norm_eps=5.0), "config.json is not the one"),
    "code of its own": (
        lambda folder: edit_json(folder / "config.json", auto_map={"AutoModelForCausalLM": "evil.Model"}),
        "config.json is not the one",
    ),
    "another chat template": (lambda folder: (folder / "chat_template.jinja").write_text("{{ 1 }}", "utf-8"), "chat_template.jinja is not"),
    "no chat template": (lambda folder: (folder / "chat_template.jinja").unlink(), "no chat_template.jinja; not the whole model"),
    "tokens put in": (lambda folder: (folder / "added_tokens.json").write_text("{}", "utf-8"), "added_tokens.json is not the one"),
    "more weights": (
        lambda folder: (folder / "more.safetensors").write_bytes((folder / "model.safetensors").read_bytes()),
        "the weights are not those",
    ),
    "no weights": (lambda folder: (folder / "model.safetensors").unlink(), "no weights of a model; only safetensors are read"),
    "an adapter beside it": (lambda folder: (folder / "adapter_config.json").write_text("{}", "utf-8"), "or an adapter"),
}


@pytest.mark.parametrize("what", CHANGED_MODEL)
def test_a_whole_model_that_was_changed_is_refused(hub, base_revision, trained: Trained, monkeypatch, tmp_path, what) -> None:
    spoil, said = CHANGED_MODEL[what]
    assert push(monkeypatch, trained.adapter, base_revision, "--merged", "--base", str(trained.base)) == 0
    folder = written(hub, tmp_path / "changed")
    (folder / "evil.py").write_text("raise SystemExit('evil')", "utf-8")
    spoil(folder)
    hub.put("someone/changed", folder)
    with pytest.raises(SidecarError, match=said):
        Tagger.from_pretrained("someone/changed")
    assert not [request for request in hub.requests if "evil.py" in request]


def test_settings_and_the_operating_point_come_with_the_adapter(hub, base_revision, trained: Trained, monkeypatch) -> None:
    facts = read_facts(trained.adapter)
    point = {"tag_bias": 2.5, "target_recall": 0.9, "delta": 0.05, "documents": 40, "calibration_recall": 0.93, "p_value": 0.01}
    calibrated = replace(facts.sidecar, operating_point=point)
    calibrated.save(trained.adapter)
    write_card(trained.adapter, replace(facts, sidecar=calibrated), over=facts)
    assert push(monkeypatch, trained.adapter, base_revision) == 0
    plain, chosen = (Tagger.from_pretrained(REPO, operating_point=use) for use in (False, True))
    pushed = replace(calibrated, base_model="base-owner/tiny", base_revision=base_revision)
    assert plain.sidecar == replace(pushed, files_sha256=plain.sidecar.files_sha256)
    assert plain.sidecar.files_sha256.keys() == calibrated.files_sha256.keys()
    assert plain.prompt.labels == facts.sidecar.labels
    assert not any(plain.decoder.tag_bias.values())
    assert set(chosen.decoder.tag_bias.values()) == {2.5}
    assert chosen.tag([PLANTED]) != plain.tag([PLANTED])


def test_a_revision_is_the_version_that_was_pushed(hub, base_revision, trained: Trained, monkeypatch, capsys, tmp_path) -> None:
    assert push(monkeypatch, trained.adapter, base_revision) == 0
    facts = read_facts(trained.adapter)
    changed = replace(facts.sidecar, versions={"piispan": "9"})
    changed.save(trained.adapter)
    write_card(trained.adapter, replace(facts, sidecar=changed), over=facts)
    assert push(monkeypatch, trained.adapter, base_revision) == 0
    found = {revision: Tagger.from_pretrained(REPO, revision=revision).sidecar for revision in ("v1", "v2", None)}
    assert found["v1"].versions == facts.sidecar.versions
    assert found["v2"].versions == found[None].versions == {"piispan": "9"}
    with pytest.raises(ModelError, match="no revision 'v7'"):
        Tagger.from_pretrained(REPO, revision="v7")
    letter = tmp_path / "letter.txt"
    letter.write_text("Ada Lee is 36.", "utf-8")
    assert run(monkeypatch, "redact", letter, "--model", REPO, "--revision", "v1") == 0
    assert "its card says that it is not fit for use" in capsys.readouterr().err  # it was trained for a moment
    assert run(monkeypatch, "redact", letter, "--model", REPO, "--revision", "v7") == 2
    assert "no revision 'v7'" in capsys.readouterr().err


def test_a_repository_that_is_not_there_or_not_shown(hub, base_revision, trained: Trained, monkeypatch) -> None:
    assert push(monkeypatch, trained.adapter, base_revision) == 0
    with pytest.raises(ModelError, match="a private one needs a token: hf auth login"):
        Tagger.from_pretrained("you/nothing")
    monkeypatch.setenv("HF_TOKEN", "")
    monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", "nowhere")
    with pytest.raises(ModelError, match="a private one needs a token: hf auth login"):
        Tagger.from_pretrained(REPO)


@pytest.mark.parametrize("path", ["/revision/", "/resolve/.*/piispan.json", "/resolve/.*/adapter_model.safetensors"])
@pytest.mark.parametrize("status", [401, 403, 429, 500, None])
def test_a_pull_that_fails_says_why_and_the_next_one_works(hub, base_revision, trained, monkeypatch, path, status) -> None:
    assert push(monkeypatch, trained.adapter, base_revision) == 0
    for method in ("HEAD", "GET"):
        hub.faults.append(Fault(method, path, status=status, cut_after=20 if status is None and method == "GET" else None, times=None))
    if status is None:
        hub.faults.pop(0)
    with pytest.raises(ModelError) as failed:
        Tagger.from_pretrained(REPO)
    assert TOKEN not in str(failed.value)
    assert "\n" not in str(failed.value)
    hub.faults.clear()
    assert isinstance(Tagger.from_pretrained(REPO).sidecar, Sidecar)
