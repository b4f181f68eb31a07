"""The pictures hold what was found."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from piispan.metric import COUNTED
from piispan.runs import TrainSettings
from piispan.runs.study.grid import Cell
from piispan.runs.study.pictures import _bars, _curve, _speed, draw_study
from piispan.runs.study.results import Found, Row


def row(setting: str, documents: int, f1: float, start: str) -> Row:
    cell = Cell(grid="data", setting=setting, split="random", part="test", settings=TrainSettings(start=start), documents=documents)
    counts = np.ones((4, len(COUNTED)))
    config = {"hardware": "2 CPU cores", "dtype": "float32"}
    return Row(setting, "random", (Found(cell, config, {"f1": f1, "cost": {"seconds_per_document": 0.5}}, counts),))


ROWS = [
    row("200 documents", 200, 0.8, "../mine"),
    row("50 documents", 50, 0.6, "../mine"),
    row("50 documents, begun afresh", 50, 0.3, "none"),
    row("200 documents, begun afresh", 200, 0.5, "none"),
]


def test_a_learning_curve_has_a_line_for_each_beginning() -> None:
    axes = _curve(ROWS).axes[0]
    drawn = {line.get_label(): (list(line.get_xdata()), list(line.get_ydata())) for line in axes.lines}
    assert drawn == {
        "random, begun from mine": ([50, 200], pytest.approx([60, 80])),
        "random, begun afresh": ([50, 200], pytest.approx([30, 50])),
    }


def test_hallucination_is_drawn_where_there_is_some_and_of_those_that_can(tmp_path: Path) -> None:
    some, none = row("json", 50, 0.5, "none"), row("verbatim", 50, 0.6, "none")
    some.found[0].metrics["hallucination_rate"], none.found[0].metrics["hallucination_rate"] = 0.1, 0.0
    assert "data-hallucination.png" in {path.name for path in draw_study({"data": [some, none, ROWS[0]]}, tmp_path)["data"]}
    assert "data-hallucination.png" not in {path.name for path in draw_study({"data": [none, ROWS[0]]}, tmp_path)["data"]}
    assert not (tmp_path / "data-hallucination.png").exists()
    axes = _bars([some, none, ROWS[0]], "hallucination_rate", "").axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["json", "verbatim"]


def test_each_machine_has_its_marker_and_no_machine_the_mean_of_two() -> None:
    on_cpu, on_gpu = row("json", 50, 0.5, "none"), row("json", 50, 0.7, "none")
    on_gpu.found[0].config["hardware"], on_gpu.found[0].metrics["cost"]["seconds_per_document"] = "1 x GPU", 0.1
    axes = _speed([replace(on_cpu, found=(*on_cpu.found, *on_gpu.found))]).axes[0]
    points = [(line.get_marker(), *line.get_xdata(), *line.get_ydata()) for line in axes.lines]
    assert points == [("o", 2.0, pytest.approx(60)), ("s", 10.0, pytest.approx(60))]
    legend = [text.get_text() for text in axes.get_legend().get_texts()]
    assert legend == ["random", "2 CPU cores (float32)", "1 x GPU (float32)", "json"]


def test_a_grid_over_documents_is_drawn_as_a_curve_too(tmp_path: Path) -> None:
    drawn = draw_study({"data": ROWS}, tmp_path)
    assert [path.name for path in drawn["data"]] == ["data-f1.png", "data-learning-curve.png", "data-speed.png"]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in drawn["data"])
