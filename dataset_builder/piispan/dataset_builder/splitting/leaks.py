"""How leaky a split is: what of the test stands in training already."""

import re
from collections.abc import Hashable, Sequence, Set
from dataclasses import asdict, dataclass

from piispan.core import WORD, Document, require_extra
from piispan.dataset_builder.splitting.splits import Split
from piispan.dataset_builder.splitting.stratified import values_of

__all__ = ["LeakReport", "leak_report"]

_PIECE = re.compile(rf"<[A-Z0-9_]+>|{WORD.pattern}")
_SHINGLE = 3
_PERMUTATIONS = 128


@dataclass(frozen=True, slots=True)
class LeakReport:
    """What the test shares with training.

    Args:
        documents: Documents of the test.
        same_text: Those whose text stands in training to the letter.
        same_frame: Those whose text, with every span replaced by its label, stands there so.
        near_frame: Those with a frame that is at least 0.8 alike (Jaccard similarity of triples of words, or of Han characters,
            estimated by MinHash), the same ones among them; ``None`` if they were not looked for.
        values: Different entity values of the test, case folded.
        seen_values: Those that stand in training.
        same_group: Documents whose group stands in training.
    """

    documents: int
    same_text: int
    same_frame: int
    near_frame: int | None
    values: int
    seen_values: int
    same_group: int

    def to_dict(self) -> dict[str, int | None]:
        """The counts by name."""
        return asdict(self)

    def __str__(self) -> str:
        def share(part: int, whole: int) -> str:
            return f"{part} of {whole} ({part / whole:.0%})" if whole else "none"

        near = "" if self.near_frame is None else f", {share(self.near_frame, self.documents)} nearly"
        return (
            f"of the test's documents, in training stand {share(self.same_text, self.documents)} word for word, "
            f"{share(self.same_frame, self.documents)} by their frame{near}; "
            f"{share(self.same_group, self.documents)} by their group; of its values {share(self.seen_values, self.values)}"
        )


def leak_report(split: Split, *, threshold: float = 0.8, near: bool = True) -> LeakReport:
    """What of the test stands in training. Near-duplicate frames are found by locality-sensitive hashing.

    Args:
        split: The split.
        threshold: Similarity from which on two frames are near-duplicates.
        near: Whether to look for near-duplicates, which needs datasketch.

    Raises:
        MissingExtraError: If near-duplicates are wanted and datasketch is not installed (extra ``data``).
    """
    texts = {document.text for document in split.train}
    frames = {_frame(document) for document in split.train}
    groups = {document.group for document in split.train if document.group is not None}
    tested = [_frame(document) for document in split.test]
    values, seen = values_of(split.test), values_of(split.train)
    return LeakReport(
        documents=len(split.test),
        same_text=sum(document.text in texts for document in split.test),
        same_frame=sum(frame in frames for frame in tested),
        near_frame=_near(tested, frames, threshold) if near else None,
        values=len(values),
        seen_values=len(values & seen),
        same_group=sum(document.group in groups for document in split.test),
    )


def _near(tested: Sequence[str], frames: Set[str], threshold: float) -> int:
    """How many of the test's frames stand in training, or nearly."""
    require_extra("data", "datasketch")
    from datasketch import MinHash, MinHashLSH

    def hashed(frame: str) -> MinHash:
        words = _PIECE.findall(frame)
        shingles = {" ".join(words[start : start + _SHINGLE]) for start in range(max(len(words) - _SHINGLE + 1, 1))}
        sketch = MinHash(num_perm=_PERMUTATIONS, seed=1)
        sketch.update_batch([shingle.encode() for shingle in sorted(shingles)])
        return sketch

    index = MinHashLSH(threshold=threshold, num_perm=_PERMUTATIONS)
    known: dict[Hashable, MinHash] = {str(number): hashed(frame) for number, frame in enumerate(sorted(frames))}
    with index.insertion_session() as session:
        for key, sketch in known.items():
            session.insert(key, sketch)

    def is_near(frame: str) -> bool:
        sketch = hashed(frame)
        return any(sketch.jaccard(known[key]) >= threshold for key in index.query(sketch))

    return sum(frame in frames or is_near(frame) for frame in tested)


def _frame(document: Document) -> str:
    """The text with every span replaced by its label."""
    pieces, position = [], 0
    for span in document.spans:
        pieces += [document.text[position : span.start], f"<{span.label}>"]
        position = span.end
    return "".join([*pieces, document.text[position:]])
