"""The small synthetic sample that lies in the repository."""

from importlib.metadata import version
from pathlib import Path

from piispan.core import FORMATS, LabelSet
from piispan.dataset_builder.publishing.export import Export, export_folder
from piispan.dataset_builder.publishing.stated import Stated
from piispan.dataset_builder.splitting.splits import Split
from piispan.dataset_builder.synthesis.documents import synthesise

__all__ = ["export_sample", "sample_split"]


def sample_split() -> Split:
    """120, 30 and 30 synthetic documents; no value of the first two occurs as a value in the test part."""
    return Split(
        tuple(synthesise(120, seed=1, partition="train", ids="train")),
        tuple(synthesise(30, seed=2, partition="train", ids="validation")),
        tuple(synthesise(30, seed=3, partition="test", ids="test")),
    )


def export_sample(folder: str | Path) -> Export:
    """Write the sample as a data folder, in every output format.

    Raises:
        DataError: If the folder holds anything but an older export.
    """
    how_made = (
        f"By `piispan.dataset_builder.export_sample`, with Faker {version('faker')}: sentence frames written for the project, filled with "
        "names, numbers and addresses drawn at random; any likeness to a person is chance. The test part shares no entity value with "
        "the other two; the frames are the same in all three."
    )
    stated = Stated(
        licence="cc0-1.0",
        how_made=how_made,
        languages=("en",),
        title="piispan synthetic sample",
        how_split="The documents of each part were drawn apart; those of the test from values that the other parts never draw.",
        synthetic=True,
    )
    return export_folder(sample_split(), folder, labels=LabelSet.load("presidio"), formats=FORMATS, stated=stated)
