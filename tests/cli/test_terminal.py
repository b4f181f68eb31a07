"""What a person sees while they wait."""

import re
from io import StringIO

import pytest
from rich.console import Console

from piispan.cli.terminal import TerminalProgress, dry_run_table
from piispan.runs import DryRun


def test_a_log_gets_a_line_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(0, 1000, 10))
    monkeypatch.setattr("piispan.cli.terminal.monotonic", lambda: next(clock))
    shown = StringIO()
    with TerminalProgress(Console(file=shown, width=100)) as bars:
        bars.start("Reading", 20, "documents")
        for _ in range(20):
            bars.advance(1)
    lines = shown.getvalue().splitlines()
    assert all(line.startswith("Reading") and "documents" in line for line in lines)
    assert 4 <= len(lines) <= 8
    assert "0/20" in lines[0]
    assert "20/20" in lines[-1]
    assert "\x1b" not in shown.getvalue()


def test_tokens_that_bear_loss_are_marked_where_there_are_no_colours() -> None:
    example = (("Ada", False), ("</PII>", True), (" wrote", False))
    estimate = DryRun(3, 1, 1, None, 2e-3, 0, 0, 30, 3, 12, 5, 0.5, 2, 60.0, 100.0, example)
    shown = StringIO()
    Console(file=shown, width=100).print(dry_run_table(estimate, colours=False))
    assert "Ada⟦</PII>⟧ wrote" in shown.getvalue()
    assert re.search(r"Begins from +│ the base, afresh", shown.getvalue())
    assert re.search(r"Learning rate, at its highest +│ 0.002", shown.getvalue())
