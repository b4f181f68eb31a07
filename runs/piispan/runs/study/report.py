"""The report of a study: Markdown with its pictures, and JSON."""

import shlex
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from piispan.core import DataError, FormatError
from piispan.metric import percent
from piispan.runs.artifacts import check_writable, write_json, write_text
from piispan.runs.settings import OPTIONS
from piispan.runs.study.choosing import resolved
from piispan.runs.study.grid import Cell, Grid
from piispan.runs.study.pictures import draw_study
from piispan.runs.study.places import failure_of
from piispan.runs.study.results import Comparison, Difference, Found, Row, compared, corrected, difference, found_cells, rows

__all__ = ["check_report", "write_report"]

_BASELINES = "baselines"
"""The grid with which what was chosen is compared."""
_TITLES: Mapping[str, str] = {
    "f1_recovered": "F1 after repair",
    "precision": "Precision",
    "recall": "Recall",
    "recall_unseen": "Recall of unseen values",
    "char_recall": "PII characters found",
    "leaked_documents": "Documents with a leak",
    "f1_trained": "F1 of trained labels",
    "recall_unseen_trained": "their recall of unseen values",
    "f1_held_out": "F1 of held-out labels",
    "recall_held_out": "their recall",
    "hallucination_rate": "Hallucinated mentions",
    "malformed_rate": "Malformed answers",
    "text_drift_rate": "Answers that drift",
    "offset_error_rate": "Wrong offsets",
}
_COSTS: Mapping[str, tuple[str, Callable[[float], str]]] = {
    "output_tokens_per_document": ("Tokens written", "{:.1f}".format),
    "passes_per_document": ("Passes", "{:.1f}".format),
    "seconds_per_document": ("Seconds", "{:.3f}".format),
    "training_seconds": ("Training, minutes in all", lambda seconds: f"{seconds / 60:.1f}"),
    "peak_memory_mib": ("Memory, GiB", lambda mib: f"{mib / 1024:.1f}"),
}
_UNTOLD = ("seed", "save_steps")
"""Settings that change nothing of what is measured, or differ from cell to cell."""
_BRIEFLY: Mapping[str, str] = {"passes_per_document": "passes", "seconds_per_document": "s", "training_seconds": "min of training"}


@dataclass(frozen=True, slots=True)
class _Answer:
    """What is known of a grid's question.

    Args:
        grid: The grid, with the cells of what was chosen.
        open_because: Why it cannot be run yet, if it cannot.
        found: Its cells that are done.
        rows: The same, setting by setting.
        comparisons: By split, where there is something to compare.
        failed: Why cells failed, by their place.
    """

    grid: Grid
    open_because: str
    found: Sequence[Found]
    rows: Sequence[Row]
    comparisons: Mapping[str, Comparison]
    failed: Mapping[str, str]

    @classmethod
    def of(cls, grid: Grid, study: Path) -> "_Answer":
        """What the cells in ``study`` say."""
        open_because = ""
        try:
            grid = resolved(grid, study)
        except (DataError, FormatError) as error:
            open_because = str(error)
        found = found_cells(study, grid)
        done = rows(found)
        comparisons = {split: comparison for split in {row.split: None for row in done} if (comparison := compared(done, split))}
        failed = {cell.place: why for cell in grid.cells if (why := failure_of(study, cell))}
        return cls(grid, open_because, found, done, comparisons, failed)


def check_report(report: str | Path) -> None:
    """Check that a report can be written, before the long work.

    Raises:
        DataError: If its name does not end in ``.md``, or nothing can be written there.
    """
    if Path(report).suffix != ".md":
        raise DataError(f"{report}: a report is Markdown, and its name ends in .md")
    check_writable(Path(report).parent)


def write_report(study: str | Path, grids: Sequence[Grid], report: str | Path, data_name: str | None = None) -> None:
    """Write what the cells that are done say: ``report`` in Markdown, ``.json`` beside it, and pictures in the folder of its name.

    Args:
        study: Folder of the study.
        grids: The grids to report, in order; those without a cell that is done are named as open.
        report: A file in ``.md``.
        data_name: What the data is called, in the report.

    Raises:
        DataError: If no cell is done, or a file cannot be written.
    """
    check_report(report)
    place, folder = Path(report), Path(study)
    known = [_Answer.of(grid, folder) for grid in grids]
    every = [one for answer in known for one in answer.found]
    if not every:
        raise DataError(f"{study}: no cell of {', '.join(grid.name for grid in grids)} is done")
    of_choice = [answer for answer in known if answer.grid.chosen_from and answer.rows]
    chosen = [row for answer in of_choice for row in answer.rows]
    pictures = draw_study({answer.grid.name: answer.rows for answer in known}, place.with_suffix(""))
    sections = [_section(answer, pictures.get(answer.grid.name, []), place) for answer in known]
    against = _against_baselines(chosen, [row for answer in known if answer.grid.name == _BASELINES for row in answer.rows])
    in_short = _in_short([answer for answer in known if answer.grid.name != _BASELINES])
    blocks = [_head(every, data_name), *map(_headline, of_choice), against, in_short, *sections, _foot(every, grids)]
    write_text(place, "\n\n".join(block for block in blocks if block) + "\n")
    write_json(place.with_suffix(".json"), {"chosen": _chosen(chosen), "cells": [one.to_dict() for one in every]})


def _chosen(chosen: Sequence[Row]) -> dict[str, Any]:
    return {
        row.split: {
            "f1": row.mean("f1"),
            "char_recall": row.mean("char_recall"),
            "seeds": len(row.found),
            "cell": row.found[0].cell.place.rpartition("-seed")[0],
        }
        for row in chosen
    }


def _head(found: Sequence[Found], data_name: str | None) -> str:
    named = f"Data: {data_name}. " if data_name else ""
    return (
        "# The study\n\n"
        f"Written by `piispan study`; every figure comes from a cell's `metrics.json`. {named}Hardware: {_hardware(found)}. "
        "F1 is exact and micro. Figures are means over seeds. In brackets stand the 95 % interval and the number of seeds: of documents by "
        "bootstrap (on `template` of whole groups, whose documents are much alike) and of seeds by Student's t, so that three seeds that "
        "differ give a wide one; with one seed it knows documents or groups alone. Differences are paired by document or group, and by "
        "seed; p is over documents or groups, at these seeds, and corrected for the number of comparisons (Holm).\n\n"
        "`random` deals documents, so that the same groups (here sentence frames) stand on both sides; `template` deals whole groups, so "
        "that the test has none that was trained on.\n\n"
        "F1 after repair counts spans that code put right: mapped back from an answer that drifts, or found by their value where offsets "
        "are wrong. Documents with a leak are those, of all, of which a PII character was not found. A mention is hallucinated where its "
        "value is not in the text or its label not in the set; an answer drifts where it is not the text that it was to repeat, and is "
        "malformed where it cannot be read. Passes are forward passes of the model, those of a batch counted for each document in it, so "
        "that they go by how many are in a batch."
    )


def _hardware(found: Sequence[Found]) -> str:
    return "; ".join(sorted({one.machine for one in found}))


def _headline(answer: _Answer) -> str:
    wanted = len(answer.grid.cells)
    open_cells = wanted - len(answer.found)
    lines = [
        f"- `{row.split}`: F1 **{_percent(row.mean('f1'))}** {_ends(row)}, PII characters found {_percent(row.mean('char_recall'))}"
        for row in answer.rows
    ]
    left = f" Not whole yet: {open_cells} of {wanted} cells are missing." if open_cells else ""
    how = f"**{answer.rows[0].setting}**, chosen on validation, measured on the test.{_refit(answer.grid)}{left}"
    return "\n\n".join(["## The chosen setting", how, "\n".join(lines)])


def _refit(grid: Grid) -> str:
    refit = any(cell.refit for cell in grid.cells) and grid.chosen_from
    return " Trained on the training and the validation documents together, now that settings are chosen." if refit else ""


def _against_baselines(chosen: Sequence[Row], baselines: Sequence[Row]) -> str:
    lines = []
    for row in chosen:
        pairs = [(other, found) for other in baselines if other.split == row.split and (found := difference(row, other))]
        for (other, _), found in zip(pairs, corrected([found for _, found in pairs]), strict=True):
            trained = f", trained on {other.found[0].config['training_documents']} documents" if other.found[0].cell.trains else ""
            lines.append(f"- `{row.split}`: {_points(found)} above {other.setting}{trained}")
    return "Against the baselines, on the same documents:\n\n" + "\n".join(lines) if lines else ""


def _in_short(known: Sequence[_Answer]) -> str:
    """For each question and split: what is highest, what is not shown to be lower, what is, and what each costs."""
    asked = [answer for answer in known if answer.comparisons]
    answers = [f"**{answer.grid.question}** {_done(answer)}.{_not_yet(answer)}\n\n{_choices(answer)}" for answer in asked]
    if not answers:
        return ""
    told = (
        "The highest by these figures, and the rest by whether it is shown to be lower. What is not may still be lower, more so the fewer "
        "documents, groups and seeds there are: at most by how much (the end of the 95 % interval) stands with it. In brackets: F1, seeds, "
        "and what a document and the training cost."
    )
    return "\n\n".join(["## In short", told, *answers])


def _done(answer: _Answer) -> str:
    return f"{len(answer.found)} of {len(answer.grid.cells)} cells are done"


def _not_yet(answer: _Answer) -> str:
    """The settings without a cell that is done, or that failed."""
    begun = {row.setting for row in answer.rows}
    left = [cell for cell in answer.grid.cells if cell.setting not in begun and cell.place not in answer.failed]
    missing = dict.fromkeys(cell.setting for cell in left)
    return f" Not yet: {'; '.join(missing)}." if missing else ""


def _choices(answer: _Answer) -> str:
    lines = []
    machines = Counter(one.machine for one in answer.found)
    ((machine, _),) = machines.most_common(1)
    wanted = Counter[tuple[str, str]]((cell.setting, cell.split) for cell in answer.grid.cells)

    def brackets(row: Row, *more: str) -> str:
        seeds = _seeds(len(row.found), wanted[row.setting, row.split])
        return f"({', '.join([_percent(row.mean('f1')), seeds, *_briefly(row, machine), *more])})"

    for split, comparison in answer.comparisons.items():
        best, others = comparison.best, comparison.others
        level = [f"{row.setting} {brackets(row, _at_most(found))}" for row, found in others if not found.is_clear]
        lower = [f"{row.setting}, by {100 * found.value:.1f}" for row, found in others if found.is_clear]
        lines.append(f"- `{split}`, {answer.grid.cells[0].part}: **{best.setting}** {brackets(best)}")
        lines += [f"  - not shown to be lower: {'; '.join(level)}"] if level else []
        lines += [f"  - lower, in points of F1: {'; '.join(lower)}"] if lower else []
    if len(answer.comparisons) > 1:
        lines.append(f"- Not shown to be lower on any split: {'; '.join(_level_everywhere(answer)) or 'none of them'}.")
    lines += [f"- Costs are those on {machine}."] if len(machines) > 1 else []
    return "\n".join(lines)


def _level_everywhere(answer: _Answer) -> list[str]:
    """The settings that are clearly below the highest on no split, of those that were compared on each."""
    level = [
        {comparison.best.setting, *(row.setting for row, found in comparison.others if not found.is_clear)}
        for comparison in answer.comparisons.values()
    ]
    return [setting for setting in dict.fromkeys(row.setting for row in answer.rows) if all(setting in of_split for of_split in level)]


def _seeds(done: int, wanted: int) -> str:
    seeds = "1 seed" if wanted == 1 else f"{wanted} seeds"
    return seeds if done == wanted else f"{done} of {seeds}"


def _at_most(found: Difference) -> str:
    return f"at most {100 * found.interval[1]:.1f} points lower"


def _briefly(row: Row, machine: str) -> list[str]:
    """What a row costs on one machine."""
    here = row.by_machine().get(machine)
    if here is None:
        return ["costs of another machine only"]
    costs = ((name, unit, here.mean(name)) for name, unit in _BRIEFLY.items())
    return [f"{_COSTS[name][1](value)} {unit}" for name, unit, value in costs if value is not None]


def _section(answer: _Answer, pictures: Sequence[Path], report: Path) -> str:
    grid, done = answer.grid, answer.rows
    title = f"## {grid.name.replace('_', ' ').capitalize()}: {grid.question}"
    faults = "Failed:\n\n" + "\n".join(f"- {place}: {why}" for place, why in answer.failed.items()) if answer.failed else ""
    if not done:
        return "\n\n".join(block for block in [title, faults, answer.open_because or f"Not run yet: `{_command([grid])}`."] if block)
    left_out = f" {grid.left_out} combinations of axes do not go together." if grid.left_out else ""
    count = f"{_done(answer)}, measured on {grid.cells[0].part}.{_not_yet(answer)}{_refit(grid)}{left_out}"
    on = f"On {_hardware(answer.found)}. {_documents(answer.found)}"
    apart = [_spread(comparison, [row for row in done if row.split == split]) for split, comparison in answer.comparisons.items()]
    blocks = [title, f"{count} {on}", grid.note, faults, _figures(done), _costs(done), _trained_with(done), *apart]
    blocks += [f"![{path.stem}]({path.relative_to(report.parent).as_posix()})" for path in pictures]
    return "\n\n".join(block for block in blocks if block)


def _documents(found: Sequence[Found]) -> str:
    """How many documents, and groups, were trained and measured on, and how many texts stand on both sides, by split."""
    told = []
    for split in dict.fromkeys(one.cell.split for one in found):
        here = [one for one in found if one.cell.split == split]
        configs = [one.config for one in here]
        sizes = sorted({config["training_documents"] for config in configs} - {0})
        trained = f", trained on {sizes[0]}{f' to {sizes[-1]}' if len(sizes) > 1 else ''}" if sizes else ""
        both = max(config["measured_texts_trained_on"] for config in configs)
        same = f", of which up to {both} stand in the training word for word" if both else ""
        measured, units = configs[0]["measured_documents"], len(here[0].counts)
        groups = f" of {units} groups" if units < measured else ""
        told.append(f"`{split}`{trained}, measured on {measured} documents{groups}{same}")
    return f"{'; '.join(told)}."


def _figures(done: Sequence[Row]) -> str:
    shown = [name for name in _TITLES if any(_is_told(row, name) for row in done)]
    lines = [["Setting", "Split", "F1", *(_TITLES[name] for name in shown)]]
    for row in done:
        f1 = f"{_percent(row.mean('f1'))} {_ends(row)}"
        lines.append([row.setting, f"`{row.split}`", f1, *(_percent(row.mean(name)) for name in shown)])
    return _table(lines)


def _is_told(row: Row, name: str) -> bool:
    """Whether a row has a figure; that after repair, if it differs."""
    value = row.mean(name)
    return value is not None and (name != "f1_recovered" or value != row.mean("f1"))


def _costs(done: Sequence[Row]) -> str:
    shown = [name for name in _COSTS if any(row.mean(name) is not None for row in done)]
    if not shown:
        return ""
    differ = len({machine for row in done for machine in row.by_machine()}) > 1
    lines = [["What it costs, per document", "Split", *(_COSTS[name][0] for name in shown), *(["On"] if differ else [])]]
    for machine, row in (apart for whole in done for apart in whole.by_machine().items()):
        values = [row.mean(name) for name in shown]
        cells = ["" if value is None else _COSTS[name][1](value) for name, value in zip(shown, values, strict=True)]
        lines.append([row.setting, f"`{row.split}`", *cells, *([machine] if differ else [])])
    return _table(lines)


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
    return " (here on training and validation part together)" if cell.refit else ""


def _options(one: Found) -> str:
    config = one.config
    started = {"start": one.cell.start} if one.cell.start else {}
    settings = started | config["settings"] | {"learning_rate": config["came_to"]["learning_rate"]}
    if config["decoder"]:
        settings["decoder"] = config["decoder"]
    return " ".join(_option(name, value) for name, value in settings.items() if name not in _UNTOLD)


def _option(name: str, value: object) -> str:
    flag = OPTIONS.get(name, name.replace("_", "-"))
    if isinstance(value, bool):
        return f"--{flag}" if value else f"--no-{flag}"
    return f"--{flag} {shlex.quote(f'{value:g}' if isinstance(value, float) else str(value))}"


def _spread(comparison: Comparison, here: Sequence[Row]) -> str:
    """How far settings lie apart on a split: their spread beside that of seeds, and the highest against each other."""
    means = [row.mean("f1") or 0.0 for row in here]
    seeds = [spread for row in here if (spread := row.spread()) is not None]
    beside = f"; over seeds, the standard deviation is {100 * fmean(seeds):.1f}" if seeds else ""
    apart = f"{100 * (max(means) - min(means)):.1f} points from lowest to highest, standard deviation {100 * stdev(means):.1f}{beside}"
    lines = [f"- {_points(found)} above {row.setting}" for row, found in comparison.others]
    best = comparison.best.setting
    head = f"On `{comparison.best.split}` the settings spread over {apart}. The highest, picked here by these very figures, is **{best}**:"
    return f"{head}\n\n" + "\n".join(lines)


def _points(found: Difference) -> str:
    low, high = (f"{100 * end:+.1f}" for end in found.interval)
    p = "p < 0.001" if found.p_value < 0.001 else f"p = {found.p_value:.3f}"
    seeds = "1 seed" if found.seeds == 1 else f"{found.seeds} seeds"
    return f"{100 * found.value:+.1f} points of F1 ({low} to {high}; {p}; {seeds})"


def _foot(found: Sequence[Found], grids: Sequence[Grid]) -> str:
    versions: dict[str, set[str]] = {}
    for one in found:
        for name, version in one.config["versions"].items():
            versions.setdefault(name, set()).add(version)
    listed = ", ".join(f"{name} {' and '.join(sorted(these))}" for name, these in versions.items())
    return f"## How to run it again\n\n```\n{_command(grids)} --report study.md\n```\n\nVersions: {listed}."


def _command(grids: Sequence[Grid]) -> str:
    """How to run grids; those of files are named without their folder."""
    return f"piispan study {' '.join(Path(grid.source).name for grid in grids)} --data FILE --out FOLDER"


def _ends(row: Row) -> str:
    low, high = row.interval()
    return f"({100 * low:.1f} to {100 * high:.1f}; {len(row.found)})"


def _percent(value: float | None) -> str:
    return "" if value is None else percent(value)


def _table(lines: Sequence[Sequence[str]]) -> str:
    head, *body = lines
    return "\n".join(f"| {' | '.join(line)} |" for line in [head, ["---"] * len(head), *body])
