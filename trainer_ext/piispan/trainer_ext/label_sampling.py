"""Training on some of the labels at a time, so that a model tags what it is asked for, and nothing else that it knows.

Each batch has a list of labels of its own, in an order of its own: one list for a batch, because its documents share the prompt. Two kinds
of hard negative come of it: labels that are asked for and do not occur, and labels that occur and are not asked for, whose values stay
untagged. Batches that ask for all labels, in the label set's order, are among them, since that is what is mostly asked afterwards.
"""

from collections.abc import Collection
from random import Random

from piispan.core import LabelSet

__all__ = ["sample_labels"]

_ALL_LABELS = 0.25
"""Share of batches that ask for all labels."""
_FEWEST = 0.25
"""Least share of labels that the others ask for, of those that occur and of those that do not."""


def sample_labels(present: Collection[str], labels: LabelSet, rng: Random) -> LabelSet:
    """The labels that one batch asks for.

    Args:
        present: Labels that occur in the batch; one of them is always asked for.
        labels: The whole set.
        rng: Source of chance.

    Returns:
        A set of the same name; all labels in their order, or some of them in any.
    """
    if rng.random() < _ALL_LABELS:
        return labels
    share = rng.uniform(_FEWEST, 1)
    chosen = [label for label in labels if rng.random() < share]
    candidates = [label for label in labels if label.name in present] or list(labels)
    if not any(label in candidates for label in chosen):
        chosen.append(rng.choice(candidates))
    rng.shuffle(chosen)
    return LabelSet(labels.name, tuple(chosen))
