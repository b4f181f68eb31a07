"""A card's parts: its metadata, and its sections by their headings."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import yaml

__all__ = ["Section", "front_matter", "sections_of", "split_card"]

_HEADING = re.compile(r"#{1,6} ")
_WITH_DIGIT = re.compile(r"[^\s|()\[\]`*]*\d[^\s|()\[\]`*]*")


@dataclass(slots=True)
class Section:
    """A heading and what follows it up to the next.

    Args:
        heading: The heading's line, ``## Training``; empty for what stands before the first.
        line: Its line in the card, from 1.
        lines: All lines of the section, the heading's too, with their numbers.
    """

    heading: str
    line: int
    lines: list[tuple[int, str]] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The section as it stands."""
        return "\n".join(line for _, line in self.lines)

    def figures(self) -> list[tuple[int, str]]:
        """Words with a digit in them, each with its line."""
        return [(number, word.rstrip(".,;:")) for number, line in self.lines for word in _WITH_DIGIT.findall(line)]

    def fixed(self) -> list[tuple[int, str]]:
        """What must stand as it was generated, each with its line: rows of tables, and the limits, which are the points in bold."""
        return [(number, line.rstrip()) for number, line in self.lines if line.startswith(("|", "- **", "  "))]


def split_card(card: str) -> tuple[str, str]:
    """The YAML between two lines of ``---`` at the head of a card, and the rest; no YAML where there are no such lines."""
    head, closing, body = card.removeprefix("---\n").partition("\n---\n")
    return (head, body) if closing and card.startswith("---\n") else ("", card)


def front_matter(card: str) -> Mapping[str, object] | None:
    """The metadata of a card; ``None`` where there are none that can be read."""
    try:
        found = yaml.safe_load(split_card(card)[0])
    except (yaml.YAMLError, ValueError, RecursionError):  # yaml makes dates itself, and fails at the 30th of February
        return None
    return found if isinstance(found, dict) else None


def sections_of(card: str) -> list[Section]:
    """The sections below the metadata, in order; a heading in a block of code is none."""
    _, body = split_card(card)
    sections = [Section("", first := card[: len(card) - len(body)].count("\n") + 1)]
    fenced = False
    for number, line in enumerate(body.splitlines(), first):
        fenced ^= line.startswith("```")
        if not fenced and _HEADING.match(line):
            sections.append(Section(line.strip(), number))
        sections[-1].lines.append((number, line))
    return [section for section in sections if section.heading or section.text.strip()]
