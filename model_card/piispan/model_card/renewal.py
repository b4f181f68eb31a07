"""A card for new facts that keeps what its owner wrote into the old one."""

from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher

import yaml

from piispan.model_card.card import generate_card
from piispan.model_card.facts import CardFacts
from piispan.model_card.sections import front_matter, sections_of

__all__ = ["renewed_card"]


def renewed_card(card: str, old: CardFacts, new: CardFacts) -> str:
    """The card of ``new``, with what stands in ``card`` and not in the card of ``old``: sections, lines, tags and metadata.

    In a section that its owner changed, the lines that were generated become those of the new facts, and the owner's stay where they are.
    What the owner put in the place of generated metadata stays as well: whether it may is for ``check_folder`` to say.
    """
    before, after = str(generate_card(old)), str(generate_card(new))
    if card == before:
        return after
    # Both have the same sections in the same order; the first heading is the model's name.
    pairs = {one.heading: (one.text, other.text) for one, other in zip(sections_of(before), sections_of(after), strict=True)}
    renewed = [_renewed(section.text, *pairs.get(section.heading, ("", ""))) for section in sections_of(card)]
    head = yaml.safe_dump(_merged(card, before, after), sort_keys=False, allow_unicode=True)
    body = "\n".join(renewed).strip("\n")
    return f"---\n{head}---\n\n{body}\n"


def _renewed(mine: str, before: str, after: str) -> str:
    """``mine`` with the step from ``before`` to ``after`` made in it, block of lines by block; a block that its owner changed stays."""
    lines, old, new = (text.split("\n") for text in (mine, before, after))
    for step, first, last, start, end in reversed(SequenceMatcher(None, old, new, autojunk=False).get_opcodes()):
        if step == "equal":
            continue
        # With the line before it, so that a block that is merely put in has a place.
        context = old[first - 1 : first] if first else []
        place = _place(lines, [*context, *old[first:last]])
        if place is not None:
            at = place + len(context)
            lines[at : at + last - first] = new[start:end]
    return "\n".join(lines)


def _place(lines: Sequence[str], block: Sequence[str]) -> int | None:
    """Where a block of lines begins, or ``None``."""
    return next((at for at in range(len(lines) - len(block) + 1) if block and list(lines[at : at + len(block)]) == list(block)), None)


def _merged(card: str, before: str, after: str) -> Mapping[str, object]:
    """The new metadata, but for what the card had otherwise than it was generated; tags are added up."""
    found, old, new = (front_matter(one) or {} for one in (card, before, after))
    own = {key: value for key, value in found.items() if key not in old or value != old[key]}
    tags, more = new.get("tags"), found.get("tags")
    if isinstance(tags, list) and isinstance(more, list):
        own["tags"] = [*tags, *(tag for tag in more if tag not in tags)]
    return {**new, **own}
