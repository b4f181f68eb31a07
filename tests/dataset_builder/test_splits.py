import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from piispan.core import DataError, Document
from piispan.dataset_builder import Split, fixed_split, read_documents

_NAME = "presidio_synth_dataset_v2.json"
_ROOT = Path(__file__).parents[2]
REAL = next((p for p in (Path(os.environ.get("PIISPAN_DATA", "-")), _ROOT.parent / "shared" / "data" / _NAME) if p.is_file()), None)
needs_real_data = pytest.mark.skipif(REAL is None, reason=f"needs {_NAME}: set PIISPAN_DATA to its path")


def made(count: int, groups: int) -> list[Document]:
    return [Document(f"d{i}", "x", group=str(i * 7 % groups)) for i in range(count)]


def sizes(split: Split) -> list[int]:
    return [len(part) for _, part in split.parts()]


def test_random_split_of_1500() -> None:
    documents = made(1500, 209)
    split = fixed_split(documents, "random")
    assert sizes(split) == [800, 300, 400]
    assert [d.id for d in split.train[:3]] == ["d835", "d1326", "d876"]
    assert split == fixed_split(documents, "random")


def test_template_split_of_209_groups() -> None:
    split = fixed_split(made(1500, 209), "template")
    groups = [{d.group for d in part} for _, part in split.parts()]
    assert [len(part) for part in groups] == [125, 31, 53]
    assert all([int(d.id[1:]) for d in part] == sorted(int(d.id[1:]) for d in part) for _, part in split.parts())


@needs_real_data
def test_splits_of_the_presidio_data() -> None:
    assert REAL is not None
    documents, report = read_documents(REAL)
    assert (report.documents, report.spans.total(), report.trimmed) == (1500, 2863, 0)
    assert sizes(fixed_split(documents, "random")) == [800, 300, 400]
    split = fixed_split(documents, "template")
    assert sizes(split) == [887, 231, 382]
    assert set(report.spans) - set(split.support()["test"]) == {"US_SSN", "IBAN_CODE", "US_DRIVER_LICENSE"}


@given(st.integers(3, 400), st.integers(3, 60))
def test_splits_are_whole_and_disjoint(count: int, groups: int) -> None:
    documents = made(count, min(groups, count))
    for kind in ("random", "template"):
        if kind == "template" and len({d.group for d in documents}) < 3:
            continue
        split = fixed_split(documents, kind)
        assert min(sizes(split)) >= 1
        assert sorted(d.id for _, part in split.parts() for d in part) == sorted(d.id for d in documents)
        if kind == "template":
            parts = [{d.group for d in part} for _, part in split.parts()]
            assert sum(map(len, parts)) == len(set.union(*parts))


def test_template_split_sorts_numbers_as_numbers() -> None:
    small = [Document(g, "x", group=g) for g in ("10", "9", "100")]
    padded = [Document(g, "x", group=f"{int(g):03d}") for g in ("10", "9", "100")]
    ids = [[d.id for _, part in fixed_split(docs, "template").parts() for d in part] for docs in (small, padded)]
    assert ids[0] == ids[1]


def test_splits_of_too_little() -> None:
    with pytest.raises(DataError, match="at least 3 documents, there are 2"):
        fixed_split(made(2, 2), "random")
    with pytest.raises(DataError, match="at least 3 groups, there are 2"):
        fixed_split(made(50, 2), "template")
    with pytest.raises(DataError, match="document 'lone' has no group"):
        fixed_split([*made(9, 9), Document("lone", "x")], "template")
    with pytest.raises(DataError, match="random or template"):
        fixed_split(made(9, 9), "stratified")
