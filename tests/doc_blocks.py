"""The code of a page of documentation."""

import re
from pathlib import Path
from typing import NamedTuple

_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A fenced block: what is written behind the fence, and the code."""

    language: str
    code: str


def code_blocks(page: Path) -> list[Block]:
    """The fenced blocks of a Markdown file, in order."""
    return [Block(*match.groups()) for match in _BLOCK.finditer(page.read_text("utf-8"))]
