"""What a card says of the documents: of a data folder what its own card says, and never where it lies."""

from pathlib import Path

import pytest

from piispan.core import LabelSet
from piispan.dataset_builder import Split, Stated, export_folder, synthesise
from piispan.model_card import CardError
from piispan.runs.data_facts import data_facts

COUNTS = {"train": 4, "test": 2}


def exported(folder: Path, stated: Stated) -> Path:
    parts = Split(tuple(synthesise(4, seed=1, ids="train")), (), tuple(synthesise(2, seed=2, ids="test")))
    export_folder(parts, folder, labels=LabelSet.load("presidio"), formats=["tagged"], stated=stated)
    return folder


def test_a_data_folder_says_its_name_licence_and_digest(tmp_path: Path) -> None:
    folder = exported(tmp_path / "private", Stated("cc0-1.0", title="Ward notes", synthetic=True))
    facts = data_facts(folder, "random", COUNTS)
    assert (facts.name, facts.licence, facts.documents) == ("Ward notes", "cc0-1.0", COUNTS)
    digest = facts.how_made.split("SHA-256 ")[1].split(",")[0]
    assert len(digest) == 64
    assert digest in (folder / "README.md").read_text("utf-8")
    assert facts.how_made.endswith("split as given; every value in it is made up.")
    assert str(tmp_path) not in repr(facts)
    real = data_facts(exported(tmp_path / "real", Stated()), "random", COUNTS)
    assert (real.name, real.licence) == ("real", None)
    assert "made up" not in real.how_made


def test_a_title_that_no_card_may_carry_is_told_before_the_training(tmp_path: Path) -> None:
    with pytest.raises(CardError, match=r"data\.name: looks like it holds an e-mail address"):
        data_facts(exported(tmp_path / "data", Stated(title="Notes of ada@clinic.org")), "random", COUNTS)


def test_of_other_documents_only_the_split_is_told(tmp_path: Path) -> None:
    one = tmp_path / "secret-ward.jsonl"
    for facts, said in (
        (data_facts(one, "random", COUNTS), "split by document"),
        (data_facts(one, "template", COUNTS), "split by sentence frame (group)"),
        (data_facts(one, "random", COUNTS, test=one), "tested on documents of a file of their own"),
    ):
        assert said in facts.how_made
        assert "secret-ward" not in repr(facts)
