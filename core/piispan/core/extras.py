"""Optional dependencies, named by the extra that brings them."""

from importlib.util import find_spec

from piispan.core.errors import MissingExtraError

__all__ = ["require_extra"]


def require_extra(extra: str, *modules: str) -> None:
    """Check that the modules of an extra can be imported, without importing them.

    Raises:
        MissingExtraError: If one cannot; the message is the ``pip install`` that mends it.
    """
    missing = [module for module in modules if find_spec(module) is None]
    if missing:
        raise MissingExtraError(extra, f" (missing: {', '.join(missing)})")
