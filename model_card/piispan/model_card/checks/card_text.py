"""Whether a card says what its facts say: each number, each row of a table, each section, and the metadata."""

import re
from collections.abc import Iterator, Mapping

from piispan.model_card.card import generate_card
from piispan.model_card.checks.faults import Fault
from piispan.model_card.facts import CardFacts
from piispan.model_card.sections import front_matter, sections_of
from piispan.model_card.writing import CARD_NAME, FACTS_NAME

__all__ = ["card_text_faults"]

_REWRITE = "undo the change, or let piispan write the card anew from its facts (piispan card write)"
_YEAR = re.compile(r"\D*(?:19|20)\d\d\D*")


def card_text_faults(readme: str, facts: CardFacts) -> Iterator[Fault]:
    """How a card differs from the one of its facts.

    Prose may be put in other words, and sections of one's own may be added, with no figure that the facts lack but a year. The limits and
    the tables stay as they are, and nothing is hidden in a comment.

    Args:
        readme: The card, front matter first.
        facts: What it should say.
    """
    expected = str(generate_card(facts))
    yield from _metadata_faults(front_matter(readme), front_matter(expected) or {})
    if "<!--" in readme:
        yield Fault(CARD_NAME, "holds a comment, which readers of the page do not see", "take it out")
    wanted, found = sections_of(expected), sections_of(readme)
    by_heading = {section.heading: section for section in reversed(found)}
    known = {word for section in wanted for _, word in section.figures()}
    for section in wanted:
        there = by_heading.get(section.heading)
        if there is None:
            yield Fault(CARD_NAME, f"the section {section.heading.lstrip('# ')!r} is missing", _REWRITE)
            continue
        yield from _differences(section.figures(), there.figures(), "a figure", there.line)
        yield from _differences(section.fixed(), there.fixed(), "a row of a table, or a limit,", there.line)
    generated = {section.heading for section in wanted}
    seen = set[str]()
    for section in found:
        if section.heading in seen & generated:
            yield Fault(f"{CARD_NAME}, line {section.line}", "a section stands twice", _REWRITE)
        seen.add(section.heading)
        if section.heading not in generated:
            for number, word in section.figures():
                if word not in known and not _YEAR.fullmatch(word):
                    yield Fault(f"{CARD_NAME}, line {number}", f"a figure that {FACTS_NAME} does not hold", "take it out")
                    break


def _differences(wanted: list[tuple[int, str]], found: list[tuple[int, str]], what: str, line: int) -> Iterator[Fault]:
    """The first difference of two lists, or nothing."""
    for (_, should), (number, word) in zip(wanted, found, strict=False):
        if should != word:
            yield Fault(f"{CARD_NAME}, line {number}", f"{what} is not that of {FACTS_NAME}", _REWRITE)
            return
    if len(wanted) != len(found):
        place = found[len(wanted)][0] if len(found) > len(wanted) else line
        more = "there is one too many" if len(found) > len(wanted) else "one is missing"
        yield Fault(f"{CARD_NAME}, line {place}", f"{what} is not that of {FACTS_NAME}: {more} in this section", _REWRITE)


def _metadata_faults(found: Mapping[str, object] | None, wanted: Mapping[str, object]) -> Iterator[Fault]:
    """Keys may be added, and tags; what the facts say must stand as they say it."""
    if found is None:
        yield Fault(CARD_NAME, "no metadata (YAML between two lines of ---) that can be read", _REWRITE)
        return
    for key, value in found.items():
        if key not in wanted and re.search(r"\d", str(value)):
            yield Fault(CARD_NAME, f"the metadata's {key} holds a figure that {FACTS_NAME} does not", "take it out")
    for key, value in wanted.items():
        there = found.get(key)
        more_tags = key == "tags" and isinstance(value, list) and isinstance(there, list) and set(value) <= set(map(str, there))
        if there != value and not more_tags:
            yield Fault(CARD_NAME, f"the metadata's {key} is not that of {FACTS_NAME}", _REWRITE)
