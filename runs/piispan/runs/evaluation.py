"""Documents through a tagger, scored."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from piispan.core import Document, Prediction
from piispan.metric import Scores, score
from piispan.runs.progress import Progress
from piispan.tagger import Tagger

__all__ = ["Evaluated", "entity_values", "evaluate_tagger"]


@dataclass(frozen=True, slots=True)
class Evaluated:
    """Scores and the predictions they are scores of."""

    scores: Scores
    predictions: list[Prediction]


def evaluate_tagger(
    tagger: Tagger,
    documents: Sequence[Document],
    progress: Progress,
    *,
    what: str = "Evaluating",
    seen_values: Iterable[str] | None = None,
    seed: int = 0,
) -> Evaluated:
    """Tag ``documents`` and score the raw answers.

    Args:
        tagger: The tagger.
        documents: Documents with gold spans.
        progress: Shown while tagging, a unit per document.
        what: Title of the progress bar.
        seen_values: Entity values of the training documents, for recall on unseen ones apart.
        seed: Of the bootstrap.
    """
    progress.start(what, len(documents), "documents")
    predictions = tagger.predict(documents, progress=progress.advance)
    progress.finish()
    seen = None if seen_values is None else set(seen_values)
    scores = score(documents, predictions, tagger.prompt.labels, format=tagger.prompt.format, seen_values=seen, seed=seed)
    return Evaluated(scores, predictions)


def entity_values(documents: Iterable[Document]) -> set[str]:
    """Every labelled value of ``documents``: personal data, for comparison in memory only."""
    return {document.value(span) for document in documents for span in document.spans}
