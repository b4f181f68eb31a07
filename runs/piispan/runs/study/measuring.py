"""One cell of a study, measured."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any

from piispan.core import DataError, Document, LabelSet, Prediction, Span, replacing_folder, write_predictions
from piispan.dataset_builder import Split, read_split
from piispan.metric import document_counts, score, scored_predictions
from piispan.runs.artifacts import documents_sha256, write_json
from piispan.runs.checkpoints import last_checkpoint
from piispan.runs.evaluation import Evaluated, entity_values, evaluate_tagger
from piispan.runs.experiment import Experiment
from piispan.runs.machine import fastest_dtype, hardware, installed_versions, peak_memory_mib
from piispan.runs.progress import Progress
from piispan.runs.study.grid import Cell
from piispan.tagger import PatternGuess, PresidioGuess, Tagger

__all__ = ["ADAPTER", "CONFIG", "COUNTS", "METRICS", "PREDICTIONS", "measure"]

CONFIG, METRICS, COUNTS, PREDICTIONS, ADAPTER = "config.json", "metrics.json", "counts.json", "predictions.jsonl", "adapter"


@dataclass(frozen=True, slots=True)
class Measured:
    """What a cell found.

    Args:
        evaluated: Scores and predictions.
        training: How it was trained; empty where nothing was.
    """

    evaluated: Evaluated
    training: Mapping[str, Any]


def measure(cell: Cell, data: str | Path, study: Path, progress: Progress) -> None:
    """Train and measure a cell, and write its folder; its metrics last, by which a cell that is done is known.

    Args:
        cell: The cell.
        data: Labelled documents; see ``read_split``.
        study: The folder of the study.
        progress: Shows how far each step has come.

    Raises:
        DataError: If the data cannot be read, or there are not so many documents.
        ModelError: If a model cannot be loaded.
    """
    labels = cell.settings.label_set
    parts = read_split(data, cell.split, labels)
    training, tested = _trained_on(cell, parts), parts.test if cell.part == "test" else parts.validation
    folder = study / cell.place
    folder.mkdir(parents=True, exist_ok=True)
    measured = _measured(cell, training, parts, tested, study, progress)
    evaluated = measured.evaluated
    spans = scored_predictions(tested, evaluated.predictions, labels, format=_format_of(cell, evaluated))
    write_json(
        folder / CONFIG,
        {
            **cell.to_dict(),
            "training_documents": len(training),
            "training_sha256": documents_sha256(training),
            "measured_sha256": documents_sha256(tested),
            "hardware": hardware(),
            "versions": installed_versions(),
        },
    )
    write_predictions(evaluated.predictions, folder / PREDICTIONS)
    write_json(folder / COUNTS, document_counts(tested, spans, labels))
    write_json(folder / METRICS, {**evaluated.scores.to_dict(), "cost": {**_cost(evaluated.predictions), **measured.training}})


def _trained_on(cell: Cell, parts: Split) -> tuple[Document, ...]:
    if cell.system not in ("tuned", "token_classifier"):
        return ()
    pool = parts.train if cell.part == "validation" else (*parts.train, *parts.validation)
    wanted = len(parts.train) if cell.documents is None else cell.documents
    if wanted > len(pool):
        raise DataError(f"{cell.place}: asks for {wanted} documents to train on, and there are {len(pool)}")
    held_out = set(cell.held_out)
    return tuple(replace(d, spans=tuple(span for span in d.spans if span.label not in held_out)) for d in pool[:wanted])


def _measured(
    cell: Cell, training: tuple[Document, ...], parts: Split, tested: Sequence[Document], study: Path, progress: Progress
) -> Measured:
    labels = cell.settings.label_set
    if cell.system in ("patterns", "presidio"):
        guess = PatternGuess(labels) if cell.system == "patterns" else PresidioGuess(labels, analyzer=_presidio())
        return Measured(_guessed(guess, tested, labels), {})
    if cell.system == "token_classifier":
        from piispan.runs.study.token_classifier import TokenClassifier

        classifier = TokenClassifier(cell.settings)
        seconds = classifier.train(training, progress)
        predictions = classifier.predict(tested)
        scores = score(tested, predictions, labels, seen_values=entity_values(training))
        return Measured(Evaluated(scores, predictions), {"training_seconds": seconds})
    if cell.source_place:
        adapter = study / cell.source_place / ADAPTER
        if not adapter.is_dir():
            raise DataError(f"{cell.place}: measures the adapter of {cell.source_place}, which is not here; train it anew with --again")
        return _of_adapter(cell, str(adapter), tested, progress, entity_values(training))
    if cell.system == "untuned" and cell.settings.start:
        return _of_adapter(cell, cell.settings.start, tested, progress, ())
    experiment = Experiment.open(cell.settings, None, progress, cell.decoder)
    if cell.system == "untuned":
        return Measured(experiment.evaluate(tuple(tested), "Measuring the model as it is"), {})
    return _tuned(cell, experiment, training, parts, tested, study)


def _tuned(
    cell: Cell, experiment: Experiment, training: tuple[Document, ...], parts: Split, tested: Sequence[Document], study: Path
) -> Measured:
    folder = study / cell.place
    whole = experiment.prompt
    if cell.held_out:
        experiment.prompt = whole.for_labels(whole.labels.subset([name for name in whole.labels.names if name not in cell.held_out]))
    checkpoints = folder / "checkpoints" if cell.settings.save_steps else None
    found = last_checkpoint(checkpoints) if checkpoints else None
    experiment.train(training, validation=parts.validation, checkpoints=checkpoints, resume=found)
    with replacing_folder(folder / ADAPTER) as made:
        experiment.save(made, Split(training, (), ()))
    experiment.prompt = whole
    facts = asdict(experiment.training)
    return Measured(
        experiment.evaluate(tuple(tested), "Measuring"),
        {
            "training_seconds": facts["seconds"],
            "training_steps": facts["steps"],
            "trained_parameters": facts["trainable_parameters"],
            "peak_memory_mib": peak_memory_mib(),
        },
    )


def _of_adapter(cell: Cell, adapter: str, tested: Sequence[Document], progress: Progress, seen: Iterable[str]) -> Measured:
    base = cell.settings.model if Path(cell.settings.model).is_dir() else None
    tagger = Tagger.from_pretrained(adapter, decoder=cell.decoder, batch_size=16, base=base, dtype=fastest_dtype())
    return Measured(evaluate_tagger(tagger, tested, progress, seen_values=seen, seed=cell.settings.seed), {})


def _guessed(guess: Callable[[str], Sequence[Span]], documents: Sequence[Document], labels: LabelSet) -> Evaluated:
    predictions = []
    for document in documents:
        started = perf_counter()
        spans = tuple(guess(document.text))
        predictions.append(Prediction(document.id, spans, seconds=perf_counter() - started))
    return Evaluated(score(documents, predictions, labels), predictions)


def _presidio() -> Any:
    """Presidio's analyzer as it comes, with the small English model of spaCy."""
    from presidio_analyzer import AnalyzerEngine
    from presidio_analyzer.nlp_engine import NlpEngineProvider

    models = [{"lang_code": "en", "model_name": "en_core_web_sm"}]
    engine = NlpEngineProvider(nlp_configuration={"nlp_engine_name": "spacy", "models": models}).create_engine()
    return AnalyzerEngine(nlp_engine=engine)


def _format_of(cell: Cell, evaluated: Evaluated) -> str | None:
    return cell.settings.format if any(prediction.output is not None for prediction in evaluated.predictions) else None


def _cost(predictions: Sequence[Prediction]) -> dict[str, float | None]:
    count = max(len(predictions), 1)
    tokens = [prediction.output_tokens for prediction in predictions if prediction.output_tokens is not None]
    return {
        "seconds_per_document": round(sum(prediction.seconds for prediction in predictions) / count, 5),
        "passes_per_document": round(sum(prediction.passes for prediction in predictions) / count, 3),
        "output_tokens_per_document": round(sum(tokens) / count, 2) if tokens else None,
    }
