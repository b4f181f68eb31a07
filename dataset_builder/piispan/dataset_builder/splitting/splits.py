"""Fixed splits, so that figures of different runs compare."""

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from piispan.core import DataError, Document

__all__ = ["HOW_SPLIT", "Split", "SplitKind", "fixed_split", "whole_groups"]

SplitKind = Literal["random", "template"]
"""``random``: over documents; near-duplicates fall on both sides. ``template``: over groups; none does."""
HOW_SPLIT: Mapping[SplitKind, str] = {
    "random": "The fixed split `random`: over documents, so that near-duplicates fall on both sides.",
    "template": "The fixed split `template`: over groups, so that near-duplicates fall on one side.",
}
"""Each kind in a sentence, for a dataset card."""

_SEED = 0
_DOCUMENTS = (800, 300, 1500)
_GROUPS = (125, 31, 209)
"""Train and validation of how many; the rest is test."""


@dataclass(frozen=True, slots=True)
class Split:
    """Three disjoint parts of a collection of documents."""

    train: tuple[Document, ...]
    validation: tuple[Document, ...]
    test: tuple[Document, ...]

    def parts(self) -> Iterator[tuple[str, tuple[Document, ...]]]:
        """``("train", …)``, ``("validation", …)``, ``("test", …)``."""
        yield from (("train", self.train), ("validation", self.validation), ("test", self.test))

    def support(self) -> dict[str, Counter[str]]:
        """How many spans of each label every part holds."""
        return {name: Counter(span.label for document in part for span in document.spans) for name, part in self.parts()}


def fixed_split(documents: Sequence[Document], kind: SplitKind) -> Split:
    """The same split of the same documents, always.

    For the 1,500 documents of the Presidio research data ``random`` gives 800, 300 and 400 documents (shuffled by
    ``random.Random(0)``), and ``template`` 125, 31 and 53 of the 209 sorted and shuffled templates (887, 231 and 382
    documents). Other collections are cut in the same proportions; every part holds at least one document.

    Args:
        documents: In the file's own order, which decides the outcome.
        kind: ``template`` keeps all documents of a group on one side, in the order of the file.

    Raises:
        DataError: If there are too few documents or groups for three parts, or if ``template`` meets a document without a group.
    """
    if kind not in get_args(SplitKind):
        raise DataError(f"kind must be random or template, was: {kind!r}")
    return _by_document(documents) if kind == "random" else _by_group(documents)


def _by_document(documents: Sequence[Document]) -> Split:
    shuffled = list(documents)
    random.Random(_SEED).shuffle(shuffled)  # noqa: S311 -- a fixed split, not a secret
    first, second = _cuts(len(shuffled), _DOCUMENTS, "documents")
    return Split(tuple(shuffled[:first]), tuple(shuffled[first:second]), tuple(shuffled[second:]))


def whole_groups(documents: Sequence[Document]) -> list[str | None]:
    """Each document's group; where ``a`` is a group, ``a/b`` is a part of it and goes by its name.

    So documents of a setting (``clinic_note``, in a synthesis with long ones) stay with those of its frames (``clinic_note/012``).
    """
    names = {document.group for document in documents}
    wholes = ((group, (group or "").partition("/")[0]) for group in (document.group for document in documents))
    return [whole if whole in names else group for group, whole in wholes]


def _by_group(documents: Sequence[Document]) -> Split:
    found = whole_groups(documents)
    for document in documents:
        if document.group is None:
            raise DataError(f"document {document.id!r} has no group; a template split needs one for every document, or use random")
    groups = {group for group in found if group is not None}
    ordered = sorted(groups, key=int) if all(_is_whole_number(group) for group in groups) else sorted(groups)
    random.Random(_SEED).shuffle(ordered)  # noqa: S311 -- a fixed split, not a secret
    first, second = _cuts(len(ordered), _GROUPS, "groups")
    part_of = {group: 0 if place < first else 1 if place < second else 2 for place, group in enumerate(ordered)}
    parts: tuple[list[Document], list[Document], list[Document]] = ([], [], [])
    for document, group in zip(documents, found, strict=True):
        parts[part_of[group or ""]].append(document)
    return Split(*(tuple(part) for part in parts))


def _is_whole_number(group: str) -> bool:
    return group.isascii() and group.removeprefix("-").isdigit()


def _cuts(count: int, proportions: tuple[int, int, int], what: str) -> tuple[int, int]:
    """Where the validation and the test part begin; no part is empty."""
    if count < 3:
        raise DataError(f"a split into train, validation and test needs at least 3 {what}, there are {count}")
    train, validation, whole = proportions
    first = max(1, count * train // whole)
    return first, first + max(1, count * validation // whole)
