"""Whether the files of an adapter belong together, and ask for nothing but LoRA over the base that they name."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from piispan.core.errors import SidecarError
from piispan.core.sidecar import SIDECAR_NAME, Sidecar

__all__ = [
    "ADAPTER_CONFIG",
    "ADAPTER_WEIGHTS",
    "CARD_FACTS",
    "check_adapter_files",
    "files_sha256",
    "is_read",
    "read_adapter_config",
    "sha256_of_files",
]

ADAPTER_CONFIG = "adapter_config.json"
ADAPTER_WEIGHTS = "adapter_model.safetensors"
CARD_FACTS = "card_facts.json"

_TOKENIZER = (
    "added_tokens.json",
    "chat_template.jinja",
    "merges.txt",
    "special_tokens_map.json",
    "tokenizer.json",
    "tokenizer.model",
    "tokenizer_config.json",
    "vocab.json",
)
_READ = re.compile(
    r"adapter_config\.json|config\.json|generation_config\.json|model\.safetensors\.index\.json|[\w-]+\.safetensors"
    rf"|{'|'.join(map(re.escape, _TOKENIZER))}"
)
_HARMLESS = frozenset(
    {
        "base_model_name_or_path",
        "bias",
        "exclude_modules",
        "fan_in_fan_out",
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


def check_adapter_files(folder: str | Path, sidecar: Sidecar, name: str | Path, *, published: bool = False) -> None:
    """Check the folder of an adapter or of merged weights, someone else's above all, before anything of it is loaded.

    Args:
        folder: The folder, with ``adapter_config.json`` and ``adapter_model.safetensors``, or with a whole model's files.
        sidecar: Its ``piispan.json``.
        name: What errors call it.
        published: It comes from the Hub or ships with the package, where digests and facts are never missing.

    Raises:
        SidecarError: If a file is missing or cannot be read, ``adapter_config.json`` asks for more than LoRA or names another base than
            the sidecar, a file is not the one of the sidecar, or the sidecar is not that of ``card_facts.json``.
    """
    place = Path(folder)
    if not sidecar.merged:
        _check_config(read_adapter_config(place, name), sidecar, name)
    elif not (place / "config.json").is_file() or (place / ADAPTER_CONFIG).is_file():
        raise SidecarError(f"{name}: {SIDECAR_NAME} says that a whole model lies beside it, and there is none, or an adapter")
    if not any(place.glob("*.safetensors") if sidecar.merged else place.glob(ADAPTER_WEIGHTS)):
        raise SidecarError(f"{name}: no {'weights of a model' if sidecar.merged else ADAPTER_WEIGHTS}; only safetensors are read")
    if published and not (sidecar.files_sha256 and (place / CARD_FACTS).is_file()):
        raise SidecarError(f"{name}: no {CARD_FACTS}, or no digests in {SIDECAR_NAME}, to compare the files with; not pushed by piispan")
    if _stated_digest(place, name) not in (None, sidecar.digest):
        raise SidecarError(
            f"{name}: {SIDECAR_NAME} is not the one that {CARD_FACTS} was written for: changed, or of another adapter "
            "(if you changed it, or calibrating was cut off: piispan card write)"
        )
    if sidecar.files_sha256:
        _check_digests(place, sidecar, name)


def files_sha256(folder: str | Path) -> dict[str, str]:
    """SHA-256 of every file of a folder that loading reads, by its name: all but the card, its facts and pictures, and ``piispan.json``."""
    return {path.name: sha256_of_files([path]) for path in _read_files(Path(folder))}


def is_read(name: str) -> bool:
    """Whether transformers or PEFT read a file of this name when an adapter or a whole model is loaded."""
    return _READ.fullmatch(name) is not None


def _read_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if is_read(path.name) and path.is_file())


def _check_digests(folder: Path, sidecar: Sidecar, name: str | Path) -> None:
    """Every file that loading reads is one of the sidecar's, and a whole model lacks none of them."""
    if sidecar.merged and (missing := sorted(one for one in sidecar.files_sha256 if not (folder / one).is_file())):
        raise SidecarError(f"{name}: no {', '.join(missing)}; not the whole model that {SIDECAR_NAME} names")
    for path in _read_files(folder):
        if sha256_of_files([path]) != sidecar.files_sha256.get(path.name):
            what = "the weights are not those" if path.suffix == ".safetensors" else f"{path.name} is not the one"
            raise SidecarError(f"{name}: {what} of {SIDECAR_NAME} (SHA-256 differs): damaged, changed, or of another adapter")


def _check_config(config: Mapping[str, object], sidecar: Sidecar, name: str | Path) -> None:
    """PEFT's configuration asks for LoRA, and names the sidecar's base."""
    if config.get("peft_type") != "LORA":
        raise SidecarError(f"{name}: {ADAPTER_CONFIG} is not one of LoRA")
    unwanted = sorted(key for key, value in config.items() if value and key not in _HARMLESS)
    if not isinstance(config.get("init_lora_weights"), bool | None):  # the others change the base's weights
        unwanted.append("init_lora_weights")
    if unwanted:
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
