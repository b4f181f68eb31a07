"""An adapter that is trained on synthetic documents alone, for other trainings to begin from."""

from dataclasses import replace
from functools import partial
from pathlib import Path

from piispan.runs.artifacts import check_writable
from piispan.runs.experiment import Experiment
from piispan.runs.machine import require_training
from piispan.runs.progress import Progress
from piispan.runs.settings import TrainSettings
from piispan.runs.synthetic import synthesis_for
from piispan.runs.train_and_evaluate import check_resumable, train_and_write
from piispan.runs.training_origin import TrainingOrigin

__all__ = ["pretune"]

_SEED, _NOISE = 11, 0.1
"""Other documents than a quickstart makes, some of them with typing or scanning errors."""
_TEST_DOCUMENTS = 64


def pretune(
    out: str | Path,
    *,
    documents: int = 5600,
    settings: TrainSettings | None = None,
    resume: bool = False,
    progress: Progress | None = None,
) -> dict[str, object]:
    """Fine-tune on many synthetic documents, score the adapter on settings that these do not have, and write it with its card.

    What is left out are the settings that a quickstart tests on, so that what begins from the adapter can be tested on them too.

    Args:
        out: Folder for ``adapter/``, ``metrics.json`` and ``predictions.jsonl``.
        documents: How many synthetic documents to train on.
        settings: Settings of the fine-tuning; its language and labels are those of the documents. It is one pass without early stopping,
            and begins afresh where nothing to begin from is named.
        resume: Go on with a run that was killed; its settings have ``save_steps``, and the checkpoints are in ``out``.
        progress: Shows how far each step has come.

    Returns:
        The content of ``metrics.json``; its ``before`` is empty. Of several processes, all but the first return nothing.

    Raises:
        DataError: If no documents are made in that language with these labels, ``out`` cannot be written, or there is nothing to resume.
        FormatError: If settings do not go together.
        ModelError: If the base model cannot be loaded.
    """
    given, folder = settings or TrainSettings(), Path(out)
    chosen = replace(given, epochs=1.0, early_stopping_patience=None, start=given.start or "none")
    require_training()
    made = synthesis_for(chosen.document_language, chosen.label_set)
    check_resumable(chosen, resume=resume)
    check_writable(folder)
    parts = made.split(documents, _TEST_DOCUMENTS, seed=_SEED, noise=_NOISE)
    facts = made.facts(parts, f"{_NOISE:.0%} of the training documents have typing or scanning errors.")
    experiment = Experiment.open(chosen, folder, progress, None)
    return train_and_write(experiment, parts, facts, partial(TrainingOrigin.synthetic, parts.train, folder), folder, resume=resume)
