"""Texts and pieces of texts as token ids, apart from what stands around them.

Joined text fuses: ``' (<'`` and ``'>,'`` are single tokens of many vocabularies. Source and tags are therefore encoded
apart and joined as ids, in training and in decoding.
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from typing import Any

from piispan.core.errors import DocumentError, ModelError

__all__ = ["SegmentEncoder", "Unit"]

_ANCHORS = ("\n", "\x00", "\ue000", "x")
"""What a text is encoded behind, where the vocabulary would put a space before a text that stands alone."""


@dataclass(frozen=True, slots=True)
class Unit:
    """The shortest stretch of a text that tokens cover whole: one token, or several that share a character.

    Args:
        start: Index of its first character.
        text: Its characters.
        ids: Its tokens.
    """

    start: int
    text: str = field(repr=False)
    ids: tuple[int, ...] = field(repr=False)

    @property
    def end(self) -> int:
        """Index after its last character."""
        return self.start + len(self.text)


class SegmentEncoder:
    """Encodes texts with the offsets of the original characters, whatever the tokenizer normalises.

    Special tokens that stand in a text (``<|im_end|>``, added tag tokens) are encoded as ordinary characters. Tokens that were added
    as not special (Qwen3's ``<think>``) stay what they are, which changes no offset.

    Args:
        tokenizer: A tokenizer of transformers with a ``tokenizers`` backend; it is not changed.

    Raises:
        ModelError: If it has none, and so cannot tell offsets.
    """

    def __init__(self, tokenizer: Any) -> None:
        backend = getattr(tokenizer, "backend_tokenizer", None)
        if backend is None:
            raise ModelError(
                f"{type(tokenizer).__name__} tells no offsets; a tokenizer with a tokenizers backend (tokenizer.json) is needed"
            )
        self._backend = copy.deepcopy(backend)
        self._backend.post_processor = None  # it would cut white space off the offsets
        self._backend.encode_special_tokens = True
        self._backend.no_truncation()
        self._backend.no_padding()
        alone, behind = (self._backend.encode(text, add_special_tokens=False).ids for text in ("x", "\nx"))
        self._anchors = ("",) if alone == behind[-1:] else _ANCHORS
        self.fragment = lru_cache(maxsize=16384)(self._fragment)

    def units(self, text: str) -> list[Unit]:
        """The text's units, in order; together they are the text, unless the tokenizer has no token for any of its characters.

        Raises:
            DocumentError: If the text holds a lone surrogate.
            ModelError: If the tokenizer joins the text with what stands before it.
        """
        ids, starts = self._encoded(text)
        firsts = [i for i, start in enumerate(starts) if start is not None]
        if not firsts:
            return []
        bounds = [0, *(start for start in starts[firsts[0] + 1 :] if start is not None), len(text)]
        cuts = [0, *firsts[1:], len(ids)]
        return [
            Unit(start, text[start:end], tuple(ids[first:after]))
            for (start, end), (first, after) in zip(pairwise(bounds), pairwise(cuts), strict=True)
        ]

    def _fragment(self, text: str) -> tuple[int, ...]:
        """Tokens of a piece of text that stands between other tokens."""
        return tuple(self._encoded(text)[0])

    def _encoded(self, text: str) -> tuple[list[int], Sequence[int | None]]:
        """Ids, and for each token the index of its first character, or ``None`` where it begins inside a character."""
        for anchor in self._anchors:
            try:
                encoding = self._backend.encode(anchor + text, add_special_tokens=False)
            except (TypeError, UnicodeEncodeError):
                raise DocumentError("a text holds a lone surrogate, which no tokenizer can encode") from None
            offsets = encoding.offsets
            skipped = next((i for i, (start, _) in enumerate(offsets) if start >= len(anchor)), len(offsets))
            if all(end <= len(anchor) for _, end in offsets[:skipped]):
                return encoding.ids[skipped:], _clean_starts(offsets[skipped:], len(anchor))
        raise ModelError("the tokenizer joins a text with whatever stands before it, so that tags cannot be set between tokens")


def _clean_starts(offsets: Sequence[tuple[int, int]], shift: int) -> list[int | None]:
    starts: list[int | None] = []
    reached = shift
    for start, end in offsets:
        clean = start >= reached and end > start
        starts.append(start - shift if clean or not starts else None)
        reached = max(reached, end)
    return starts
