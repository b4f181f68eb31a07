"""The room as a package: light to import, and its README tells the truth."""

import re
import subprocess
import sys
from pathlib import Path

import piispan.metric
from piispan.core import LabelSet

README = Path(__file__).parents[2] / "metric" / "README.md"


def test_import_is_light():
    heavy = "{'torch', 'transformers', 'evaluate', 'datasets'} & set(sys.modules)"
    program = f"import sys, piispan.metric; sys.exit(str({heavy}) if {heavy} else 0)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_exports_exist():
    assert all(hasattr(piispan.metric, name) for name in piispan.metric.__all__)
    assert Path(piispan.metric.path()).name == "pii_span.py"
    assert Path(piispan.metric.path()).is_file()


def test_readme_examples_run(tmp_path, monkeypatch):
    blocks = re.findall(r"```python\n(.*?)```", README.read_text("utf-8"), flags=re.DOTALL)
    assert len(blocks) == 2
    for name in ("HF_HOME", "HF_MODULES_CACHE"):
        monkeypatch.setenv(name, str(tmp_path))
    for block in blocks:
        done = subprocess.run([sys.executable, "-c", block], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


def test_readme_names_every_flat_key():
    text = README.read_text("utf-8")
    flat = piispan.metric.score([], [], LabelSet.load("presidio")).to_dict()
    unnamed = {key for key in flat if f"`{key}`" not in text}
    assert unnamed == {"documents", "output_tokens_per_document", "signature"}
