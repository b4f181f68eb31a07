"""The report of a study: Markdown with its pictures, and JSON."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from piispan.core import DataError
from piispan.metric import percent
from piispan.runs.artifacts import write_json, write_text
from piispan.runs.study.choosing import resolved
from piispan.runs.study.grid import Grid
from piispan.runs.study.pictures import draw_study
from piispan.runs.study.results import Difference, Found, Row, difference, found_cells, rows

__all__ = ["CHOSEN", "write_report"]

CHOSEN = "chosen"
"""The grid whose cells are the chosen setting, on the test."""
_SPLITS = ("random", "template")
_TITLES: Mapping[str, str] = {
    "precision": "Precision",
    "recall": "Recall",
    "char_recall": "PII characters found",
    "hallucination_rate": "Hallucinated mentions",
    "malformed_rate": "Malformed answers",
    "text_drift_rate": "Answers that drift",
    "offset_error_rate": "Wrong offsets",
}
_COSTS: Mapping[str, tuple[str, Callable[[float], str]]] = {
    "output_tokens_per_document": ("Tokens written", "{:.1f}".format),
    "passes_per_document": ("Passes", "{:.1f}".format),
    "seconds_per_document": ("Seconds", "{:.3f}".format),
    "training_seconds": ("Training, minutes", lambda seconds: f"{seconds / 60:.1f}"),
}


def write_report(study: str | Path, grids: Sequence[Grid], report: str | Path, data_name: str) -> None:
    """Write what the cells that are done say: ``report`` in Markdown, ``.json`` beside it, and pictures in the folder of its name.

    Args:
        study: Folder of the study.
        grids: The grids to report, in order; those without a cell that is done are named as open.
        report: A file in ``.md``.
        data_name: What the data is called, in the report.

    Raises:
        DataError: If no cell is done, or a file cannot be written.
    """
    place = Path(report)
    grids = [_resolved(grid, Path(study)) for grid in grids]
    found = {grid.name: found_cells(Path(study), grid) for grid in grids}
    every = [one for cells in found.values() for one in cells]
    if not every:
        raise DataError(f"{study}: no cell of {', '.join(grid.name for grid in grids)} is done")
    pictures = draw_study({grid.name: rows(found[grid.name]) for grid in grids}, place.with_suffix(""))
    sections = [_section(grid, found[grid.name], pictures.get(grid.name, []), place) for grid in grids]
    write_text(place, "\n\n".join([_head(every, data_name), *_headline(found.get(CHOSEN, [])), *sections, _foot(every, grids)]) + "\n")
    write_json(place.with_suffix(".json"), {"chosen": _chosen(found.get(CHOSEN, [])), "cells": [one.to_dict() for one in every]})


def _resolved(grid: Grid, study: Path) -> Grid:
    try:
        return resolved(grid, study)
    except DataError:  # not chosen yet, so it is open
        return grid


def _chosen(found: Sequence[Found]) -> dict[str, Any]:
    return {
        row.split: {
            "f1": row.mean("f1"),
            "char_recall": row.mean("char_recall"),
            "seeds": len(row.found),
            "cell": row.found[0].cell.place.rpartition("-seed")[0],
        }
        for row in rows(found)
    }


def _head(found: Sequence[Found], data_name: str) -> str:
    hardware = sorted({one.config["hardware"] for one in found})
    return (
        "# The study\n\n"
        f"Written by `piispan study`; every figure comes from a cell's `metrics.json`. Data: {data_name}. Hardware: {'; '.join(hardware)}. "
        "F1 is exact and micro. Figures are means over seeds; in brackets stand the 95 % interval, over resamples of the seeds and of the "
        "documents, and the number of seeds. Differences are paired by document and seed.\n\n"
        "`random` has the same sentence frames on both sides, as the published figures have; no frame of `template`'s test was seen in "
        "training: it is the honest figure."
    )


def _headline(found: Sequence[Found]) -> list[str]:
    lines = [
        f"- `{row.split}`: F1 **{_percent(row.mean('f1'))}** {_ends(row)}, PII characters found {_percent(row.mean('char_recall'))}"
        for row in rows(found)
    ]
    return ["## The chosen setting\n\nChosen on validation; the test was looked at once.\n\n" + "\n".join(lines)] if lines else []


def _section(grid: Grid, found: Sequence[Found], pictures: Sequence[Path], report: Path) -> str:
    title = f"## {grid.name.capitalize()}: {grid.question}"
    done = rows(found)
    if not done:
        return f"{title}\n\nNot run yet: `piispan study {grid.name} --data FILE`."
    blocks = [title, f"{len(found)} of {len(grid.cells)} cells are done, measured on {grid.cells[0].part}.", _figures(done), _costs(done)]
    blocks += [_comparisons(done, split) for split in _SPLITS if sum(row.split == split for row in done) > 1]
    blocks += [f"![{path.stem}]({path.relative_to(report.parent).as_posix()})" for path in pictures]
    return "\n\n".join(block for block in blocks if block)


def _figures(done: Sequence[Row]) -> str:
    shown = [name for name in _TITLES if any(row.mean(name) is not None for row in done)]
    lines = [["Setting", "Split", "F1", *(_TITLES[name] for name in shown)]]
    for row in done:
        f1 = f"{_percent(row.mean('f1'))} {_ends(row)}"
        lines.append([row.setting, f"`{row.split}`", f1, *(_percent(row.mean(name)) for name in shown)])
    return _table(lines)


def _costs(done: Sequence[Row]) -> str:
    shown = [name for name in _COSTS if any(row.mean(name) is not None for row in done)]
    lines = [["Cost per document", "Split", *(_COSTS[name][0] for name in shown)]]
    for row in done:
        values = [row.mean(name) for name in shown]
        cells = ["" if value is None else _COSTS[name][1](value) for name, value in zip(shown, values, strict=True)]
        lines.append([row.setting, f"`{row.split}`", *cells])
    return _table(lines)


def _comparisons(done: Sequence[Row], split: str) -> str:
    """The best of a split against each other."""
    here = [row for row in done if row.split == split]
    best = max(here, key=lambda row: row.mean("f1") or 0.0)
    lines = []
    for row in here:
        if row is not best and (found := difference(best, row)):
            lines.append(f"- above {row.setting}: {_points(found)}")
    return f"On `{split}`, **{best.setting}** has the highest F1:\n\n" + "\n".join(lines) if lines else ""


def _points(found: Difference) -> str:
    low, high = (f"{100 * end:+.1f}" for end in found.interval)
    p = "p < 0.001" if found.p_value < 0.001 else f"p = {found.p_value:.3f}"
    seeds = "1 seed" if found.seeds == 1 else f"{found.seeds} seeds"
    return f"{100 * found.value:+.1f} points ({low} to {high}, {p}, {seeds})"


def _foot(found: Sequence[Found], grids: Sequence[Grid]) -> str:
    versions = found[-1].config["versions"]
    listed = ", ".join(f"{name} {version}" for name, version in versions.items())
    command = f"piispan study {' '.join(grid.name for grid in grids)} --data FILE --report study.md"
    return f"## How to run it again\n\n```\n{command}\n```\n\nVersions: {listed}."


def _ends(row: Row) -> str:
    low, high = row.interval("f1")
    return f"({100 * low:.1f} to {100 * high:.1f}; {len(row.found)})"


def _percent(value: float | None) -> str:
    return "" if value is None else percent(value)


def _table(lines: Sequence[Sequence[str]]) -> str:
    head, *body = lines
    return "\n".join(f"| {' | '.join(line)} |" for line in [head, ["---"] * len(head), *body])
