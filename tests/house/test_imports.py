"""Imports are light, names exist, and every error is also a standard type."""

import builtins
import importlib
import re
import subprocess
import sys
import time

import pytest

from piispan.core import PiispanError
from tests.house.rooms import MODULES, ROOMS, ROOT, sources

HEAVY = ("torch", "transformers", "peft", "trl", "accelerate")
EXPORTS = re.compile(r"^__all__ = \[", re.MULTILINE)
LIGHT = [f"piispan.{room}" for room in ROOMS] + ["piispan.cli.main"]


@pytest.mark.parametrize("name", LIGHT)
def test_import_is_light(name):
    program = f"import sys, {name}; print([x for x in {HEAVY!r} if x in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_core_imports_no_hub_client():
    program = "import sys, piispan.core; print([x for x in ('datasets', 'evaluate', 'huggingface_hub', 'numpy') if x in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_import_changes_nothing_around_it():
    program = """
import logging, os, warnings
import numpy  # adds warning filters of its own
def state(): return dict(os.environ), list(warnings.filters), logging.root.level, list(logging.root.handlers)
before = state()
import piispan.core, piispan.metric, piispan.dataset_builder, piispan.model_card, piispan.tagger, piispan.trainer_ext, piispan.runs
print(before == state())
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True"


@pytest.mark.timed
def test_help_answers_within_a_second():
    program = "import sys; from piispan.cli.main import main; sys.argv = ['piispan', '--help']; main()"
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        seconds.append(time.perf_counter() - start)
        assert "quickstart" in done.stdout
    assert min(seconds) <= 1, seconds


@pytest.mark.parametrize("name", MODULES)
def test_every_exported_name_exists(name):
    module = importlib.import_module(name)
    exported = getattr(module, "__all__", [])
    assert len(set(exported)) == len(exported)
    assert [x for x in exported if not hasattr(module, x)] == []


@pytest.mark.parametrize("room", ROOMS)
def test_no_module_bears_the_name_of_what_a_room_exports(room):
    """Loaded, it would stand in the place of the function: ``piispan.room.name`` is then the module."""
    exported = getattr(importlib.import_module(f"piispan.{room}"), "__all__", [])
    modules = {path.stem for path in (ROOT / room / "piispan" / room).glob("*.py")}
    assert modules & set(exported) == set()


@pytest.mark.parametrize("room", ROOMS)
def test_every_public_module_says_what_it_exports(room):
    public = [path for path in sources(room) if not path.name.startswith("_") and path.parent.name != "space"]
    silent = [path.name for path in public if not EXPORTS.search(path.read_text("utf-8"))]
    assert silent == []


def test_exports_are_sorted():
    roots = [str(ROOT / room) for room in ROOMS]
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", "--select", "RUF022", *roots]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def errors() -> list[type[PiispanError]]:
    for room in ROOMS:
        importlib.import_module(f"piispan.{room}")
    found, left = [], PiispanError.__subclasses__()
    while left:
        error = left.pop()
        left += error.__subclasses__()
        found.append(error)
    return found


def test_every_error_is_also_a_standard_type():
    standard = {x for x in vars(builtins).values() if isinstance(x, type) and issubclass(x, Exception)} - {Exception}
    assert len(errors()) >= 9
    assert [error.__name__ for error in errors() if not standard & set(error.__mro__)] == []
    assert issubclass(PiispanError, Exception)
    assert not standard & set(PiispanError.__mro__)


def test_every_core_error_is_exported():
    from piispan import core

    assert {error.__name__ for error in errors() if error.__module__ == "piispan.core.errors"} <= set(core.__all__)
