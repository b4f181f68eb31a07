"""The commands as a user types them."""

from pathlib import Path

import pytest

from piispan.cli.main import main
from tests.publishing.conftest import BASE, REPO


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str | Path) -> int:
    """The exit code of a command."""
    monkeypatch.setattr("sys.argv", ["piispan", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def push(monkeypatch: pytest.MonkeyPatch, adapter: Path, revision: str, *more: str | Path, to: str = REPO) -> int:
    return run(monkeypatch, "push", adapter, "--to", to, "--base-model", BASE, "--base-revision", revision, *more)
