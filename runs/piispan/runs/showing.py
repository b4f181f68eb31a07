"""One document as the row that training makes of it."""

from collections.abc import Sequence
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

from piispan.core import DataError, Document
from piispan.dataset_builder import iter_documents
from piispan.runs.experiment import Experiment
from piispan.runs.machine import require_training
from piispan.runs.settings import TrainSettings
from piispan.runs.training import prepare_tag_tokens, training_rows
from piispan.trainer_ext import IGNORED

__all__ = ["Pieces", "row_pieces", "show_row"]

_BROKEN = "\N{REPLACEMENT CHARACTER}"
"""What tokenizers decode half a character to."""

Pieces = tuple[tuple[str, bool], ...]
"""A row's text in pieces, each with whether it bears loss."""


def show_row(data: str | Path, *, document: str | None = None, settings: TrainSettings | None = None) -> Pieces:
    """A document of ``data`` as training sees it: its prompt and answer in the chat template of the base, tokens with and without loss.

    Args:
        data: Labelled documents.
        document: Id of the one to show; the first without it.
        settings: Of the training: base, format, prompt style, tags and loss.

    Raises:
        DataError: If the data cannot be read, or there is no document of that id.
        FormatError: If the document does not fit.
        ModelError: If there is no such base.
    """
    require_training()
    chosen = settings or TrainSettings()
    every = iter_documents(data, labels=chosen.label_set)
    found = next(islice((one for one in every if document in (None, one.id)), 1), None)
    if found is None:
        raise DataError(f"{data}: no document has the id {document!r}")
    experiment = Experiment.open(chosen, None, None, None)
    tokenizer = experiment.loaded.tokenizer
    prepare_tag_tokens(experiment.loaded.model, tokenizer, experiment.prompt, experiment.settings)
    return row_pieces(found, experiment, tokenizer)


def row_pieces(document: Document, experiment: Experiment, tokenizer: Any) -> Pieces:
    """The row of a document, neighbouring tokens of a kind decoded together."""
    row = training_rows([document], experiment.prompt, tokenizer, experiment.settings).rows[0]
    ids: Sequence[int] = row["input_ids"]
    bears = [label != IGNORED for label in row["labels"]]
    edges = [0, *(i for i in range(1, len(ids)) if bears[i] != bears[i - 1]), len(ids)]
    pieces: list[tuple[list[int], bool]] = []
    for left, right in pairwise(edges):
        # A character may take several tokens; it is shown whole, and marked if one of them bears loss.
        if pieces and _BROKEN in tokenizer.decode(pieces[-1][0])[-1:]:
            before, mark = pieces.pop()
            pieces.append(([*before, *ids[left:right]], mark or bears[left]))
        else:
            pieces.append((list(ids[left:right]), bears[left]))
    return tuple((tokenizer.decode(tokens), mark) for tokens, mark in pieces)
