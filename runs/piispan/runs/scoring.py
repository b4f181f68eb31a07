"""Score predictions that lie in a file, whoever made them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from piispan.core import DataError, Document, LabelSet, Prediction, get_format, read_predictions
from piispan.dataset_builder import SplitKind, read_documents
from piispan.metric import Alignment, Analysis, Offsets, PairedDifference, Scores, analyse, paired_bootstrap, score, scored_predictions
from piispan.runs.quickstart import read_split

__all__ = ["COMPARED", "Scored", "score_files"]

COMPARED = ("f1", "precision", "recall", "char_recall", "leaked_documents")
"""The figures in which two systems are compared."""


@dataclass(frozen=True, slots=True)
class Scored:
    """Scores of a file of predictions.

    Args:
        scores: Its scores.
        analysis: Its errors.
        differences: How far it is above the other file, by figure: those in which both have something to score. Empty without one.
    """

    scores: Scores
    analysis: Analysis
    differences: Mapping[str, PairedDifference]


def score_files(
    predictions: str | Path,
    gold: str | Path,
    *,
    compare: str | Path | None = None,
    split: SplitKind | None = None,
    labels: str = "presidio",
    format: str | None = None,  # noqa: A002
    alignment: Alignment = "strict",
    offsets: Offsets = "code_points",
    resamples: int = 1000,
    seed: int = 0,
) -> Scored:
    """Score predictions against labelled documents; nothing is decoded, so no model is needed.

    Args:
        predictions: ``predictions.jsonl``, or labelled documents whose spans are the predictions: JSON Lines, Presidio JSON, or token and
            tag columns (``.bio``, ``.conll``). Ids tell which is of which document; sentences of columns are numbered.
        gold: Labelled documents in any of these layouts.
        compare: Predictions of another system for the same documents, read as the first are.
        split: Score only the test part of this split of ``gold``.
        labels: Label set of the documents.
        format: Output format of the raw outputs in ``predictions``: they are read anew, and hallucination is measured. Without it, the
            predicted spans are scored.
        alignment: Which spans of raw outputs to score; see ``piispan.metric.score``.
        offsets: What the offsets of predicted spans count; see there.
        resamples: Bootstrap resamples; 0 for no intervals.
        seed: Of the bootstrap.

    Raises:
        DataError: If a file cannot be read, ids do not match, or a span lies outside its document.
        FormatError: If there is no such format.
    """
    known, output = LabelSet.load(labels), None if format is None else get_format(format)
    documents = read_documents(gold, labels=known)[0] if split is None else list(read_split(gold, split, known).test)
    ours = _predictions(predictions, documents)
    theirs = None if compare is None else _predictions(compare, documents)
    scores = score(documents, ours, known, format=output, alignment=alignment, offsets=offsets, resamples=resamples, seed=seed)
    read = partial(scored_predictions, documents, labels=known, format=output, alignment=alignment, offsets=offsets)
    ours = read(ours)
    differences = {} if theirs is None else _differences(documents, ours, read(theirs), known, resamples, seed)
    return Scored(scores, analyse(documents, ours, known), differences)


def _predictions(path: str | Path, documents: Sequence[Document]) -> list[Prediction]:
    """Those of a JSON Lines file, of predictions or of documents, or of documents in another layout, which must have the gold texts."""
    if Path(path).suffix.lower() in {".jsonl", ".ndjson"}:
        return read_predictions(path)
    texts = {document.id: document.text for document in documents}
    read = read_documents(path)[0]
    for document in read:
        if document.text != texts.get(document.id, document.text):
            raise DataError(f"{path}: document {document.id!r} has another text than its gold document, so offsets mean nothing")
    return [Prediction(document.id, document.spans) for document in read]


def _differences(
    documents: list[Document], ours: list[Prediction], theirs: list[Prediction], labels: LabelSet, resamples: int, seed: int
) -> dict[str, PairedDifference]:
    if not resamples:
        raise DataError("systems are compared by resampling: resamples must be at least 1")
    both = [score(documents, predictions, labels, resamples=0).to_dict() for predictions in (ours, theirs)]
    return {
        figure: paired_bootstrap(documents, ours, theirs, labels, figure=figure, resamples=resamples, seed=seed)
        for figure in COMPARED
        if all(scores[figure] is not None for scores in both)
    }
