"""What a training would take, before it is run."""

import math
from dataclasses import asdict, dataclass
from pathlib import Path

from piispan.core import Document, FormatError, Span, context_length
from piispan.dataset_builder import SplitKind
from piispan.runs.experiment import Experiment
from piispan.runs.machine import peak_memory_mib, require_training
from piispan.runs.progress import Progress
from piispan.runs.settings import TrainSettings, check_validation
from piispan.runs.showing import Pieces, row_pieces
from piispan.runs.step_time import seconds_per_step
from piispan.runs.train_and_evaluate import read_parts
from piispan.runs.training import prepare_tag_tokens, training_rows
from piispan.tagger import DecoderName
from piispan.trainer_ext import statistics

__all__ = ["DryRun", "dry_run"]


@dataclass(frozen=True, slots=True)
class DryRun:
    """An estimate.

    Args:
        documents: Documents to train on.
        validation: Documents held out for validation.
        test: Documents held out for the test.
        start: The adapter that it begins from: its name or folder; ``None`` where it begins afresh.
        learning_rate: The highest of the schedule.
        dropped: Documents left out because they are too long.
        split: Documents cut into several rows because they are too long.
        tokens: Tokens of all rows.
        loss_tokens: Those that bear loss.
        longest: Tokens of the longest row.
        prefix: Tokens that all rows begin with; computed once for each batch.
        prefix_share: Their share of all rows' tokens.
        steps: Optimizer steps.
        seconds: Time of training at most, from two steps of the longest rows measured here.
        peak_mib: Most memory that these steps took: of the GPU where there is one, else of the process. The optimizer's state comes on top:
            two numbers for each trained one.
        example: A made-up document as a row, in pieces: the text, and whether it bears loss.
    """

    documents: int
    validation: int
    test: int
    start: str | None
    learning_rate: float
    dropped: int
    split: int
    tokens: int
    loss_tokens: int
    longest: int
    prefix: int
    prefix_share: float
    steps: int
    seconds: float
    peak_mib: float
    example: Pieces

    def to_dict(self) -> dict[str, object]:
        """Everything, for JSON."""
        return {**asdict(self), "example": [list(piece) for piece in self.example]}


def dry_run(
    data: str | Path,
    *,
    test: str | Path | None = None,
    split: SplitKind = "random",
    settings: TrainSettings | None = None,
    decoder: DecoderName | None = None,
    progress: Progress | None = None,
) -> DryRun:
    """Load the model, prepare the rows, and measure two steps; nothing is trained and nothing is written.

    Args and errors are those of ``train``.
    """
    require_training()
    chosen = settings or TrainSettings()
    parts = read_parts(data, test, split, chosen.label_set)
    check_validation(chosen, parts.validation)
    experiment = Experiment.open(chosen, None, progress, decoder)
    chosen, prompt = experiment.settings, experiment.prompt
    model, tokenizer = experiment.loaded.model, experiment.loaded.tokenizer
    prepare_tag_tokens(model, tokenizer, prompt, chosen)
    prepared = training_rows(parts.train, prompt, tokenizer, chosen, max_length=chosen.max_length or context_length(model))
    if not prepared.rows:
        raise FormatError("there are no documents to train on: none fits")
    counted = statistics(prepared.rows)
    steps = math.ceil(math.ceil(len(prepared.rows) / (chosen.batch_size * chosen.gradient_accumulation_steps)) * chosen.epochs)
    longest = sorted(prepared.rows, key=lambda row: -len(row["input_ids"]))
    each = seconds_per_step(model, longest[: 2 * chosen.batch_size], chosen) * chosen.gradient_accumulation_steps
    made_up = Document("example", "Ada Lovelace wrote this.", (Span(0, 12, prompt.labels.names[0]),))
    return DryRun(
        documents=len(parts.train),
        validation=len(parts.validation),
        test=len(parts.test),
        start=chosen.start,
        learning_rate=chosen.highest_learning_rate,
        dropped=len(prepared.dropped),
        split=len(prepared.split),
        tokens=counted["tokens"],
        loss_tokens=counted["loss_tokens"],
        longest=counted["longest"],
        prefix=counted["prefix"],
        prefix_share=counted["prefix"] * counted["rows"] / counted["tokens"],
        steps=steps,
        seconds=each * steps,
        peak_mib=peak_memory_mib(),
        example=row_pieces(made_up, experiment, tokenizer),
    )
