"""What counts as a word."""

import re

__all__ = ["TOKEN", "WORD"]

_UNSPACED = "\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
"""Scripts that put no space between words: Han with its extensions, Hiragana, Katakana."""
WORD = re.compile(rf"[{_UNSPACED}]|[^\W{_UNSPACED}]+")
"""Letters and digits in a row; of scripts that put no space between words, each character."""
TOKEN = re.compile(rf"{WORD.pattern}|[^\w\s]")
"""A word, or a single mark of punctuation."""
