"""The metric as an ``evaluate`` module: ``evaluate.load(piispan.metric.path())``.

``evaluate`` reads the imports of this file with a regular expression: one import on a line, and after it nothing but where
to install it from.
"""

import datasets
import evaluate

from piispan.metric.rows import check_rows, score_rows

_DESCRIPTION = """\
Scores for PII taggers: exact precision, recall and F1 with bootstrap intervals, leaked characters and documents,
partial and boundary matches, per label; with a signature of the settings.
"""

_INPUTS = """
Args:
    predictions: For each document `{"spans": [{"start": int, "end": int, "label": str}]}`; half-open character offsets.
        Spans may overlap; a span given twice counts once.
    references: For each document the same, with flat spans, in the same order.
    labels: A label set, its name, or the path of its YAML file; by default the labels of the references.
    resamples: Bootstrap resamples (default 1000; 0 for no intervals).
    seed: Seed of the bootstrap (default 0).

Returns:
    The flat scores of `piispan.metric.Scores.to_dict()`. `None` means that there is nothing to score.

Raises:
    piispan.core.DataError: A row that is not of this form; names its side and index.
"""


class PiiSpan(evaluate.Metric):  # type: ignore[misc]
    """Checks rows, lets ``evaluate`` store their offsets and labels, and scores them."""

    def _info(self) -> evaluate.MetricInfo:
        # Texts are not among the features: evaluate would write them to its cache folder.
        offset, label = datasets.Value("int64"), datasets.Value("string")
        row = {"spans": datasets.List({"start": offset, "end": offset, "label": label})}
        return evaluate.MetricInfo(
            description=_DESCRIPTION,
            citation="",
            inputs_description=_INPUTS,
            features=datasets.Features({"predictions": row, "references": row}),
            homepage="",
            license="Apache-2.0",
        )

    def add_batch(self, *, predictions: object = None, references: object = None, **kwargs: object) -> None:
        """Add the rows of several documents; nothing is added if one of them is refused."""
        rows, gold = check_rows(predictions, references)
        super().add_batch(predictions=rows, references=gold, **kwargs)

    def add(
        self,
        *,
        prediction: object = None,
        reference: object = None,
        predictions: object = None,
        references: object = None,
        **kwargs: object,
    ) -> None:
        """Add the row of one document; ``evaluate.combine`` gives one row too under the plural names."""
        row = predictions if prediction is None else prediction
        rows, gold = check_rows([row], [references if reference is None else reference])
        super().add(prediction=rows[0], reference=gold[0], **kwargs)

    def _compute(self, predictions, references, labels=None, resamples=1000, seed=0):  # type: ignore[no-untyped-def]
        return score_rows(predictions, references, labels, resamples, seed)
