"""YAML that people write: a mistake is named by file, line and column, and no key may stand twice."""

from pathlib import Path
from typing import Any

import yaml

from piispan.core.errors import PiispanError
from piispan.core.files import read_utf8

__all__ = ["read_yaml"]


class _GivenTwice(yaml.MarkedYAMLError):
    """A key of a mapping that stands there already; plain YAML would quietly take the last."""


class _Loader(yaml.SafeLoader):
    def compose_mapping_node(self, anchor: Any) -> Any:
        node = super().compose_mapping_node(anchor)
        seen: set[tuple[str, str]] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if (key.tag, key.value) in seen:
                    raise _GivenTwice(problem=f"the key {key.value} is given twice", problem_mark=key.start_mark)
                seen.add((key.tag, key.value))
        return node


def read_yaml(path: str | Path, error: type[PiispanError]) -> object:
    """What a YAML file holds, in plain Python types.

    Raises:
        error: If the file is missing, not UTF-8, not YAML, or gives a key twice.
    """
    path = Path(path)
    text = read_utf8(path, error)
    try:
        return yaml.load(text, _Loader)  # noqa: S506 (a SafeLoader)
    except (ValueError, LookupError, AttributeError, RecursionError, yaml.YAMLError) as found:  # a wrong tag gives any of these
        mark = getattr(found, "problem_mark", None)
        where = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        why = found.problem if isinstance(found, _GivenTwice) else f"cannot be read as YAML ({type(found).__name__})"
        raise error(f"{path}{where}: {why}") from None
