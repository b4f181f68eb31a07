"""A training that goes on from an adapter: its weights, laid into a fresh one, whatever the labels of either."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from warnings import warn

from piispan.core import ADAPTER_CONFIG, ADAPTER_WEIGHTS, LabelSet, ModelError, PiispanWarning, Sidecar, sha256_of_files
from piispan.core.segments import tag_token_names
from piispan.runs.settings import Spelling, TrainSettings
from piispan.tagger import adapter_folder, pretuned_adapters, weights_sha256

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["begin_from", "check_start", "checked_start", "start_in_words", "start_of", "start_sha256"]

_TAG_ROWS = "trainable_tokens_delta"
"""What PEFT calls the rows of trained tokens; it stores the rows themselves."""


def start_of(settings: TrainSettings) -> str | None:
    """What a training with ``settings`` begins from, with the default filled in where it was left open.

    The default is the adapter that ships for the language, where the embedded model is trained to write as that one writes, with an adapter
    of its shape.
    """
    if settings.start is not None:
        return None if settings.start == "none" else settings.start
    name = f"pretuned-{settings.document_language.partition('-')[0]}"
    if settings.model != "embedded" or settings.adapter != "lora" or name not in pretuned_adapters():
        return None
    sidecar, shape = Sidecar.load(_folder(name)), _shape(name)
    written = Spelling(sidecar.tokenisation, sidecar.tag_placement, sidecar.tag_tokens, sidecar.loss)
    fits = settings.spelling == written and (settings.lora_rank, settings.lora_alpha) == (shape["r"], shape["lora_alpha"])
    return name if fits else None


def checked_start(settings: TrainSettings, base: Path | None) -> str | None:
    """``start_of``, checked before the long work. A default that was trained over other weights than those at hand is left out with a
    warning.

    Args:
        settings: Those of the training.
        base: Local folder of the base that is trained, or ``None``.

    Raises:
        ModelError: If there is no such adapter, or it was trained over other weights.
        SidecarError: If it is an adapter of another package.
    """
    start = start_of(settings)
    try:
        if start:
            check_start(start, base)
    except ModelError as error:
        if settings.start is not None:
            raise
        warn(f"{error}; the training begins afresh", PiispanWarning, stacklevel=2)
        return None
    return start


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
    shape, ours = _shape(start), adapted.peft_config["default"]
    scales = (shape.get("lora_alpha"), shape.get("use_rslora", False))
    if scales != (ours.lora_alpha, ours.use_rslora) or not _is_of(weights, theirs):
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


def start_in_words(start: str) -> str:
    """What a card says of an adapter that was begun from; nothing of a path."""
    if start in pretuned_adapters():
        return f"the adapter {start} of piispan, trained on synthetic documents alone"
    return "another adapter, a local one" if Path(start).is_dir() else f"the adapter {start}"


def start_sha256(start: str) -> str:
    """SHA-256 of the weights to begin from."""
    return sha256_of_files([_folder(start) / ADAPTER_WEIGHTS])


def _folder(start: str) -> Path:
    folder = adapter_folder(start)
    if folder is None or not (folder / ADAPTER_WEIGHTS).is_file():
        raise ModelError(f"{start}: is no adapter to begin from")
    return folder


def _shape(start: str) -> dict[str, Any]:
    """Its ``adapter_config.json``."""
    content: dict[str, Any] = json.loads((_folder(start) / ADAPTER_CONFIG).read_text("utf-8"))
    return content


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
