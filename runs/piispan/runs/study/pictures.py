"""The pictures of a study."""

from collections.abc import Mapping, Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

from piispan.core import MissingExtraError, replacing, require_extra
from piispan.runs.study.results import Row

__all__ = ["draw_study"]

_COLOURS = {"random": "#4477aa", "template": "#cc6677"}


def draw_study(found: Mapping[str, Sequence[Row]], folder: Path) -> dict[str, list[Path]]:
    """Draw each grid that has cells: F1 with its intervals, hallucination where it differs, a learning curve, F1 against speed.

    Returns:
        The files by the name of their grid; none where matplotlib (extra ``plots``) is not installed.
    """
    try:
        require_extra("plots", "matplotlib")
    except MissingExtraError:
        return {}
    drawn: dict[str, list[Path]] = {}
    for name, done in found.items():
        if len({row.setting for row in done}) < 2:
            continue
        hallucinated = any(row.mean("hallucination_rate") for row in done)
        pictures = {
            "f1": _bars(done, "f1", "F1, exact"),
            "hallucination": _bars(done, "hallucination_rate", "Hallucinated mentions") if hallucinated else None,
            "learning-curve": _curve(done) if _differ_in_size(done) else None,
            "speed": _speed(done),
        }
        places = {folder / f"{name}-{what}.png": figure for what, figure in pictures.items()}
        for place in (place for place, figure in places.items() if figure is None):
            place.unlink(missing_ok=True)  # of an earlier report
        drawn[name] = [_save(figure, place) for place, figure in places.items() if figure is not None]
    return drawn


def _differ_in_size(done: Sequence[Row]) -> bool:
    sizes = {row.found[0].cell.documents for row in done}
    return None not in sizes and len(sizes) > 1


def _save(figure: Any, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as file:
        binary: Any = file
        figure.savefig(binary.buffer, format="png", dpi=120, metadata={"Software": None})
    return path


def _bars(done: Sequence[Row], figure: str, title: str) -> Any:
    done = [row for row in done if row.mean(figure) is not None]
    settings, splits = (list(dict.fromkeys(getattr(row, name) for row in done)) for name in ("setting", "split"))
    drawn, axes = _axes(8, 1.2 + 0.5 * len(settings))
    for number, split in enumerate(splits):
        rows = [row for row in done if row.split == split]
        places = [settings.index(row.setting) + (number - (len(splits) - 1) / 2) * 0.38 for row in rows]
        values = [100 * (row.mean(figure) or 0.0) for row in rows]
        axes.barh(places, values, 0.36, color=_COLOURS.get(split), label=split)
        if figure == "f1":
            for place, row in zip(places, rows, strict=True):
                axes.plot([100 * end for end in row.interval()], [place, place], color="black", linewidth=1)
    axes.set_yticks(range(len(settings)), settings)
    axes.invert_yaxis()
    axes.set_xlabel(f"{title}, %")
    axes.set_xlim(0, 100 if figure == "f1" else None)
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=len(splits), frameon=False)
    return drawn


def _curve(done: Sequence[Row]) -> Any:
    """A line for each split and each adapter that is begun from."""
    drawn, axes = _axes(7, 4)
    lines: dict[tuple[str, str], list[Row]] = {}
    for row in sorted(done, key=lambda row: row.found[0].cell.documents or 0):
        lines.setdefault((row.split, row.found[0].cell.start or "none"), []).append(row)
    starts = list(dict.fromkeys(start for _, start in lines))
    for (split, start), rows in lines.items():
        sizes = [row.found[0].cell.documents or 0 for row in rows]
        values, ends = [100 * (row.mean("f1") or 0.0) for row in rows], [row.interval() for row in rows]
        label = split if len(starts) == 1 else f"{split}, begun {'afresh' if start == 'none' else f'from {Path(start).name}'}"
        axes.plot(sizes, values, marker="o", linestyle=("-", "--", ":")[starts.index(start) % 3], color=_COLOURS.get(split), label=label)
        axes.fill_between(sizes, [100 * low for low, _ in ends], [100 * high for _, high in ends], color=_COLOURS.get(split), alpha=0.15)
    axes.set_xlabel("Documents trained on")
    axes.set_ylabel("F1, exact, %")
    axes.set_ylim(0, 100)
    axes.legend(loc="lower right", frameon=False)
    return drawn


def _speed(done: Sequence[Row]) -> Any:
    """A numbered point for each setting, split and machine, whose marker tells it, and what the numbers stand for."""
    from matplotlib.lines import Line2D
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

    settings = list(dict.fromkeys(row.setting for row in done))
    drawn, axes = _axes(9, max(4.0, 1.2 + 0.25 * len(settings)))
    markers = dict(zip(dict.fromkeys(one.machine for row in done for one in row.found), cycle("osD^v"), strict=False))
    for one, (machine, here) in ((row, apart) for row in done for apart in row.by_machine().items()):
        seconds, f1 = here.cost("seconds_per_document"), one.mean("f1")
        if not seconds or f1 is None:
            continue
        place = 1 / seconds, 100 * f1
        axes.plot(*place, markers[machine], color=_COLOURS.get(one.split), markersize=13, markeredgecolor="white")
        axes.annotate(str(settings.index(one.setting) + 1), place, ha="center", va="center_baseline", fontsize=8, color="white")
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel("Documents per second")
    axes.set_ylabel("F1, exact, %")
    splits = dict.fromkeys(row.split for row in done)
    marks = [Line2D([], [], linestyle="none", marker="o", color=_COLOURS.get(split)) for split in splits]
    machines = [Line2D([], [], linestyle="none", marker=marker, color="grey") for marker in markers.values()] if len(markers) > 1 else []
    numbers = [
        Line2D([], [], linestyle="none", marker=f"${number}$", color="black", markeredgewidth=0) for number in range(1, len(settings) + 1)
    ]
    named = [*splits, *(markers if machines else ()), *settings]
    axes.legend([*marks, *machines, *numbers], named, loc="upper left", bbox_to_anchor=(1.01, 1), frameon=False, fontsize=8)
    return drawn


def _axes(width: float, height: float) -> tuple[Any, Any]:
    from matplotlib.figure import Figure

    drawn = Figure(figsize=(width, height), layout="constrained")
    axes = drawn.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    return drawn, axes
