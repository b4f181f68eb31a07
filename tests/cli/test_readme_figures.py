"""The figures of the README's table are those of files that commands wrote: a card's facts, or metrics."""

import json
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest

from piispan.metric import percent

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "docs" / "results"
CELLS = ROOT / "docs" / "study" / "cells"
SHIPPED = ROOT / "tagger" / "piispan" / "tagger" / "pretuned" / "pretuned-en" / "card_facts.json"


def read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return content


def of_seeds(split: str) -> list[dict[str, Any]]:
    return [read(RESULTS / f"{split}-decisions-seed{seed}.json") for seed in range(3)]


def cells(runs: list[dict[str, Any]]) -> tuple[str, str, str]:
    """F1 before, F1 after and PII characters found, the mean over runs."""
    before = [run["before"]["f1"] for run in runs if run.get("before")]
    after = [percent(fmean(run["after"][name] for run in runs)) for name in ("f1", "char_recall")]
    return percent(fmean(before)) if before else "not measured", after[0], after[1]


def untrained(split: str) -> list[dict[str, Any]]:
    """What ships, on the study's test documents."""
    cell = CELLS / "baselines" / "pre-tuned-on-synthetic-documents-alone-verbatim" / f"{split}-seed0"
    return [{"after": read(cell / "metrics.json"), "training": read(SHIPPED)["training"]}]


FIGURES = {
    "`pretuned-en`, as it ships, unseen settings": [read(SHIPPED)],
    "`pretuned-en`, as it ships, Presidio research data, `random` split": untrained("random"),
    "`pretuned-en`, as it ships, Presidio research data, `template` split": untrained("template"),
    "`make quickstart`": [read(RESULTS / "quickstart-pretuned.json")],
    "Presidio research data, `random` split": of_seeds("random"),
    "Presidio research data, `template` split": of_seeds("template"),
}
SPLITS = {"`random`": "800", "`template`": "887"}
"""Training documents of the fixed splits, which metrics do not hold."""


def rows(page: str) -> dict[str, list[str]]:
    lines = (ROOT / page).read_text("utf-8").split("## What to expect")[1].split("\n## ")[0].splitlines()
    table = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")]
    return {first: rest for first, *rest in table[2:]}


def test_every_row_has_its_file() -> None:
    assert len(rows("README.md")) == len(FIGURES)


@pytest.mark.parametrize("start", FIGURES)
def test_a_row_is_what_its_files_say(start: str) -> None:
    (row,) = (rest for first, rest in rows("README.md").items() if first.startswith(start))
    documents, *figures = row
    assert tuple(figures) == cells(FIGURES[start])
    trained = {f"{run['training']['documents']:,} synthetic" for run in FIGURES[start] if "training" in run}
    assert {documents} == (trained or {count for split, count in SPLITS.items() if split in start})
