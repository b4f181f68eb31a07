"""What keeps a folder from being published: one thing wrong at a time, each told by its file and with what mends it."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from piispan.core import Document, Sidecar, Span, files_sha256
from piispan.model_card import (
    CardFacts,
    Secrets,
    check_files,
    check_folder,
    generate_card,
    published_files,
    read_facts,
    renewed_card,
    write_card,
)
from tests.model_card.conftest import png, safetensors

TOKEN = "hf" + "_" + "aB3" * 8
SECRETS = Secrets({"the home folder": "/var/people/quillfeather"}, {"the login name": "quillfeather", "the host name": "kestrel-17"})
TRAINED = "The kestrel hovered over the ninth ward while nurse Quillfeather counted beds."


def told(folder: Path, **options: object) -> list[str]:
    return [str(fault) for fault in check_folder(folder, secrets=SECRETS, **options)]  # type: ignore[arg-type]


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert text.count(old) >= 1
    path.write_text(text.replace(old, new, 1), "utf-8")


def edit_json(path: Path, **changes: object) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), **changes}), "utf-8")


def restated(folder: Path, **changes: object) -> None:
    """The adapter with another sidecar or another key of its configuration, and its card written for it."""
    facts = read_facts(folder)
    known = {name: changes.pop(name) for name in [*changes] if name in Sidecar.__dataclass_fields__}
    sidecar = replace(facts.sidecar, **known)  # type: ignore[arg-type]
    pinned = {"base_model_name_or_path": sidecar.base_model, "revision": sidecar.base_revision}
    edit_json(folder / "adapter_config.json", **{**pinned, **changes})
    sidecar = replace(sidecar, files_sha256=files_sha256(folder))
    sidecar.save(folder)
    write_card(folder, replace(facts, sidecar=sidecar))


def test_a_folder_as_training_left_it_may_be_published(adapter: Path) -> None:
    assert told(adapter, training_texts=[TRAINED]) == []


def test_what_is_published_is_named_and_the_card_comes_last(adapter: Path) -> None:
    (adapter / "model-00001-of-00002.safetensors").touch()
    (adapter / "pytorch_model.bin").touch()
    expected = ["adapter_config.json", "adapter_model.safetensors", "card_facts.json", "labels.png"]
    expected += ["model-00001-of-00002.safetensors", "piispan.json", "tokenizer.json", "README.md"]
    assert list(published_files(adapter)) == expected


WRONG: dict[str, tuple[Callable[[Path], None], str]] = {
    "a figure of a table": (
        lambda folder: edit(folder / "README.md", "| 93.9% (", "| 94.9% ("),
        "README.md, line [0-9]+: a figure is not that of card_facts.json",
    ),
    "a figure of the prose": (
        lambda folder: edit(folder / "README.md", "on 1,600 documents", "on 16,000 documents"),
        "README.md, line [0-9]+: a figure is not that of card_facts.json",
    ),
    "a figure of the metadata": (
        lambda folder: edit(folder / "README.md", "value: 0.8931", "value: 0.9931"),
        "README.md: the metadata's model-index is not that of card_facts.json",
    ),
    "another licence": (
        lambda folder: edit(folder / "README.md", "license: apache-2.0", "license: mit"),
        "README.md: the metadata's license is not that of",
    ),
    "no metadata": (
        lambda folder: edit(folder / "README.md", "---\n", "--\n"),
        r"README.md: no metadata \(YAML between two lines of ---\) that can be read",
    ),
    "a category that is said to be tested": (
        lambda folder: edit(folder / "README.md", "| **not covered** | 0 |", "| tested | 0 |"),
        "README.md, line [0-9]+: a row of a table, or a limit, is not that of",
    ),
    "a row that is left out": (
        lambda folder: edit(folder / "README.md", "| Leaked documents | 98.5% | 11.5% |\n", ""),
        "README.md, line [0-9]+: a figure is not that of",
    ),
    "a section that is missing": (
        lambda folder: edit(folder / "README.md", "## Intended use and limits", "## Uses"),
        "README.md: the section 'Intended use and limits' is missing",
    ),
    "a section that stands twice": (
        lambda folder: edit(folder / "README.md", "## Licence", "## Licence\n\nOf two.\n\n## Licence"),
        "README.md, line [0-9]+: a section stands twice",
    ),
    "a figure of one's own": (
        lambda folder: edit(folder / "README.md", "## Licence", "## News\n\nNow with 99.9% recall.\n\n## Licence"),
        "README.md, line [0-9]+: a figure that card_facts.json does not hold",
    ),
    "no pinned revision": (
        lambda folder: restated(folder, base_revision=None),
        "piispan.json: the base model has no pinned revision; say which commit of HuggingFaceTB/.* it is: --base-revision",
    ),
    "a branch for a revision": (
        lambda folder: restated(folder, base_revision="main"),
        "piispan.json: the base model has no pinned revision",
    ),
    "a base that is no Hub id": (
        lambda folder: restated(folder, base_model="a-folder"),
        "piispan.json: the base model is no Hub id .*--base-model",
    ),
    "a configuration without the revision": (
        lambda folder: restated(folder, revision=None),
        "adapter_config.json: the base model's revision is not pinned there",
    ),
    "a configuration that was changed": (
        lambda folder: edit_json(folder / "adapter_config.json", lora_alpha=4000),
        r"piispan.json: adapter_config.json is not the one of piispan.json \(SHA-256 differs\)",
    ),
    "a vocabulary that was changed": (
        lambda folder: (folder / "tokenizer.json").write_text("{}", "utf-8") and None,
        r"piispan.json: tokenizer.json is not the one of piispan.json \(SHA-256 differs\)",
    ),
    "a method that changes the base": (
        lambda folder: restated(folder, init_lora_weights="pissa"),
        "piispan.json: adapter_config.json asks for what no adapter of piispan needs: init_lora_weights",
    ),
    "a picture of one's own": (
        lambda folder: (folder / "confusion.png").write_bytes(png()) and None,
        "confusion.png: is no picture of card_facts.json",
    ),
    "a comment around a table": (
        lambda folder: edit(folder / "README.md", "| Figure |", "<!--\n| Figure |"),
        "README.md: holds a comment, which readers of the page do not see",
    ),
    "a limit that is taken back": (
        lambda folder: edit(folder / "README.md", "- **It misses things.**", "- **It misses nothing.**"),
        "README.md, line [0-9]+: a row of a table, or a limit, is not that of",
    ),
    "a figure in metadata of one's own": (
        lambda folder: edit(folder / "README.md", "license:", "accuracy: 0.999\nlicense:"),
        "README.md: the metadata's accuracy holds a figure",
    ),
    "metadata that nobody can read": (
        lambda folder: edit(folder / "README.md", "license:", "date: 2025-02-30\nlicense:"),
        "README.md: no metadata",
    ),
    "a configuration of another base": (
        lambda folder: edit_json(folder / "adapter_config.json", base_model_name_or_path="some/other"),
        "piispan.json: adapter_config.json and piispan.json name different base models",
    ),
    "a configuration that imports": (
        lambda folder: edit_json(folder / "adapter_config.json", auto_mapping={"parent_library": "os"}),
        "piispan.json: adapter_config.json asks for what no adapter of piispan needs: auto_mapping",
    ),
    "other weights": (
        lambda folder: (folder / "adapter_model.safetensors").write_bytes(safetensors(["other"], {})) and None,
        r"piispan.json: the weights are not those of piispan.json \(SHA-256 differs\)",
    ),
    "no weights": (
        lambda folder: (folder / "adapter_model.safetensors").unlink(),
        "piispan.json: no adapter_model.safetensors; only safetensors are read",
    ),
    "another sidecar": (
        lambda folder: edit_json(folder / "piispan.json", operating_point={"tag_bias": 9.0}),
        "piispan.json: piispan.json is not the one that card_facts.json was written for",
    ),
    "no sidecar": (lambda folder: (folder / "piispan.json").unlink(), "piispan.json: no piispan.json; not an adapter"),
    "no facts": (lambda folder: (folder / "card_facts.json").unlink(), "card_facts.json: cannot be read as JSON"),
    "no card": (lambda folder: (folder / "README.md").unlink(), "README.md: is missing or is no UTF-8; .*piispan card write"),
    "another picture": (
        lambda folder: (folder / "labels.png").write_bytes(png() + b"") and (folder / "labels.png").write_bytes(png(Note="x")) and None,
        r"labels.png: is not the picture of card_facts.json \(SHA-256 differs\)",
    ),
    "a token": (
        lambda folder: edit(folder / "README.md", "## Licence", f"## Access\n\nUse {TOKEN}.\n\n## Licence"),
        "README.md, line [0-9]+: holds what looks like a Hugging Face token",
    ),
    "a token of another kind": (
        lambda folder: edit(folder / "README.md", "## Licence", f"## Access\n\nUse {TOKEN.replace('_', '_oauth_')}.\n\n## Licence"),
        "README.md, line [0-9]+: holds what looks like a Hugging Face token",
    ),
    "a token in the tokenizer": (
        lambda folder: (folder / "tokenizer.json").write_text(json.dumps({"added_tokens": [TOKEN]}), "utf-8") and None,
        "tokenizer.json: holds what looks like a Hub token",
    ),
    "a path": (
        lambda folder: edit(folder / "README.md", "## Licence", "## Place\n\nIt lies in /data/notes.\n\n## Licence"),
        "README.md, line [0-9]+: holds what looks like a local path",
    ),
    "an e-mail address": (
        lambda folder: edit(folder / "README.md", "## Licence", "## Contact\n\nada@example.org\n\n## Licence"),
        "README.md, line [0-9]+: holds what looks like an e-mail address",
    ),
    "the home folder": (
        lambda folder: (folder / "tokenizer.json").write_text('{"from": "x/var/people/quillfeather"}', "utf-8") and None,
        "tokenizer.json: holds the home folder",
    ),
    "the login name": (
        lambda folder: edit(folder / "README.md", "## Licence", "## Thanks\n\nBy _Quillfeather_.\n\n## Licence"),
        "README.md, line [0-9]+: holds the login name",
    ),
    "the host name": (
        lambda folder: edit(folder / "README.md", "## Licence", "## Where\n\nOn kestrel-17\n\n## Licence"),
        "README.md, line [0-9]+: holds the host name",
    ),
    "training text": (
        lambda folder: edit(folder / "README.md", "## Licence", f"## Example\n\n{TRAINED.upper()}\n\n## Licence"),
        "README.md: holds 8 words in a row of the training text",
    ),
    "a file that is none": (
        lambda folder: (folder / "tokenizer.json").write_text("{", "utf-8") and None,
        "tokenizer.json: cannot be read as what its ending says",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_each_thing_that_is_wrong_is_told_with_what_mends_it(adapter: Path, what: str) -> None:
    spoil, expected = WRONG[what]
    spoil(adapter)
    found = told(adapter, training_texts=[TRAINED])
    assert any(re.match(expected, fault) for fault in found), found
    assert all("; " in fault for fault in found)
    joined = "\n".join(found).lower()
    assert not [secret for secret in (TOKEN, "/data/notes", "ada@", "hovered", str(adapter)) if secret.lower() in joined]
    if what not in ("the login name", "the home folder", "the host name"):
        assert "quillfeather" not in joined
        assert "kestrel" not in joined


def test_words_may_be_changed_and_sections_and_tags_added(adapter: Path) -> None:
    card = adapter / "README.md"
    edit(card, "have a person check what matters", "let two nurses read it")
    thanks = "To everyone who labelled the 1,600 documents, in 2026. See [the terms](./TERMS.md)."
    edit(card, "## Licence", f"## Thanks\n\n{thanks}\n\n<details>More</details>\n\n## Licence")
    edit(card, "- lora\n", "- lora\n- hospital\n")
    edit(card, "license:", "thumbnail: none\nlicense:")
    assert told(adapter) == []


def test_the_name_of_the_repository_is_not_taken_for_its_owners_login(adapter: Path) -> None:
    facts = read_facts(adapter)
    write_card(adapter, replace(facts, model_name="quillfeather/notes"))
    assert told(adapter) == []


def test_what_is_hidden_in_weights_and_pictures_is_seen(adapter: Path) -> None:
    weights, picture = adapter / "adapter_model.safetensors", adapter / "labels.png"
    weights.write_bytes(safetensors(["lora_A"], {"made": "by quillfeather"}))
    picture.write_bytes(png(Author="quillfeather"))
    files = {path.name: path for path in (weights, picture)}
    found = [str(fault) for fault in check_files(files, secrets=SECRETS, public=())]
    assert [fault.split(";")[0] for fault in found] == [
        "adapter_model.safetensors: holds the login name",
        "labels.png: a picture with something beside the picture (tEXt)",
    ]
    for path, content in ((weights, safetensors(["lora_A"], {}) + b"more"), (picture, png() + b"more"), (picture, png()[:-4])):
        path.write_bytes(content)
        (fault,) = check_files({path.name: path}, secrets=SECRETS, public=())
        assert "cannot be read as what its ending says" in fault.what


def test_whole_embedding_layers_are_refused(adapter: Path) -> None:
    weights = adapter / "adapter_model.safetensors"
    weights.write_bytes(safetensors(["base_model.model.model.embed_tokens.weight"], {}))
    restated(adapter)
    assert [fault.split(";")[0] for fault in told(adapter)] == ["adapter_model.safetensors: holds whole embedding layers"]


def test_a_folder_that_is_none_is_said_to_be_none(tmp_path: Path) -> None:
    (fault,) = told(tmp_path / "nowhere")
    assert "no such folder" in fault


@settings(max_examples=200, deadline=None)
@given(words=st.lists(st.sampled_from(["ward", "nurse", "bed", "notes", "Ada", "rain"]), min_size=1, max_size=14), data=st.data())
def test_a_run_of_eight_words_is_seen_and_one_of_seven_is_not(
    tmp_path_factory: pytest.TempPathFactory, words: list[str], data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(words) - 1))
    copied = words[start : start + data.draw(st.integers(1, 10))]
    path = tmp_path_factory.mktemp("copied") / "piispan.json"
    text = ", ".join(copied).upper()
    path.write_text(json.dumps({"examples": [f"zebra _{text}_! zebra"]}), "utf-8")
    found = check_files({"piispan.json": path}, training_texts=[" ".join(words)], secrets=Secrets(), public=())
    assert bool(found) == (len(copied) >= 8)


@pytest.mark.parametrize(
    ("trained", "published", "copied"),
    [
        ("Müller lay in room four of ward nine today", "Mu\u0308ller lay in room four of ward nine today", True),
        ("Müller lay in room four of ward nine today", "M&uuml;ller lay in&nbsp;room four of ward nine today", True),
        ("of 0 0.0 0 0.0 0 0 0.0 0 0 ml", "| of | 0 | 0.0 | 0 | 0.0 | 0 | 0 | 0.0 | 0 | 0 |", False),
        ("请提供贵公司的统一社会信用代码", "统一社会信用代码", False),
        ("患者王小明于昨日下午三时被送入本院急诊科", "患者王小明于昨日下午三时被送入本院急诊科", True),
    ],
    ids=["normal form", "entities", "zeros", "a term", "a sentence"],
)
def test_what_counts_as_copied(tmp_path: Path, trained: str, published: str, copied: bool) -> None:
    path = tmp_path / "README.md"
    path.write_text(published, "utf-8")
    assert bool(check_files({"README.md": path}, training_texts=[trained], secrets=Secrets(), public=())) is copied


@pytest.mark.parametrize("login", ["mark", "Will", "train", "model", "runner"])
def test_a_login_that_is_a_word_of_every_card_keeps_nobody_from_publishing(adapter: Path, login: str, monkeypatch) -> None:
    monkeypatch.setattr("getpass.getuser", lambda: login)
    assert check_folder(adapter, secrets=Secrets.here(None)) == []


def test_a_host_is_known_by_its_first_name_too(adapter: Path, monkeypatch) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "kestrel-17.ward.example")
    edit(adapter / "README.md", "## Licence", "## Where\n\nOn Kestrel-17\n\n## Licence")
    assert "holds the host's name" in [fault.what for fault in check_folder(adapter, secrets=Secrets.here(None))]


def test_a_home_folder_that_is_a_token_of_the_vocabulary_is_none(adapter: Path) -> None:
    (adapter / "tokenizer.json").write_text(json.dumps({"model": {"vocab": {"/app": 1}, "merges": ["/ app"]}, "added_tokens": []}), "utf-8")
    restated(adapter)
    assert told(adapter) == []
    assert check_folder(adapter, secrets=Secrets({"the home folder": "/app"}, {})) == []


def test_a_prompt_may_show_tags_and_addresses_that_are_nobodys(adapter: Path) -> None:
    start = len("Write to ")
    shown = Document("a", "Write to ada@example.org.", (Span(start, start + 15, "EMAIL_ADDRESS"),))
    restated(adapter, prompt_style="jinja", prompt_template="Mark <PERSON>Ada</PERSON> in the text.", examples=(shown,))
    assert told(adapter) == []
    restated(adapter, examples=(replace(shown, text="Write to ada@clinic.org..", spans=()),))
    assert [fault.split(";")[0] for fault in told(adapter)] == ["piispan.json: holds what looks like an e-mail address"]


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("training", "adapter"), "foo"),
        (("training", "hardware"), 3),
        (("data", "name"), 5),
        (("data", "documents"), [[1, 2, 3]]),
        (("model_name",), 5),
        (("decoder",), None),
        (("pictures",), {"../x.png": "0" * 64}),
    ],
)
def test_facts_that_are_none_are_told_in_a_line(adapter: Path, place: tuple[str, ...], value: object) -> None:
    facts = json.loads((adapter / "card_facts.json").read_text("utf-8"))
    within = facts
    for key in place[:-1]:
        within = within[key]
    within[place[-1]] = value
    (adapter / "card_facts.json").write_text(json.dumps(facts), "utf-8")
    (fault,) = told(adapter)
    assert fault.startswith("card_facts.json: ")


def test_a_worked_example_of_the_prompt_that_was_trained_on_is_refused(adapter: Path) -> None:
    example = Document("a", TRAINED, (Span(44, 56, "PERSON"),))
    restated(adapter, prompt_style="few_shot", examples=(example,))
    assert check_folder(adapter) == []
    (fault,) = check_folder(adapter, training_texts=[TRAINED])
    assert (fault.file, fault.what) == ("piispan.json", "holds 8 words in a row of the training text")


def test_a_card_for_new_facts_keeps_what_its_owner_wrote(adapter: Path) -> None:
    card, old = adapter / "README.md", read_facts(adapter)
    new = replace(old, model_name="you/notes", sidecar=replace(old.sidecar, base_revision="f" * 40))
    assert renewed_card(card.read_text("utf-8"), old, new) == str(generate_card(new))
    edit(card, "have a person check what matters", "let two nurses read it")
    edit(card, "A LoRA adapter", "Made for ward nine.\n\nA LoRA adapter")
    edit(card, "With Presidio, whose", "With Presidio too, whose")
    edit(card, "## Licence", "## Thanks\n\nTo everyone.\n\n## Licence")
    edit(card, "- lora\n", "- lora\n- hospital\n")
    edit(card, "license:", "thumbnail: none\nlicense:")
    renewed = renewed_card(card.read_text("utf-8"), old, new)
    assert all(said in renewed for said in ("let two nurses read it", "## Thanks\n\nTo everyone.", "- hospital", "thumbnail: none"))
    assert all(said in renewed for said in ("# you/notes\n", "Made for ward nine.", "With Presidio too", 'from_pretrained("you/notes")'))
    assert "example/smollm2-pii" not in renewed
    assert "f" * 40 in renewed
    assert str(old.sidecar.base_revision) not in renewed
    written = card.read_text("utf-8")
    restated(adapter, base_revision="f" * 40)
    new = replace(read_facts(adapter), model_name="you/notes")
    card.write_text(written, "utf-8")
    write_card(adapter, new, over=old)
    assert told(adapter) == []
    # What the owner put in the place of a generated figure is not swept away in silence.
    edit(card, "license: apache-2.0", "license: mit")
    write_card(adapter, replace(new, model_name="you/more"), over=new)
    assert [fault.split(";")[0] for fault in told(adapter)] == ["README.md: the metadata's license is not that of card_facts.json"]


def test_the_card_says_where_its_pictures_are(adapter: Path, facts: CardFacts) -> None:
    assert "](labels.png)" in (adapter / "README.md").read_text("utf-8")
    assert "](labels.png)" not in str(generate_card(facts))
    assert "](confusion.png)" not in (adapter / "README.md").read_text("utf-8")


def test_a_sidecar_is_known_by_all_that_it_says(adapter: Path) -> None:
    sidecar = Sidecar.load(adapter)
    changed = [replace(sidecar, labels=sidecar.labels.subset(["AGE"])), replace(sidecar, format="json"), replace(sidecar, versions={})]
    assert len({one.digest for one in (sidecar, *changed)}) == 4
    assert Sidecar.load(adapter).digest == sidecar.digest
