import re
from importlib.metadata import version
from pathlib import Path

import pytest

from piispan.core import FORMATS, DataError, Document, FormatError, LabelSet, Span, get_format
from piispan.dataset_builder import Split, export_folder, export_sample, sample_split, synthesise
from piispan.dataset_builder.data_card import front_matter

PRESIDIO = LabelSet.load("presidio")
ROOM = Path(__file__).parents[2] / "dataset_builder"
# The second document's span ends inside a word, which bio cannot write.
SPLIT = Split(
    (Document("a", "Ask Ann.", (Span(4, 7, "PERSON"),), "g1"), Document("b", "Annex", (Span(0, 3, "PERSON"),))),
    (Document("c", "No one."),),
    (Document("d", "Ölaf, 34", (Span(0, 4, "PERSON"), Span(6, 8, "AGE")), "g2"),),
)


@pytest.fixture(autouse=True)
def _quiet_datasets(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    import datasets

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path_factory.mktemp("cache"))
    monkeypatch.setattr(datasets.config, "HF_DATASETS_OFFLINE", True)


def load(folder: Path, config: str | None = None, **options: object):
    from datasets import load_dataset

    return load_dataset(str(folder), config, **options)


def export(folder: Path, split: Split = SPLIT, **options: object):
    settings = {"labels": PRESIDIO, "formats": ["tagged", "bio"], "licence": "cc0-1.0", "how_made": "By hand, for a test.", **options}
    return export_folder(split, folder, **settings)


def test_exported_folder_loads(tmp_path: Path) -> None:
    from datasets import List, Value

    made = export(tmp_path / "data")
    assert Path(made) == tmp_path / "data"
    assert made.documents == {"train": 2, "validation": 1, "test": 1}
    data = load(made.folder, "tagged")
    assert list(data) == ["train", "validation", "test"]
    assert set(data["train"].column_names) == {"prompt", "completion", "id", "text", "spans", "group", "provenance"}
    assert data["train"].features["spans"] == List({"start": Value("int64"), "end": Value("int64"), "label": Value("string")})
    row = data["train"][0]
    assert row["completion"] == [{"role": "assistant", "content": get_format("tagged").render(SPLIT.train[0])}]
    assert row["prompt"][-1]["content"].endswith("Ask Ann.")
    default = load(made.folder)
    assert [Document.from_dict(r) for part in default.values() for r in part] == [d for _, part in SPLIT.parts() for d in part]


def test_exported_folder_streams(tmp_path: Path) -> None:
    many = Split(tuple(synthesise(2500, seed=1)), (), SPLIT.test)
    export(tmp_path / "data", many, formats=["tagged"])
    rows = list(load(tmp_path / "data", "tagged", split="train", streaming=True))
    assert [row["id"] for row in rows] == [d.id for d in many.train]
    assert [Document.from_dict(row) for row in rows] == list(many.train)


def test_exported_bio_leaves_out_what_it_cannot_write(tmp_path: Path) -> None:
    made = export(tmp_path / "data")
    assert made.unwritable == {"tagged": {}, "bio": {"PERSON": 1}}
    rows = load(made.folder, "bio", split="train")
    assert [len(row["spans"]) for row in rows] == [1, 0]
    card = (made.folder / "README.md").read_text("utf-8")
    assert "`bio` cannot write 1 of these spans" in card
    assert "1 PERSON." in card


def test_exported_card(tmp_path: Path) -> None:
    card = (export(tmp_path / "mine").folder / "README.md").read_text("utf-8")
    head = front_matter(card)
    assert head["license"] == "cc0-1.0"
    assert [(c["config_name"], c.get("default", False)) for c in head["configs"]] == [("spans", True), ("tagged", False), ("bio", False)]
    assert "| documents | 2 | 1 | 1 |" in card
    assert "| `PERSON` | 2 | 0 | 1 |" in card
    assert "By hand, for a test." in card
    assert str(tmp_path) not in card
    bare = (export(tmp_path / "bare", licence=None).folder / "README.md").read_text("utf-8")
    assert "license" not in front_matter(bare)
    assert "Not stated." in bare


def test_an_export_is_never_read_from_an_older_ones_cache(tmp_path: Path) -> None:
    """``datasets`` keys its cache by the folder's name and its README, not by what its files hold."""
    other = Split((Document("x", "Ask Bob.", (Span(4, 7, "PERSON"),)), *SPLIT.train[1:]), SPLIT.validation, SPLIT.test)
    for folder, split in [("data", SPLIT), ("data", other), ("elsewhere/data", SPLIT), ("data", SPLIT)]:
        export(tmp_path / folder, split)
        for config in ("tagged", "spans"):
            assert load(tmp_path / folder, config)["train"]["text"] == [document.text for document in split.train]


def test_export_replaces_an_export_alone(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    export(folder)
    export(folder, formats=["json"])
    assert {p.name for p in folder.iterdir()} == {"README.md", "spans", "json"}
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(DataError, match="holds other files"):
        export(folder)
    assert (folder / "notes.txt").read_text() == "mine"
    assert [p.name for p in tmp_path.iterdir()] == ["data"]


def test_export_refuses_a_foreign_place(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "README.md").write_text("---\nconfigs: []\n---\nsomeone else's")
    for name, expected in (("file", "a file of that name"), ("other", "holds other files")):
        with pytest.raises(DataError, match=expected):
            export(tmp_path / name)


def test_export_that_fails_leaves_nothing(tmp_path: Path) -> None:
    unknown = Split((Document("a", "Secret", (Span(0, 6, "NICKNAME"),)),), (), ())
    with pytest.raises(DataError, match=r"document 'a': span at \[0:6\]: unknown label"):
        export(tmp_path / "data", unknown)
    with pytest.raises(FormatError, match="no output format"):
        export(tmp_path / "data", formats=["xml"])
    assert not list(tmp_path.iterdir())


def test_room_is_a_data_set() -> None:
    for config in ("spans", *FORMATS):
        assert {part: len(rows) for part, rows in load(ROOM, config).items()} == {"train": 120, "validation": 30, "test": 30}
    assert not (ROOM / "dataset_builder.py").exists()


def test_sample_in_the_repository_is_what_the_code_makes(tmp_path: Path) -> None:
    used = re.search(r"Faker (\S+):", (ROOM / "data" / "README.md").read_text("utf-8"))
    assert used is not None
    if used[1] != version("faker"):
        pytest.skip(f"the sample was made with Faker {used[1]}, whose lists of names may differ")
    export_sample(tmp_path / "data")
    remedy = "make the sample again, as dataset_builder/README.md says"
    for config in ("spans", *FORMATS):
        fresh, kept = load(tmp_path / "data", config), load(ROOM / "data", config)
        assert all(fresh[part].to_list() == kept[part].to_list() for part in fresh), remedy
    assert (tmp_path / "data" / "README.md").read_text("utf-8") == (ROOM / "data" / "README.md").read_text("utf-8"), remedy


def test_sample_shows_every_label_and_shares_no_test_value() -> None:
    split = sample_split()
    assert set(split.support()["train"]) == set(PRESIDIO.names)
    seen = {d.value(s).casefold() for d in (*split.train, *split.validation) for s in d.spans}
    assert not seen & {d.value(s).casefold() for d in split.test for s in d.spans}
