"""Output formats: what the model writes, one module each."""

from piispan.core.errors import FormatError
from piispan.core.formats.base import Mention, OutputFormat, Parsed, Problem
from piispan.core.formats.bio import BioFormat
from piispan.core.formats.json_lists import JsonFormat, JsonValuesFormat
from piispan.core.formats.tagged import TaggedFormat

__all__ = ["FORMATS", "Mention", "OutputFormat", "Parsed", "Problem", "get_format"]

_FORMATS: dict[str, OutputFormat] = {f.name: f for f in (TaggedFormat(), JsonFormat(), JsonValuesFormat(), BioFormat())}

FORMATS: tuple[str, ...] = tuple(_FORMATS)
"""Names of the output formats."""


def get_format(name: str) -> OutputFormat:
    """The output format of that name.

    Raises:
        FormatError: If there is none.
    """
    if name not in _FORMATS:
        raise FormatError(f"no output format named {name!r}; known: {', '.join(FORMATS)}")
    return _FORMATS[name]
