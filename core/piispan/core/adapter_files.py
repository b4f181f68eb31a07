"""Whether the files of an adapter belong together, and ask for nothing but LoRA over the base that they name."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from piispan.core.errors import SidecarError
from piispan.core.sidecar import SIDECAR_NAME, Sidecar

__all__ = ["ADAPTER_CONFIG", "ADAPTER_WEIGHTS", "CARD_FACTS", "check_adapter_files", "read_adapter_config", "sha256_of_files"]

ADAPTER_CONFIG = "adapter_config.json"
ADAPTER_WEIGHTS = "adapter_model.safetensors"
CARD_FACTS = "card_facts.json"

_HARMLESS = frozenset(
    {
        "base_model_name_or_path",
        "bias",
        "exclude_modules",
        "inference_mode",
        "init_lora_weights",
        "lora_alpha",
        "lora_dropout",
        "megatron_core",
        "peft_type",
        "peft_version",
        "qalora_group_size",
        "r",
        "revision",
        "target_modules",
        "task_type",
        "trainable_token_indices",
        "use_dora",
        "use_rslora",
    }
)
"""Keys of PEFT's LoRA configuration that may be set. The others name modules to import (``auto_mapping``, ``megatron_config``), replace
whole layers (``modules_to_save``, ``layer_replication``) or choose variants that nothing here trains."""


def check_adapter_files(folder: str | Path, sidecar: Sidecar, name: str | Path) -> None:
    """Check the folder of an adapter or of merged weights, someone else's above all, before anything of it is loaded.

    Args:
        folder: The folder, with ``adapter_config.json`` and ``adapter_model.safetensors``, or with a whole model's files.
        sidecar: Its ``piispan.json``.
        name: What errors call it.

    Raises:
        SidecarError: If a file is missing or cannot be read, ``adapter_config.json`` asks for more than LoRA or names another base than
            the sidecar, the weights are not those of the sidecar, or the sidecar is not that of ``card_facts.json``.
    """
    place = Path(folder)
    if not sidecar.merged:
        _check_config(read_adapter_config(place, name), sidecar, name)
    elif not (place / "config.json").is_file() or (place / ADAPTER_CONFIG).is_file():
        raise SidecarError(f"{name}: {SIDECAR_NAME} says that a whole model lies beside it, and there is none, or an adapter")
    weights = sorted(place.glob("*.safetensors")) if sidecar.merged else [place / ADAPTER_WEIGHTS]
    if not weights or not weights[0].is_file():
        raise SidecarError(f"{name}: no {'weights of a model' if sidecar.merged else ADAPTER_WEIGHTS}; only safetensors are read")
    if sidecar.weights_sha256 is not None and sha256_of_files(weights) != sidecar.weights_sha256:
        raise SidecarError(
            f"{name}: the weights are not those of {SIDECAR_NAME} (SHA-256 differs): damaged, changed, or of another adapter"
        )
    if _stated_digest(place, name) not in (None, sidecar.digest):
        raise SidecarError(f"{name}: {SIDECAR_NAME} is not the one that {CARD_FACTS} was written for: changed, or of another adapter")


def _check_config(config: Mapping[str, object], sidecar: Sidecar, name: str | Path) -> None:
    """PEFT's configuration asks for LoRA, and names the sidecar's base."""
    if config.get("peft_type") != "LORA":
        raise SidecarError(f"{name}: {ADAPTER_CONFIG} is not one of LoRA")
    if unwanted := sorted(key for key, value in config.items() if value and key not in _HARMLESS):
        raise SidecarError(f"{name}: {ADAPTER_CONFIG} asks for what no adapter of piispan needs: {', '.join(unwanted)}")
    if config.get("base_model_name_or_path") != sidecar.base_model or config.get("revision") not in (None, sidecar.base_revision):
        raise SidecarError(f"{name}: {ADAPTER_CONFIG} and {SIDECAR_NAME} name different base models or revisions; they are of two adapters")


def read_adapter_config(folder: str | Path, name: str | Path) -> Mapping[str, object]:
    """PEFT's ``adapter_config.json``.

    Raises:
        SidecarError: If it is missing or is no JSON object.
    """
    return _json_object(Path(folder) / ADAPTER_CONFIG, name)


def sha256_of_files(paths: Iterable[Path]) -> str:
    """SHA-256 over the files' bytes, one behind the other, as 64 hex digits."""
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def _stated_digest(folder: Path, name: str | Path) -> object:
    """The ``sidecar_sha256`` of ``card_facts.json``; ``None`` where there is no such file."""
    return (_json_object(folder / CARD_FACTS, name).get("sidecar_sha256") or "") if (folder / CARD_FACTS).is_file() else None


def _json_object(path: Path, name: str | Path) -> Mapping[str, object]:
    try:
        content = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise SidecarError(f"{name}: no {path.name}; not a whole adapter") from None
    except (OSError, ValueError, RecursionError) as error:
        raise SidecarError(f"{name}: {path.name} cannot be read as JSON ({type(error).__name__})") from None
    if not isinstance(content, dict):
        raise SidecarError(f"{name}: {path.name} is not a JSON object")
    return content
