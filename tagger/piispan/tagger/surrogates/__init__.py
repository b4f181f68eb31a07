"""Realistic made-up values in the place of personal ones, the same for the same value and secret.

``DocumentSurrogates(text, spans, kinds, secret=..., date_secret=...).surrogate(span)``.
"""

from piispan.tagger.surrogates.date_offsets import date_offset
from piispan.tagger.surrogates.document import DocumentSurrogates
from piispan.tagger.surrogates.kinds import KINDS, Kind

__all__ = ["KINDS", "DocumentSurrogates", "Kind", "date_offset"]
