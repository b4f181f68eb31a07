"""The ways to write a unit of text: whole, or up to a place inside it where a tag may stand."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from piispan.core.segments.encoding import SegmentEncoder

__all__ = ["PieceNode", "piece_tree", "tag_cuts"]


@dataclass(slots=True)
class PieceNode:
    """A node of the tree of a unit's tokens.

    Args:
        children: Next node by token.
        cut: Characters of the unit written here, if a tag may stand here, else ``None``.
        written: The unit is written whole.
    """

    children: dict[int, "PieceNode"] = field(default_factory=dict)
    cut: int | None = None
    written: bool = False


def tag_cuts(text: str, start: int) -> list[int]:
    """Places inside a unit's text where a tag may stand: behind a character that is no white space, with another still to come.

    So an opening tag stands before the space of its first word, a closing tag behind its last character, and each span has one
    place for either.

    Args:
        text: The unit's text.
        start: Characters of it that are written; places lie behind them.
    """
    return [cut for cut in range(start + 1, len(text)) if not text[cut - 1].isspace() and not text[cut:].isspace()]


def piece_tree(encoder: SegmentEncoder, text: str, ids: Sequence[int], start: int, tag_starts: Collection[int]) -> PieceNode:
    """The tree of the unit's own tokens, and of the pieces up to each place where a tag may stand.

    A token is read in one way only: where a piece would begin like the whole unit's end or like a tag, that place gets no tag.

    Args:
        encoder: Encodes the pieces.
        text: The unit's text.
        ids: The tokens that write it from ``start`` to its end.
        start: Characters of it that are written.
        tag_starts: First tokens of the tags that may stand.
    """
    root = PieceNode()
    _insert(root, ids).written = True
    for cut in tag_cuts(text, start):
        pieces = encoder.fragment(text[start:cut])
        # Behind a tag the rest has to be written, so it must have tokens.
        if encoder.fragment(text[cut:]) and _can_insert(root, pieces, tag_starts):
            _insert(root, pieces).cut = cut
    return root


def _insert(root: PieceNode, path: Sequence[int]) -> PieceNode:
    node = root
    for token in path:
        node = node.children.setdefault(token, PieceNode())
    return node


def _can_insert(root: PieceNode, path: Sequence[int], tag_starts: Collection[int]) -> bool:
    if not path or path[0] in tag_starts:
        return False
    node = root
    for token in path:
        if token not in node.children:
            return not node.written and (node.cut is None or token not in tag_starts)
        node = node.children[token]
    return not node.written and not any(token in tag_starts for token in node.children)
