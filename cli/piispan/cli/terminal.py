"""What a person sees: progress bars, tables, texts with their placeholders marked."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from time import monotonic

from rich.console import Console, Group
from rich.panel import Panel
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from piispan.core import DataError, FormatError
from piispan.dataset_builder import DataStats
from piispan.metric import OUTPUT_TITLES, SPAN_TITLES, PairedDifference, percent, shown_figures
from piispan.runs import CorpusRun, DryRun, Grid, Pieces, Scored, is_done, resolved

__all__ = [
    "TerminalProgress",
    "counted",
    "differences_table",
    "dry_run_table",
    "example_panel",
    "label_counts",
    "metrics_table",
    "print_metrics",
    "redaction_notes",
    "row_panel",
    "score_notes",
    "stats_table",
    "study_table",
]

_HEADLINE = ("f1", "f1_strict", "f1_recovered", "precision", "recall", "macro_f1", "char_recall", "leak_rate", "leaked_documents")
_HEADLINE_OF_OUTPUTS = ("hallucination_rate", "text_drift_rate", "malformed_rate", "extraneous_text_rate")


_SECONDS_BETWEEN_LINES = 30
_BAR = 24


class TerminalProgress:
    """Progress bars on standard error, so that standard output stays clean for scripts; where that is a log, a line now and then."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bars: Progress | None = None
        self._task = TaskID(0)
        self._said, self._told = 0.0, 0.0

    def __enter__(self) -> "TerminalProgress":
        return self

    def __exit__(self, *raised: object) -> None:
        self.finish()

    def start(self, what: str, total: int | None, unit: str) -> None:
        """Begin ``total`` units of work; ``None`` where nobody knows how many."""
        self.finish()
        count = TextColumn("{task.completed:,.0f}") if total is None else MofNCompleteColumn()
        columns = (TextColumn("{task.description}"), BarColumn(), count, TextColumn(unit))
        timing = (TimeElapsedColumn(), TimeRemainingColumn(), TextColumn("{task.fields[note]}"))
        bars = Progress(*columns, *timing, console=self._console, speed_estimate_period=600)
        self._task = bars.add_task(what, total=total, note="")
        self._bars = bars
        if self._console.is_terminal:
            bars.start()
        else:
            self._say(bars)

    def advance(self, done: int, note: str = "") -> None:
        """``done`` more units are finished."""
        if self._bars:
            self._bars.update(self._task, advance=done, note=note)
            if not self._console.is_terminal and monotonic() - self._said >= _SECONDS_BETWEEN_LINES:
                self._say(self._bars)

    def finish(self) -> None:
        """Leave the bar as it stands."""
        if self._bars and self._console.is_terminal:
            self._bars.stop()
        elif self._bars and self._bars.tasks[self._task].completed != self._told:
            self._say(self._bars)
        self._bars = None

    def _say(self, bars: Progress) -> None:
        """The bar as one plain line, for a log."""
        self._console.print(bars.get_renderable())
        self._said, self._told = monotonic(), bars.tasks[self._task].completed


def counted(number: object, what: str) -> str:
    """``1 span``, ``2 spans``."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def label_counts(counts: Mapping[str, int]) -> str:
    """``PERSON 12, GPE 3``, the most frequent first; those that do not look like labels only counted."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    shown = [f"{name} {count}" for name, count in ordered if _looks_like_label(name)]
    rest = [count for name, count in ordered if not _looks_like_label(name)]
    return ", ".join([*shown, *([f"{counted(len(rest), 'label')} of another look {sum(rest)}"] if rest else [])])


def _looks_like_label(name: str) -> bool:
    """Whether a label is in capitals; one that is not may be a value, where columns were mixed up."""
    return name.replace("_", "").isalnum() and name.isupper()


def _interval(side: Mapping[str, object], key: str) -> str:
    intervals = side.get("intervals")
    pair = intervals.get(key) if isinstance(intervals, Mapping) else None
    return f"{100 * pair[0]:.1f} to {100 * pair[1]:.1f} %" if pair else ""


def print_metrics(console: Console, metrics: Mapping[str, object]) -> None:
    """Print a run's headline figures, before and after training, and below them the metric's signature, whole on its line."""
    after = metrics.get("after")
    console.print(metrics_table(metrics))
    if isinstance(after, Mapping):
        console.print(Text(str(after.get("signature")), style="dim"), soft_wrap=True)


def metrics_table(metrics: Mapping[str, object]) -> Table:
    """A run's headline figures, before and after training."""
    before, after = metrics.get("before"), metrics.get("after")
    sides = [side if isinstance(side, Mapping) else {} for side in (before, after)]
    title = f"{counted(sides[1].get('documents'), 'document')}, {counted(sides[1].get('spans'), 'span')}"
    table = Table(title=title, title_justify="left")
    table.add_column("")
    if sides[0]:
        table.add_column("before", justify="right")
    table.add_column("after" if sides[0] else "measured", justify="right")
    table.add_column("95 % interval", justify="right", style="dim")
    every = {**SPAN_TITLES, **OUTPUT_TITLES}
    titles = shown_figures(sides[1], {key: every[key] for key in (*_HEADLINE, *_HEADLINE_OF_OUTPUTS)})
    for key, title in titles.items():
        shown = [percent(side.get(key)) for side in sides if side]
        table.add_row(title, *shown, _interval(sides[1], key), end_section=key in {"macro_f1", "leaked_documents"})
    return table


def score_notes(found: Scored, labels: str) -> list[str]:
    """What was repaired in the gold documents, and predicted labels that the label set lacks: lines for standard error."""
    notes = []
    if found.gold.trimmed or found.gold.reordered:
        repaired = f"{counted(found.gold.trimmed, 'span')} trimmed of white space, {counted(found.gold.reordered, 'document')} sorted"
        notes.append(f"gold: {repaired}; predictions are taken as they are")
    if found.unknown_labels:
        shown = [f"{name} {count}" for name, count in found.unknown_labels.items() if _looks_like_label(name)]
        listed = f" ({', '.join(shown[:5])}{', ...' if len(shown) > 5 else ''})" if shown else ""
        wrong = counted(sum(found.unknown_labels.values()), "predicted span")
        notes.append(f"{wrong} with a label that {labels} lacks{listed}: wrong whatever their boundaries")
    return notes


def redaction_notes(run: CorpusRun) -> list[str]:
    """What a redaction did and what it did not, in lines for standard error."""
    manifest, tally = run.manifest, run.tally
    notes = []
    if copied := manifest["columns"]["copied"]:
        notes.append(f"copied as they are, not redacted: {', '.join(copied)}")
    if (group := manifest["columns"]["group"]) and group not in copied:
        notes.append(f"no row has the column {group}: dates moved document by document")
    unchanged = f"; left as they stood: {label_counts(tally.unchanged)}" if tally.unchanged else ""
    by_label = f" ({label_counts(tally.spans)})" if tally.spans else ""
    policy = manifest["policy"]["name"]
    notes.append(
        f"{counted(tally.documents, 'document')}, {counted(tally.spans.total(), 'span')} found{by_label}, policy {policy}{unchanged}"
    )
    report = manifest["safe_harbor"]
    if report["unseen"]:
        listed = "; ".join(f"{name} ({letter})" for letter, name in report["unseen"].items())
        notes.append(f"of the 18 identifiers of Safe Harbor, the labels cannot see: {listed}")
    if report["kept"]:
        notes.append(f"the policy keeps: {'; '.join(f'{name} ({letter})' for letter, name in report['kept'].items())}")
    if tally.quarantined:
        where = f": {run.outputs.quarantine}" if run.outputs else ""
        notes.append(f"{counted(tally.quarantined, 'document')} failed and left out{where}")
        notes += ["  " + ", ".join(f"{key} {value}" for key, value in fault.items() if value is not None) for fault in run.faults[:5]]
    if run.outputs:
        notes.append(f"manifest: {run.outputs.manifest}")
    return [*notes, manifest["statement"]]


def study_table(grids: Sequence[Grid], study: Path, only: str = "", data: Path | None = None) -> Table:
    """Grids with their settings, and how many of their cells are done, on ``data`` where it is given; of cells whose place or setting holds
    the words of ``only``.

    A grid that waits for another to choose its setting says so.
    """
    table = Table(title="Grids", title_justify="left")
    for name in ("grid", "setting"):
        table.add_column(name)
    table.add_column("cells", justify="right")
    table.add_column("done", justify="right")
    for grid in grids:
        try:
            found = [cell for cell in resolved(grid, study, data).cells if cell.holds(only)]
        except (DataError, FormatError) as error:
            table.add_row(grid.name, Text(str(error).removeprefix(f"grid {grid.name}: "), style="dim"), "", "")
            continue
        for setting in dict.fromkeys(cell.setting for cell in found):
            cells = [cell for cell in found if cell.setting == setting]
            done = sum(is_done(study, cell, data) for cell in cells)
            table.add_row(grid.name, setting, str(len(cells)), str(done))
        if grid.left_out:
            table.add_row(grid.name, Text(f"{counted(grid.left_out, 'combination')} of axes left out", style="dim"), "", "")
    return table


def differences_table(differences: Mapping[str, PairedDifference], other: str) -> Table:
    """How far one system is above the ``other``, in points."""
    table = Table(title=f"Above {other}, in points (paired bootstrap)", title_justify="left")
    table.add_column("")
    table.add_column("difference", justify="right")
    table.add_column("95 % interval", justify="right", style="dim")
    table.add_column("p", justify="right")
    for figure, one in differences.items():
        low, high = (f"{100 * end:+.1f}" for end in one.interval)
        table.add_row(
            SPAN_TITLES[figure],
            f"{100 * one.difference:+.1f}",
            f"{low} to {high}",
            "< 0.001" if one.p_value < 0.001 else f"{one.p_value:.3f}",
        )
    return table


def stats_table(stats: DataStats) -> Group:
    """Labels with their spans, values and a bar, and what the texts are like."""
    table = Table(title=f"{counted(stats.documents, 'document')}, {counted(sum(stats.spans.values()), 'span')}", title_justify="left")
    for name in ("label", "spans", "values"):
        table.add_column(name, justify="left" if name == "label" else "right")
    table.add_column("", min_width=_BAR)
    most = max(stats.spans.values(), default=1)
    for label, count in stats.spans.items():
        table.add_row(label, f"{count:,}", f"{stats.values[label]:,}", Text("█" * max(1, round(_BAR * count / most)), style="blue"))
    lengths = f"median {stats.length_at(0.5):,}, 95 % up to {stats.length_at(0.95):,}, longest {stats.length_at(1):,}"
    lines = (
        f"Characters of a text: {lengths}",
        f"Without any span: {stats.without_spans:,}; groups: {stats.groups:,}; texts given more than once: {stats.doubles:,}",
    )
    return Group(table, *map(Text, lines))


def example_panel(text: str, redacted: str, names: Sequence[str]) -> Panel:
    """A text above its redacted form, the placeholders marked."""
    shown = Text(redacted)
    shown.highlight_words([f"<{name}>" for name in names], style="bold black on yellow")
    return Panel(Group(Text(text, style="dim"), Text(""), shown), title="synthetic text, and redacted", title_align="left")


def dry_run_table(estimate: DryRun, *, colours: bool) -> Group:
    """What a training would take, and a made-up document as a row with the tokens that bear loss marked: in colour, or by ⟦ ⟧."""
    table = Table(title="Nothing was trained", title_justify="left", show_header=False)
    cut = f" ({estimate.split} cut into several, {estimate.dropped} dropped)" if estimate.split or estimate.dropped else ""
    for name, value in (
        ("Documents to train on", f"{estimate.documents:,}{cut}"),
        ("Held out: validation, test", f"{estimate.validation:,}, {estimate.test:,}"),
        ("Begins from", estimate.start or "the base, afresh"),
        ("Learning rate, at its highest", f"{estimate.learning_rate:g}"),
        ("Tokens", f"{estimate.tokens:,}, longest row {estimate.longest:,}"),
        ("Tokens that bear loss", f"{estimate.loss_tokens:,}"),
        ("Shared prompt", f"{estimate.prefix:,} tokens, {percent(estimate.prefix_share)} of all"),
        ("Optimizer steps", f"{estimate.steps:,}"),
        ("Time at most, by two steps", f"{estimate.seconds / 60:.1f} minutes"),
        ("Memory of these steps", f"{estimate.peak_mib:,.0f} MiB"),
    ):
        table.add_row(name, value)
    return Group(table, row_panel(estimate.example, "a made-up document", colours=colours))


def row_panel(pieces: Pieces, what: str, *, colours: bool) -> Panel:
    """A training row with the tokens that bear loss marked: in colour, or by ⟦ ⟧."""
    row = Text()
    for piece, bears in pieces:
        row.append(piece if colours or not bears else f"⟦{piece}⟧", style="bold black on yellow" if bears else "dim")
    mark = "in colour" if colours else "in ⟦ ⟧"
    return Panel(row, title=f"{what}; tokens {mark} bear loss", title_align="left")
