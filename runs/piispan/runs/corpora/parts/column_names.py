"""Names of columns in messages and manifests: where a header is missing, or keys are data, they may be values of a text."""

import re
from collections.abc import Iterable, Sequence, Set

__all__ = ["OTHER_KEYS", "plain_names", "told_columns"]

_PLAIN = re.compile(r"[^\W\d][\w.-]{0,63}")
_MOST = 100
OTHER_KEYS = "(further keys, or keys that do not look like names)"


def told_columns(names: Sequence[str], what: str = "columns") -> str:
    """Which columns there are, in words for a message; only counted where one does not look like a name."""
    if all(map(_PLAIN.fullmatch, names)):
        return f"the {what} are {', '.join(names)}" if names else f"there are no {what}"
    header = ": is the first line a header?" if what == "columns" else ""
    return f"there are {len(names)} {what}, and not all of them look like names{header}"


def plain_names(names: Iterable[str], known: Set[str] = frozenset()) -> set[str]:
    """Those of the names that look like names, up to a hundred with those that are ``known``; ``OTHER_KEYS`` stands for the rest."""
    found: set[str] = set()
    for name in names:
        found.add(name if _PLAIN.fullmatch(name) and len(found | known) < _MOST else OTHER_KEYS)
    return found
