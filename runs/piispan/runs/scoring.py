"""Score predictions that lie in a file, whoever made them."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from piispan.core import DataError, Document, LabelSet, Prediction, get_format
from piispan.dataset_builder import ReadReport, SplitKind, fixed_split, is_split_folder, iter_rows, read_documents, read_part
from piispan.metric import Alignment, Analysis, Offsets, PairedDifference, Scores, analyse, paired_differences, score, scored_predictions

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
        gold: What was repaired in reading the gold documents; predictions are taken as they are.
        unknown_labels: Predicted spans by label, of labels that are not in the label set.
    """

    scores: Scores
    analysis: Analysis
    differences: Mapping[str, PairedDifference]
    gold: ReadReport
    unknown_labels: Mapping[str, int]


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
        predictions: ``predictions.jsonl``, or any file with spans: JSON Lines, Presidio JSON, or token and tag columns (``.bio``,
            ``.conll``). Ids tell which is of which document; items of Presidio JSON without one and sentences of columns are numbered.
            Predicted spans may overlap and are not repaired. Rows that have a text must have that of their document.
        gold: Labelled documents in any of these layouts.
        compare: Predictions of another system for the same documents, read as the first are.
        split: Score only the test part of this split of ``gold``; predictions of its other documents are passed over.
        labels: Label set of the documents.
        format: Output format of the raw outputs in ``predictions``: they are read anew, and hallucination is measured. Without it, the
            predicted spans are scored.
        alignment: Which spans of raw outputs to score; see ``piispan.metric.score``.
        offsets: What the offsets of predicted spans count; see there.
        resamples: Bootstrap resamples; 0 for no intervals.
        seed: Of the bootstrap.

    Raises:
        DataError: If a file cannot be read, ids do not match, a text is another one, a span lies outside its document, or there are no raw
            outputs to read in ``format``.
        FormatError: If there is no such format.
    """
    if compare is not None and not resamples:
        raise DataError("systems are compared by resampling: resamples must be at least 1")
    known, output = LabelSet.load(labels), None if format is None else get_format(format)
    every, report = read_documents(gold, labels=known)
    if is_split_folder(gold):
        documents = list(read_part(gold, "test", known))
    else:
        documents = every if split is None else list(fixed_split(every, split).test)
    read = partial(_predictions, gold={document.id: document for document in every}, scored={document.id for document in documents})
    as_scored = partial(scored_predictions, documents, labels=known, format=output, alignment=alignment, offsets=offsets)
    ours = read(predictions, raw=output is not None)
    spans = _checked(predictions, as_scored, ours)
    scores = score(documents, ours, known, format=output, alignment=alignment, offsets=offsets, resamples=resamples, seed=seed)
    differences = {}
    if compare is not None:
        theirs = _checked(compare, as_scored, read(compare, raw=output is not None))
        differences = paired_differences(documents, spans, theirs, known, figures=COMPARED, resamples=resamples, seed=seed)
    unknown = Counter(span.label for prediction in spans for span in prediction.spans if span.label not in known)
    return Scored(scores, analyse(documents, spans, known), differences, report, dict(unknown.most_common()))


def _predictions(path: str | Path, *, raw: bool, gold: Mapping[str, Document], scored: Collection[str]) -> list[Prediction]:
    """The predictions of a file, those of gold documents that are not scored left out.

    Raises:
        DataError: If a row is no prediction or has another text than its document, or ``raw`` outputs are wanted and there are none.
    """
    found = []
    for where, row in iter_rows(path):
        if "notice" in row and "id" not in row:
            continue
        try:
            prediction = Prediction.from_dict(row)
        except DataError as error:
            raise DataError(f"{path}, {where}: {error}") from None
        document = gold.get(prediction.id)
        if document is not None and row.get("text", document.text) != document.text:
            raise DataError(f"{path}: document {prediction.id!r} has another text than its gold document, so offsets mean nothing")
        if document is None or prediction.id in scored:
            found.append(prediction)
    if raw and all(prediction.output is None for prediction in found):
        raise DataError(f"{path}: has no raw outputs, so there is nothing to read in a format")
    return found


def _checked(path: str | Path, read: Callable[[list[Prediction]], list[Prediction]], predictions: list[Prediction]) -> list[Prediction]:
    """The predictions as they are scored.

    Raises:
        DataError: As ``scored_predictions`` does; names the file.
    """
    try:
        return read(predictions)
    except DataError as error:
        raise DataError(f"{path}: {error}") from None
