"""Facts in, card out: a model card in which every figure was measured and can be traced.

``CardFacts`` holds what is known of an adapter and refuses what must not be published;
``generate_card`` turns it into a ``huggingface_hub.ModelCard``, the same bytes for the same facts;
``write_card`` puts the card and ``card_facts.json`` into the adapter's folder.
"""

from piispan.model_card.card import generate_card
from piispan.model_card.errors import CardError
from piispan.model_card.facts import CardFacts, DataFacts, TrainingFacts, check_stated
from piispan.model_card.measured import LabelScore, Measured
from piispan.model_card.writing import CARD_NAME, FACTS_NAME, read_facts, write_card

__all__ = [
    "CARD_NAME",
    "FACTS_NAME",
    "CardError",
    "CardFacts",
    "DataFacts",
    "LabelScore",
    "Measured",
    "TrainingFacts",
    "check_stated",
    "generate_card",
    "read_facts",
    "write_card",
]
