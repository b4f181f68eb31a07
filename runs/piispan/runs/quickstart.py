"""From nothing, or from one's own documents, to a measured adapter."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter

from piispan.core import Document, LabelSet
from piispan.dataset_builder import Split, SplitKind, fixed_split, read_documents, settings, synthesise
from piispan.model_card import DataFacts
from piispan.runs.experiment import Experiment
from piispan.runs.machine import require_training
from piispan.runs.progress import Progress
from piispan.runs.settings import TrainSettings, check_validation
from piispan.runs.step_time import seconds_per_step
from piispan.runs.training import prepare_tag_tokens, training_rows
from piispan.tagger import DecoderName, decoder_name

__all__ = ["HELD_OUT_SETTINGS", "QuickstartResult", "quickstart", "read_split", "synthetic_split"]

HELD_OUT_SETTINGS = ("bank_mail", "discharge_letter", "police_report")
"""Settings of the synthesis whose frames are never trained on."""

_MOST_TEST_DOCUMENTS, _FEWEST_TEST_DOCUMENTS = 64, 16
_TEST_DOCUMENTS_A_MINUTE = 8
"""Fewer are tested when there is less time: measuring twice would eat what training needs."""
_STEP_OVERHEAD = 1.15
"""Optimizer, collating and logging over forward and backward, as measured: the schedule should end before the deadline does."""
_SECOND_MEASUREMENT = {"verbatim": 0.5, "generate": 1.3}
"""Time of measuring the adapter over that of the base, with a margin: a base that marks at random takes more passes (0.3 was measured), and
one that answers in other words fewer tokens (1.2)."""
_WRITING_SECONDS = 15.0
"""Kept back for the example texts, the card and the files."""


@dataclass(frozen=True, slots=True)
class QuickstartResult:
    """What a quickstart leaves behind.

    Args:
        metrics: Content of ``metrics.json``.
        examples: Three synthetic texts, each with its redacted form.
        training_documents: Documents trained on.
        seconds: Wall time of the whole run.
    """

    metrics: dict[str, object]
    examples: list[tuple[str, str]]
    training_documents: int
    seconds: float


def quickstart(
    out: str | Path,
    *,
    data: str | Path | None = None,
    split: SplitKind = "random",
    train: TrainSettings | None = None,
    minutes: float | None = None,
    decoder: DecoderName | None = None,
    progress: Progress | None = None,
) -> QuickstartResult:
    """Fine-tune, and measure before and after, on synthetic documents or on one's own.

    Args:
        out: Folder for ``adapter/``, ``metrics.json`` and ``predictions.jsonl``.
        data: Labelled documents (Presidio JSON or JSONL); without it, synthetic documents are made, and
            the test has settings, sentence frames and values that training never saw.
        split: How ``data`` is split into training, validation and test.
        train: Settings of the fine-tuning.
        minutes: Time for the whole run; training is given what measuring leaves of it. Without it, 8 for
            synthetic documents, and all epochs for one's own.
        decoder: How answers are decoded; see ``piispan.tagger.make_decoder``.
        progress: Shows how far each step has come.

    Raises:
        DataError: If the data cannot be read or ``out`` cannot be written.
        ModelError: If the base model cannot be loaded.
    """
    started = perf_counter()
    require_training()
    chosen = train or TrainSettings()
    labels = LabelSet.load(chosen.labels)
    documents = None if data is None else read_split(data, split, labels)
    if documents is None:
        _check_synthesis(labels)
    budget = minutes if minutes is not None or documents is not None else 8.0
    check_validation(chosen, documents.validation if documents else ())
    experiment = Experiment.open(chosen, Path(out), progress, decoder)
    tests = _test_documents(budget or 0.0)
    test = documents.test if documents else synthetic_split(0, tests).test
    before_started = perf_counter()
    before = experiment.evaluate(test, "Evaluating the base model")
    measuring = perf_counter() - before_started
    measuring *= _SECOND_MEASUREMENT[decoder_name(decoder, chosen.format)]
    deadline = None if budget is None else started + 60 * budget - measuring - _WRITING_SECONDS
    left = None if deadline is None else deadline - perf_counter()
    if documents is None:
        documents = synthetic_split(_affordable(experiment, left or 0.0), tests)
        experiment.settings = replace(experiment.settings, epochs=1.0)
    elif left is not None:
        passes = _affordable(experiment, left, documents.train) / len(documents.train)
        experiment.settings = replace(experiment.settings, epochs=min(chosen.epochs, passes))
    experiment.train(documents.train, deadline, validation=documents.validation)
    after = experiment.evaluate(test, "Evaluating the adapter")
    metrics = experiment.write(Path(out), documents, _data_facts(data, split, documents), before, after)
    return QuickstartResult(metrics, _examples(experiment), experiment.training.documents, perf_counter() - started)


def _check_synthesis(labels: LabelSet) -> None:
    """The synthesis makes the labels of the presidio set; another set needs documents of its own.

    Raises:
        LabelError: If a label that the synthesis makes is not in ``labels``.
    """
    for name in LabelSet.load("presidio").names:
        labels.require(name, "synthetic documents carry the labels of 'presidio'; pass --data for another label set: ")


def read_split(path: str | Path, kind: SplitKind, labels: LabelSet) -> Split:
    """Labelled documents of a file, split. See ``piispan.dataset_builder.fixed_split``."""
    documents, _ = read_documents(path, labels=labels)
    return fixed_split(documents, kind)


def _test_documents(minutes: float) -> int:
    return min(max(int(_TEST_DOCUMENTS_A_MINUTE * minutes), _FEWEST_TEST_DOCUMENTS), _MOST_TEST_DOCUMENTS)


def synthetic_split(training_documents: int, test_documents: int) -> Split:
    """Synthetic documents; validation and test are of settings and values that training does not have."""
    seen = [name for name in settings() if name not in HELD_OUT_SETTINGS]
    train = tuple(synthesise(training_documents, seed=1, settings=seen, partition="train", ids="train-"))
    test = tuple(synthesise(test_documents, seed=2, settings=HELD_OUT_SETTINGS, partition="test", ids="test-"))
    return Split(train, (), test)


def _affordable(experiment: Experiment, seconds: float, documents: Sequence[Document] = ()) -> int:
    """How many documents can be trained on in ``seconds``, measured on four optimizer steps; 16 steps at the least."""
    size = experiment.settings.batch_size
    sample = (documents or synthetic_split(4 * size, 0).train)[: 4 * size]
    model, tokenizer = experiment.loaded.model, experiment.loaded.tokenizer
    prepare_tag_tokens(model, tokenizer, experiment.prompt, experiment.settings)
    rows = training_rows(sample, experiment.prompt, tokenizer, experiment.settings).rows
    steps = int(seconds / (_STEP_OVERHEAD * seconds_per_step(model, rows, experiment.settings)))
    return max(steps, 16) * size


def _data_facts(data: str | Path | None, kind: SplitKind, split: Split) -> DataFacts:
    counts = {part: len(documents) for part, documents in split.parts()}
    if data is None:
        held_out = ", ".join(name.replace("_", " ") for name in HELD_OUT_SETTINGS)
        made = f"Synthesised by piispan. The test settings ({held_out}), their sentence frames and their values are not in training."
        return DataFacts(name="piispan synthetic documents (English)", split="test", documents=counts, how_made=made, licence="cc0-1.0")
    made = f"Labelled documents of the user, split by {'document' if kind == 'random' else 'sentence frame (group)'}."
    return DataFacts(name=f"the user's documents, {kind} split", split="test", documents=counts, how_made=made)


def _examples(experiment: Experiment) -> list[tuple[str, str]]:
    """Three synthetic texts redacted; synthetic whatever was trained on, because they are shown."""
    texts = [document.text for document in synthesise(3, seed=3, settings=HELD_OUT_SETTINGS, partition="test")]
    return list(zip(texts, experiment.tagger.redact(texts), strict=True))
