"""How tags are spelt in tokens: in ordinary ones, or each as one special token."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from typing import Any

from piispan.core.errors import ModelError
from piispan.core.formats.tagged import closing_tag, opening_tag
from piispan.core.labels import LabelSet
from piispan.core.segments.encoding import SegmentEncoder
from piispan.core.sidecar import TagTokens

__all__ = ["CLOSING_TOKEN", "TagNode", "TagSpelling", "tag_token_names"]

CLOSING_TOKEN = "</PII>"  # noqa: S105
"""The special token that closes a span of any label."""


def tag_token_names(labels: LabelSet) -> list[str]:
    """The special tokens of a label set: an opening one for each label, and one that closes them all."""
    return [*map(opening_tag, labels.names), CLOSING_TOKEN]


@dataclass(slots=True)
class TagNode:
    """A node of the tree of tags: how far a tag has been written.

    Args:
        labels: Numbers of the labels whose tags go through here.
        children: Next node by token; empty when the tag is complete.
        absorbed: Characters of white space that the tag took with it.
    """

    labels: tuple[int, ...] = ()
    children: dict[int, "TagNode"] = field(default_factory=dict)
    absorbed: int = 0

    @property
    def complete(self) -> bool:
        """Whether the tag is written."""
        return not self.children


class TagSpelling:
    """The tags of a label set in the tokens of a tokenizer.

    Args:
        tokenizer: The tokenizer; for ``special`` it must hold ``tag_token_names``.
        encoder: Its segment encoder.
        labels: The label set.
        tag_tokens: ``text`` or ``special``.

    Raises:
        ModelError: If the special tokens are missing, or the tokenizer spells two tags alike.
    """

    def __init__(self, tokenizer: Any, encoder: SegmentEncoder, labels: LabelSet, tag_tokens: TagTokens) -> None:
        self._encoder, self._labels = encoder, labels
        self._special: Mapping[str, int] = _special_ids(tokenizer, labels) if tag_tokens == "special" else {}
        self.opening = lru_cache(maxsize=256)(self._opening)
        self.closing = [self._closing(number) for number in range(len(labels))]
        self.opening("")  # refuses a tokenizer that cannot tell the tags apart

    def _opening(self, space: str) -> TagNode:
        """The tree of opening tags behind white space ``space``, which they take with them."""
        return _tree([(n, self._spelt(space, opening_tag(name))) for n, name in enumerate(self._labels.names)], len(space))

    def _closing(self, label: int) -> TagNode:
        name = CLOSING_TOKEN if self._special else closing_tag(self._labels.names[label])
        return _tree([(label, self._spelt("", name))], 0)

    def _spelt(self, space: str, tag: str) -> tuple[int, ...]:
        if not self._special:
            return self._encoder.fragment(space + tag)
        return (*(self._encoder.fragment(space) if space else ()), self._special[tag])


def _special_ids(tokenizer: Any, labels: LabelSet) -> Mapping[str, int]:
    names = tag_token_names(labels)
    known = tokenizer.get_added_vocab()
    missing = [name for name in names if name not in known]
    if missing:
        raise ModelError(f"the tokenizer lacks the special tag tokens {', '.join(missing)}; it is not the one the adapter was trained with")
    return {name: known[name] for name in names}


def _tree(spellings: Sequence[tuple[int, tuple[int, ...]]], absorbed: int) -> TagNode:
    in_order = sorted(ids for _, ids in spellings)
    if not in_order[0] or any(after[: len(ids)] == ids for ids, after in pairwise(in_order)):
        raise ModelError("the tokenizer spells two tags alike; use special tag tokens")
    root = TagNode(absorbed=absorbed)
    for label, ids in spellings:
        root.labels += (label,)
        node = root
        for token in ids:
            node = node.children.setdefault(token, TagNode(absorbed=absorbed))
            node.labels += (label,)
    return root
