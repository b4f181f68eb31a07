"""Label sets: shipped ones, a user's own, bad ones."""

import re

import pytest
import yaml

from piispan.core import SAFE_HARBOR_CATEGORIES, Label, LabelError, LabelSet

PRESIDIO = [
    "PERSON",
    "TITLE",
    "AGE",
    "NRP",
    "ORGANIZATION",
    "GPE",
    "STREET_ADDRESS",
    "ZIP_CODE",
    "DATE_TIME",
    "PHONE_NUMBER",
    "EMAIL_ADDRESS",
    "DOMAIN_NAME",
    "IP_ADDRESS",
    "CREDIT_CARD",
    "IBAN_CODE",
    "US_SSN",
    "US_DRIVER_LICENSE",
]


def test_shipped_sets_load():
    assert {"presidio", "safe_harbor", "zh_pii"} <= set(LabelSet.shipped())
    for name in LabelSet.shipped():
        assert LabelSet.load(name).name == name


def test_presidio_has_its_17_labels():
    labels = LabelSet.load("presidio")
    assert len(labels) == 17
    assert sorted(labels.names) == sorted(PRESIDIO)


def test_safe_harbor_covers_each_category_once():
    assert "".join(SAFE_HARBOR_CATEGORIES) == "ABCDEFGHIJKLMNOPQR"
    assert sorted(label.safe_harbor for label in LabelSet.load("safe_harbor")) == list(SAFE_HARBOR_CATEGORIES)


def test_own_file(tmp_path):
    path = tmp_path / "mine.yml"
    path.write_text(
        "name: mine\nlabels:\n- {name: TAIL, description: 'Schwanz, 尾'}\n- {name: B2, description: b, safe_harbor: R}\n", "utf-8"
    )
    labels = LabelSet.load(path)
    assert labels == LabelSet("mine", (Label("TAIL", "Schwanz, 尾"), Label("B2", "b", "R")))
    assert labels == LabelSet.load(str(path))
    assert LabelSet.from_dict(yaml.safe_load(yaml.safe_dump(labels.to_dict()))) == labels


BAD = {
    "": "needs a name and a list of labels",
    "- a": "needs a name and a list of labels",
    "name: x": "needs a name and a list of labels",
    "{name: x, labels: {}}": "needs a name and a list of labels",
    "{name: 5, labels: []}": "needs a name and a list of labels",
    "{name: x, labels: []}": "label set 'x' is empty",
    "{name: x, labels: [PERSON]}": "label 1 of 1: needs name and description",
    "{name: x, labels: [{name: A}]}": "label 1 of 1: needs name and description",
    "{name: x, labels: [{name: A, description: a, hipaa: A}]}": "label 1 of 1: keys that mean nothing here: hipaa",
    "{name: x, labels: [{name: A, description: a}, {name: A, description: b}]}": "labels given twice: A",
    "{name: x, labels: [{name: person, description: a}]}": "must match [A-Z][A-Z0-9_]*, was: 'person'",
    "{name: x, labels: [{name: 5, description: a}]}": "must match [A-Z][A-Z0-9_]*, was: 5",
    "{name: x, labels: [{name: A, description: ' '}]}": "label A: description must be one non-empty line",
    '{name: x, labels: [{name: A, description: "a\\nb"}]}': "label A: description must be one non-empty line",
    '{name: x, labels: [{name: A, description: "a\\rb"}]}': "label A: description must be one non-empty line",
    "{name: x, labels: [{name: A, description: a, safe_harbor: S}]}": "safe_harbor must be a letter from A to R, was: 'S'",
    "{name: x, labels: [{name: A, description: a, safe_harbor: [A]}]}": "safe_harbor must be a letter from A to R, was: ['A']",
    "{name: x, labels: [{name: A, descripton: a}]}": "label 1 of 1: keys that mean nothing here: descripton",
    "{name: x, labels: [{name: A, description: a}], version: 2}": "keys that mean nothing here: version",
    "name: x\nlabels: [{name: A, description: a, name: B}]": "line 2, column 36: the key name is given twice",
    "name: x\nname: y": "line 2, column 1: the key name is given twice",
    "{": "line 1, column 2: cannot be read as YAML (ParserError)",
    "!!bool foo": "cannot be read as YAML (KeyError)",
    "!!int ''": "cannot be read as YAML (IndexError)",
    "!!timestamp foo": "cannot be read as YAML (AttributeError)",
    "name: 2001-99-99": "cannot be read as YAML (ValueError)",
    "!!python/object:os.system {}": "line 1, column 1: cannot be read as YAML (ConstructorError)",
    "[" * 20_000: "cannot be read as YAML (RecursionError)",
}


@pytest.mark.parametrize(("content", "message"), BAD.items(), ids=range(len(BAD)))
def test_bad_file_is_named(tmp_path, content, message):
    path = tmp_path / "bad.yaml"
    path.write_text(content)
    with pytest.raises(LabelError, match=f"^{re.escape(str(path))}[:,] .*{re.escape(message)}"):
        LabelSet.load(path)


def test_files_that_are_not_there(tmp_path):
    with pytest.raises(LabelError, match=r"none\.yaml: no such file"):
        LabelSet.load(tmp_path / "none.yaml")
    with pytest.raises(LabelError, match=r"no label set named 'presidoi'; shipped: .*presidio.*; or pass a \.yaml file"):
        LabelSet.load("presidoi")


def test_file_that_is_not_utf8(tmp_path):
    path = tmp_path / "latin.yaml"
    path.write_bytes(b"name: \xff")
    with pytest.raises(LabelError, match="not UTF-8 at byte 6; save it as UTF-8"):
        LabelSet.load(path)


def test_unknown_label_names_the_nearest():
    labels = LabelSet.load("presidio")
    labels.require("PERSON")
    with pytest.raises(LabelError, match=r"^line 3: unknown label 'Persn' for label set 'presidio'; did you mean PERSON\?$"):
        labels.require("Persn", "line 3: ")
    with pytest.raises(LabelError, match="known: PERSON, TITLE, AGE"):
        labels.require("XQJW")


def test_subset_keeps_the_order():
    labels = LabelSet.load("presidio")
    part = labels.subset(["US_SSN", "PERSON", "AGE", "PERSON"])
    assert part.names == ("PERSON", "AGE", "US_SSN")
    assert part.name == labels.name
    assert part.hash != labels.hash
    assert "AGE" in part
    assert "GPE" not in part
    assert [label.name for label in part] == list(part.names)
    with pytest.raises(LabelError, match="did you mean AGE"):
        labels.subset(["AGES"])
    with pytest.raises(LabelError, match="is empty"):
        labels.subset([])


def test_hash_follows_content():
    base = LabelSet("x", (Label("A", "a"), Label("B", "b", "R")))
    assert re.fullmatch(r"[0-9a-f]{12}", base.hash)
    assert LabelSet("x", (Label("A", "a"), Label("B", "b", "R"))).hash == base.hash
    others = [
        LabelSet("x", (Label("A", "other"), Label("B", "b", "R"))),
        LabelSet("x", (Label("A", "a"), Label("B", "b"))),
        LabelSet("x", (Label("B", "b", "R"), Label("A", "a"))),
        LabelSet("x", (Label("A", "a"), Label("C", "b", "R"))),
    ]
    assert len({base.hash, *(other.hash for other in others)}) == 5
