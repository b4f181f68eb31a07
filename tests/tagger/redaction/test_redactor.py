"""``Redactor`` for texts and for ``datasets``."""

import pytest
from datasets import Dataset

from piispan.core import RedactionError
from piispan.tagger import Redactor
from tests.stub_tagger import UNFAITHFUL, StubTagger

TEXT = "Ada Lovelace called +442079460000."
REDACTED = "<PERSON> called <PHONE_NUMBER>."


def test_texts() -> None:
    done = Redactor(StubTagger()).redact([TEXT, "", "nothing"])
    assert [one.text for one in done] == [REDACTED, "", "nothing"]
    assert [str(span) for span in done[0].spans] == ["PERSON[0:8]", "PHONE_NUMBER[16:30]"]
    assert done[0].restore() == TEXT
    assert "Ada" not in repr(done)


def test_dates_move_together_in_a_group() -> None:
    redactor = Redactor(StubTagger(), "surrogate")
    first, second = (one.text for one in redactor.redact(["on 2019-03-04", "on 2019-03-04"], groups=["a", "a"]))
    assert first == second != "on 2019-03-04"
    with pytest.raises(ValueError, match="zip"):
        redactor.redact(["x", "y"], groups=["a"])


@pytest.mark.parametrize("batched", [True, False])
def test_datasets_map(batched) -> None:
    rows = Dataset.from_dict({"note": [TEXT, None, "x"], "kept": [TEXT, TEXT, TEXT]})
    done = rows.map(Redactor(StubTagger()), batched=batched, fn_kwargs={"columns": ["note"]})
    assert done["note"] == [REDACTED, None, "x"]
    assert done["kept"] == [TEXT] * 3
    assert Dataset.from_dict({"text": [TEXT]}).map(Redactor(StubTagger()))["text"] == [REDACTED]


def test_the_columns_of_a_row_are_one_document() -> None:
    rows = Dataset.from_dict({"a": ["Ada Lovelace"] * 2, "b": ["by Ada Lovelace"] * 2, "patient": [7, 7]})
    done = rows.map(Redactor(StubTagger(), "surrogate"), batched=True, fn_kwargs={"columns": ["a", "b"], "group_column": "patient"})
    assert [f"by {name}" for name in done["a"]] == list(done["b"])
    assert done["a"][0] == done["a"][1] != "Ada Lovelace"
    arrays = rows.with_format("numpy").map(Redactor(StubTagger()), batched=True, fn_kwargs={"columns": ["a"]})
    assert list(arrays["a"]) == ["<PERSON>"] * 2


def test_streamed_datasets() -> None:
    rows = Dataset.from_dict({"text": [TEXT]}).to_iterable_dataset()
    assert [row["text"] for row in rows.map(Redactor(StubTagger()), batched=True)] == [REDACTED]


def test_what_cannot_be_redacted_is_told_without_the_text() -> None:
    redactor = Redactor(StubTagger())
    with pytest.raises(RedactionError, match="text 2: the answer was cut") as error:
        redactor.redact([TEXT, f"{UNFAITHFUL} Ada Lovelace"])
    assert "Ada" not in str(error.value)
    with pytest.raises(TypeError, match="text 2 must be a string, was: NoneType"):
        redactor.redact([TEXT, None])
    with pytest.raises(TypeError, match="several strings"):
        redactor.redact(TEXT)
    with pytest.raises(RedactionError, match="no column named 'note'"):
        redactor({"text": TEXT}, columns=["note"])
    with pytest.raises(RedactionError, match="column 'text': needs strings"):
        redactor({"text": [1]})
