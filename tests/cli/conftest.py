import sys

import pytest

from piispan.cli.main import main


@pytest.fixture
def piispan(monkeypatch, capsys):
    """Run the command in this process; give back exit code, output and error output."""

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["piispan", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            main()
        captured = capsys.readouterr()
        return int(stopped.value.code or 0), captured.out, captured.err

    return run
