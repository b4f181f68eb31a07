"""A card for new facts that keeps what its owner wrote into the old one."""

from collections.abc import Mapping

import yaml

from piispan.model_card.card import generate_card
from piispan.model_card.facts import CardFacts
from piispan.model_card.sections import Section, front_matter, sections_of

__all__ = ["renewed_card"]


def renewed_card(card: str, old: CardFacts, new: CardFacts) -> str:
    """The card of ``new``, with the sections, words, tags and metadata that stand in ``card`` and not in the card of ``old``.

    A section that was left as it was generated is generated anew; one that was changed stays, figures too: whether they are those of the
    new facts is for ``check_folder`` to say.
    """
    before, after = str(generate_card(old)), str(generate_card(new))
    if card == before:
        return after
    was, becomes = sections_of(before), sections_of(after)
    # Both have the same sections in the same order; the first heading is the model's name.
    renewed = {one.heading: other for one, other in zip(was, becomes, strict=True)}
    generated = {section.heading: section for section in was}
    kept = sections_of(card)
    body = "\n".join(_renewed(section, generated, renewed).text for section in kept)
    head = yaml.safe_dump(_merged(card, before, after), sort_keys=False, allow_unicode=True)
    return f"---\n{head}---\n\n{body}\n"


def _renewed(section: Section, generated: Mapping[str, Section], renewed: Mapping[str, Section]) -> Section:
    was = generated.get(section.heading)
    return renewed[section.heading] if was is not None and was.text.rstrip() == section.text.rstrip() else section


def _merged(card: str, before: str, after: str) -> dict[str, object]:
    """The new metadata, with keys and tags that the old card had beside the generated ones."""
    found, old, new = (front_matter(one) or {} for one in (card, before, after))
    merged = {**new, **{key: value for key, value in found.items() if key not in old}}
    tags, own = new.get("tags"), found.get("tags")
    if isinstance(tags, list) and isinstance(own, list):
        merged["tags"] = [*tags, *(tag for tag in own if tag not in tags)]
    return merged
