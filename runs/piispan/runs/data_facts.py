"""What a card says of the documents that an adapter was trained and tested on."""

from collections.abc import Mapping
from pathlib import Path

from piispan.dataset_builder import SplitKind, is_split_folder, read_export_card
from piispan.model_card import DataFacts

__all__ = ["data_facts"]


def data_facts(data: str | Path, kind: SplitKind, counts: Mapping[str, int], *, test: str | Path | None = None) -> DataFacts:
    """The facts of a user's documents; of a data folder of ``piispan data export``, what its card says.

    Args:
        data: The documents.
        kind: How they were split, where they were.
        counts: Documents of each part.
        test: The documents tested on, where they came apart.

    Raises:
        CardError: If the folder's card says what a model card may not.
    """
    given = is_split_folder(data)
    how = "as given" if given else "by document" if kind == "random" else "by sentence frame (group)"
    dealt = "tested on documents of a file of their own" if test is not None else f"split {how}"
    card = read_export_card(data)
    if card is None:
        name = "the user's documents" if test is not None else f"the user's documents, {'their own' if given else kind} split"
        return DataFacts(name=name, split="test", documents=counts, how_made=f"Labelled documents of the user, {dealt}.")
    made = (
        f"Data folder whose rows have the SHA-256 {card.rows_sha256}, {dealt}{'; every value in it is made up' if card.synthetic else ''}."
    )
    return DataFacts(name=card.title, split="test", documents=counts, how_made=made, licence=card.licence)
