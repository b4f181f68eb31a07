"""The answers of a study in short: what is highest, what is shown to be lower, what each change brings, and what is chosen against the
baselines.
"""

from collections import Counter
from collections.abc import Sequence

from piispan.runs.study.answers import Answer
from piispan.runs.study.comparing import Comparison, Difference, Pair, highest, paired
from piispan.runs.study.results import FIGURES, Row
from piispan.runs.study.tables import COSTS, TITLES, in_points, markdown_table, share

__all__ = ["above_baselines", "against_baselines", "contrasts_table", "in_short"]

_BRIEFLY = ("output_tokens_per_document", "passes_per_document", "seconds_per_document", "training_seconds")
_FOUND = ("char_recall", "leaked_documents")
_TOLD = (
    "What is not shown to be lower than the highest may still be: the interval says by how much at most, more so the fewer "
    "documents, groups and seeds there are. The highest is picked here by these very figures."
)


def above_baselines(chosen: Sequence[Row], baselines: Sequence[Row]) -> list[Pair]:
    """What was chosen, and each baseline of its split with which it can be compared."""
    return [pair for row in chosen for pair in paired((row, other) for other in baselines if other.split == row.split)]


def against_baselines(pairs: Sequence[Pair]) -> str:
    """The table of these differences; empty where there are none."""
    if not pairs:
        return ""
    lines = [["Split", "Baseline", "F1", "Chosen minus baseline", "PII characters found", "Chosen minus baseline"]]
    for pair in pairs:
        row = pair.second
        f1, char_recall = (in_points(pair.differences[figure]) for figure in FIGURES)
        seeds = _seeds(len(row.found), len(row.found))
        trained = f", trained on {row.found[0].config['training_documents']} documents, {seeds}" if row.found[0].cell.trains else ""
        lines.append([f"`{row.split}`", f"{row.setting}{trained}", share(row.mean("f1")), f1, share(row.mean("char_recall")), char_recall])
    level = [f"{pair.second.setting} on `{pair.second.split}`" for pair in pairs if pair.differences["f1"].shown != "higher"]
    unsure = f"\n\nIts F1 is not shown to be higher than that of: {'; '.join(level)}." if level else ""
    head = "The baselines on the same documents, and by how many points what was chosen is above them, at the seeds that both have:"
    return f"{head}\n\n{markdown_table(lines)}{unsure}"


def in_short(known: Sequence[Answer]) -> str:
    """For each question and split: what is highest, what is not shown to be lower, what is, and what each costs."""
    asked = [answer for answer in known if answer.comparisons]
    return "\n\n".join(["## In short", _TOLD, *map(_in_short, asked)]) if asked else ""


def _in_short(answer: Answer) -> str:
    machines = Counter(one.machine for one in answer.found)
    ((machine, _),) = machines.most_common(1)
    wanted = Counter[tuple[str, str]]((cell.setting, cell.split) for cell in answer.grid.cells)
    brief = [name for name in _BRIEFLY if any(row.cost(name) is not None for row in answer.rows)]
    lines = [
        ["Split", "Setting", "F1", "Highest minus this", "Lower?", *(TITLES[name] for name in _FOUND), *(COSTS[name][0] for name in brief)]
    ]
    for split, comparison in answer.comparisons.items():
        for row, found in _in_order(comparison):
            below = "" if found is None else in_points(found)
            lower = "highest" if found is None else "yes" if found.shown == "higher" else "not shown"
            f1 = f"{share(row.mean('f1'))} ({_seeds(len(row.found), wanted[row.setting, split])})"
            figures = [share(row.mean(name)) for name in _FOUND]
            lines.append([f"`{split}`", row.setting, f1, below, lower, *figures, *_briefly(row, machine, brief)])
    on = f"Costs are those on {machine}." if brief else ""
    said = " ".join(part for part in [answer.how_far(), answer.documents(), answer.grid.note.strip(), on] if part)
    blocks = [f"**{answer.grid.question}** {said}", markdown_table(lines), contrasts_table(answer), _choice(answer)]
    return "\n\n".join(block for block in blocks if block)


def contrasts_table(answer: Answer) -> str:
    """The grid's contrasts, a line for each and split; empty where none can be compared."""
    lines = [["What differs", "Split", "Seeds", "F1, points", "Shown?", "PII characters found, points", "Shown?"]]
    for words, pair in ((words, pair) for words, pairs in answer.contrasts.items() for pair in pairs):
        found = [pair.differences[figure] for figure in FIGURES]
        shown = [cell for one in found for cell in (in_points(one), one.shown or "not shown")]
        lines.append([words, f"`{pair.first.split}`", str(found[0].seeds), *shown])
    return f"Two settings at a time, the first minus the second, paired:\n\n{markdown_table(lines)}" if lines[1:] else ""


def _in_order(comparison: Comparison) -> list[tuple[Row, Difference | None]]:
    """The highest, then the others as they follow."""
    others = sorted(comparison.others, key=lambda other: -(other[0].mean("f1") or 0.0))
    return [(comparison.best, None), *others]


def _seeds(done: int, wanted: int) -> str:
    seeds = "1 seed" if wanted == 1 else f"{wanted} seeds"
    return seeds if done == wanted else f"{done} of {seeds}"


def _briefly(row: Row, machine: str, names: Sequence[str]) -> list[str]:
    """What a row costs on one machine."""
    here = row.by_machine().get(machine)
    values = [(name, here.cost(name) if here else None) for name in names]
    return ["" if value is None else COSTS[name][1](value) for name, value in values]


def _choice(answer: Answer) -> str:
    """What validation chose; of what was measured on the test, where nothing is chosen, what is shown to be lower on no split."""
    level = _level_everywhere(answer)
    if answer.part == "test":
        if not level:
            return "Each setting is shown to be lower on some split."
        return f"Shown to be lower on no split: **{'**; **'.join(level)}**. As these figures are of the test, they choose none of them."
    if len(answer.found) < len(answer.grid.cells):
        return "None is chosen before all cells are done."
    best = highest(answer.rows)
    lower = "" if best in level else ", though it is shown to be lower than another on one split"
    others = [setting for setting in level if setting != best]
    also = f" Shown to be lower on no split either: {'; '.join(others)}." if others and not lower else ""
    over = " of both splits" if len(answer.comparisons) == 2 else ""
    return f"Chosen: **{best}**, which has the highest mean{over}{lower}.{also}"


def _level_everywhere(answer: Answer) -> list[str]:
    """The settings that are clearly below the highest on no split, of those that were compared on each."""
    level = [
        {comparison.best.setting, *(row.setting for row, found in comparison.others if found.shown != "higher")}
        for comparison in answer.comparisons.values()
    ]
    return [setting for setting in dict.fromkeys(row.setting for row in answer.rows) if all(setting in of_split for of_split in level)]
