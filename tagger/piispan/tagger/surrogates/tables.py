"""The word lists that lie beside the code, as YAML."""

from functools import cache
from importlib.resources import files
from typing import Any

import yaml

__all__ = ["table"]


@cache
def table(name: str) -> Any:
    """What ``<name>.yaml`` of this package holds; read once."""
    return yaml.safe_load((files("piispan.tagger.surrogates") / f"{name}.yaml").read_text("utf-8"))
