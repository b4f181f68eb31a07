"""A report of scores and errors: Markdown and JSON to read, pictures to look at. It holds figures, labels and ids, never a text."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from piispan.core.errors import MissingExtraError
from piispan.core.extras import require_extra
from piispan.core.files import replacing
from piispan.metric.analysis import Analysis, EdgeErrors
from piispan.metric.bootstrap import Interval
from piispan.metric.paired import PairedDifference
from piispan.metric.scores import Scores
from piispan.metric.titles import OUTPUT_TITLES, SPAN_TITLES, as_code, percent, shown_figures

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw_confusion", "draw_labels", "draw_pictures", "markdown_report", "write_report"]

_BLUE, _GREY = "#35608d", "#8a8a8a"


def write_report(
    folder: str | Path,
    scores: Scores,
    analysis: Analysis,
    *,
    differences: Mapping[str, PairedDifference] | None = None,
    faults: Sequence[str] = (),
) -> list[Path]:
    """Write ``report.md``, ``report.json``, ``labels.png`` and ``confusion.png`` into a folder; it is made if need be.

    Without matplotlib (the extra ``plots``) there are no pictures.

    Args:
        folder: Where to.
        scores: The scores.
        analysis: The errors of the same documents and predictions.
        differences: How far the system is above another, by figure.
        faults: Limits that were broken, as ``broken_gates`` says it.

    Returns:
        The files written.

    Raises:
        DataError: If one cannot be written.
    """
    target = Path(folder)
    pictures = draw_pictures(target, scores, analysis)
    compared = {figure: asdict(one) for figure, one in (differences or {}).items()}
    content = {
        "scores": scores.to_dict(details=True),
        "analysis": analysis.to_dict(),
        "differences": compared,
        "broken_gates": list(faults),
    }
    report = markdown_report(scores, analysis, differences=differences, faults=faults, pictures=[path.name for path in pictures])
    texts = {"report.md": report, "report.json": json.dumps(content, indent=2) + "\n"}
    for name, text in texts.items():
        with replacing(target / name) as file:
            file.write(text)
    return [*(target / name for name in texts), *pictures]


def draw_pictures(folder: str | Path, scores: Scores, analysis: Analysis) -> list[Path]:
    """Write ``labels.png`` and ``confusion.png`` into a folder, without metadata; none where matplotlib (extra ``plots``) is not installed.

    Returns:
        The files written.

    Raises:
        DataError: If one cannot be written.
    """
    try:
        drawn = {"labels.png": draw_labels(scores), "confusion.png": draw_confusion(analysis)}
    except MissingExtraError:
        return []
    for name, figure in drawn.items():
        with replacing(Path(folder) / name) as file:
            binary: Any = file
            figure.savefig(binary.buffer, format="png", dpi=150, metadata={"Software": None})
    return [Path(folder) / name for name in drawn]


def markdown_report(
    scores: Scores,
    analysis: Analysis,
    *,
    differences: Mapping[str, PairedDifference] | None = None,
    faults: Sequence[str] = (),
    pictures: Sequence[str] = (),
) -> str:
    """The report as Markdown.

    Args:
        scores: The scores.
        analysis: The errors of the same documents and predictions.
        differences: How far the system is above another, by figure.
        faults: Limits that were broken.
        pictures: Names of pictures that lie beside the report.
    """
    every = scores.to_dict()
    titles = shown_figures(every, {**SPAN_TITLES, **OUTPUT_TITLES})
    headline = [(title, percent(every[key]), _ends(scores.intervals.get(key))) for key, title in titles.items()]
    labels = [
        (
            f"`{name}`",
            str(one.n),
            *map(percent, (one.precision, one.recall)),
            _figure(one.f1, one.intervals["f1"]),
            percent(one.char_recall),
        )
        for name, one in scores.per_label.items()
        if one.n or one.precision is not None
    ]
    counts = [(name, *map(str, (c.correct, c.incorrect, c.partial, c.missing, c.spurious))) for name, c in scores.semeval.items()]
    sections = [
        f"# Scores of {scores.documents:,} documents, {scores.spans:,} spans",
        f"`{scores.signature}`",
        _table(("", "figure", "95 % interval"), headline),
        *_limits(faults),
        *_compared(differences),
        "## By label",
        "Exact match, but for the characters, which count under any label. Labels without gold or predicted spans are left out.",
        _table(("label", "n", "precision", "recall", "F1 (95 % interval)", "characters found"), labels),
        *(f"![{name.removesuffix('.png')}]({name})" for name in pictures),
        "## Errors",
        _table(("SemEval-2013", "correct", "incorrect", "partial", "missing", "spurious"), counts),
        "Labels taken for another where spans overlap, most frequent first:",
        _table(("gold", "predicted", "pairs"), [(as_code(gold), as_code(said), str(n)) for gold, said, n in analysis.confused()]),
        f"Edges of the {scores.semeval['partial'].partial:,} spans that merely overlap, by characters they are off:",
        _edge_table(analysis),
        f"Most leaked label: {f'`{analysis.most_leaked}`' if analysis.most_leaked else 'none'}. Documents that leak most:",
        _table(("document", "characters", "spans"), [(as_code(one.id), str(one.characters), str(one.spans)) for one in analysis.leaks]),
    ]
    return "\n\n".join(sections) + "\n"


def _edge_table(analysis: Analysis) -> str:
    far = len(analysis.starts.early)
    names = [*(f"{n} early" for n in range(far, 0, -1)), "right", *(f"{n} late" for n in range(1, far + 1))]
    names[0], names[-1] = f"{far} or more early", f"{far} or more late"

    def row(name: str, edges: EdgeErrors) -> tuple[str, ...]:
        return (name, *map(str, (*reversed(edges.early), edges.right, *edges.late)))

    return _table(("", *names), [row("start", analysis.starts), row("end", analysis.ends)])


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return "None."
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _limits(faults: Sequence[str]) -> list[str]:
    return ["## Broken limits", "\n".join(f"- {as_code(fault)}" for fault in faults)] if faults else []


def _compared(differences: Mapping[str, PairedDifference] | None) -> list[str]:
    if not differences:
        return []
    rows = [
        (SPAN_TITLES[figure], f"{100 * one.difference:+.1f}", _ends(one.interval), f"{one.p_value:.3g}")
        for figure, one in differences.items()
    ]
    return ["## Above the other system", _table(("", "points", "95 % interval", "p"), rows)]


def _ends(interval: Interval | None) -> str:
    return f"{100 * interval[0]:.1f} to {100 * interval[1]:.1f}" if interval else ""


def _figure(value: float | None, interval: Interval | None) -> str:
    return f"{percent(value)} ({_ends(interval)})" if interval else percent(value)


def draw_labels(scores: Scores) -> "Figure":
    """A bar of exact F1 for each label with gold or predicted spans, with its 95 % interval and its number of gold spans.

    Raises:
        MissingExtraError: If matplotlib is not installed (extra ``plots``).
    """
    shown = {name: one for name, one in scores.per_label.items() if one.f1 is not None}
    figure, axes = _figure_of(7.0, 1.1 + 0.32 * max(len(shown), 1))
    values = [one.f1 or 0.0 for one in shown.values()]
    axes.barh(range(len(shown)), values, color=_BLUE, height=0.7)
    for place, one in enumerate(shown.values()):
        if ends := one.intervals["f1"]:
            axes.hlines(place, *ends, color="black", linewidth=1.2)
    axes.set(xlim=(0, 1), xlabel="F1, exact, with 95 % interval", yticks=range(len(shown)))
    axes.set_yticklabels([f"{name}  ({one.n:,})" for name, one in shown.items()])
    axes.set_ylim(max(len(shown), 1) - 0.5, -0.5)
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def draw_confusion(analysis: Analysis) -> "Figure":
    """Pairs by gold label (rows) and predicted label, with what was missed and what was spurious; labels without any are left out.

    Raises:
        MissingExtraError: If matplotlib is not installed (extra ``plots``).
    """
    names, size = [*analysis.labels, "other labels"], len(analysis.confusion)
    columns = list(zip(*analysis.confusion, strict=True))
    rows_used = [i for i in range(size) if any(analysis.confusion[i]) or analysis.missed[i]]
    columns_used = [i for i in range(size) if any(columns[i]) or analysis.spurious[i]]
    cells = [[*(analysis.confusion[row][column] for column in columns_used), analysis.missed[row]] for row in rows_used]
    cells.append([*(analysis.spurious[column] for column in columns_used), 0])
    row_names, column_names = [*(names[i] for i in rows_used), "(spurious)"], [*(names[i] for i in columns_used), "(missed)"]
    figure, axes = _figure_of(2.6 + 0.42 * len(column_names), 2.2 + 0.34 * len(row_names))
    shares = [[count / max(sum(row), 1) for count in row] for row in cells]
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for place, row in enumerate(cells):
        for column, count in enumerate(row):
            if count:
                dark = shares[place][column] > 0.6
                axes.text(column, place, f"{count:,}", ha="center", va="center", fontsize=7, color="white" if dark else "black")
    axes.set(xlabel="predicted", ylabel="gold", xticks=range(len(column_names)), yticks=range(len(row_names)))
    axes.set_xticklabels(column_names, rotation=60, ha="right", rotation_mode="anchor", fontsize=8)
    axes.set_yticklabels(row_names, fontsize=8)
    axes.axhline(len(row_names) - 1.5, color=_GREY, linewidth=0.8)
    axes.axvline(len(column_names) - 1.5, color=_GREY, linewidth=0.8)
    return figure


def _figure_of(width: float, height: float) -> "tuple[Figure, Axes]":
    require_extra("plots", "matplotlib")
    from matplotlib.figure import Figure

    figure: Any = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots()
