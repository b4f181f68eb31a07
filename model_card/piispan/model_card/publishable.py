"""What may leave the house: plain finite values, and no path, token or address in any string.

Messages name the place of a refused string, never the string: it may be the secret itself.
"""

import math
import re
from collections.abc import Mapping

from piispan.model_card.errors import CardError

__all__ = ["REFUSED", "TOKEN", "publishable", "publishable_text"]

TOKEN = re.compile(r"\bhf_(?:[a-z]+_)?[A-Za-z0-9]{16,}")
"""A token of the Hub."""
REFUSED = {
    "a Hugging Face token": TOKEN,
    "an e-mail address": re.compile(r"[^\s@]@[^\s@]+\.[^\s@]"),
    "a local path": re.compile(
        r"""(?:^|[\s"'`(\[=,;])/[^\s/]      # /data/notes at the start of a word; the slashes of https:// and org/name pass
          | </[^\s/<>]+/                     # </data/notes>; a closing tag passes
          | (?:^|[\s"'`(\[<=,;])~(?:[/\\A-Za-z]|$)  # a home folder
          | (?:^|[\s"'`(\[<=,;])\.{1,2}[/\\]  # beside the working directory
          | (?<![A-Za-z])[A-Za-z]:[/\\]       # a drive letter
          | \\\\ | :/[^/\s] | ^/+$ | file://  # a network share, host:/path, the root, a file address""",
        re.VERBOSE,
    ),
}
"""What no published string may look like, by what it would be."""


def publishable_text(text: str, where: str) -> str:
    """Return ``text`` if it may stand on a card.

    Raises:
        CardError: If it has more than one line or a control character, or holds what looks like
            a local path, an e-mail address or a Hub token; the message names ``where`` only.
    """
    if not text.strip() or not text.isprintable():
        raise CardError(f"{where}: must be one non-empty line without control characters")
    for what, pattern in REFUSED.items():
        if pattern.search(text):
            raise CardError(f"{where}: looks like it holds {what}, which must not be published")
    return text


def publishable(value: object, where: str) -> object:
    """A copy of a JSON-like value in plain Python types (``dict``, ``list``, ``str``, ``int``, ``float``, ``bool``, ``None``).

    Subclasses of ``float`` such as ``numpy.float64`` become plain ones, since YAML would tag them.

    Raises:
        CardError: If a number is not finite, a string may not be published, or a type is none of these.
    """
    match value:
        case None | bool():
            return value
        case str():
            return publishable_text(str(value), where)
        case int():
            return int(value)
        case float():
            if not math.isfinite(value):
                raise CardError(f"{where}: must be finite, was: {value}; leave a figure that was not measured out, or None")
            return float(value)
        case Mapping():
            return {_key(key, where): publishable(item, f"{where}.{key}") for key, item in value.items()}
        case list() | tuple():
            return [publishable(item, f"{where}[{index}]") for index, item in enumerate(value)]
        case _:
            raise CardError(f"{where}: must be a plain JSON value, was of type {type(value).__name__}")


def _key(key: object, where: str) -> str:
    if not isinstance(key, str):
        raise CardError(f"{where}: keys must be strings, one was of type {type(key).__name__}")
    return publishable_text(key, f"a key of {where}")
