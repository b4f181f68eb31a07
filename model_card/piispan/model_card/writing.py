"""A card into the adapter's folder, its facts beside it."""

import json
from pathlib import Path

from piispan.core import CARD_FACTS, SIDECAR_NAME, DataError, Sidecar, replacing
from piispan.model_card.card import generate_card
from piispan.model_card.errors import CardError
from piispan.model_card.facts import CardFacts
from piispan.model_card.renewal import renewed_card

__all__ = ["CARD_NAME", "FACTS_NAME", "read_facts", "write_card"]

CARD_NAME = "README.md"
FACTS_NAME = CARD_FACTS


def write_card(folder: str | Path, facts: CardFacts, *, over: CardFacts | None = None) -> Path:
    """Write ``card_facts.json`` and then ``README.md`` into an adapter's folder; return the card's path.

    Call it last: PEFT's ``save_pretrained`` writes over a README. Each file is written beside and
    renamed, so a reader sees a whole one or the old one.

    Args:
        folder: The adapter's folder.
        facts: What the card says.
        over: The facts of the card that is there: what its owner wrote into it is kept then. Without it the card is written anew.

    Raises:
        CardError: If the folder is missing or cannot be written, or its ``piispan.json`` is not the facts' sidecar.
        SidecarError: If its ``piispan.json`` cannot be read.
    """
    target = Path(folder)
    if not target.is_dir():
        raise CardError(f"{target}: no such folder; save the adapter first, the card last")
    if (target / SIDECAR_NAME).exists() and Sidecar.load(target) != facts.sidecar:
        raise CardError(f"{target / SIDECAR_NAME}: is not the sidecar of these facts; they belong to another adapter")
    there = target / CARD_NAME
    card = renewed_card(there.read_text("utf-8"), over, facts) if over and there.is_file() else str(generate_card(facts))
    content = json.dumps(facts.to_dict(), indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    _replace(target / FACTS_NAME, content + "\n")
    return _replace(target / CARD_NAME, card)


def read_facts(folder: str | Path) -> CardFacts:
    """The facts of the card in an adapter's folder, with the sidecar that is there now.

    Raises:
        CardError: If ``card_facts.json`` is missing or cannot be read.
        SidecarError: If ``piispan.json`` cannot be read.
    """
    path = Path(folder) / FACTS_NAME
    try:
        content = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise CardError(f"{path}: cannot be read as JSON ({type(error).__name__})") from None
    return CardFacts.from_dict(content, Sidecar.load(folder))


def _replace(path: Path, content: str) -> Path:
    try:
        with replacing(path) as file:
            file.write(content)
    except DataError as error:
        raise CardError(str(error)) from None
    return path
