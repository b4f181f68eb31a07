"""Tagging and redaction: ``Tagger.from_pretrained(adapter).redact(texts)``.

Loading a model needs ``pip install "piispan[tag]"``; torch and transformers are imported when a model
is loaded, not before.
"""

from typing import TYPE_CHECKING

from piispan.core import lazy_names

if TYPE_CHECKING:
    from piispan.tagger.adapters import adapter_folder, merge_for_decoding, pretuned_adapters, read_sidecar, save_merged
    from piispan.tagger.base_model import EMBEDDED_HUB_ID, default_device, embedded_model, load_causal_lm, located, weights_sha256
    from piispan.tagger.calibration import OperatingPoint, calibration_documents, check_enough, choose_operating_point
    from piispan.tagger.custom_generate import VerbatimGeneration
    from piispan.tagger.decoders import decoder_name, make_decoder
    from piispan.tagger.decoding import Decoded, Decoder, DecoderName
    from piispan.tagger.drafting import Guess
    from piispan.tagger.generation import GenerateDecoder
    from piispan.tagger.guesses import PatternGuess, PresidioGuess, labels_by_entity
    from piispan.tagger.presidio import PiispanRecognizer
    from piispan.tagger.redaction.covering import without_overlap
    from piispan.tagger.redaction.keys import RedactionKey, read_key
    from piispan.tagger.redaction.policy import Policy
    from piispan.tagger.redaction.redacting import Redaction, Replacement, redact_text, restore_text
    from piispan.tagger.redaction.redactor import Redactor, TextTagger
    from piispan.tagger.redaction.rules import Rule
    from piispan.tagger.redaction.vault import SealedText, Vault, VaultEntry, read_vault, vault_columns
    from piispan.tagger.tagged_text import UNFAITHFUL, TaggedText
    from piispan.tagger.tagger import BIAS_GRID, Alignment, Tagger
    from piispan.tagger.unseen_categories import NOT_A_DETERMINATION, categories_unseen
    from piispan.tagger.verbatim import VerbatimDecoder
    from piispan.tagger.windows import Window, cut_windows, merge_windows

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
    "default_device",
    "embedded_model",
    "labels_by_entity",
    "load_causal_lm",
    "located",
    "make_decoder",
    "merge_for_decoding",
    "merge_windows",
    "pretuned_adapters",
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

_MODULES = {
    "Alignment": "tagger",
    "BIAS_GRID": "tagger",
    "Decoded": "decoding",
    "Decoder": "decoding",
    "DecoderName": "decoding",
    "EMBEDDED_HUB_ID": "base_model",
    "GenerateDecoder": "generation",
    "Guess": "drafting",
    "NOT_A_DETERMINATION": "unseen_categories",
    "OperatingPoint": "calibration",
    "PatternGuess": "guesses",
    "PiispanRecognizer": "presidio",
    "Policy": "redaction.policy",
    "PresidioGuess": "guesses",
    "Redaction": "redaction.redacting",
    "RedactionKey": "redaction.keys",
    "Redactor": "redaction.redactor",
    "Replacement": "redaction.redacting",
    "Rule": "redaction.rules",
    "SealedText": "redaction.vault",
    "TaggedText": "tagged_text",
    "Tagger": "tagger",
    "TextTagger": "redaction.redactor",
    "UNFAITHFUL": "tagged_text",
    "Vault": "redaction.vault",
    "VaultEntry": "redaction.vault",
    "VerbatimDecoder": "verbatim",
    "VerbatimGeneration": "custom_generate",
    "Window": "windows",
    "adapter_folder": "adapters",
    "calibration_documents": "calibration",
    "categories_unseen": "unseen_categories",
    "check_enough": "calibration",
    "choose_operating_point": "calibration",
    "cut_windows": "windows",
    "decoder_name": "decoders",
    "default_device": "base_model",
    "embedded_model": "base_model",
    "labels_by_entity": "guesses",
    "load_causal_lm": "base_model",
    "located": "base_model",
    "make_decoder": "decoders",
    "merge_for_decoding": "adapters",
    "merge_windows": "windows",
    "pretuned_adapters": "adapters",
    "read_key": "redaction.keys",
    "read_sidecar": "adapters",
    "read_vault": "redaction.vault",
    "redact_text": "redaction.redacting",
    "restore_text": "redaction.redacting",
    "save_merged": "adapters",
    "vault_columns": "redaction.vault",
    "weights_sha256": "base_model",
    "without_overlap": "redaction.covering",
}
__getattr__, __dir__ = lazy_names(__name__, _MODULES, {"PiispanRecognizer": ("presidio", "presidio_analyzer")})
