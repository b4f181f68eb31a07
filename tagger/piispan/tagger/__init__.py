"""Tagging and redaction: ``Tagger.from_pretrained(adapter).redact(texts)``.

Loading a model needs ``pip install "piispan[tag]"``; torch and transformers are imported when a model
is loaded, not before.
"""

from piispan.tagger.adapters import adapter_folder, merge_for_decoding, read_sidecar, save_merged
from piispan.tagger.base_model import EMBEDDED_HUB_ID, embedded_model, load_causal_lm, weights_sha256
from piispan.tagger.calibration import OperatingPoint, calibration_documents, check_enough, choose_operating_point
from piispan.tagger.custom_generate import VerbatimGeneration
from piispan.tagger.decoders import decoder_name, make_decoder
from piispan.tagger.decoding import Decoded, Decoder, DecoderName
from piispan.tagger.drafting import Guess
from piispan.tagger.generation import GenerateDecoder
from piispan.tagger.guesses import PatternGuess
from piispan.tagger.redaction import named_operator, redact_text, without_overlap
from piispan.tagger.tagger import BIAS_GRID, Alignment, TaggedText, Tagger
from piispan.tagger.verbatim import VerbatimDecoder
from piispan.tagger.windows import Window, cut_windows, merge_windows

__all__ = [
    "BIAS_GRID",
    "EMBEDDED_HUB_ID",
    "Alignment",
    "Decoded",
    "Decoder",
    "DecoderName",
    "GenerateDecoder",
    "Guess",
    "OperatingPoint",
    "PatternGuess",
    "TaggedText",
    "Tagger",
    "VerbatimDecoder",
    "VerbatimGeneration",
    "Window",
    "adapter_folder",
    "calibration_documents",
    "check_enough",
    "choose_operating_point",
    "cut_windows",
    "decoder_name",
    "embedded_model",
    "load_causal_lm",
    "make_decoder",
    "merge_for_decoding",
    "merge_windows",
    "named_operator",
    "read_sidecar",
    "redact_text",
    "save_merged",
    "weights_sha256",
    "without_overlap",
]
