"""Names of a package that are loaded when they are asked for, so that ``piispan --help`` answers at once."""

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from piispan.core.extras import require_extra

__all__ = ["lazy_names"]


def lazy_names(
    package: str, modules: Mapping[str, str], needs: Mapping[str, tuple[str, ...]] | None = None
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """The ``__getattr__`` and ``__dir__`` of a package (PEP 562).

    Args:
        package: Its ``__name__``.
        modules: Module under the package by name. None of them bears the name of a function of its own: loaded, it would stand
            in the function's place.
        needs: For names that need an extra: its name, and modules that come with it; see ``require_extra``.
    """

    def load(name: str) -> Any:
        if name not in modules:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        if needs and name in needs:
            require_extra(*needs[name])
        value = getattr(import_module(f"{package}.{modules[name]}"), name)
        setattr(sys.modules[package], name, value)
        return value

    def names() -> list[str]:
        return sorted({*vars(sys.modules[package]), *modules})

    return load, names
