"""Whether documents are what the synthesis makes: made again from what each says of itself, and compared."""

import re
from collections import defaultdict
from collections.abc import Iterable
from itertools import islice
from typing import cast

from piispan.core import DataError, Document
from piispan.dataset_builder.partitions import Partition
from piispan.dataset_builder.synthesis.documents import stream_of, synthesise

__all__ = ["not_synthesised"]

_NUMBER = re.compile(r" number=(\d{1,9}) ")
_FARTHEST = 5_000_000
"""Numbers from here on count as not made: nobody could wait for all those before them."""
_ID = re.compile(r"([a-z]+-)?")


def not_synthesised(documents: Iterable[Document]) -> list[str]:
    """Ids of the documents that the synthesis did not make, or not with this version of piispan and of Faker; in no certain order.

    Each document's provenance names a stream and a number; the stream is made again and the text, the spans and the group compared, so
    that nothing passes that merely says it is synthetic. The ids may have a prefix of lower-case letters.

    Args:
        documents: The documents. As many are made again as their numbers reach, so a handful of a long stream takes long.
    """
    streams: dict[str, dict[int, list[Document]]] = defaultdict(lambda: defaultdict(list))
    strange = []
    for document in documents:
        provenance = document.provenance or ""
        head, number = stream_of(provenance), _NUMBER.search(provenance)
        if head is None or number is None:
            strange.append(document.id)
        else:
            streams[head][int(number[1])].append(document)
    for head, wanted in streams.items():
        far = max(wanted) >= _FARTHEST
        strange += [one.id for many in wanted.values() for one in many] if far else _strange(head, wanted)
    return strange


def _strange(head: str, wanted: dict[int, list[Document]]) -> list[str]:
    """Ids of the documents of one stream that are not those of their numbers."""
    said = dict(pair.split("=", 1) for pair in head.split() if "=" in pair)
    try:
        stream = synthesise(
            max(wanted) + 1,
            seed=int(said["seed"]),
            settings=None if said["settings"] == "all" else said["settings"].split(","),
            partition=cast("Partition", said["partition"]),
            language=said["language"],
            labels=said["labels"],
            long=float(said["long"]),
            noise=float(said["noise"]),
        )
    except (DataError, ValueError):
        return [document.id for documents in wanted.values() for document in documents]
    strange = []
    for number, made in enumerate(islice(stream, max(wanted) + 1)):
        strange += [document.id for document in wanted.get(number, ()) if not _same(document, made)]
    return strange


def _same(document: Document, made: Document) -> bool:
    prefix = document.id.removesuffix(made.id)
    named = document.id.endswith(made.id) and _ID.fullmatch(prefix) is not None
    return named and made == Document(made.id, document.text, document.spans, document.group) and made.provenance == document.provenance
