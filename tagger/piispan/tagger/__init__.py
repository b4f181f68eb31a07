"""Tagging and redaction: ``Tagger.from_pretrained(adapter).redact(texts)``.

Loading a model needs ``pip install "piispan[tag]"``; torch and transformers are imported when a model
is loaded, not before.
"""

from typing import TYPE_CHECKING, Any

from piispan.core import require_extra
from piispan.tagger.adapters import adapter_folder, merge_for_decoding, read_sidecar, save_merged
from piispan.tagger.base_model import EMBEDDED_HUB_ID, embedded_model, load_causal_lm, weights_sha256
from piispan.tagger.calibration import OperatingPoint, calibration_documents, check_enough, choose_operating_point
from piispan.tagger.custom_generate import VerbatimGeneration
from piispan.tagger.decoders import decoder_name, make_decoder
from piispan.tagger.decoding import Decoded, Decoder, DecoderName
from piispan.tagger.drafting import Guess
from piispan.tagger.generation import GenerateDecoder
from piispan.tagger.guesses import PatternGuess, PresidioGuess
from piispan.tagger.redaction.covering import without_overlap
from piispan.tagger.tagged_text import UNFAITHFUL, TaggedText
from piispan.tagger.tagger import BIAS_GRID, Alignment, Tagger
from piispan.tagger.unseen_categories import NOT_A_DETERMINATION, categories_unseen
from piispan.tagger.verbatim import VerbatimDecoder
from piispan.tagger.windows import Window, cut_windows, merge_windows

if TYPE_CHECKING:
    from piispan.tagger.presidio import PiispanRecognizer
    from piispan.tagger.redaction.keys import RedactionKey, read_key
    from piispan.tagger.redaction.policy import Policy
    from piispan.tagger.redaction.redacting import Redaction, Replacement, redact_text, restore_text
    from piispan.tagger.redaction.redactor import Redactor, TextTagger
    from piispan.tagger.redaction.rules import Rule
    from piispan.tagger.redaction.vault import SealedText, Vault, VaultEntry, read_vault, vault_columns

__all__ = [
    "BIAS_GRID",
    "EMBEDDED_HUB_ID",
    "NOT_A_DETERMINATION",
    "UNFAITHFUL",
    "Alignment",
    "Decoded",
    "Decoder",
    "DecoderName",
    "GenerateDecoder",
    "Guess",
    "OperatingPoint",
    "PatternGuess",
    "PiispanRecognizer",
    "Policy",
    "PresidioGuess",
    "Redaction",
    "RedactionKey",
    "Redactor",
    "Replacement",
    "Rule",
    "SealedText",
    "TaggedText",
    "Tagger",
    "TextTagger",
    "Vault",
    "VaultEntry",
    "VerbatimDecoder",
    "VerbatimGeneration",
    "Window",
    "adapter_folder",
    "calibration_documents",
    "categories_unseen",
    "check_enough",
    "choose_operating_point",
    "cut_windows",
    "decoder_name",
    "embedded_model",
    "load_causal_lm",
    "make_decoder",
    "merge_for_decoding",
    "merge_windows",
    "read_key",
    "read_sidecar",
    "read_vault",
    "redact_text",
    "restore_text",
    "save_merged",
    "vault_columns",
    "weights_sha256",
    "without_overlap",
]


_OF_REDACTION = {
    "Policy": "policy",
    "Redaction": "redacting",
    "RedactionKey": "keys",
    "Redactor": "redactor",
    "Replacement": "redacting",
    "Rule": "rules",
    "SealedText": "vault",
    "TextTagger": "redactor",
    "Vault": "vault",
    "VaultEntry": "vault",
    "read_key": "keys",
    "read_vault": "vault",
    "redact_text": "redacting",
    "restore_text": "redacting",
    "vault_columns": "vault",
}
"""Names of redaction, with their modules: loaded when they are asked for, so that ``piispan --help`` answers at once."""


def __getattr__(name: str) -> Any:
    if name == "PiispanRecognizer":
        # Its base class takes seconds to import, and is not there without the extra.
        require_extra("presidio", "presidio_analyzer")
        from piispan.tagger.presidio import PiispanRecognizer

        return PiispanRecognizer
    if name not in _OF_REDACTION:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"piispan.tagger.redaction.{_OF_REDACTION[name]}"), name)
