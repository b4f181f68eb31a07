"""The baseline of a token classifier: the same backbone with a head of BIO tags over its tokens, as ``transformers`` trains it.

The backbone stays causal: a token is tagged without what follows it.
"""

from collections.abc import Sequence
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from piispan.core import Document, Prediction, Span
from piispan.runs.machine import fastest_dtype, quiet_libraries
from piispan.runs.progress import Progress
from piispan.runs.settings import TrainSettings
from piispan.runs.training import on_one_gpu, optimizer_arguments
from piispan.tagger import default_device, located, merge_for_decoding

__all__ = ["TokenClassifier"]

_BATCH = 16


class TokenClassifier:
    """``AutoModelForTokenClassification`` with the LoRA adapter that ``settings`` ask for, and its head trained whole.

    Args:
        settings: Model, labels, epochs, batch, learning rate, adapter and seed.

    Raises:
        ModelError: If there is no such model.
    """

    def __init__(self, settings: TrainSettings) -> None:
        import torch
        from peft import LoraConfig, get_peft_model
        from transformers import AutoModelForTokenClassification, AutoTokenizer

        quiet_libraries()
        torch.manual_seed(settings.seed)
        self._settings, self._labels = settings, settings.label_set
        self._tags = ["O", *(f"{place}-{name}" for name in self._labels.names for place in "BI")]
        where = located(settings.model)
        self._tokenizer = AutoTokenizer.from_pretrained(where, revision=settings.revision)
        model = AutoModelForTokenClassification.from_pretrained(
            where, revision=settings.revision, num_labels=len(self._tags), dtype=fastest_dtype()
        )
        model.config.pad_token_id = self._tokenizer.pad_token_id
        adapter = LoraConfig(
            r=settings.lora_rank,
            lora_alpha=settings.lora_alpha,
            lora_dropout=settings.lora_dropout,
            target_modules="all-linear",
            exclude_modules=["score", "classifier"],  # the head, which is trained whole
            task_type="TOKEN_CLS",
        )
        self._model: Any = get_peft_model(model.to(default_device()), adapter)
        for parameter in self._head():  # as PEFT does with the adapter, but not with modules that are trained whole
            parameter.data = parameter.data.float()

    def train(self, documents: Sequence[Document], progress: Progress) -> float:
        """Train on documents; the seconds that took."""
        import datasets
        from transformers import DataCollatorForTokenClassification, Trainer, TrainingArguments

        from piispan.trainer_ext import adapter_casts_left_to_autocast

        started = perf_counter()
        with TemporaryDirectory(prefix="piispan-") as scratch:
            trainer = Trainer(
                self._model,
                on_one_gpu(
                    TrainingArguments(
                        scratch,
                        **optimizer_arguments(self._settings, self._model),
                        train_sampling_strategy="group_by_length",
                        save_strategy="no",
                        report_to="none",
                        disable_tqdm=True,
                    )
                ),
                DataCollatorForTokenClassification(self._tokenizer),
                datasets.Dataset.from_list([self._row(document) for document in documents]),
            )
            progress.start("Training a token classifier", None, "steps")
            with adapter_casts_left_to_autocast(self._model, active=trainer.accelerator.native_amp):
                trainer.train()
            progress.finish()
        for parameter in self._head():
            parameter.data = parameter.data.to(self._model.dtype)
        merge_for_decoding(self._model.eval())
        return round(perf_counter() - started, 1)

    def predict(self, documents: Sequence[Document]) -> list[Prediction]:
        """Predictions in the documents' order."""
        import torch

        predictions = []
        for first in range(0, len(documents), _BATCH):
            batch, started = documents[first : first + _BATCH], perf_counter()
            encoded = self._encoded([document.text for document in batch], padding=True, return_tensors="pt")
            offsets = encoded.pop("offset_mapping").tolist()
            with torch.inference_mode():
                best = self._model(**encoded.to(self._model.device)).logits.argmax(-1).tolist()
            seconds = (perf_counter() - started) / len(batch)
            for document, tags, places in zip(batch, best, offsets, strict=True):
                spans = self._spans(document.text, [self._tags[tag] for tag in tags], places)
                predictions.append(Prediction(document.id, spans, passes=1, seconds=seconds))
        return predictions

    def _head(self) -> list[Any]:
        return [parameter for name, parameter in self._model.named_parameters() if "modules_to_save" in name]

    def _encoded(self, texts: Any, **options: Any) -> Any:
        return self._tokenizer(texts, return_offsets_mapping=True, add_special_tokens=False, **options)

    def _row(self, document: Document) -> dict[str, list[int]]:
        """Tokens with their tags: of a span, those that overlap it."""
        encoded = self._encoded(document.text)
        tags: list[int] = []
        before: Span | None = None
        for start, end in encoded["offset_mapping"]:
            span = next((span for span in document.spans if start < span.end and span.start < end), None)
            place = "I" if span is before else "B"  # several tokens may share a character
            tags.append(0 if span is None else self._tags.index(f"{place}-{span.label}"))
            before = span
        return {"input_ids": encoded["input_ids"], "attention_mask": encoded["attention_mask"], "labels": tags}

    @staticmethod
    def _spans(text: str, tags: Sequence[str], places: Sequence[Sequence[int]]) -> tuple[Span, ...]:
        """The spans of tags, white space at their edges cut off; an I- after another label begins a span."""
        found: list[tuple[int, int, str]] = []
        inside = False
        for tag, (start, end) in zip(tags, places, strict=True):
            if tag == "O" or start == end:
                inside = False
                continue
            label = tag[2:]
            if inside and tag[0] == "I" and found[-1][2] == label:
                found[-1] = (found[-1][0], end, label)
            else:
                found.append((start, end, label))
            inside = True
        spans = (Span.trimmed(text, start, end, label) for start, end, label in found)
        return tuple(span for span in spans if span)
