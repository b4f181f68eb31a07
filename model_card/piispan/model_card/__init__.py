"""Facts in, card out: a model card in which every figure was measured and can be traced; checked, and then published.

``CardFacts`` holds what is known of an adapter and refuses what must not be published;
``generate_card`` turns it into a ``huggingface_hub.ModelCard``, the same bytes for the same facts;
``write_card`` puts the card and ``card_facts.json`` into the adapter's folder;
``check_folder`` says what keeps a folder from being published, and ``push_files`` publishes files in one commit.
"""

from piispan.model_card.card import generate_card
from piispan.model_card.checks.checking import check_files, check_folder
from piispan.model_card.checks.faults import Fault
from piispan.model_card.checks.published_files import is_published, published_files
from piispan.model_card.checks.secrets import Secrets
from piispan.model_card.errors import CardError, HubError
from piispan.model_card.facts import CardFacts, DataFacts, TrainingFacts, check_stated
from piispan.model_card.hub.patience import patiently
from piispan.model_card.hub.pushing import Pushed, Target, push_files
from piispan.model_card.measured import LabelScore, Measured
from piispan.model_card.page import write_page
from piispan.model_card.renewal import renewed_card
from piispan.model_card.writing import CARD_NAME, FACTS_NAME, read_facts, write_card

__all__ = [
    "CARD_NAME",
    "FACTS_NAME",
    "CardError",
    "CardFacts",
    "DataFacts",
    "Fault",
    "HubError",
    "LabelScore",
    "Measured",
    "Pushed",
    "Secrets",
    "Target",
    "TrainingFacts",
    "check_files",
    "check_folder",
    "check_stated",
    "generate_card",
    "is_published",
    "patiently",
    "published_files",
    "push_files",
    "read_facts",
    "renewed_card",
    "write_card",
    "write_page",
]
