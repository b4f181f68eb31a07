"""Offsets that count something else, told by the words that they cut."""

import json
import warnings

import pytest

from piispan.core import PiispanWarning
from piispan.dataset_builder import ReadReport, iter_documents, read_documents


def written(tmp_path, text: str, *spans: tuple[int, int]):
    path = tmp_path / "documents.jsonl"
    rows = [{"start": start, "end": end, "label": "PERSON"} for start, end in spans]
    path.write_text(json.dumps({"id": "a", "text": text, "spans": rows}), "utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "span", "cut"),
    [
        ("Call Mia now", (5, 8), 0),
        ("Call Mia now", (6, 8), 1),
        ("Call Mia now", (5, 7), 1),
        ("Call Mia now", (6, 7), 1),
        ("Call Mia7 now", (5, 8), 1),
        ("Mia", (0, 3), 0),
        ("Mia's", (0, 3), 0),
        ("请李娜来", (1, 3), 0),
        ("请Mia来", (1, 4), 0),
        ("请Mia", (1, 4), 0),
        ("さくらさん", (0, 3), 0),
        ("Zoë", (0, 2), 1),
    ],
)
def test_spans_that_cut_words_are_counted(tmp_path, text, span, cut) -> None:
    report = ReadReport()
    list(iter_documents(written(tmp_path, text, span), report=report))
    assert report.inside_words == cut


WORDS = "abcd " * 20


@pytest.mark.parametrize(
    ("cut", "whole", "warned"), [(1, 0, False), (2, 0, True), (2, 1, False), (3, 11, True), (3, 12, False), (0, 5, False)]
)
def test_many_of_them_are_warned_of(tmp_path, cut, whole, warned) -> None:
    spans = [(5 * n, 5 * n + (3 if n < cut else 4)) for n in range(cut + whole)]
    path = written(tmp_path, WORDS, *spans)
    if warned:
        with pytest.warns(PiispanWarning, match=f"{cut} of {cut + whole} spans begin or end inside a word.*offsets=utf16.*ends=inclusive"):
            read_documents(path)
    else:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            read_documents(path)
