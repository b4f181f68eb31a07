"""The tables of a study's report, and how its figures are written."""

from collections.abc import Callable, Mapping, Sequence

from piispan.metric import percent, shown_figures
from piispan.runs.study.comparing import Difference
from piispan.runs.study.results import Row

__all__ = ["COSTS", "TITLES", "costs_table", "ends", "figures_table", "in_points", "markdown_table", "share", "void_costs"]

TITLES: Mapping[str, str] = {
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
"""Of figures of ``metrics.json``, in the order of the columns."""
COSTS: Mapping[str, tuple[str, Callable[[float], str]]] = {
    "output_tokens_per_document": ("Tokens written", "{:.1f}".format),
    "passes_per_document": ("Passes", "{:.1f}".format),
    "seconds_per_document": ("Seconds", "{:.3f}".format),
    "training_seconds": ("Training, minutes", lambda seconds: f"{seconds / 60:.1f}"),
    "peak_memory_mib": ("Memory, GiB", lambda mib: f"{mib / 1024:.1f}"),
}
"""By their name in ``metrics.json``: the title, and how a value is written."""


def figures_table(done: Sequence[Row]) -> str:
    """What was found, a line for each setting and split; a column for each figure that some row has."""
    told = set[str]().union(*map(_told, done))
    shown = [name for name in TITLES if name in told]
    lines = [["Setting", "Split", "F1", *(TITLES[name] for name in shown)]]
    for row in done:
        f1 = f"{share(row.mean('f1'))} {ends(row)}"
        lines.append([row.setting, f"`{row.split}`", f1, *(share(row.mean(name)) for name in shown)])
    return markdown_table(lines)


def _told(row: Row) -> set[str]:
    """The figures that a row has and that say something of their own."""
    means = {name: row.mean(name) for name in ("f1", *TITLES)}
    return {name for name in shown_figures(means, TITLES) if means[name] is not None}


def costs_table(done: Sequence[Row]) -> str:
    """What it cost, a line for each setting, split and machine; empty where nothing is known."""
    shown = [name for name in COSTS if any(row.cost(name) is not None for row in done)]
    if not shown:
        return ""
    differ = len({machine for row in done for machine in row.by_machine()}) > 1
    lines = [["Costs, of a document and of the training", "Split", *(COSTS[name][0] for name in shown), *(["On"] if differ else [])]]
    for machine, row in (apart for whole in done for apart in whole.by_machine().items()):
        values = [row.cost(name) for name in shown]
        cells = ["" if value is None else COSTS[name][1](value) for name, value in zip(shown, values, strict=True)]
        lines.append([row.setting, f"`{row.split}`", *cells, *([machine] if differ else [])])
    return markdown_table(lines)


def void_costs(done: Sequence[Row]) -> str:
    """Which costs are left out of the tables, of how many cells, and why; empty where none are."""
    cells: dict[str, set[str]] = {}
    left_out: dict[str, set[str]] = {}
    for one in (one for row in done for one in row.found):
        for name in (name for name in COSTS if name in one.void and name in one.metrics["cost"]):
            cells.setdefault(one.void[name], set()).add(one.cell.place)
            left_out.setdefault(one.void[name], set()).add(name)
    told = []
    for reason, places in cells.items():
        titles = [title.partition(",")[0].lower() for name, (title, _) in COSTS.items() if name in left_out[reason]]
        told.append(f"{' and '.join(titles)} of {len(places)} cell{'' if len(places) == 1 else 's'} that {reason}")
    return f"Left out of the costs: {'; '.join(told)}." if told else ""


def markdown_table(lines: Sequence[Sequence[str]]) -> str:
    """Lines of cells, the head first, in Markdown."""
    head, *body = lines
    return "\n".join(f"| {' | '.join(line)} |" for line in [head, ["---"] * len(head), *body])


def share(value: float | None) -> str:
    """A share in per cent; empty where there is none."""
    return "" if value is None else percent(value)


def ends(row: Row) -> str:
    """The interval of a row's F1, and how many seeds it has, in brackets."""
    low, high = row.interval()
    return f"({100 * low:.1f} to {100 * high:.1f}; {len(row.found)})"


def in_points(found: Difference) -> str:
    """A difference in points, with its interval and p."""
    low, high = (f"{100 * end:+.1f}" for end in found.interval)
    p = "p < 0.001" if found.p_value < 0.001 else f"p = {found.p_value:.3f}"
    return f"{100 * found.value:+.1f} ({low} to {high}; {p})"
