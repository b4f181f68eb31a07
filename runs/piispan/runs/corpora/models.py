"""The tagger of a run: how any process loads it, and what a manifest says of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from warnings import warn

from piispan.core import HUB_ID, LabelSet, ModelError, PiispanWarning, Sidecar, SidecarError
from piispan.model_card import CardError, read_facts
from piispan.runs.corpora.choices import GuessName
from piispan.runs.machine import fastest_dtype, quiet_libraries
from piispan.tagger import DecoderName, Guess, Tagger, TextTagger, adapter_folder, decoder_name

__all__ = ["AdapterSource", "TaggerSource"]


class TaggerSource(Protocol):
    """What can be sent to another process, to load the tagger there."""

    @property
    def labels(self) -> LabelSet:
        """The labels that the tagger may give."""
        ...

    def load(self) -> TextTagger:
        """The tagger."""
        ...

    def facts(self) -> Mapping[str, Any]:
        """What a manifest says of it: no path of this machine."""
        ...


@dataclass(frozen=True)
class AdapterSource:
    """An adapter, or a model that one was merged into.

    Args:
        model: Its folder or Hub id.
        only: Names of the labels to ask for, of an adapter that was trained with ``label_sampling="subset"``; all without it.
        revision: Commit, branch or tag of ``model`` on the Hub.
        base: Where an adapter's base is, when it was trained on a local folder.
        decoder: How answers are decoded; see ``piispan.tagger.make_decoder``.
        operating_point: Use the adapter's calibrated tag bias.
        batch_size: Texts generated together by plain generation.
        guess: Spans put to the model with the text, which make verbatim decoding faster and change no answer.

    Raises:
        ModelError: If ``model`` is no adapter: a chat model that was not trained to tag would leave most in.
        SidecarError: If its ``piispan.json`` cannot be read.
        LabelError: If a name in ``only`` is none of the adapter's.
        FormatError: If it cannot be decoded so.
    """

    model: str
    only: Sequence[str] | None = None
    revision: str | None = None
    base: str | None = None
    decoder: DecoderName | None = None
    operating_point: bool = False
    batch_size: int = 16
    guess: GuessName | None = None
    _sidecar: Sidecar = field(init=False, repr=False)
    _decoder: DecoderName = field(init=False, repr=False)
    _labels: LabelSet = field(init=False, repr=False)

    def __post_init__(self) -> None:
        folder = adapter_folder(self.model, self.revision)
        if folder is None:
            raise ModelError(
                f"{self.model}: no adapter, and a chat model that was not trained to tag leaves personal data in; train one first"
            )
        sidecar = Sidecar.load(folder)
        if self.operating_point and sidecar.operating_point is None:
            raise SidecarError(f"{self.model}: no operating point; calibrate the adapter first")
        object.__setattr__(self, "_sidecar", sidecar)
        object.__setattr__(self, "_decoder", decoder_name(self.decoder, sidecar.format, tag_tokens=sidecar.tag_tokens, loss=sidecar.loss))
        object.__setattr__(self, "_labels", sidecar.labels.subset(self.only) if self.only else sidecar.labels)
        _warn_if_unfit(folder, self.model)

    @property
    def labels(self) -> LabelSet:
        """The labels that are asked for."""
        return self._labels

    def load(self) -> Tagger:
        """The tagger.

        Raises:
            ModelError: If there is no such base, or its weights are not those that the adapter was trained on.
        """
        quiet_libraries()
        return Tagger.from_pretrained(
            self.model,
            labels=self.only,
            decoder=self.decoder,
            operating_point=self.operating_point,
            batch_size=self.batch_size,
            dtype=fastest_dtype(),
            revision=self.revision,
            base=self.base,
            guess=None if self.guess is None else _made_guess(self.guess, self._labels),
        )

    def facts(self) -> Mapping[str, Any]:
        """Base, adapter, decoder, labels and operating point."""
        sidecar = self._sidecar
        local = Path(self.model).exists()
        return {
            "name": self.model if not local and HUB_ID.fullmatch(self.model) else None,
            "revision": self.revision,
            "adapter_sha256": sidecar.digest,
            "base_model": sidecar.base_model,
            "base_revision": sidecar.base_revision,
            "base_sha256": sidecar.base_sha256,
            "decoder": self._decoder,
            "operating_point": dict(sidecar.operating_point or {}) if self.operating_point else None,
            "labels": {"name": self._labels.name, "hash": self._labels.hash, "asked": list(self._labels.names)},
        }


def _made_guess(name: GuessName, labels: LabelSet) -> Guess:
    from piispan.tagger import PatternGuess, PresidioGuess

    return PatternGuess(labels) if name == "patterns" else PresidioGuess(labels)


def _warn_if_unfit(folder: Path, model: str) -> None:
    """Say aloud what the adapter's card says in bold."""
    try:
        unfit = read_facts(folder).unfit
    except CardError:  # no card, or one of another version
        return
    if unfit:
        warn(f"{model}: its card says that it is not fit for use: its exact F1 is below 50 %", PiispanWarning, stacklevel=3)
