"""Where the rooms are: found on disk, never listed by hand."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = tuple(sorted(path.parent.name for path in ROOT.glob("*/piispan")))
"""Names of the root folders that hold ``piispan/``."""
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def sources(room: str) -> list[Path]:
    """The Python files of a room, sorted."""
    return sorted((ROOT / room / "piispan").rglob("*.py"))


def module_name(path: Path) -> str:
    """``core/piispan/core/spans.py`` -> ``piispan.core.spans``."""
    parts = path.relative_to(ROOT).with_suffix("").parts[1:]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = tuple(module_name(path) for room in ROOMS for path in sources(room))
