"""From nothing, or from one's own documents, to a measured adapter."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter

from piispan.core import Document, LabelSet
from piispan.dataset_builder import SplitKind, read_split
from piispan.runs.data_facts import data_facts
from piispan.runs.experiment import Experiment
from piispan.runs.machine import require_training
from piispan.runs.progress import Progress
from piispan.runs.settings import TrainSettings, check_validation
from piispan.runs.step_time import seconds_per_step
from piispan.runs.synthetic import Synthesis, synthesis_for
from piispan.runs.training import prepare_tag_tokens, training_rows
from piispan.runs.training_origin import TrainingOrigin
from piispan.tagger import DecoderName, decoder_name

__all__ = ["QuickstartResult", "quickstart"]

_MOST_TEST_DOCUMENTS, _FEWEST_TEST_DOCUMENTS = 64, 16
_TEST_DOCUMENTS_A_MINUTE = 8
"""Fewer are tested when there is less time: measuring twice would eat what training needs."""
_STEP_OVERHEAD = 1.15
"""Optimizer, collating and logging over forward and backward, as measured: the schedule should end before the deadline does."""
_MARGIN = 1.3
"""More synthetic documents than there should be time for: the deadline ends the training, and the learning rate with it."""
_SECOND_MEASUREMENT = {"verbatim": 0.4, "generate": 1.3}
"""Time of measuring the adapter over that of the base, with a margin: a base that marks at random takes more passes (0.3 was measured), and
one that answers in other words fewer tokens (1.2)."""
_LEARNING_RATE_ON_KNOWN = 3e-4
"""On documents like those that the adapter which ships was made of: little is new in them, and a higher one unlearns more."""
_WRITING_SECONDS = 15.0
"""Kept back for the example texts, the card and the files."""

_FEWEST_STEPS = 50
_TOO_FEW = "So few steps teach a model little: give the run more minutes."
_ENGLISH_BASE = "The base model was pre-trained on English text: in another language its figures demonstrate the method, and no more."


@dataclass(frozen=True, slots=True)
class QuickstartResult:
    """What a quickstart leaves behind.

    Args:
        metrics: Content of ``metrics.json``.
        examples: Three synthetic texts, each with its redacted form.
        labels: The label set in use.
        training_documents: Documents trained on.
        seconds: Wall time of the whole run.
        note: What a reader of the figures must know, or nothing.
    """

    metrics: dict[str, object]
    examples: list[tuple[str, str]]
    labels: LabelSet
    training_documents: int
    seconds: float
    note: str = ""


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
        data: Labelled documents; see ``piispan.dataset_builder.read_split``. Without it, synthetic documents are made in the language of
            ``train``, English or Chinese, and the test has settings, sentence frames and values that training never saw.
        split: How ``data`` is split into training, validation and test.
        train: Settings of the fine-tuning. Synthetic Chinese documents bear the labels of ``zh_pii`` where none are chosen.
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
    labels = chosen.label_set
    made = synthesis_for(chosen.document_language, labels) if data is None else Synthesis.to_show(chosen.document_language)
    documents = None if data is None else read_split(data, split, labels)
    budget = minutes if minutes is not None or documents is not None else 8.0
    check_validation(chosen, documents.validation if documents else ())
    experiment = Experiment.open(chosen, Path(out), progress, decoder)
    tests = _test_documents(budget or 0.0)
    test = documents.test if documents else made.split(0, tests).test
    before_started = perf_counter()
    before = experiment.evaluate(test, "Evaluating the base model")
    measuring = perf_counter() - before_started
    measuring *= _SECOND_MEASUREMENT[decoder_name(decoder, chosen.format)]
    deadline = None if budget is None else started + 60 * budget - measuring - _WRITING_SECONDS
    left = None if deadline is None else deadline - perf_counter()
    if documents is None:
        sample = made.split(4 * chosen.batch_size, 0).train
        documents = made.split(round(_MARGIN * _affordable(experiment, left or 0.0, sample)), tests)
        known = experiment.settings.start is not None and chosen.start is None
        rate = chosen.learning_rate or (_LEARNING_RATE_ON_KNOWN if known else None)
        experiment.settings = replace(experiment.settings, epochs=1.0, learning_rate=rate)
    elif left is not None:
        passes = _affordable(experiment, left, documents.train) / len(documents.train)
        experiment.settings = replace(experiment.settings, epochs=min(chosen.epochs, passes))
    experiment.train(documents.train, deadline, fill_time=data is None, validation=documents.validation)
    after = experiment.evaluate(test, "Evaluating the adapter")
    too_few = _TOO_FEW if experiment.training.steps < _FEWEST_STEPS else ""
    note = _ENGLISH_BASE if data is None and chosen.model == "embedded" and chosen.document_language != "en" else ""
    if data is None:
        facts = made.facts(documents, note)
    else:
        facts = data_facts(data, split, {part: len(members) for part, members in documents.parts()})
    origin = TrainingOrigin.synthetic(documents.train, Path(out)) if data is None else TrainingOrigin(Path(data), split)
    metrics = experiment.write(Path(out), documents, facts, before, after, origin)
    shown = made.texts(3)  # synthetic whatever was trained on, because they are shown
    redacted = list(zip(shown, experiment.tagger.redact(shown), strict=True))
    return QuickstartResult(metrics, redacted, labels, experiment.training.documents, perf_counter() - started, f"{too_few} {note}".strip())


def _test_documents(minutes: float) -> int:
    return min(max(int(_TEST_DOCUMENTS_A_MINUTE * minutes), _FEWEST_TEST_DOCUMENTS), _MOST_TEST_DOCUMENTS)


def _affordable(experiment: Experiment, seconds: float, documents: Sequence[Document]) -> int:
    """How many documents can be trained on in ``seconds``, measured on four optimizer steps; 16 steps at the least."""
    size = experiment.settings.batch_size
    sample = documents[: 4 * size]
    model, tokenizer = experiment.loaded.model, experiment.loaded.tokenizer
    prepare_tag_tokens(model, tokenizer, experiment.prompt, experiment.settings)
    rows = training_rows(sample, experiment.prompt, tokenizer, experiment.settings).rows
    steps = int(seconds / (_STEP_OVERHEAD * seconds_per_step(model, rows, experiment.settings)))
    return max(steps, 16) * size
