"""Splits of one's own: over documents, over groups, with no value of the test in training; every label on every side where it can be."""

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from piispan.core import DataError, Document
from piispan.dataset_builder.splitting.splits import Split, whole_groups

__all__ = ["SplitBy", "StratifiedSplit", "split_documents", "values_of"]

SplitBy = Literal["document", "group", "group_and_value"]
"""What must not stand on two sides: a document; a group of near-duplicates; a group, and any entity value of the test in training."""


@dataclass(frozen=True, slots=True)
class StratifiedSplit:
    """A split, and what it left out.

    Args:
        split: The three parts, each in the order of the file.
        dropped: Documents that are in no part, because they hold a value of the test (or of validation, for training).
    """

    split: Split
    dropped: tuple[Document, ...]


def split_documents(
    documents: Sequence[Document],
    by: SplitBy = "group",
    *,
    validation: float = 0.1,
    test: float = 0.2,
    seed: int = 0,
) -> StratifiedSplit:
    """Cut documents into training, validation and test, with about the same share of every label in each.

    Whole groups are dealt, those with the rarest label first, to the part that lacks most of it (iterative stratification: K. Sechidis,
    G. Tsoumakas and I. Vlahavas, "On the Stratification of Multi-label Data", ECML PKDD 2011). A document without a group is one by itself.

    Args:
        documents: The documents.
        by: What must not stand on two sides.
        validation: Share of the documents for validation, above 0.
        test: Share for the test, above 0; the two below 1.
        seed: Another seed deals otherwise.

    Raises:
        DataError: If the shares are none, there are fewer than three groups, or no document is left for training.
    """
    if by not in get_args(SplitBy) or not (validation > 0 and test > 0 and validation + test < 1):
        raise DataError(
            f"by must be {', '.join(get_args(SplitBy))}, validation and test above 0 and below 1 together, were: "
            f"{by!r}, {validation} and {test}"
        )
    groups: dict[object, list[Document]] = defaultdict(list)
    for number, (document, group) in enumerate(zip(documents, whole_groups(documents), strict=True)):
        groups[number if by == "document" or group is None else group].append(document)
    if len(groups) < 3:
        raise DataError(
            f"a split into three parts needs at least 3 {'documents' if by == 'document' else 'groups'}, there are {len(groups)}"
        )
    sides = _dealt(list(groups.values()), (1 - validation - test, validation, test), seed)
    part_of = {document.id: side for side, dealt in enumerate(sides) for group in dealt for document in group}
    parts = [[document for document in documents if part_of[document.id] == side] for side in range(3)]
    dropped: list[Document] = []
    if by == "group_and_value":
        parts[1], held = _without(parts[1], values_of(parts[2]))
        parts[0], also_held = _without(parts[0], values_of(parts[1]) | values_of(parts[2]))
        dropped = held + also_held
    if not parts[0]:
        raise DataError("no document is left for training: all of them hold a value of the test or of validation")
    return StratifiedSplit(Split(*(tuple(part) for part in parts)), tuple(dropped))


def values_of(documents: Iterable[Document]) -> set[str]:
    """The entity values of documents, case folded."""
    return {document.value(span).casefold() for document in documents for span in document.spans}


def _without(documents: Sequence[Document], values: set[str]) -> tuple[list[Document], list[Document]]:
    """The documents that hold none of the values, and the others."""
    held = {document.id for document in documents if not values.isdisjoint(values_of([document]))}
    return [d for d in documents if d.id not in held], [d for d in documents if d.id in held]


def _dealt(groups: list[list[Document]], shares: Sequence[float], seed: int) -> list[list[list[Document]]]:
    """The groups of each part."""
    random.Random(seed).shuffle(groups)  # noqa: S311 -- a split, not a secret
    counts = [_counts(group) for group in groups]
    total: Counter[str] = Counter()
    for count in counts:
        total.update(count)
    wanted = [{label: share * number for label, number in total.items()} for share in shares]
    sides: list[list[list[Document]]] = [[], [], []]
    order = sorted(range(len(groups)), key=lambda index: min((total[label] for label in counts[index]), default=0))
    for place, index in enumerate(order):
        # The last groups go where nothing is yet: no part may be empty.
        empty = [side for side in range(3) if not sides[side]]
        open_sides = empty if len(groups) - place <= len(empty) else range(3)
        rarest = min(counts[index], key=lambda label: total[label])
        side = max(open_sides, key=lambda one: (_lack(wanted, shares, one, rarest), _lack(wanted, shares, one, _DOCUMENTS)))
        sides[side].append(groups[index])
        for label, number in counts[index].items():
            wanted[side][label] -= number
    return sides


_DOCUMENTS = ""
"""Stands for the documents themselves among the labels."""


def _counts(group: Sequence[Document]) -> Counter[str]:
    return Counter({_DOCUMENTS: len(group)}) + Counter(span.label for document in group for span in document.spans)


def _lack(wanted: Sequence[Mapping[str, float]], shares: Sequence[float], side: int, label: str) -> float:
    """How much of a label a part lacks, against what it is to have."""
    return wanted[side][label] / shares[side]
