"""The documents that a quickstart makes where it is given none."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from piispan.core import DataError, LabelSet
from piispan.dataset_builder import Split, default_labels, fitting_settings, known_labels, synthesise
from piispan.model_card import DataFacts

__all__ = ["HELD_OUT_SETTINGS", "Synthesis", "synthesis_for"]

HELD_OUT_SETTINGS: Mapping[str, tuple[str, ...]] = {
    "en": ("bank_mail", "billing_claim", "discharge_letter", "police_report"),
    "zh": ("bank_service", "discharge_summary", "police_statement"),
}
"""Settings of the synthesis whose frames are never trained on, by language; those whose frames fit a label set are tested on."""
_NAMES = {"en": "English", "zh": "Chinese"}


@dataclass(frozen=True, slots=True)
class Synthesis:
    """Synthetic documents of one language and label set.

    Args:
        language: ISO 639 code.
        labels: The label set that the spans bear.
    """

    language: str
    labels: str

    @classmethod
    def to_show(cls, language: str) -> "Synthesis":
        """The synthesis of texts to show to readers of ``language``: in it, or in English."""
        known = language if language in HELD_OUT_SETTINGS else "en"
        return cls(known, default_labels(known))

    @property
    def held_out(self) -> tuple[str, ...]:
        """The settings that are tested on."""
        fitting = fitting_settings(self.language, self.labels)
        return tuple(name for name in HELD_OUT_SETTINGS[self.language] if name in fitting)

    def split(self, training_documents: int, test_documents: int, *, seed: int = 1, noise: float = 0.0) -> Split:
        """Documents to train and test on; the test is of settings and values that training does not have.

        Args:
            training_documents: How many to train on.
            test_documents: How many to test on; they are the same whatever the training ones are.
            seed: Of the training documents.
            noise: Share of the training documents with typing or scanning errors.
        """
        seen = [name for name in fitting_settings(self.language, self.labels) if name not in self.held_out]
        made = partial(synthesise, language=self.language, labels=self.labels)
        train = made(training_documents, seed=seed, settings=seen, partition="train", noise=noise, ids="train-")
        test = made(test_documents, seed=2, settings=self.held_out, partition="test", ids="test-")
        return Split(tuple(train), (), tuple(test))

    def texts(self, count: int) -> list[str]:
        """Texts to show."""
        made = synthesise(count, seed=3, settings=self.held_out, partition="test", language=self.language, labels=self.labels)
        return [document.text for document in made]

    def facts(self, split: Split, note: str = "") -> DataFacts:
        """What a card says of documents that ``split`` made; ``note`` stands behind how they were made."""
        counts = {part: len(members) for part, members in split.parts()}
        return DataFacts(name=self.name, split="test", documents=counts, how_made=f"{self.how_made} {note}".rstrip(), licence="cc0-1.0")

    @property
    def name(self) -> str:
        """What the data set is called on a card."""
        return f"piispan synthetic documents ({_NAMES[self.language]})"

    @property
    def how_made(self) -> str:
        """How the documents were made, in a sentence."""
        held_out = ", ".join(name.replace("_", " ") for name in self.held_out)
        return f"Synthesised by piispan. The test settings ({held_out}), their sentence frames and their values are not in training."


def synthesis_for(language: str, labels: LabelSet) -> Synthesis:
    """The synthesis of a language whose labels are all in ``labels``.

    Raises:
        DataError: If there is none, which documents of one's own are needed for.
    """
    if language not in HELD_OUT_SETTINGS:
        known = " and ".join(HELD_OUT_SETTINGS)
        raise DataError(f"synthetic documents are made in {known}, not {language!r}; pass --data for another language")
    names = [name for name in (default_labels(language), *known_labels(language)) if set(LabelSet.load(name).names) <= set(labels.names)]
    if not names:
        known = " or ".join(known_labels(language))
        raise DataError(f"synthetic documents carry the labels of {known}; pass --data for label set {labels.name!r}")
    return Synthesis(language, names[0])
