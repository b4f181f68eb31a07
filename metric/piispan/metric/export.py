"""The metric as a Space for the Hub: its page, its ``evaluate`` module, and the code of ``core`` and ``metric`` beside them."""

import keyword
import re
import shutil
import sys
from importlib.resources import as_file, files
from pathlib import Path

from piispan.core.errors import DataError
from piispan.core.files import replacing_folder
from piispan.metric.scores import METRIC_VERSION
from piispan.metric.space.hub_module import tree_digest

__all__ = ["export_space"]

_DEFAULT_ID = "you/pii_span"
_REPO_ID = re.compile(r"[A-Za-z0-9][\w.-]*/([A-Za-z_][A-Za-z0-9_]*)")
_OF_PACKAGE = frozenset({".md", ".py", ".txt", ".yaml"})
"""Endings of the files of ``core`` and ``metric``; a test holds them to what the wheel has."""
_TAKEN = frozenset(
    {"app", "datasets", "evaluate", "gradio", "huggingface_hub", "jinja2", "numpy", "piispan", "rapidfuzz", "simplejson", "yaml"}
)
"""Modules that the Space imports, which a file of that name would hide."""


def export_space(folder: str | Path, repo_id: str = _DEFAULT_ID) -> Path:
    """Write a folder to upload as a Space: ``hf upload you/pii_span FOLDER --repo-type space``.

    The Space runs without ``piispan`` from a package index: ``piispan/core`` and ``piispan/metric`` are copied into it, and
    ``evaluate.load("you/pii_span")`` fetches them where piispan is not installed. They can be installed from there too.

    Args:
        folder: A new folder, or an empty one.
        repo_id: ``owner/name`` on the Hub. ``evaluate`` loads ``name.py``, so the name must be that of a Python module.

    Returns:
        The folder.

    Raises:
        DataError: If the id is not of this form, the folder is not empty, or it cannot be written.
    """
    match = _REPO_ID.fullmatch(repo_id)
    if match and (match[1] in _TAKEN or match[1] in sys.stdlib_module_names or keyword.iskeyword(match[1])):
        raise DataError(f"repo_id: {match[1]} is the name of another Python module; choose one such as pii_span")
    if not match:
        raise DataError(f"repo_id must be owner/name, the name in letters, digits and underscores, was: {repo_id!r}")
    target = Path(folder)
    if target.is_dir() and any(target.iterdir()):
        raise DataError(f"{target}: is not empty; give a new folder, and upload it over the Space")
    with replacing_folder(target) as draft:
        for room in ("core", "metric"):
            with as_file(files(f"piispan.{room}")) as source:
                shutil.copytree(source, draft / "piispan" / room, ignore=_foreign)
        page = draft / "piispan" / "metric" / "space"
        requirements = (page / "requirements.txt").read_text("utf-8")
        needed = [line for line in requirements.splitlines() if not line.startswith("gradio")]
        texts = {
            "README.md": (page / "README.md").read_text("utf-8").replace(_DEFAULT_ID, repo_id),
            "app.py": (page / "app.py").read_text("utf-8"),
            f"{match[1]}.py": _module((page / "hub_module.py").read_text("utf-8"), repo_id, tree_digest(draft), needed),
            "requirements.txt": requirements,
            "pyproject.toml": _project(needed),
        }
        for name, text in texts.items():
            (draft / name).write_text(text, "utf-8")
    return target


def _foreign(folder: str, names: list[str]) -> list[str]:
    """What lies in a package's folder and is none of its files: compiled code, notes, hidden files."""
    known = {name for name in names if (Path(folder) / name).is_dir() or name == "py.typed" or Path(name).suffix in _OF_PACKAGE}
    return [name for name in names if name not in known or name.startswith((".", "__pycache__"))]


def _module(text: str, repo_id: str, digest: str, requirements: list[str]) -> str:
    """The module of this Space; it names all that the code needs, since ``evaluate`` asks a user to install what a module imports."""
    names = [re.split("[>=]", requirement)[0].replace("-", "_") for requirement in requirements]
    imports = "".join(f"import {name}\n" if name != "pyyaml" else "import yaml  # From: pyyaml\n" for name in names)
    return f'{text}\n\n{imports}\nPiiSpan = metric_class("{repo_id}", version="{METRIC_VERSION}", digest="{digest}")\n'


def _project(requirements: list[str]) -> str:
    lines = "".join(f'  "{requirement}",\n' for requirement in requirements)
    return f"""\
[build-system]
requires = ["hatchling>=1.27"]
build-backend = "hatchling.build"

[project]
name = "piispan-metric"
version = "{METRIC_VERSION}"
description = "Scores for PII taggers: the metric of piispan alone"
license = "Apache-2.0"
requires-python = ">=3.11"
dependencies = [
{lines}]

[tool.hatch.build.targets.wheel]
packages = ["piispan"]
"""
