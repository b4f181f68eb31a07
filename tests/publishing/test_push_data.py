"""Data folders on the Hub: synthetic documents only, unless somebody says that they may."""

import shutil
from pathlib import Path

import pytest

from piispan.core import Document, LabelSet, Span
from piispan.dataset_builder import Split, changed_configs, export_folder, not_synthesised, synthesise
from tests.publishing.conftest import PLANTED, TOKEN
from tests.publishing.pushes import run

LABELS = LabelSet.load("presidio")
REPO = "datasets/you/pii-data"


def exported(folder: Path, *documents: Document) -> Path:
    made = list(synthesise(12, seed=3, partition="train", ids="train"))
    test = list(synthesise(4, seed=4, partition="test", ids="test"))
    export_folder(Split((*made, *documents), (), tuple(test)), folder, labels=LABELS, formats=["tagged", "bio"])
    return folder


def test_what_the_synthesis_made_is_pushed(hub, monkeypatch, tmp_path, capsys) -> None:
    folder = exported(tmp_path / "notes")
    assert run(monkeypatch, "data", "push", folder, "--to", "you/pii-data") == 0
    assert hub.private[REPO] is True
    found = {name: content for name, content in hub.repos[REPO][-1].files.items() if name != ".gitattributes"}
    assert {name for name in found if name != "README.md"} == {path.relative_to(folder).as_posix() for path in folder.rglob("*.parquet")}
    assert 'load_dataset("you/pii-data", "tagged")' in found["README.md"].decode()
    assert 'load_dataset("notes"' in (folder / "README.md").read_text("utf-8")
    # A part that the next version lacks goes.
    shutil.rmtree(folder)
    export_folder(Split(tuple(synthesise(5, seed=9)), (), ()), folder, labels=LABELS, formats=["tagged"])
    assert run(monkeypatch, "data", "push", folder, "--to", "you/pii-data") == 0
    assert not [name for name in hub.repos[REPO][-1].files if "test" in name or name.startswith("bio")]
    assert list(hub.tags[REPO]) == ["v1", "v2"]


def test_what_it_did_not_make_is_refused_unless_it_is_said(hub, monkeypatch, tmp_path, capsys) -> None:
    start = PLANTED.index("Wilhelmina")
    folder = exported(tmp_path / "notes", Document("real", PLANTED, (Span(start, start + 10, "PERSON"),)))
    assert run(monkeypatch, "data", "push", folder, "--to", "you/pii-data") == 2
    shown = capsys.readouterr().err
    assert "1 documents (real) are not what this version's synthesis makes" in shown
    assert "--i-may-publish-this-data" in shown
    assert "Ptarmigan" not in shown
    assert hub.requests == []
    assert run(monkeypatch, "data", "push", folder, "--to", "you/pii-data", "--i-may-publish-this-data", "--dry-run") == 0
    assert hub.requests == []
    assert run(monkeypatch, "data", "push", folder, "--to", "you/pii-data", "--i-may-publish-this-data") == 0
    assert REPO in hub.repos


def test_no_folder_passes_that_is_not_what_an_export_left(hub, monkeypatch, tmp_path, capsys) -> None:
    folder = exported(tmp_path / "notes")
    shutil.copy(folder / "tagged" / "test-00000-of-00001.parquet", folder / "bio" / "test-00000-of-00001.parquet")
    assert changed_configs(folder) == ["bio"]
    assert run(monkeypatch, "data", "push", folder, "--to", "you/pii-data") == 2
    assert "rows of bio are not those that the card was written for" in capsys.readouterr().err
    (folder / "notes.txt").write_text("mine", "utf-8")
    assert run(monkeypatch, "data", "push", folder, "--to", "you/pii-data") == 2
    assert "holds files that no export wrote (notes.txt)" in capsys.readouterr().err
    assert run(monkeypatch, "data", "push", tmp_path, "--to", "you/pii-data") == 2
    assert "not a data folder of piispan data export" in capsys.readouterr().err
    folder = exported(tmp_path / "hidden")
    (folder / ".DS_Store").write_bytes(b"x")
    assert run(monkeypatch, "data", "push", folder, "--to", "you/pii-data", "--dry-run") == 0
    shutil.rmtree(folder / "spans")
    card = folder / "README.md"
    card.write_text(card.read_text("utf-8").replace("- config_name: spans\n  data_files", "- config_name: other\n  data_files"), "utf-8")
    assert run(monkeypatch, "data", "push", folder, "--to", "you/pii-data") == 2
    assert "rows of spans are not those that the card was written for" in capsys.readouterr().err
    folder = exported(tmp_path / "other")
    readme = folder / "README.md"
    readme.write_text(readme.read_text("utf-8") + "\nAsk ada@example.org.\n", "utf-8")
    assert run(monkeypatch, "data", "push", folder, "--to", "you/pii-data") == 2
    assert "holds what looks like an e-mail address" in capsys.readouterr().err
    assert hub.requests == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("| documents | 12 |", "| documents | 1200 |", "documents"),
        ("## Licence\n\nNot stated.", "## Licence\n\nmit", "licence"),
        ("pretty_name:", "license: mit\npretty_name:", "licence"),
    ],
)
def test_a_card_that_says_what_the_files_do_not_hold_is_refused(hub, monkeypatch, tmp_path, capsys, old, new, said) -> None:
    folder = exported(tmp_path / "notes")
    card = folder / "README.md"
    assert old in card.read_text("utf-8")
    card.write_text(card.read_text("utf-8").replace(old, new), "utf-8")
    assert run(monkeypatch, "data", "push", folder, "--to", "you/pii-data", "--i-may-publish-this-data") == 2
    assert f"the card does not say what the files hold ({said}); export anew" in capsys.readouterr().err
    assert hub.requests == []


OPTIONS = [
    {"seed": 7},
    {"seed": 7, "settings": ["form", "web_shop"], "partition": "train", "labels": "safe_harbor", "long": 0.2, "noise": 0.3, "ids": "x"},
    {"seed": 2, "language": "zh"},
]


@pytest.mark.parametrize("options", OPTIONS)
def test_documents_are_known_by_being_made_again(options) -> None:
    from dataclasses import replace

    documents = list(synthesise(15, **options))
    assert not_synthesised(documents) == []
    assert not_synthesised(reversed(documents[3:9])) == []
    one = documents[4]
    spoilt = {
        "text": replace(one, text=f"{one.text} {PLANTED}"),
        "spans": replace(one, spans=one.spans[1:]) if one.spans else replace(one, spans=(Span(0, 1, "PERSON"),)),
        "group": replace(one, group="ward 9"),
        "id": replace(one, id="Wilhelmina"),
        "prefix": replace(one, id=f"Ptarmigan 9 {one.id}"),
        "none": replace(one, provenance=None),
        "another": replace(one, provenance=documents[5].provenance),
        "words": replace(one, provenance=f"{one.provenance} Ptarmigan"),
        "stream": replace(one, provenance=(one.provenance or "").replace("seed=", "seed=9")),
        "labels": replace(one, provenance=(one.provenance or "").replace(" labels=", " labels=no_such_")),
    }
    for what, changed in spoilt.items():
        assert not_synthesised([documents[0], changed]) == [changed.id], what


@pytest.mark.parametrize(
    ("to", "said"), [("you", "--to must be owner/name"), ("you/json", "is the name of another Python module"), ("you/a-b", "owner/name")]
)
def test_a_space_needs_a_name_that_python_takes(hub, monkeypatch, capsys, to, said) -> None:
    assert run(monkeypatch, "metric", "push", "--to", to) == 2
    assert said in capsys.readouterr().err
    assert hub.requests == []


def test_a_space_holds_the_files_of_the_package_and_no_others(hub, monkeypatch, tmp_path, capsys) -> None:
    import piispan.core
    import piispan.metric
    from piispan.metric import export_space

    rooms = {room: Path(module.__file__).parent for room, module in (("core", piispan.core), ("metric", piispan.metric))}
    copies = {room: tmp_path / room for room in rooms}
    for room, folder in rooms.items():
        shutil.copytree(folder, copies[room])
        (copies[room] / "notes.orig").write_text("ada@clinic.org", "utf-8")
        (copies[room] / ".env").write_text("HF_TOKEN=x", "utf-8")
    monkeypatch.setattr("piispan.metric.export.files", lambda name: copies[name.rpartition(".")[2]])
    space = export_space(tmp_path / "space", "you/pii_span")
    found = {path.relative_to(space / "piispan").as_posix() for path in (space / "piispan").rglob("*") if path.is_file()}
    packaged = {
        f"{room}/{path.relative_to(folder).as_posix()}"
        for room, folder in rooms.items()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert found == packaged
    (copies["core"] / "notes.md").write_text("Ask ada@clinic.org.", "utf-8")
    assert run(monkeypatch, "metric", "push", "--to", "you/pii_span") == 2
    assert "piispan/core/notes.md, line 1: holds what looks like an e-mail address" in capsys.readouterr().err
    assert hub.requests == []


def test_the_owners_files_stay_in_a_space(hub, monkeypatch) -> None:
    from huggingface_hub import HfApi

    assert run(monkeypatch, "metric", "push", "--to", "you/pii_span") == 0
    HfApi(endpoint=hub.endpoint, token=TOKEN).upload_file(
        path_or_fileobj=b"x = 1", path_in_repo="helper.py", repo_id="you/pii_span", repo_type="space"
    )
    assert run(monkeypatch, "metric", "push", "--to", "you/pii_span") == 0
    assert {"helper.py", "pii_span.py"} <= hub.repos["spaces/you/pii_span"][-1].files.keys()


def test_a_space_can_be_looked_at_before(hub, monkeypatch, capsys) -> None:
    assert run(monkeypatch, "metric", "push", "--to", "you/pii_span", "--dry-run") == 0
    shown = capsys.readouterr().out
    assert "pii_span.py" in shown
    assert "piispan/core/spans.py" in shown
    assert shown.splitlines()[-2].endswith("README.md")
    assert hub.requests == []
