"""Which of the 18 kinds of identifier a label set can find at all."""

from piispan.core.labels import SAFE_HARBOR_CATEGORIES, LabelSet

__all__ = ["NOT_A_DETERMINATION", "categories_unseen"]

NOT_A_DETERMINATION = (
    "This is an aid and no legal determination: Safe Harbor also asks that the covered entity has no actual knowledge "
    "that what is left could identify someone, alone or with other information (45 CFR 164.514(b)(2)(ii))."
)
"""What must be said wherever the rules of Safe Harbor are applied."""


def categories_unseen(labels: LabelSet) -> dict[str, str]:
    """The categories of 45 CFR 164.514(b)(2)(i) to which no label of the set belongs.

    Returns:
        Name by letter, in the order of the regulation; empty when all 18 have a label.
    """
    seen = {label.safe_harbor for label in labels}
    return {letter: name for letter, name in SAFE_HARBOR_CATEGORIES.items() if letter not in seen}
