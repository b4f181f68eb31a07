"""``study``: grids of trainings and baselines, and their report."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["study"]


def study(
    grid: Annotated[
        list[str] | None,
        typer.Argument(help="Grids by the names that --list gives (all: those that download no model), or YAML files.", show_default=False),
    ] = None,
    data: Annotated[Path | None, typer.Option(help="Labelled documents, in any layout that data convert reads.")] = None,
    out: Annotated[Path, typer.Option(help="Folder of the study: a folder for each cell.")] = Path("runs-out/study"),
    report: Annotated[Path | None, typer.Option(help="Write the report there (.md), and .json and pictures beside it.")] = None,
    only: Annotated[str, typer.Option(help="Only cells whose folder under --out, or setting, holds these words.")] = "",
    again: Annotated[bool, typer.Option("--again", help="Measure cells that are done as well.")] = False,
    jobs: Annotated[int, typer.Option(help="Cells measured at a time, each on its share of the cores; on a GPU beside each other.")] = 1,
    list_cells: Annotated[bool, typer.Option("--list", help="List the cells, and run nothing.")] = False,
    report_only: Annotated[bool, typer.Option("--report-only", help="Run nothing, and write the report of what is done.")] = False,
) -> None:
    """Measure grids of trainings and baselines, and report them.

    Exit code 3 if a cell failed. A cell that fails stops none of the rest, and what is done is not done again: a study that was interrupted
    goes on.
    """
    from rich.console import Console

    from piispan.cli.terminal import TerminalProgress, study_table
    from piispan.core import DataError
    from piispan.runs import check_report, grids, load_grid, run_study, write_report

    if not grid and not list_cells:
        raise DataError(f"name a grid to measure: {', '.join(grids())}, a YAML file, or those that download no model (all); see --list")
    chosen = []
    for name in grid or grids():
        chosen += [shipped for shipped in map(load_grid, grids()) if not shipped.downloads] if name == "all" else [load_grid(name)]
    if list_cells:
        table = study_table(chosen, out, only, data)
        if not table.row_count:
            raise DataError(f"no cell holds {only!r} in its place or setting")
        Console().print(table)
        return
    if data is None and not report_only:
        raise DataError("a study needs labelled documents: give --data FILE (or --report-only, or --list)")
    if report_only and report is None:
        raise DataError("--report-only needs --report FILE.md, to write it to")
    if report_only and (only or again):
        raise DataError("--report-only reports all that is done: leave out --only and --again")
    if report:
        check_report(report)
    failed = 0
    if data is not None and not report_only:
        with TerminalProgress(Console(stderr=True)) as bars:
            for outcome in run_study(chosen, data, out, only=only, again=again, jobs=jobs, progress=bars):
                if outcome.failure:
                    failed += 1
                    typer.echo(f"{outcome.place}: failed: {outcome.failure}", err=True)
    if report:
        try:
            write_report(out, chosen, report, data)
        except DataError as error:
            if not failed:
                raise
            typer.echo(f"no report: {error}", err=True)
        else:
            typer.echo(f"report: {report}", err=True)
    if failed:
        raise typer.Exit(3)
