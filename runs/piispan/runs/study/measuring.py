"""One cell of a study, measured."""

import json
import shutil
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any

from piispan.core import DataError, Document, LabelSet, Prediction, Span, replacing_folder, write_predictions
from piispan.dataset_builder import Split
from piispan.metric import document_counts, score, scored_predictions
from piispan.runs.artifacts import write_json, write_text
from piispan.runs.checkpoints import last_checkpoint
from piispan.runs.evaluation import Evaluated, entity_values, evaluate_tagger
from piispan.runs.experiment import Experiment
from piispan.runs.machine import fastest_dtype, hardware, installed_versions, peak_memory_mib, seconds_waited
from piispan.runs.progress import Progress
from piispan.runs.study.documents import CellDocuments
from piispan.runs.study.grid import Cell
from piispan.runs.study.places import ADAPTER, CONFIG, COUNTS, FAILURE, LOCK, LOG, METRICS, PREDICTIONS, config_of, has_source
from piispan.runs.study.presidio_baseline import presidio_spans, presidio_versions
from piispan.tagger import PatternGuess, Tagger, adapter_folder, default_device, located, read_sidecar, weights_sha256

__all__ = ["measure"]

_CHECKPOINTS = "checkpoints"
_BESIDE = ("hardware", "jobs")
"""What may differ where a cell goes on; its times do not count then."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What a cell found.

    Args:
        evaluated: Scores and predictions.
        training: How it was trained; empty where nothing was.
        adapter: What was measured, where it is an adapter.
    """

    evaluated: Evaluated
    training: Mapping[str, Any]
    adapter: str | None = None


def measure(cell: Cell, data: str | Path, study: Path, progress: Progress, *, jobs: int = 1) -> None:
    """Train and measure a cell, and write its folder; its metrics last, by which a cell that is done is known.

    Args:
        cell: The cell.
        data: Labelled documents; see ``read_split``.
        study: The folder of the study.
        progress: Shows how far each step has come.
        jobs: How many cells may be measured at a time on this machine, for the record.

    Raises:
        DataError: If the data cannot be read, there are not so many documents, or an adapter was trained on those that are measured.
        ModelError: If a model cannot be loaded.
    """
    labels = cell.settings.label_set
    documents = CellDocuments.of(cell, data)
    training, tested = documents.training, documents.measured
    if cell.start and (sidecar := read_sidecar(cell.start)):
        documents.check_unseen(cell, data, sidecar)
    folder = study / cell.place
    began, waited = perf_counter(), seconds_waited()
    _begin(folder, study, cell, _config(cell, documents, jobs))
    measured = _measured(cell, documents, study, progress)
    evaluated = measured.evaluated
    spans = scored_predictions(tested, evaluated.predictions, labels, format=_format_of(cell, evaluated))
    write_predictions(evaluated.predictions, folder / PREDICTIONS)
    counts = {"units": documents.units(), "all": document_counts(tested, spans, labels), **_counts_apart(cell, tested, spans)}
    write_text(folder / COUNTS, json.dumps(counts) + "\n")
    metrics = evaluated.scores.to_dict() | _figures_apart(cell, training, tested, spans)
    if measured.adapter and (weights := adapter_folder(measured.adapter)):
        metrics["adapter_weights_sha256"] = weights_sha256(weights)
    cost: dict[str, Any] = {**_cost(evaluated.predictions), **measured.training}
    if waited is not None:
        cost["waited_share"] = round(((seconds_waited() or waited) - waited) / (perf_counter() - began), 4)
    write_json(folder / METRICS, {**metrics, "cost": cost})
    shutil.rmtree(folder / _CHECKPOINTS, ignore_errors=True)


def _config(cell: Cell, documents: CellDocuments, jobs: int) -> dict[str, Any]:
    return {
        **cell.to_dict(),
        **documents.facts(),
        "base_sha256": _base_sha256(cell),
        "hardware": hardware(),
        "jobs": jobs,
        "dtype": str(fastest_dtype()).removeprefix("torch."),
        **({"generated_together": _texts_at_a_time(cell)} if cell.decoder == "generate" else {}),
        "versions": installed_versions() | (presidio_versions() if cell.system == "presidio" else {}),
    }


def _base_sha256(cell: Cell) -> str | None:
    """Of the base's weights, where a model is measured and they are at hand."""
    if cell.system in ("patterns", "presidio"):
        return None
    if cell.system == "untuned" and cell.start:
        sidecar = read_sidecar(cell.start)
        return sidecar.base_sha256 if sidecar else None
    base = Path(located(cell.settings.model))
    return weights_sha256(base) if base.is_dir() else None


def _begin(folder: Path, study: Path, cell: Cell, config: Mapping[str, Any]) -> None:
    """Clear what another configuration left; checkpoints of this one stay, to go on from."""
    (folder / METRICS).unlink(missing_ok=True)
    before = config_of(study, cell)
    if {**before, **{name: config[name] for name in _BESIDE}} != config and folder.is_dir():
        for left in folder.iterdir():
            if left.is_dir():
                shutil.rmtree(left)
            elif left.name not in (LOG, FAILURE, LOCK):
                left.unlink()
    write_json(folder / CONFIG, config)


def _counts_apart(cell: Cell, tested: Sequence[Document], spans: Sequence[Prediction]) -> dict[str, Any]:
    """The counts of held-out labels, and of the others."""
    return {name: document_counts(*_only(kept, tested, spans), labels) for name, kept, labels in _apart(cell)}


def _figures_apart(cell: Cell, training: Sequence[Document], tested: Sequence[Document], spans: Sequence[Prediction]) -> dict[str, Any]:
    """Figures of held-out labels, and of the others, with recall of values that training did not see."""
    figures: dict[str, Any] = {}
    for name, kept, labels in _apart(cell):
        documents, predictions = _only(kept, tested, spans)
        scores = score(documents, predictions, labels, seen_values=entity_values(training), resamples=0)
        figures |= {f"{figure}_{name}": getattr(scores, figure) for figure in ("f1", "recall", "precision")}
        if name == "trained":
            figures["recall_unseen_trained"] = scores.to_dict().get("recall_unseen")
    return figures


def _apart(cell: Cell) -> Iterable[tuple[str, Collection[str], LabelSet]]:
    labels = cell.settings.label_set
    if cell.held_out:
        for name, kept in (("held_out", cell.held_out), ("trained", [name for name in labels.names if name not in cell.held_out])):
            yield name, kept, labels.subset(list(kept))


def _only(kept: Collection[str], documents: Sequence[Document], spans: Sequence[Prediction]) -> tuple[list[Document], list[Prediction]]:
    """Documents and predictions with some of the labels alone."""
    gold = [replace(document, spans=tuple(span for span in document.spans if span.label in kept)) for document in documents]
    return gold, [replace(one, spans=tuple(span for span in one.spans if span.label in kept), output=None) for one in spans]


def _measured(cell: Cell, documents: CellDocuments, study: Path, progress: Progress) -> Measured:
    labels, training, tested = cell.settings.label_set, documents.training, documents.measured
    if cell.system in ("patterns", "presidio"):
        guess = PatternGuess(labels) if cell.system == "patterns" else presidio_spans(labels)
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
        if not adapter.is_dir() or not has_source(study, cell):
            raise DataError(
                f"{cell.place}: measures the adapter of {cell.source_place}, which is not here as it is asked for; train it with --again"
            )
        return _of_adapter(cell, str(adapter), tested, progress, entity_values(training))
    if cell.system == "untuned" and cell.start:
        return _of_adapter(cell, cell.start, tested, progress, None)
    experiment = Experiment.open(cell.settings, None, progress, cell.decoder, batch_size=_texts_at_a_time(cell))
    if cell.system == "untuned":
        return Measured(experiment.evaluate(tested, "Measuring the model as it is"), {})
    return _tuned(cell, experiment, documents, study / cell.place)


def _tuned(cell: Cell, experiment: Experiment, documents: CellDocuments, folder: Path) -> Measured:
    whole = experiment.prompt
    if cell.held_out:
        experiment.prompt = whole.for_labels(whole.labels.subset([name for name in whole.labels.names if name not in cell.held_out]))
    checkpoints = folder / _CHECKPOINTS if cell.settings.save_steps else None
    found = last_checkpoint(checkpoints) if checkpoints else None
    experiment.train(documents.training, validation=documents.parts.validation, checkpoints=checkpoints, resume=found)
    with replacing_folder(folder / ADAPTER) as made:
        experiment.save(made, Split(documents.training, (), ()))
    experiment.prompt = whole
    facts = asdict(experiment.training)
    return Measured(
        experiment.evaluate(documents.measured, "Measuring"),
        {
            "training_seconds": facts["seconds"],
            "training_steps": facts["steps"],
            "trained_parameters": facts["trainable_parameters"],
            "peak_memory_mib": peak_memory_mib(),
            **({"void": {"training_seconds": "went on from a checkpoint"}} if found else {}),
        },
        str(folder / ADAPTER),
    )


def _of_adapter(cell: Cell, adapter: str, tested: Sequence[Document], progress: Progress, seen: Iterable[str] | None) -> Measured:
    base = cell.settings.model if Path(cell.settings.model).is_dir() else None
    tagger = Tagger.from_pretrained(adapter, decoder=cell.decoder, batch_size=_texts_at_a_time(cell), base=base, dtype=fastest_dtype())
    evaluated = evaluate_tagger(tagger, tested, progress, seen_values=seen, seed=cell.settings.seed)
    return Measured(evaluated, {}, adapter)


def _texts_at_a_time(cell: Cell) -> int:
    """Texts that plain generation answers together: of so small a model as the embedded one, a GPU takes more at a time than a CPU."""
    return 64 if cell.settings.model == "embedded" and default_device() != "cpu" else 16


def _guessed(guess: Callable[[str], Sequence[Span]], documents: Sequence[Document], labels: LabelSet) -> Evaluated:
    predictions = []
    for document in documents:
        started = perf_counter()
        spans = tuple(guess(document.text))
        predictions.append(Prediction(document.id, spans, seconds=perf_counter() - started))
    return Evaluated(score(documents, predictions, labels), predictions)


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
