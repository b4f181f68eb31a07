"""The builder gives the rows of an exported folder, and its cache follows all that they depend on."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from datasets import IterableDataset, config, load_dataset, load_dataset_builder
from datasets.exceptions import DatasetGenerationError

from piispan.core import FORMATS, DataError, Document, FormatError, LabelError, LabelSet, PiispanWarning, Span
from piispan.dataset_builder import PiispanBuilder, PiispanConfig, Split, export_folder, write_jsonl
from piispan.dataset_builder.publishing import source_hash as hashing

ROOT = Path(__file__).parents[2]
# The second document's span ends inside a word, which bio cannot write.
FIRST = (Document("a", "Ask Ann.", (Span(4, 7, "PERSON"),), "g1", "by hand"), Document("b", "Annex", (Span(0, 3, "PERSON"),)))
SECOND = (Document("c", "No one."), Document("d", "Ölaf, 34", (Span(0, 4, "PERSON"), Span(6, 8, "AGE"))))


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "HF_DATASETS_CACHE", tmp_path / "cache")


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    for name, documents in (("one", FIRST), ("two", SECOND)):
        write_jsonl(documents, tmp_path / f"{name}.jsonl")
    return [tmp_path / "one.jsonl", tmp_path / "two.jsonl"]


def built(name: str, files: object, *, num_proc: int | None = None, split: str = "train", **options: object):
    builder = PiispanBuilder(config_name=name, data_files=files, **options)
    builder.download_and_prepare(num_proc=num_proc)
    return builder.as_dataset(split=split)


def streamed(name: str, files: object, **options: object) -> IterableDataset:
    return PiispanBuilder(config_name=name, data_files=files, **options).as_streaming_dataset(split="train")


@pytest.mark.filterwarnings("ignore::piispan.core.PiispanWarning")
@pytest.mark.parametrize("style", ["plain", "few_shot"])
def test_rows_are_those_of_an_exported_folder(files: list[Path], tmp_path: Path, style: str) -> None:
    split = Split(FIRST, (), SECOND)
    folder = export_folder(split, tmp_path / "data", labels=LabelSet.load("presidio"), formats=FORMATS, style=style).folder
    for name in ("spans", *FORMATS):
        exported = load_dataset(str(folder), name)
        for part, file in (("train", files[0]), ("test", files[1])):
            data = built(name, {part: file}, split=part, prompt_style=style)
            assert data.features == exported[part].features
            assert data.to_list() == exported[part].to_list()


def test_configs_are_versioned_and_spans_is_the_default(files: list[Path]) -> None:
    assert list(PiispanBuilder.builder_configs) == ["spans", *FORMATS]
    assert {str(known.version) for known in PiispanBuilder.BUILDER_CONFIGS} == {"1.0.0"}
    builder = PiispanBuilder(data_files=files)
    assert (builder.config.name, builder.dataset_name) == ("spans", "piispan")


def test_processes_and_streams_give_the_same_rows(files: list[Path]) -> None:
    rows = built("tagged", files).to_list()
    assert [row["id"] for row in rows] == ["a", "b", "c", "d"]
    assert built("tagged", files, num_proc=2, reader="jsonl").to_list() == rows
    stream = streamed("tagged", files)
    assert stream.num_shards == 2
    assert list(stream) == list(stream) == rows
    assert [row["id"] for row in stream.shard(num_shards=2, index=1)] == ["c", "d"]


def test_streams_read_no_further_than_they_must(files: list[Path]) -> None:
    with files[0].open("a") as file:
        file.write("not JSON\n")
    stream = iter(streamed("spans", files[0]))
    assert [next(stream)["id"], next(stream)["id"]] == ["a", "b"]
    with pytest.raises(DataError, match=r"one\.jsonl, line 3: malformed JSON"):
        next(stream)


@pytest.mark.parametrize("num_proc", [None, 2])
def test_a_bad_row_is_named_by_file_and_line_and_not_by_value(files: list[Path], num_proc: int | None, capfd) -> None:
    import traceback

    with files[1].open("a") as file:
        file.write(json.dumps({"id": "e", "text": "Zebulon", "spans": [{"start": 0, "end": 70, "label": "PERSON"}]}))
    with pytest.raises(DatasetGenerationError) as refused:
        built("tagged", files, num_proc=num_proc)
    shown = "".join(traceback.format_exception(refused.value))
    assert f"{files[1]}, line 3: document 'e': span 0: [0:70] does not lie inside the text of 7 characters" in shown
    assert "Zebulon" not in shown + "".join(capfd.readouterr())


def test_what_is_left_out_is_counted_and_said(files: list[Path]) -> None:
    with pytest.warns(PiispanWarning, match="bio cannot write 1 spans; they are left out: 1 PERSON") as found:
        data = built("bio", files)
    assert len([warning for warning in found if warning.category is PiispanWarning]) == 1
    assert [len(row["spans"]) for row in data] == [1, 0, 0, 2]
    with files[0].open("a") as file:
        file.write('{"id": "x"}\n{"id": "y"}\n')
    with pytest.warns(PiispanWarning, match=r"left out that cannot be read: 2; the first is .*one\.jsonl, line 3: document 'x': needs"):
        assert len(built("tagged", files, on_error="skip")) == 4


def test_other_layouts_labels_and_offsets_are_read(tmp_path: Path) -> None:
    (tmp_path / "x.conll").write_text("Ann B-PER\nLee I-PER\nsmiled O\nParis B-LOC\n")
    (row,) = built("spans", tmp_path / "x.conll", label_map={"PER": "PERSON", "LOC": None})
    assert (row["text"], row["spans"]) == ("Ann Lee smiled Paris", [{"start": 0, "end": 7, "label": "PERSON"}])
    (tmp_path / "map.yaml").write_text("PER: PERSON\nLOC: GPE\n")
    (row,) = built("tagged", tmp_path / "x.conll", label_map=tmp_path / "map.yaml")
    assert row["completion"][0]["content"] == "<PERSON>Ann Lee</PERSON> smiled <GPE>Paris</GPE>"
    far = {"id": "f", "text": "😀 Ann", "spans": [{"start": 3, "end": 5, "label": "PERSON"}]}
    (tmp_path / "far.json").write_text(json.dumps([far]))
    (row,) = built("tagged", tmp_path / "far.json", offsets="utf16", ends="inclusive", reader="jsonl")
    assert row["completion"][0]["content"] == "😀 <PERSON>Ann</PERSON>"
    (tmp_path / "mine.yaml").write_text("name: mine\nlabels:\n- {name: NICK, description: a nickname}\n")
    (tmp_path / "nick.tagged").write_text("Hi <NICK>Bo</NICK>\n")
    (row,) = built("tagged", tmp_path / "nick.tagged", labels=tmp_path / "mine.yaml")
    assert "NICK: a nickname" in row["prompt"][0]["content"]


def test_mistakes_are_told_before_anything_is_read(files: list[Path]) -> None:
    mistakes: list[tuple[type[Exception], str, dict[str, object]]] = [
        (DataError, "data_files: needs the files", {"data_files": None}),
        (LabelError, "no label set named 'nothing'", {"labels": "nothing"}),
        (FormatError, "no prompt style named 'nothing'", {"prompt_style": "nothing"}),
        (DataError, "reader must be", {"reader": "nothing"}),
        (DataError, "on_error error or skip", {"on_error": "nothing"}),
        (DataError, "offsets must be", {"offsets": "nothing"}),
        (DataError, "no such file", {"label_map": "nothing.yaml"}),
        (ValueError, "'nothing' not found", {"config_name": "nothing"}),
        (ValueError, "doesn't have a 'nothing' key", {"nothing": 1}),
    ]
    for error, said, wrong in mistakes:
        with pytest.raises(error, match=said):
            PiispanBuilder(**{"config_name": "tagged", "data_files": files, **wrong})


def test_files_elsewhere_are_refused(tmp_path: Path) -> None:
    from tests.loopback_hub import LoopbackHub

    with LoopbackHub() as hub:
        write_jsonl(FIRST, tmp_path / "in" / "x.jsonl")
        hub.put("you/data", tmp_path / "in")
        with pytest.raises(DataError, match="must be local"):
            PiispanBuilder(config_name="tagged", data_files=f"{hub.endpoint}/you/data/resolve/main/x.jsonl")


def test_a_fingerprint_is_the_same_in_another_process(files: list[Path], tmp_path: Path) -> None:
    data = built("tagged", files)
    program = (
        "import sys; from piispan.dataset_builder import PiispanBuilder; "
        "b = PiispanBuilder(sys.argv[1], config_name='tagged', data_files=sys.argv[2:], prompt_style='plain'); "
        "assert b.info.splits['train'].num_examples == 4; print(b.as_dataset(split='train')._fingerprint)"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "cache"), *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == data._fingerprint, done.stderr


def test_the_cache_follows_files_options_labels_and_maps(files: list[Path], tmp_path: Path) -> None:
    labels, label_map = tmp_path / "mine.yaml", tmp_path / "map.yaml"
    (tmp_path / "n.ann").write_text("T1\tPERSON 0 3\tAnn\n")
    seen = []

    def remember(data_files: object = files, **options: object) -> str:
        seen.append(PiispanBuilder(config_name="tagged", data_files=data_files, **options).cache_dir)
        return seen[-1]

    first = remember()
    assert remember() == remember(labels="presidio", on_error="error") == first
    del seen[1:]
    write_jsonl(FIRST[:1], files[0])
    remember()
    for description in ("a name", "a nickname"):
        labels.write_text(f"name: mine\nlabels:\n- {{name: PERSON, description: {description}}}\n- {{name: AGE, description: an age}}\n")
        remember(labels=labels)
    for wanted in ("PERSON", "AGE"):
        label_map.write_text(f"PERSON: {wanted}\n")
        remember(label_map=label_map)
    for text in ("Ann", "Ann."):
        (tmp_path / "n.txt").write_text(text)
        remember(tmp_path / "n.ann")
    for name, value in (
        ("prompt_style", "few_shot"),
        ("ends", "inclusive"),
        ("offsets", "bytes"),
        ("reader", "jsonl"),
        ("on_error", "skip"),
    ):
        remember(**{name: value})
    assert len(set(seen)) == len(seen) == 13


def test_a_changed_file_is_read_again(files: list[Path]) -> None:
    assert len(built("tagged", files[0])) == 2
    write_jsonl(FIRST[:1], files[0])
    os.utime(files[0], ns=(1, 1))
    assert len(built("tagged", files[0])) == 1


def test_changed_code_makes_a_new_cache(files: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for package, name in (("core", "labels.py"), ("core", "sets.yaml"), ("dataset_builder", "rows.py"), ("dataset_builder", "frames.yaml")):
        (tmp_path / package).mkdir(exist_ok=True)
        (tmp_path / package / name).write_text("1")
    monkeypatch.setattr(hashing, "files", lambda package: tmp_path / package.rpartition(".")[2])

    def state() -> str:
        hashing.source_hash.cache_clear()
        return hashing.source_hash()

    try:
        before = state()
        assert PiispanBuilder(data_files=files).cache_dir.endswith(f"/1.0.0/{before}")
        (tmp_path / "dataset_builder" / "frames.yaml").write_text("2")
        assert state() == before
        states = {before}
        for package, name in (("core", "labels.py"), ("core", "sets.yaml"), ("dataset_builder", "rows.py"), ("dataset_builder", "new.py")):
            (tmp_path / package / name).write_text("22")
            states.add(state())
        assert len(states) == 5
        assert PiispanBuilder(data_files=files).cache_dir.endswith(f"/1.0.0/{state()}")
    finally:
        monkeypatch.undo()
        hashing.source_hash.cache_clear()


def test_every_module_of_the_rows_is_in_the_hash() -> None:
    """What the builder imports of piispan is ``core`` and ``dataset_builder`` alone, which the hash covers whole."""
    program = (
        "import sys, piispan.dataset_builder.publishing.builder; "
        "print(*sorted({m.split('.')[1] for m in sys.modules if m.startswith('piispan.')}))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["core", "dataset_builder"]


def test_the_room_does_not_import_datasets_before_it_must() -> None:
    program = (
        "import sys, piispan.dataset_builder as d; print('datasets' in sys.modules); d.PiispanBuilder; print('datasets' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]


def test_a_config_says_what_it_reads() -> None:
    assert PiispanConfig(name="spans").prompt() is None
    assert PiispanConfig(name="bio", prompt_style="dialogue").prompt().style == "dialogue"
    assert load_dataset_builder(str(ROOT / "dataset_builder"), "tagged").info.splits is None
