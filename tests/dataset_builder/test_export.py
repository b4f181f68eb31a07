import re
import sys
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import pytest

from piispan.core import FORMATS, DataError, Document, FormatError, LabelSet, Span, get_format
from piispan.dataset_builder import Split, Stated, export_folder, export_sample, sample_split, synthesise
from piispan.dataset_builder.publishing import export as module
from piispan.dataset_builder.publishing.data_card import size_category
from piispan.dataset_builder.reading.folders import front_matter

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
    stated = Stated(licence="cc0-1.0", how_made="By hand, for a test.")
    return export_folder(split, folder, **{"labels": PRESIDIO, "formats": ["tagged", "bio"], "stated": stated, **options})


def card_of(folder: Path, split: Split = SPLIT, **stated: object) -> str:
    return (export(folder, split, stated=Stated(**stated)).folder / "README.md").read_text("utf-8")


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


def test_many_rows_are_several_files_for_several_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    many = Split(tuple(synthesise(5, seed=1)), (), SPLIT.test)
    whole = load(export(tmp_path / "whole", many).folder, "tagged", split="train").to_list()
    monkeypatch.setattr(module, "_ROWS_OF_FILE", 2)
    folder = export(tmp_path / "data", many).folder
    assert [path.name for path in sorted((folder / "tagged").glob("train*"))] == [f"train-0000{i}-of-00003.parquet" for i in range(3)]
    data = load(folder, "tagged", num_proc=2)
    assert data["train"].to_list() == whole
    assert len(data["train"].cache_files) == 2
    stream = load(folder, "tagged", split="train", streaming=True)
    assert (stream.num_shards, list(stream)) == (3, whole)
    monkeypatch.undo()
    assert len(list((export(folder, many).folder / "tagged").glob("train*"))) == 1


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
    assert (head["license"], head["pretty_name"], head["size_categories"]) == ("cc0-1.0", "mine", ["n<1K"])
    assert [(c["config_name"], c.get("default", False)) for c in head["configs"]] == [("spans", True), ("tagged", False), ("bio", False)]
    assert "| documents | 2 | 1 | 1 |" in card
    assert "| spans | 2 | 0 | 2 |" in card
    assert "| `PERSON` | name of a person, without title | 2 | 0 | 1 |" in card
    assert "By hand, for a test." in card
    assert str(tmp_path) not in card
    bare = card_of(tmp_path / "bare")
    assert not {"license", "language"} & front_matter(bare).keys()
    assert "## Licence\n\nNot stated.\n" in bare


def test_card_says_what_was_stated(tmp_path: Path) -> None:
    stated = {"licence": "other", "licence_name": "House rules", "licence_link": "LICENSE", "languages": ("de", "zh"), "title": "Ours: 2"}
    card = card_of(tmp_path / "data", how_split="By ward.", synthetic=True, **stated)
    head = front_matter(card)
    assert [head[key] for key in ("license", "license_name", "license_link")] == ["other", "House rules", "LICENSE"]
    assert (head["language"], head["pretty_name"]) == (["de", "zh"], "Ours: 2")
    assert "synthetic" in head["tags"]
    for line in (
        "# Ours: 2",
        "Languages: German (de), Chinese (zh).",
        "By ward.",
        "[House rules](LICENSE)",
        'load_dataset("data", "tagged")',
    ):
        assert line in card, line


def test_card_warns_of_personal_data_unless_all_is_made_up(tmp_path: Path) -> None:
    assert "**Personal data.**" in card_of(tmp_path / "data")
    assert "**Personal data.**" not in card_of(tmp_path / "data", synthetic=True)


@pytest.mark.parametrize(
    ("stated", "said"),
    [
        ({"licence": "MIT License"}, "licence: must be an identifier"),
        ({"licence": "other"}, "'other' needs the licence's name"),
        ({"licence": "mit", "licence_name": "MIT"}, "no identifier but 'other'"),
        ({"languages": ("en", "English", "xx")}, "not: English, xx"),
        ({"languages": ("en", "en")}, "each once"),
        ({"title": "two\nlines"}, "title: must be one non-empty line"),
    ],
)
def test_what_is_stated_must_be_spelt_right(stated: dict[str, object], said: str) -> None:
    with pytest.raises(DataError, match=re.escape(said)):
        Stated(**stated)


def test_card_tells_columns_and_counts_without_reading_a_file(tmp_path: Path) -> None:
    from datasets import load_dataset_builder

    folder = export(tmp_path / "data").folder
    for config in ("spans", "tagged", "bio"):
        loaded = load(folder, config)
        info = load_dataset_builder(str(folder), config, cache_dir=str(tmp_path / "another")).info
        assert info.features == loaded["train"].features
        for part, rows in loaded.items():
            assert (info.splits[part].num_examples, info.splits[part].num_bytes) == (len(rows), rows.data.nbytes)


def test_card_reports_leaks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    leaky = Split(
        (*SPLIT.train, Document("e", "Ask Bea.", (Span(4, 7, "PERSON"),))), (), (replace(SPLIT.train[0], id="a-again"), *SPLIT.test)
    )
    card = card_of(tmp_path / "data", leaky)
    for line in (
        "word for word | 1 | 2 |",
        "replaced by its label | 1 | 2 |",
        "word triples) | 1 | 2 |",
        "is there | 1 | 2 |",
        "folded | 1 | 3 |",
    ):
        assert line in card, line
    monkeypatch.setitem(sys.modules, "datasketch", None)
    without = card_of(tmp_path / "data", leaky)
    assert "word triples" not in without
    assert "Near-duplicates were not looked for" in without
    assert "word for word | 1 | 2 |" in without
    assert "There is no test part." in card_of(tmp_path / "data", Split(SPLIT.train, (), ()))


def test_card_tells_how_synthetic_documents_were_made_and_counts_what_others_write(tmp_path: Path) -> None:
    told = [Document(f"d{i}", "Hi.", (), None, "Letter of Jane Roe <img src=x> number=4") for i in range(3)]
    card = card_of(tmp_path / "data", Split((*told, *synthesise(2, seed=5)), (), ()))
    assert "| 3 | another way, which the rows state |" in card
    assert "Jane Roe" not in card
    assert "as their rows say" not in card_of(tmp_path / "data")
    many = [replace(next(synthesise(1, seed=seed)), id=f"d{seed}") for seed in range(14)]
    assert "| 2 | 2 other ways |" in card_of(tmp_path / "data", Split(tuple(many), (), ()))
    stream = Split(tuple(synthesise(7, seed=3)), (), tuple(synthesise(2, seed=4, noise=1.0)))
    rows = [line for line in card_of(tmp_path / "data", stream).splitlines() if "synthesis faker" in line]
    assert [(line[:4], line.endswith(f"seed={seed} |")) for line, seed in zip(rows, (3, 4), strict=True)] == [
        ("| 7 ", True),
        ("| 2 ", True),
    ]


@pytest.mark.parametrize(("rows", "name"), [(0, "n<1K"), (999, "n<1K"), (1000, "1K<n<10K"), (10**6, "1M<n<10M"), (10**9, "n>1B")])
def test_sizes_are_named_as_the_hub_does(rows: int, name: str) -> None:
    assert size_category(rows) == name


def test_an_empty_part_is_left_out(tmp_path: Path) -> None:
    made = export(tmp_path / "data", Split(SPLIT.train, (), SPLIT.test))
    assert made.documents == {"train": 2, "test": 1}
    for config in ("spans", "bio"):
        assert list(load(made.folder, config)) == ["train", "test"]
    with pytest.raises(DataError, match="no documents to write"):
        export(tmp_path / "none", Split((), (), ()))


def test_the_same_documents_give_the_same_bytes(tmp_path: Path) -> None:
    first, second = (export(tmp_path / where / "data").folder for where in ("one", "two"))
    files = sorted(path.relative_to(first) for path in first.rglob("*") if path.is_file())
    assert len(files) == 10
    assert [name for name in files if (first / name).read_bytes() != (second / name).read_bytes()] == []


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


def test_the_rooms_card_agrees_with_the_samples() -> None:
    room, sample = (front_matter((folder / "README.md").read_text("utf-8")) for folder in (ROOM, ROOM / "data"))
    assert room.keys() | {"dataset_info"} == sample.keys()
    for key in room.keys() - {"configs"}:
        assert room[key] == sample[key], key
    configs = {config["config_name"]: config for config in room["configs"]}
    for config in sample["configs"]:
        files = [{**entry, "path": f"data/{entry['path']}"} for entry in config["data_files"]]
        expected = {**config, "data_files": files}
        del expected["description"]
        assert configs.pop(config["config_name"]) == expected
    assert not configs


def test_sample_shows_every_label_and_shares_no_test_value() -> None:
    split = sample_split()
    assert set(split.support()["train"]) == set(PRESIDIO.names)
    seen = {d.value(s).casefold() for d in (*split.train, *split.validation) for s in d.spans}
    assert not seen & {d.value(s).casefold() for d in split.test for s in d.spans}


def test_the_card_names_no_path_of_a_template(tmp_path: Path) -> None:
    template = tmp_path / "secret_project.jinja"
    template.write_text("{% call user() %}{{ text }}{% endcall %}", "utf-8")
    card = (export(tmp_path / "data", style=str(template)).folder / "README.md").read_text("utf-8")
    assert "secret_project" not in card
    assert "style: jinja" in card


@pytest.mark.parametrize(
    "stated",
    [
        {"licence": "other", "licence_name": ""},
        {"licence": "other", "licence_name": "a\nb"},
        {"licence": "other", "licence_name": "x", "licence_link": "javascript:alert(1)"},
    ],
)
def test_licences_that_no_card_could_state(stated) -> None:
    with pytest.raises(DataError, match="licence"):
        Stated(**stated)


def test_an_id_given_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="document 'a': the id is given twice"):
        export(tmp_path / "data", Split((Document("a", "x"),), (), (Document("a", "y"),)))
