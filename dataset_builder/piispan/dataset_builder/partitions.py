"""Which side a value belongs to, so that no value of a training corpus turns up in a test corpus."""

import hashlib
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Literal

__all__ = ["TEST_SHARE", "Partition", "is_on_side", "names_on_side", "side_of", "value_key"]

Partition = Literal["all", "train", "test"]
"""``all`` draws from every value; ``train`` and ``test`` share none."""

TEST_SHARE = 0.3
"""About this share of all values belongs to ``test``."""

_BREAK = re.compile(r"[\W_]+")


def value_key(value: str) -> str:
    """What makes two values the same: their words, caseless and without punctuation; for one with digits, letters and digits alone."""
    joint = "" if any(char.isdigit() for char in value) else " "
    return _BREAK.sub(joint, value.casefold()).strip()


@lru_cache(maxsize=1 << 16)
def side_of(value: str) -> Literal["train", "test"]:
    """The side of a value, the same in every process and on every machine."""
    digest = hashlib.blake2b(value_key(value).encode(), digest_size=4).digest()
    return "test" if int.from_bytes(digest) < TEST_SHARE * 2**32 else "train"


def is_on_side(value: str, partition: Partition) -> bool:
    """Whether a corpus of this partition may hold the value."""
    return partition == "all" or side_of(value) == partition


def names_on_side(names: Iterable[str], partition: Partition) -> tuple[str, ...]:
    """Those given or family names that a corpus of this partition may hold, in order.

    The last word decides. Every way to write a person ends in a name's last word, so two that read alike are on the same side
    however their words are shared out between given and family name.
    """
    return tuple(name for name in names if is_on_side(value_key(name).rsplit(" ", 1)[-1], partition))
