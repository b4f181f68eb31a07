"""One experiment: a base model measured, fine-tuned, and measured again on the same test documents."""

from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from piispan.core import (
    Document,
    ModelError,
    Prompt,
    check_not_tested,
    files_sha256,
    get_format,
    make_prompt,
    replacing_folder,
    sha256_of_files,
    write_predictions,
)
from piispan.dataset_builder import Split, read_documents
from piispan.metric import analyse, draw_pictures, score
from piispan.model_card import CardFacts, DataFacts, TrainingFacts, check_stated, write_card
from piispan.runs.artifacts import BaseModel, adapter_sidecar, check_writable, save_adapter, write_json
from piispan.runs.checkpoints import identity
from piispan.runs.evaluation import Evaluated, entity_values, evaluate_tagger
from piispan.runs.machine import fastest_dtype, quiet_libraries
from piispan.runs.progress import Progress, Silent
from piispan.runs.settings import UNTRAINED, Spelling, TrainSettings
from piispan.runs.starting import checked_start, start_sha256
from piispan.runs.training import Validation, train_adapter
from piispan.runs.training_origin import TrainingOrigin
from piispan.tagger import (
    Decoder,
    DecoderName,
    Tagger,
    decoder_name,
    load_causal_lm,
    located,
    make_decoder,
    merge_for_decoding,
    weights_sha256,
)

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

__all__ = ["Experiment", "Loaded", "load_base"]


@dataclass(frozen=True, slots=True)
class Loaded:
    """A base model in memory."""

    model: "PreTrainedModel"
    tokenizer: "PreTrainedTokenizerBase"
    base: BaseModel


def load_base(settings: TrainSettings) -> Loaded:
    """The base model that ``settings`` name, in the number type that is fastest here.

    Raises:
        ModelError: If there is no such model.
    """
    import torch

    quiet_libraries()
    torch.manual_seed(settings.seed)
    where = located(settings.model)
    is_local = Path(where).is_dir()
    if not is_local and settings.model.startswith((".", "/", "~")):
        raise ModelError(f"no such folder: {settings.model}")
    model, tokenizer = load_causal_lm(where, dtype=fastest_dtype(), revision=settings.revision, quantization=settings.base_quantization)
    commit = None if is_local else getattr(model.config, "_commit_hash", settings.revision)
    return Loaded(model, tokenizer, BaseModel(settings.model, Path(where) if is_local else None, commit))


def prompt_of(settings: TrainSettings) -> Prompt:
    """The prompt that ``settings`` ask for.

    Raises:
        DataError: If the worked examples cannot be read.
        FormatError: If the style needs examples and has none, or its template cannot be rendered.
        LabelError: If there is no such label set, or an example has another label.
    """
    labels = settings.label_set
    examples = read_documents(settings.examples, labels=labels)[0] if settings.examples else None
    return make_prompt(settings.prompt_style, labels, get_format(settings.format), examples)


@dataclass(slots=True)
class Experiment:
    """The steps of an experiment, in the order they are called.

    Args:
        settings: What to train.
        loaded: The base model; ``train`` wraps it in place.
        progress: Shows how far each step has come.
        decoder: How answers are decoded, on both sides of training; see ``make_decoder``.
        batch_size: Texts generated together by plain generation.
    """

    settings: TrainSettings
    loaded: Loaded
    progress: Progress
    decoder: DecoderName | None = None
    batch_size: int = 16
    prompt: Prompt = field(init=False)
    _model: Any = field(init=False)
    training: TrainingFacts = field(init=False)
    _trained_on: tuple[Document, ...] = field(init=False, default=())

    def __post_init__(self) -> None:
        self.prompt = prompt_of(self.settings)
        self._model = self.loaded.model

    @classmethod
    def open(
        cls, settings: TrainSettings, out: Path | None, progress: Progress | None, decoder: DecoderName | None, *, batch_size: int = 16
    ) -> "Experiment":
        """An experiment with its base loaded, after everything that could fail it in the end was tried.

        Raises:
            DataError: If ``out`` cannot be written.
            CardError: If the settings say what a card may not.
            FormatError: If what is trained could not be decoded so.
            ModelError: If there is no such base.
        """
        settings = settings.decodable_by(decoder)
        prompt_of(settings)
        check_stated(settings.label_set, (settings.document_language,), settings.base_licence)
        decoder_name(decoder, settings.format, tag_tokens=settings.spelling.tag_tokens, loss=settings.spelling.loss)
        if out is not None:
            check_writable(out)
        loaded = load_base(settings)
        settings = replace(settings, start=checked_start(settings, loaded.base.folder))
        return cls(settings, loaded, progress or Silent(), decoder, batch_size)

    @property
    def tagger(self) -> Tagger:
        """A tagger of the model as it stands now."""
        return Tagger(self._decoder(self._model, self.settings.spelling if self._trained_on else UNTRAINED), self.prompt)

    def _decoder(self, model: Any, spelling: Spelling) -> Decoder:
        return make_decoder(
            self.decoder,
            model,
            self.loaded.tokenizer,
            self.prompt,
            tag_tokens=spelling.tag_tokens,
            placement=spelling.tag_placement,
            loss=spelling.loss,
            batch_size=self.batch_size,
        )

    def identity(self, split: Split) -> dict[str, object]:
        """What makes this run the run it is; see ``piispan.runs.checkpoints``."""
        folder = self.loaded.base.folder
        found = weights_sha256(folder) if folder else None
        validation = split.validation if self.settings.early_stopping_patience else ()
        dtype = str(self.loaded.model.dtype)
        return {
            **identity(self.settings, self.prompt.labels, found, split.train, validation),
            "dtype": dtype,
            "start": start_sha256(self.settings.start) if self.settings.start else None,
            "prompt": self.prompt.fingerprint,
        }

    def evaluate(self, documents: tuple[Document, ...], what: str) -> Evaluated:
        """Score the model as it stands now.

        Raises:
            DataError: If a worked example of the prompt is among ``documents``.
        """
        check_not_tested(self.prompt.examples, documents)
        seen = entity_values(self._trained_on) if self._trained_on else None
        return evaluate_tagger(self.tagger, documents, self.progress, what=what, seen_values=seen, seed=self.settings.seed)

    def train(
        self,
        documents: tuple[Document, ...],
        deadline: float | None = None,
        *,
        fill_time: bool = False,
        validation: tuple[Document, ...] = (),
        checkpoints: Path | None = None,
        resume: str | None = None,
    ) -> bool:
        """Fine-tune the adapter; see ``train_adapter``. Whether this process goes on, where several trained."""
        trained = train_adapter(
            self.loaded.model,
            self.loaded.tokenizer,
            documents,
            self.prompt,
            self.settings,
            self.progress,
            deadline=deadline,
            fill_time=fill_time,
            validation=Validation(validation, partial(self._score, validation)),
            checkpoints=checkpoints,
            resume=resume,
        )
        merge_for_decoding(trained.model)  # as it will be when it is loaded
        self._model, self.training, self._trained_on = trained.model, trained.facts, documents
        return trained.is_main

    def _score(self, documents: tuple[Document, ...], model: Any) -> dict[str, float]:
        """The figures that early stopping watches."""
        tagger = Tagger(self._decoder(model, self.settings.spelling), self.prompt)
        scores = score(documents, tagger.predict(documents), self.prompt.labels, resamples=0)
        return {"f1": scores.f1 or 0.0, "char_recall": scores.char_recall or 0.0}

    def save(self, folder: Path, split: Split) -> None:
        """Leave the adapter alone in a folder, without card and figures."""
        save_adapter(self._model, self.loaded.tokenizer, folder, self.loaded.base)
        sidecar = adapter_sidecar(self.settings, self.prompt, self.loaded.base, split)
        replace(sidecar, files_sha256=files_sha256(folder)).save(folder)

    def write(
        self, out: Path, split: Split, data: DataFacts, before: Evaluated | None, after: Evaluated, origin: TrainingOrigin
    ) -> dict[str, object]:
        """Leave ``adapter/``, ``metrics.json``, ``predictions.jsonl`` and ``training_data.json`` in ``out``; return the metrics.

        Args:
            out: The folder.
            split: The documents trained and tested on.
            data: What the card says of them.
            before: The base model's scores.
            after: The adapter's.
            origin: Where the documents can be found again.

        Raises:
            DataError: If a file cannot be written; what was there before stays.
        """
        metrics = {"before": before.scores.to_dict() if before else {}, "after": after.scores.to_dict()}
        sidecar = adapter_sidecar(self.settings, self.prompt, self.loaded.base, split)
        with replacing_folder(out / "adapter") as folder:
            save_adapter(self._model, self.loaded.tokenizer, folder, self.loaded.base)
            drawn = draw_pictures(folder, after.scores, analyse(split.test, after.predictions, self.prompt.labels))
            facts = CardFacts(
                model_name=f"piispan-{self.loaded.base.public_name.split('/')[-1].lower()}",
                sidecar=replace(sidecar, files_sha256=files_sha256(folder)),
                before=metrics["before"],
                after=metrics["after"],
                training=self.training,
                data=data,
                languages=(self.settings.document_language,),
                base_licence=self.settings.base_licence or self.loaded.base.licence(),
                decoder=decoder_name(self.decoder, self.settings.format),
                pictures={path.name: sha256_of_files([path]) for path in drawn},
            )
            facts.sidecar.save(folder)
            write_card(folder, facts)
        origin.save(out)
        write_predictions(after.predictions, out / "predictions.jsonl")
        write_json(out / "metrics.json", metrics)
        return dict(metrics)
