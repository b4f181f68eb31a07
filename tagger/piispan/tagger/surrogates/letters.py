"""Words of any script, and their spelling in ASCII."""

import re
import unicodedata

from piispan.tagger.surrogates.tables import table

__all__ = ["LETTER", "WORD", "in_ascii"]

LETTER = (
    r"(?:[^\W\d_]|[\u0300-\u036f\u0483-\u0489\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0900-\u0963\u0970-\u0e7f"
    r"\u1ab0-\u1aff\u1dc0-\u1dff\u200c\u200d\u20d0-\u20ff\ufe20-\ufe2f])"
)
"""A letter or a mark that belongs to one: ``re`` counts marks of Hebrew, Devanagari or Thai among no letters."""
WORD = re.compile(rf"{LETTER}+")


def in_ascii(word: str) -> str:
    """The word in small ASCII letters, as in an e-mail address; empty where none of its letters has a likeness."""
    likeness = table("locales")["in_ascii"]
    plain = "".join(likeness.get(char, char) for char in word.casefold())
    return "".join(char for char in unicodedata.normalize("NFKD", plain) if char.isascii() and char.isalpha())
