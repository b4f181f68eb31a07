"""The examples run as they are, and redact without changing a character outside the spans."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.parametrize("name", ["train_flat.py", "stock_trl.py"])
def test_an_example_runs(name, tmp_path) -> None:
    run = subprocess.run([sys.executable, EXAMPLES / name, "1"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr[-2000:]
    assert len(run.stdout.strip().splitlines()[-2:]) == 2
    assert list(tmp_path.iterdir()) == []
