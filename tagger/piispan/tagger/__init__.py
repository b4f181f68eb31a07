"""Tagging and redaction: ``Tagger.from_pretrained(adapter).redact(texts)``.

Loading a model needs ``pip install "piispan[tag]"``; torch and transformers are imported when a model
is loaded, not before.
"""

from piispan.tagger.base_model import EMBEDDED_HUB_ID, embedded_model, load_causal_lm, weights_sha256
from piispan.tagger.decoding import Decoded, Decoder, GenerateDecoder
from piispan.tagger.redaction import Operator, check_operator, redact_text, without_overlap
from piispan.tagger.tagger import Alignment, TaggedText, Tagger, read_sidecar

__all__ = [
    "EMBEDDED_HUB_ID",
    "Alignment",
    "Decoded",
    "Decoder",
    "GenerateDecoder",
    "Operator",
    "TaggedText",
    "Tagger",
    "check_operator",
    "embedded_model",
    "load_causal_lm",
    "read_sidecar",
    "redact_text",
    "weights_sha256",
    "without_overlap",
]
