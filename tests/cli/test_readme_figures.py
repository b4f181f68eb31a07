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
PRETUNED = ROOT / "tagger" / "piispan" / "tagger" / "pretuned"
SHIPPED, SHIPPED_ZH = (PRETUNED / name / "card_facts.json" for name in ("pretuned-en", "pretuned-zh"))


def read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return content


def cells(runs: list[dict[str, Any]]) -> tuple[str, str, str, str]:
    """F1 before, F1 after, PII characters found and documents with a leak, the mean over runs."""
    before = [run["before"]["f1"] for run in runs if run.get("before")]
    after = [percent(fmean(run["after"][name] for run in runs)) for name in ("f1", "char_recall", "leaked_documents")]
    interval = f" ({' to '.join(f'{100 * end:.1f}' for end in runs[0]['interval'])})" if "interval" in runs[0] else ""
    return percent(fmean(before)) if before else "not measured", after[0] + interval, after[1], after[2]


def made(path: Path) -> tuple[str, list[dict[str, Any]]]:
    """Of a training on synthetic documents, or a card's facts of one: how many there were, and what was found."""
    run = read(path)
    return f"{run['training']['documents']:,} synthetic", [run]


def as_it_ships(split: str) -> tuple[str, list[dict[str, Any]]]:
    """What ships, on the study's test documents."""
    cell = CELLS / "baselines" / "pre-tuned-on-synthetic-documents-alone-verbatim" / f"{split}-seed0"
    return made(SHIPPED)[0], [{"before": untuned(split), "after": read(cell / "metrics.json")}]


def untuned(split: str) -> dict[str, Any]:
    """The model as it comes, on the study's test documents."""
    return read(CELLS / "baselines" / "untuned-plain-decoding" / f"{split}-seed0" / "metrics.json")


def chosen(split: str) -> tuple[str, list[dict[str, Any]]]:
    """The study's chosen setting, over its seeds."""
    told = read(ROOT / "docs" / "study.json")["chosen"][split]
    assert told["seeds"] == 3
    seeds = [CELLS / f"{told['cell']}-seed{seed}" for seed in range(told["seeds"])]
    (documents,) = {read(cell / "config.json")["training_documents"] for cell in seeds}
    runs = [{"before": untuned(split), "after": read(cell / "metrics.json"), "interval": told["interval"]} for cell in seeds]
    assert told["f1"] == fmean(run["after"]["f1"] for run in runs)
    return f"{documents:,}", runs


FIGURES = {
    "`pretuned-en`, as it ships, unseen settings": made(SHIPPED),
    "`make quickstart`": made(RESULTS / "quickstart-pretuned.json"),
    "`pretuned-en`, as it ships, Presidio research data, `random`": as_it_ships("random"),
    "`pretuned-en`, as it ships, Presidio research data, `template`": as_it_ships("template"),
    "Six epochs from there, mentions replaced, Presidio research data, `random`": chosen("random"),
    "Six epochs from there, mentions replaced, Presidio research data, `template`": chosen("template"),
}


CHINESE = {
    "`pretuned-zh`，随包附带": made(SHIPPED_ZH),
    "`piispan quickstart --language zh`，从它开始": made(RESULTS / "quickstart-zh-pretuned.json"),
    "同上，`--start none`": ("552 synthetic", [read(RESULTS / "quickstart-zh.json")]),
}


def rows(page: str, title: str) -> dict[str, list[str]]:
    lines = (ROOT / page).read_text("utf-8").split(f"## {title}")[1].split("\n## ")[0].splitlines()
    table = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")]
    return {first: rest for first, *rest in table[2:]}


def test_every_row_has_its_file() -> None:
    assert len(rows("README.md", "What to expect")) == len(FIGURES)


@pytest.mark.parametrize("start", FIGURES)
def test_a_row_is_what_its_files_say(start: str) -> None:
    (row,) = (rest for first, rest in rows("README.md", "What to expect").items() if first.startswith(start))
    documents, runs = FIGURES[start]
    assert row == [documents, *cells(runs)]


@pytest.mark.parametrize("start", CHINESE)
def test_a_row_of_the_chinese_page_is_what_its_files_say(start: str) -> None:
    (row,) = (rest for first, rest in rows("README.zh-CN.md", "快速开始").items() if first.startswith(start))
    documents, runs = CHINESE[start]
    translated = {"synthetic": "篇合成文档", "not measured": "未测"}
    assert row == [
        " ".join(translated.get(word, word) for word in documents.split()),
        *(translated.get(cell, cell) for cell in cells(runs)),
    ]


def test_every_row_of_the_chinese_page_has_its_file() -> None:
    assert len(rows("README.zh-CN.md", "快速开始")) == len(CHINESE)


def test_what_labelled_documents_are_said_to_bring_is_what_the_study_found() -> None:
    above = read(ROOT / "docs" / "study.json")["above"]
    (found,) = (one for one in above if one["split"] == "template" and one["baseline"].startswith("pre-tuned"))
    said = [
        f"({found[figure]['value']:+.1%} points, {' to '.join(f'{end:+.1%}' for end in found[figure]['interval'])})".replace("%", "")
        for figure in ("f1", "char_recall")
    ]
    text = " ".join((ROOT / "README.md").read_text("utf-8").split())
    assert found["f1"]["interval"][0] < 0 < found["char_recall"]["interval"][0]
    assert f"are not shown to raise F1 above that of the adapter as it ships {said[0]}" in text
    assert f"the share of PII characters found {said[1]}" in text
