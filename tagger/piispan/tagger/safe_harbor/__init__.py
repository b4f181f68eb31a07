"""The rules of HIPAA Safe Harbor, 45 CFR 164.514(b)(2)(i), for single values."""

from piispan.tagger.safe_harbor.ages import age_or_category
from piispan.tagger.safe_harbor.dates import year_only
from piispan.tagger.safe_harbor.zip_codes import sparse_prefixes, three_digits

__all__ = ["age_or_category", "sparse_prefixes", "three_digits", "year_only"]
