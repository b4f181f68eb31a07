"""The facts of a card: typed, checked, and fit to be published."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, cast

from piispan.core import HUB_ID, LabelSet, Sidecar, is_licence_id
from piispan.model_card.errors import CardError
from piispan.model_card.measured import Measured
from piispan.model_card.publishable import publishable, publishable_text

__all__ = ["FACTS_VERSION", "CardFacts", "DataFacts", "TrainingFacts", "check_stated"]

FACTS_VERSION = 3

ADAPTERS = ("lora", "rslora", "dora", "qlora")
_LANGUAGE = re.compile(r"[a-z]{2,3}|multilingual")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_PICTURE = re.compile(r"[a-z][a-z0-9_-]*\.png")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingFacts:
    """How the adapter was trained.

    Args:
        documents: Documents trained on, after dropping.
        epochs: Passes over them; may be a fraction.
        steps: Optimizer steps.
        learning_rate: The highest of the schedule.
        batch_size: Documents per optimizer step, accumulation included.
        lora_rank: Rank of the adapter.
        lora_alpha: Its scale.
        target_modules: Names of the adapted modules.
        seed: Seed of everything random.
        seconds: Wall time of training.
        hardware: What it ran on, in words: ``2 CPU cores``.
        trainable_parameters: Parameters that were trained.
        split_documents: Documents that did not fit and were cut into several.
        dropped_documents: Documents left out because they did not fit.
        adapter: Kind of the adapter: ``lora``, ``rslora``, ``dora``, or ``qlora`` over a 4-bit base.
        train_on: Turns that bore loss: ``last_turn``, ``all_assistant_turns`` or ``everything``.
        prompt_loss_weight: How much the loss of all other tokens counted.
        schedule: How the learning rate ran, in words: ``cosine, warm-up 0.05, weight decay 0``.
        start: What adapter it began from, in words; ``None`` for a fresh one.
        mention_replacement: How likely each pass was to write a value anew, 0 to 1.

    Raises:
        CardError: If a number is out of range or not finite, or a string may not be published.
    """

    documents: int
    epochs: float
    steps: int
    learning_rate: float
    batch_size: int
    lora_rank: int
    lora_alpha: float
    target_modules: tuple[str, ...]
    seed: int
    seconds: float
    hardware: str
    trainable_parameters: int
    split_documents: int = 0
    dropped_documents: int = 0
    adapter: str = "lora"
    train_on: str = "last_turn"
    prompt_loss_weight: float = 0.0
    schedule: str = "not stated"
    start: str | None = None
    mention_replacement: float = 0.0

    def __post_init__(self) -> None:
        if isinstance(self.target_modules, str) or not self.target_modules:
            raise CardError("training.target_modules: must be a tuple of module names")
        object.__setattr__(self, "target_modules", tuple(self.target_modules))
        for name in ("documents", "batch_size", "lora_rank", "trainable_parameters"):
            _whole(getattr(self, name), 1, f"training.{name}")
        for name in ("steps", "seed", "split_documents", "dropped_documents"):
            _whole(getattr(self, name), 0, f"training.{name}")
        for name in ("epochs", "learning_rate", "lora_alpha", "seconds"):
            _amount(getattr(self, name), f"training.{name}")
        for name in ("prompt_loss_weight", "mention_replacement"):
            _share(getattr(self, name), f"training.{name}")
        _texts(self, "training", "hardware", "adapter", "train_on", "schedule", *(["start"] if self.start is not None else []))
        if self.adapter not in ADAPTERS:
            raise CardError(f"training.adapter: must be one of {', '.join(ADAPTERS)}")
        publishable(asdict(self), "training")


@dataclass(frozen=True, slots=True, kw_only=True)
class DataFacts:
    """What the adapter was trained and measured on.

    Args:
        name: Name for people.
        split: Split that was measured; a key of ``documents``.
        documents: Documents per split.
        how_made: One sentence: synthesised, annotated by whom, from what.
        revision: Commit or version of the data, or ``None``.
        licence: Its licence, or ``None`` when unknown.
        hub_id: Its id on the Hub, or ``None`` when it is not there; the metadata name it then.

    Raises:
        CardError: If the split has no count, an id is malformed, or a string may not be published.
    """

    name: str
    split: str
    documents: Mapping[str, int]
    how_made: str
    revision: str | None = None
    licence: str | None = None
    hub_id: str | None = None

    def __post_init__(self) -> None:
        _texts(self, "data", "name", "split", "how_made", "revision", "licence", "hub_id")
        if not isinstance(self.documents, Mapping):
            raise CardError("data.documents: must be a mapping of splits to counts")
        object.__setattr__(self, "documents", dict(self.documents))
        for split, count in self.documents.items():
            _whole(count, 0, f"data.documents.{split}")
        if self.split not in self.documents:
            raise CardError(f"data.split: {self.split!r} has no count in data.documents")
        publishable(asdict(self), "data")
        if self.hub_id is not None:
            _repo_id(self.hub_id, "data.hub_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class CardFacts:
    """Everything a card says, and nothing that it may not.

    Args:
        model_name: Name of the adapter: ``org/name`` on the Hub, or ``name``.
        sidecar: Its ``piispan.json``.
        before: Figures of the base model with the same prompt, by the flat keys of ``metrics.json``; may be empty.
        after: Figures of the adapter, by the same keys.
        training: How it was trained.
        data: On what.
        languages: ISO 639 codes of the data's languages: ``("en",)``.
        base_licence: Licence of the base model, as the Hub spells it: ``apache-2.0``.
        decoder: Name of the decoder that the adapter was measured with.
        base_decoder: That of the base model, or ``None`` for the same.
        pictures: SHA-256 of each picture beside the card, by its name: ``labels.png`` and ``confusion.png``.

    Raises:
        CardError: If a fact is missing, out of range or not finite, or a string holds what looks like
            a local path, an e-mail address or a Hub token.
    """

    model_name: str
    sidecar: Sidecar
    before: Mapping[str, object]
    after: Mapping[str, object]
    training: TrainingFacts
    data: DataFacts
    languages: tuple[str, ...]
    base_licence: str
    decoder: str
    base_decoder: str | None = None
    pictures: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _texts(self, "facts", "model_name", "base_licence", "decoder", "base_decoder")
        publishable([self.decoder, self.base_decoder], "decoder")
        _repo_id(self.model_name, "model_name")
        publishable(self._sidecar_on_card, "sidecar")
        for side in ("before", "after"):
            object.__setattr__(self, side, publishable(getattr(self, side), side))
        object.__setattr__(self, "languages", tuple(self.languages))
        check_stated(self.sidecar.labels, self.languages, self.base_licence)
        self._check_measured()
        self._check_files()

    def _check_files(self) -> None:
        if not isinstance(self.pictures, Mapping) or not all(
            isinstance(digest, str) and _PICTURE.fullmatch(name) and _SHA256.fullmatch(digest) for name, digest in self.pictures.items()
        ):
            raise CardError("pictures: must be a mapping of names that end in .png to SHA-256 digests")
        object.__setattr__(self, "pictures", dict(self.pictures))

    def _check_measured(self) -> None:
        after, available = self.measured_after, self.data.documents[self.data.split]
        for side, documents in (("before", self.measured_before.documents), ("after", after.documents)):
            if documents is not None and documents > available:
                raise CardError(f"{side}.documents: {documents} measured, but split {self.data.split!r} has {available}")
        if not after.documents or not after.signature:
            raise CardError("after: needs the count of measured documents and the metric's signature")
        if after.figures["f1"] is None and after.figures["char_recall"] is None:
            raise CardError("after: neither f1 nor char_recall was measured; there is nothing to put on a card")

    @property
    def _sidecar_on_card(self) -> dict[str, object]:
        """The sidecar without the prompt's template and worked examples, which stand in ``piispan.json`` alone."""
        return {name: value for name, value in self.sidecar.to_dict().items() if name not in ("prompt_template", "examples")}

    @property
    def measured_before(self) -> Measured:
        """``before``, read into types."""
        return Measured.of(self.before, self.sidecar.labels, "before")

    @property
    def measured_after(self) -> Measured:
        """``after``, read into types."""
        return Measured.of(self.after, self.sidecar.labels, "after")

    @property
    def unfit(self) -> bool:
        """Whether the adapter misses or makes up more than it gets right: an exact F1 below a half, or none."""
        return (self.measured_after.figures["f1"] or 0.0) < 0.5

    def to_dict(self) -> dict[str, object]:
        """The content of ``card_facts.json``: every fact in plain JSON types."""
        content = {
            "piispan_card": FACTS_VERSION,
            "model_name": self.model_name,
            "languages": self.languages,
            "base_licence": self.base_licence,
            "decoder": self.decoder,
            "base_decoder": self.base_decoder,
            "data": asdict(self.data),
            "training": asdict(self.training),
            "before": self.before,
            "after": self.after,
            "pictures": self.pictures,
            "sidecar": self._sidecar_on_card,
            "sidecar_sha256": self.sidecar.digest,
        }
        return cast("dict[str, object]", publishable(content, "facts"))

    @classmethod
    def from_dict(cls, content: object, sidecar: Sidecar) -> "CardFacts":
        """The facts of ``to_dict``, with a sidecar that may be newer than the one in it.

        Raises:
            CardError: If the shape or version is another, or a fact breaks a rule.
        """
        if not isinstance(content, Mapping) or content.get("piispan_card") != FACTS_VERSION:
            raise CardError(f"facts: not those of a card of version {FACTS_VERSION}")
        given: dict[str, Any] = {name: content.get(name) for name in cls.__dataclass_fields__}
        try:
            data, training = DataFacts(**content["data"]), TrainingFacts(**content["training"])
            return cls(**(given | {"data": data, "training": training, "sidecar": sidecar}))
        except (KeyError, TypeError, AttributeError):
            raise CardError("facts: a key is missing, unknown or of the wrong type") from None


def check_stated(labels: LabelSet, languages: Sequence[str], base_licence: str | None) -> None:
    """Check what a user states for a card, so that it need not wait for the end of a training.

    Raises:
        CardError: If a label's description may not be published, or a language or licence is not spelt as the Hub does.
    """
    publishable(labels.to_dict(), "label set")
    if not languages or not all(_LANGUAGE.fullmatch(code) for code in languages):
        raise CardError('languages: must be ISO 639 codes of two or three letters, such as ("en",)')
    if base_licence is not None and not is_licence_id(base_licence):
        raise CardError("base_licence: must be an identifier as the Hub spells it, such as apache-2.0")


def _texts(facts: object, where: str, *names: str) -> None:
    """Check that fields are strings, or ``None`` where that is their default."""
    for name in names:
        default = type(facts).__dataclass_fields__[name].default  # type: ignore[attr-defined]
        value = getattr(facts, name)
        if not isinstance(value, str) and (value is not None or default is not None):
            raise CardError(f"{where}.{name}: must be a string, was of type {type(value).__name__}")


def _repo_id(name: str, where: str) -> None:
    publishable_text(name, where)
    if not HUB_ID.fullmatch(name):
        raise CardError(f"{where}: must be a name that the Hub takes, org/name or name")


def _whole(value: object, least: int, where: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise CardError(f"{where}: must be a whole number of {least} or more, was: {value!r}")


def _amount(value: object, where: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
        raise CardError(f"{where}: must be a finite number of 0 or more, was: {value!r}")


def _share(value: object, where: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise CardError(f"{where}: must be within 0 and 1, was: {value!r}")
