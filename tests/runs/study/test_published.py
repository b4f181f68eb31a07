"""The study that is published is what its cells say."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from piispan.runs import grids, load_grid, write_report
from piispan.runs.study.choosing import resolved
from piispan.runs.study.grid_files import grid_of

DOCS = Path(__file__).parents[3] / "docs"


def test_the_published_report_is_that_of_the_published_cells(tmp_path: Path) -> None:
    every = sorted(map(load_grid, grids()), key=lambda grid: grid.downloads)  # as `piispan study all size` has them
    write_report(DOCS / "study" / "cells", every, tmp_path / "study.md")
    published = re.sub(r" Data: \S+\.json\.", "", (DOCS / "study.md").read_text("utf-8"), count=1)
    assert (tmp_path / "study.md").read_text("utf-8") == published
    made, told = (rounded(json.loads((folder / "study.json").read_text("utf-8"))) for folder in (tmp_path, DOCS))
    assert made == told


def test_the_baseline_of_a_token_classifier_is_the_setting_that_validation_chose() -> None:
    chosen = resolved(grid_of({"question": "?", "chosen_from": "token_classifier"}, "best"), DOCS / "study" / "cells")
    used = [cell for cell in load_grid("baselines").cells if cell.system == "token_classifier"]
    assert {replace(cell.settings, seed=0) for cell in used} == {cell.settings for cell in chosen.cells}
    assert all(cell.refit for cell in used)


def rounded(content: Any) -> Any:
    """Numbers to nine places: the last ones go by the machine."""
    if isinstance(content, dict):
        return {name: rounded(value) for name, value in content.items()}
    if isinstance(content, list):
        return [rounded(value) for value in content]
    return round(content, 9) if isinstance(content, float) else content
