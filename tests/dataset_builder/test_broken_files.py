"""Files that nobody should be able to read: one clear error each, with the place, and never a word of the text."""

from pathlib import Path

import pytest

from piispan.core import DataError, LabelSet, read_yaml
from piispan.dataset_builder import read_documents

BROKEN = Path(__file__).parents[1] / "data" / "broken"
EXPECTED = read_yaml(BROKEN / "expected.yaml", DataError)
NOTHING_TO_READ = {"cut.json", "empty.jsonl", "nothing_in_it.json"}
SECRET = "Quarterstaff"


def test_every_file_is_expected_to_fail() -> None:
    assert {path.name for path in BROKEN.iterdir()} - {"expected.yaml"} == set(EXPECTED)
    assert len(EXPECTED) >= 40


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_it_fails_where_it_is_broken(name: str) -> None:
    path, labels = BROKEN / name, LabelSet.load("presidio")
    with pytest.raises(DataError) as caught:
        read_documents(path, labels=labels)
    message = str(caught.value)
    assert message.startswith((f"{path}, {EXPECTED[name]}", f"{path}: {EXPECTED[name]}"))
    assert SECRET not in message
    assert "\n" not in message


@pytest.mark.parametrize("name", sorted(set(EXPECTED) - NOTHING_TO_READ))
def test_what_is_skipped_is_counted(name: str) -> None:
    documents, report = read_documents(BROKEN / name, labels=LabelSet.load("presidio"), on_error="skip")
    assert (len(documents), len(report.rejects)) == (1, 1)
    (reject,) = report.rejects
    assert EXPECTED[name].startswith(f"{reject.unit} {reject.number}: ")
    assert EXPECTED[name].split(": ", 1)[1] in reject.reason
    assert SECRET not in str(report.to_dict())
