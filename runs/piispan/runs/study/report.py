"""The report of a study: Markdown with its pictures, and JSON."""

import math
import shlex
from collections.abc import Sequence
from pathlib import Path
from statistics import stdev
from typing import Any

from piispan.core import DataError
from piispan.runs.artifacts import check_writable, write_json, write_text
from piispan.runs.settings import OPTIONS
from piispan.runs.study.answers import Answer
from piispan.runs.study.grid import Cell, Grid
from piispan.runs.study.pictures import draw_study
from piispan.runs.study.results import Found, Row
from piispan.runs.study.tables import costs_table, ends, figures_table, share, void_costs
from piispan.runs.study.verdicts import above_baselines, against_baselines, contrasts_table, in_short

__all__ = ["check_report", "write_report"]

_BASELINES = "baselines"
"""The grid with which what was chosen is compared."""
_UNTOLD = ("seed", "save_steps")
"""Settings that change nothing of what is measured, or differ from cell to cell."""
_HOW_TO_READ = (
    "F1 is exact and micro. Figures are means over seeds. In brackets stand the 95 % interval and the number of seeds. The half-width "
    "of an interval combines in quadrature that over documents (bootstrap; of groups, whose documents are much alike, where each "
    "group is on one side of the split) and that over seeds (Student's t). The variance over seeds is pooled over all settings of a "
    "grid on a split, and of a difference it is no less than that of its two settings; where each has one seed, an interval covers "
    "documents or groups only.\n\n"
    "Differences are paired by document or group, and by seed; p is over documents or groups, at these seeds, and corrected for the "
    "number of settings, or pairs of settings, that are compared by this figure on the split (Holm). The interval knows of seeds too, "
    "and is not corrected. A difference is said to be shown where p is below 0.05 and the interval leaves out 0: where p is small and "
    "the interval has 0 within it, other seeds may not show it.\n\n"
    "`random` splits by document, so that the same groups may stand on both sides; `template` splits by group, so that the test has "
    "none that was trained on.\n\n"
    "F1 after repair counts spans that code put right: mapped back from an answer that drifts, or found by their value where offsets "
    "are wrong. Documents with a leak are those, of all, of which a PII character was not found. A mention is hallucinated where its "
    "value is not in the text or its label not in the set; an answer drifts where it is not the text that it was to repeat, and is "
    "malformed where it cannot be read. Tokens written are those of the answer, tags included. Passes are forward passes of the "
    "model, those of a batch counted for each document in it, so that they depend on the size of the batch. Memory is the most that "
    "the process, or on a GPU the model's work, held. Costs are means over the cells of which they are known; what is left out, and "
    "why, stands below the table."
)


def check_report(report: str | Path) -> None:
    """Check that a report can be written, before the long work.

    Raises:
        DataError: If its name does not end in ``.md``, or nothing can be written there.
    """
    if Path(report).suffix != ".md":
        raise DataError(f"{report}: a report is Markdown, and its name ends in .md")
    check_writable(Path(report).parent)


def write_report(study: str | Path, grids: Sequence[Grid], report: str | Path, data: str | Path | None = None) -> None:
    """Write what the cells that are done say: ``report`` in Markdown, ``.json`` beside it, and pictures in the folder of its name.

    Args:
        study: Folder of the study.
        grids: The grids to report, in order; those without a cell that is done are named as open.
        report: A file in ``.md``.
        data: Report what was measured on these documents alone; without it, whatever was.

    Raises:
        DataError: If no cell is done, cells were measured on different documents, or a file cannot be written.
    """
    check_report(report)
    place, folder = Path(report), Path(study)
    known = [Answer.of(grid, folder, data) for grid in grids]
    every = [one for answer in known for one in answer.found]
    if not every:
        raise DataError(f"{study}: no cell of {', '.join(grid.name for grid in grids)} is done")
    of_choice = [answer for answer in known if answer.grid.chosen_from and answer.rows]
    chosen = [row for answer in of_choice for row in answer.rows]
    above = above_baselines(chosen, [row for answer in known if answer.grid.name == _BASELINES for row in answer.rows])
    pictures = draw_study({answer.grid.name: answer.rows for answer in known}, place.with_suffix(""))
    sections = [_section(answer, pictures.get(answer.grid.name, []), place) for answer in known]
    short = in_short([answer for answer in known if answer.grid.name != _BASELINES])
    headlines = map(_headline, of_choice)
    blocks = [_head(every, data), *headlines, against_baselines(above), short, *sections, f"## How to read it\n\n{_HOW_TO_READ}"]
    write_text(place, "\n\n".join(block for block in [*blocks, _foot(every, grids)] if block) + "\n")
    content = {
        "chosen": _chosen(chosen),
        "above": [{"split": pair.second.split, "baseline": pair.second.setting, **pair.to_dict()} for pair in above],
        "contrasts": [
            {"grid": answer.grid.name, "contrast": words, "split": pair.first.split, **pair.to_dict()}
            for answer in known
            for words, pairs in answer.contrasts.items()
            for pair in pairs
        ],
        "cells": [one.to_dict() for one in every],
    }
    write_json(place.with_suffix(".json"), content)


def _chosen(chosen: Sequence[Row]) -> dict[str, Any]:
    return {
        row.split: {
            "f1": row.mean("f1"),
            "interval": row.interval(),
            "char_recall": row.mean("char_recall"),
            "seeds": len(row.found),
            "cell": row.found[0].cell.place.rpartition("-seed")[0],
        }
        for row in chosen
    }


def _head(found: Sequence[Found], data: str | Path | None) -> str:
    named = f" Data: {Path(data).name}." if data else ""
    return (
        "# The study\n\n"
        f"Written by `piispan study`; every figure comes from a cell's `metrics.json`.{named} Hardware: {_hardware(found)}. "
        "What figures and intervals mean stands [at the end](#how-to-read-it)."
    )


def _hardware(found: Sequence[Found]) -> str:
    return "; ".join(sorted({one.machine for one in found}))


def _headline(answer: Answer) -> str:
    wanted = len(answer.grid.cells)
    open_cells = wanted - len(answer.found)
    lines = [
        f"- `{row.split}`: F1 **{share(row.mean('f1'))}** {ends(row)}, PII characters found {share(row.mean('char_recall'))}, "
        f"documents with a leak {share(row.mean('leaked_documents'))}"
        for row in answer.rows
    ]
    left = f" Not whole yet: {open_cells} of {wanted} cells are missing." if open_cells else ""
    how = f"**{answer.rows[0].setting}**, chosen on validation, measured on the test.{_refit(answer.grid)}{left} {answer.documents()}"
    return "\n\n".join(["## The chosen setting", how, "\n".join(lines)])


def _refit(grid: Grid) -> str:
    refit = any(cell.refit for cell in grid.cells) and grid.chosen_from
    return " Trained on the training and the validation documents together, now that settings are chosen." if refit else ""


def _section(answer: Answer, pictures: Sequence[Path], report: Path) -> str:
    grid, done = answer.grid, answer.rows
    title = f"## {grid.name.replace('_', ' ').capitalize()}: {grid.question}"
    faults = "Failed:\n\n" + "\n".join(f"- {place}: {why}" for place, why in answer.failed.items()) if answer.failed else ""
    if not done:
        return "\n\n".join(block for block in [title, faults, answer.open_because or f"Not run yet: `{_command([grid])}`."] if block)
    left_out = f" {grid.left_out} combinations of axes do not go together." if grid.left_out else ""
    how = f"{answer.how_far()}{_refit(grid)}{left_out} On {_hardware(answer.found)}. {answer.documents()}"
    apart = " ".join(_spread(split, [row for row in done if row.split == split]) for split in answer.comparisons)
    contrasts = contrasts_table(answer) if grid.name == _BASELINES else ""  # of the others it stands among what is told in short
    blocks = [
        title,
        how,
        grid.note,
        faults,
        figures_table(done),
        contrasts,
        apart,
        costs_table(done),
        void_costs(done),
        _trained_with(done),
    ]
    blocks += [f"![{path.stem}]({path.relative_to(report.parent).as_posix()})" for path in pictures]
    return "\n\n".join(block for block in blocks if block)


def _trained_with(done: Sequence[Row]) -> str:
    """How ``train`` makes each setting's adapter, where it can."""
    lines = []
    for one in {row.setting: row.found[0] for row in done}.values():
        if one.cell.system == "tuned" and one.cell.trains and not one.cell.held_out and not one.cell.local:
            trained = _trained_here(one.cell)
            lines.append(f"- {one.cell.setting}{trained}: `piispan train FILE --out out {_options(one)}`")
    told = "To train with these settings (on the split that `--split` names, `random` without it; on all documents of its training part):"
    return f"{told}\n\n" + "\n".join(lines) if lines else ""


def _trained_here(cell: Cell) -> str:
    if cell.documents:
        return f" (here on {cell.documents} documents)"
    return " (here on the training and the validation part together, in one FILE; `--test` takes the test part)" if cell.refit else ""


def _options(one: Found) -> str:
    started = {"start": one.cell.start} if one.cell.start else {}
    settings = started | one.cell.chosen_settings | {"learning_rate": one.config["came_to"]["learning_rate"]}
    if one.cell.decoder:
        settings["decoder"] = one.cell.decoder
    return " ".join(_option(name, value) for name, value in settings.items() if name not in _UNTOLD)


def _option(name: str, value: object) -> str:
    flag = OPTIONS.get(name, name.replace("_", "-"))
    if isinstance(value, bool):
        return f"--{flag}" if value else f"--no-{flag}"
    return f"--{flag} {shlex.quote(f'{value:g}' if isinstance(value, float) else str(value))}"


def _spread(split: str, here: Sequence[Row]) -> str:
    """How far settings lie apart on a split, where all are trained, beside how far seeds do."""
    several = [row for row in here if row.noise.freedom and len(row.found) > 1]
    noise = f"{100 * math.sqrt(several[0].noise.variance):.1f}" if several else ""
    if not all(row.is_seeded for row in here):
        known = " and ".join(f'"{row.setting}"' for row in several)
        return f"On `{split}`, F1 of {known} has a standard deviation over seeds of {noise} points." if noise else ""
    means = [row.mean("f1") or 0.0 for row in here]
    apart = f"{100 * (max(means) - min(means)):.1f} points from lowest to highest, standard deviation {100 * stdev(means):.1f}"
    beside = f"; over the seeds of one setting, the standard deviation is {noise}" if noise else ""
    return f"On `{split}` the settings spread over {apart}{beside}."


def _foot(found: Sequence[Found], grids: Sequence[Grid]) -> str:
    versions: dict[str, set[str]] = {}
    for one in found:
        for name, version in one.config["versions"].items():
            versions.setdefault(name, set()).add(version)
    listed = ", ".join(f"{name} {' and '.join(sorted(these))}" for name, these in versions.items())
    done = {one.cell.grid for one in found}
    again = _command([grid for grid in grids if grid.name in done])
    others = [f"`{grid.source}`" for grid in grids if grid.name not in done]
    left = f"\n\nGrids that have not been run: {', '.join(others)}." if others else ""
    return f"## How to run it again\n\n```\n{again} --report study.md\n```{left}\n\nVersions: {listed}."


def _command(grids: Sequence[Grid]) -> str:
    """How to run grids; those of files are named without their folder."""
    return f"piispan study {' '.join(grid.source for grid in grids)} --data FILE --out FOLDER"
