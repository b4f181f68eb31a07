"""A training that goes on from an adapter: its weights, laid into a fresh one, whatever the labels of either."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from piispan.core import ADAPTER_CONFIG, ADAPTER_WEIGHTS, LabelSet, ModelError, Sidecar, sha256_of_files
from piispan.core.segments import tag_token_names
from piispan.runs.settings import TrainSettings
from piispan.tagger import adapter_folder, pretuned_adapters, weights_sha256

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["adapter_sha256", "begin_from", "check_start", "start_of"]

_TAG_ROWS = "trainable_tokens_delta"
"""What PEFT calls the rows of trained tokens; it stores the rows themselves."""


def start_of(settings: TrainSettings) -> str | None:
    """What a training with ``settings`` begins from, with the default filled in where it was left open.

    The default is the adapter that ships for the language, where the embedded model is trained to write as that one writes, with an adapter
    of its shape.
    """
    if settings.start is not None:
        return None if settings.start == "none" else settings.start
    name = f"pretuned-{settings.language}"
    usual = TrainSettings()
    alike = all(getattr(settings, field) == getattr(usual, field) for field in ("model", "adapter", "lora_rank", "lora_alpha"))
    return name if alike and settings.spelling == usual.spelling and name in pretuned_adapters() else None


def begin_from(adapted: Any, start: str, labels: LabelSet) -> None:
    """Lay an adapter's weights into a fresh one, in place.

    The rows of special tag tokens go by the names of the labels; a label that the other lacks keeps the row that it begins with anyway.

    Args:
        adapted: The PEFT model that is about to be trained.
        start: Folder or Hub id of the adapter to begin from, over the same base.
        labels: The label set of ``adapted``.

    Raises:
        ModelError: If there is no such adapter, or it is of another shape.
        SidecarError: If it is an adapter of another package.
    """
    from peft import get_peft_model_state_dict, set_peft_model_state_dict
    from safetensors.torch import load_file

    folder = _folder(start)
    theirs = load_file(folder / ADAPTER_WEIGHTS)
    sidecar = Sidecar.load(folder)
    weights: dict[str, Tensor] = get_peft_model_state_dict(adapted, save_embedding_layers=False)
    scale = json.loads((folder / ADAPTER_CONFIG).read_text("utf-8")).get("lora_alpha")
    if scale != adapted.peft_config["default"].lora_alpha or not _is_of(weights, theirs):
        raise ModelError(f"{start}: an adapter of another base, kind, rank or scale cannot be begun from")
    for name, value in weights.items():
        weights[name] = _rows(value, theirs.get(name), labels, sidecar.labels) if name.endswith(_TAG_ROWS) else theirs[name]
    set_peft_model_state_dict(adapted, weights)


def check_start(start: str, base: Path | None) -> None:
    """Check that an adapter can be begun from, before the long work.

    Args:
        start: Folder or Hub id of the adapter.
        base: Local folder of the base that is trained, or ``None``.

    Raises:
        ModelError: If there is no such adapter, or it was trained over other weights.
        SidecarError: If it is an adapter of another package.
    """
    theirs = Sidecar.load(_folder(start)).base_sha256
    if theirs and base and weights_sha256(base) != theirs:
        raise ModelError(f"{start}: was trained over other weights than those of the base (SHA-256 differs)")


def adapter_sha256(name: str) -> str:
    """SHA-256 of an adapter's weights.

    Args:
        name: Folder, Hub id, or an adapter that ships.

    Raises:
        ModelError: If there is no such adapter.
    """
    return sha256_of_files([_folder(name) / ADAPTER_WEIGHTS])


def _folder(start: str) -> Path:
    folder = adapter_folder(start)
    if folder is None or not (folder / ADAPTER_WEIGHTS).is_file():
        raise ModelError(f"{start}: is no adapter to begin from")
    return folder


def _is_of(ours: "Mapping[str, Tensor]", theirs: "Mapping[str, Tensor]") -> bool:
    """Whether the same layers are adapted, in the same shape."""
    layers = ({name: value.shape for name, value in each.items() if not name.endswith(_TAG_ROWS)} for each in (ours, theirs))
    return next(layers) == next(layers)


def _rows(ours: "Tensor", theirs: "Tensor | None", labels: LabelSet, their_labels: LabelSet) -> "Tensor":
    rows = ours.detach().clone()
    if theirs is not None:  # else their tags are text
        places = {name: place for place, name in enumerate(tag_token_names(their_labels))}
        for place, name in enumerate(tag_token_names(labels)):
            if name in places:
                rows[place] = theirs[places[name]].to(rows)
    return rows
