"""Which side a value belongs to, so that no value of a training corpus turns up in a test corpus."""

import hashlib
from collections.abc import Iterable
from functools import lru_cache
from typing import Literal

__all__ = ["TEST_SHARE", "Partition", "is_on_side", "on_side", "side_of", "value_key"]

Partition = Literal["all", "train", "test"]
"""``all`` draws from every value; ``train`` and ``test`` share none."""

TEST_SHARE = 0.3
"""About this share of all values belongs to ``test``."""


def value_key(value: str) -> str:
    """What makes two values the same: their letters and digits, caseless; separators, spaces and dots do not count."""
    return "".join(char for char in value.casefold() if char.isalnum())


@lru_cache(maxsize=1 << 16)
def side_of(value: str) -> Literal["train", "test"]:
    """The side of a value, the same in every process and on every machine."""
    digest = hashlib.blake2b(value_key(value).encode(), digest_size=4).digest()
    return "test" if int.from_bytes(digest) < TEST_SHARE * 2**32 else "train"


def is_on_side(value: str, partition: Partition) -> bool:
    """Whether a corpus of this partition may hold the value."""
    return partition == "all" or side_of(value) == partition


def on_side(values: Iterable[str], partition: Partition) -> tuple[str, ...]:
    """Those of ``values`` that a corpus of this partition may hold, in order."""
    return tuple(value for value in values if is_on_side(value, partition))
