"""The metric as an ``evaluate`` module: ``evaluate.load(piispan.metric.path())``.

``evaluate`` reads the imports of this file with a regular expression: one import on a line, and after it nothing but where
to install it from.
"""

import datasets
import evaluate

from piispan.core import FORMATS, LabelSet, get_format
from piispan.metric import Alignment
from piispan.metric.rows import OutputRow, SpanRow, check_rows, label_set_of, read_outputs, score_outputs, score_rows

_DESCRIPTION = """\
Scores for PII taggers: exact precision, recall and F1 with bootstrap intervals, leaked characters and documents,
partial and boundary matches, per label, hallucination of raw outputs; with a signature of the settings.
"""

_INPUTS = """
`evaluate.load(...)` takes spans; `evaluate.load(..., "tagged", labels="presidio")` takes raw outputs in that format (`tagged`,
`json`, `json_values`, `bio`), and measures hallucination too.

Args:
    predictions: For each document `{"spans": [{"start": int, "end": int, "label": str}]}`; half-open character offsets.
        Spans may overlap; a span given twice counts once. Of raw outputs: `{"output": str}`.
    references: For each document its spans in the same form, flat, in the same order. Of raw outputs: its `text` as well.
    labels: A label set, its name, the path of its YAML file, or a list of labels; by default the one given to
        `evaluate.load`, else the labels of the references. Raw outputs take that of `evaluate.load` only (default: `presidio`).
    alignment: Of raw outputs: score the spans as they are (`strict`, default) or after repair (`recover`).
    resamples: Bootstrap resamples (default 1000; 0 for no intervals).
    seed: Seed of the bootstrap (default 0).

Returns:
    The flat scores of `piispan.metric.Scores.to_dict()`. `None` means that there is nothing to score.

Raises:
    piispan.core.DataError: A row that is not of this form; names its side and index.
"""


class PiiSpan(evaluate.Metric):  # type: ignore[misc]
    """Checks rows, lets ``evaluate`` store their offsets, labels and faults, and scores them."""

    def __init__(self, config_name=None, *args, labels=None, **kwargs):  # type: ignore[no-untyped-def]
        self._format = get_format(config_name) if config_name in FORMATS else None
        self._labels = None if labels is None else label_set_of(labels)
        super().__init__(config_name, *args, **kwargs)

    def _info(self) -> evaluate.MetricInfo:
        # Texts are not among the features: evaluate would write them to its cache folder.
        if self.config_name not in ("default", *FORMATS):
            raise ValueError(f"unknown configuration; there are: {', '.join(FORMATS)}, and none for spans")
        offset, label, fault = datasets.Value("int64"), datasets.Value("string"), datasets.Value("bool")
        spans = datasets.List({"start": offset, "end": offset, "label": label})
        row = {"spans": spans}
        answer = {
            "spans": spans,
            "recovered": spans,
            "problems": datasets.List(datasets.List(label)),
            "malformed": fault,
            "text_drift": fault,
            "extraneous_text": fault,
        }
        return evaluate.MetricInfo(
            description=_DESCRIPTION,
            citation="",
            inputs_description=_INPUTS,
            features=datasets.Features({"predictions": answer if self._format else row, "references": row}),
            homepage="",
            license="Apache-2.0",
        )

    def add_batch(self, *, predictions: object = None, references: object = None, **kwargs: object) -> None:
        """Add the rows of several documents; nothing is added if one of them is refused."""
        rows, gold = self._read(predictions, references)
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
        rows, gold = self._read([row], [references if reference is None else reference])
        super().add(prediction=rows[0], reference=gold[0], **kwargs)

    def _read(self, predictions: object, references: object) -> tuple[list[OutputRow], list[SpanRow]]:
        if self._format is None:
            return check_rows(predictions, references)
        return read_outputs(predictions, references, self._format, self._labels_of_outputs())

    def _labels_of_outputs(self) -> LabelSet:
        return self._labels or label_set_of("presidio")

    def _compute(self, predictions, references, labels=None, alignment: Alignment = "strict", resamples=1000, seed=0):  # type: ignore[no-untyped-def]
        if self._format is None:
            if alignment != "strict":
                raise ValueError("alignment goes with raw outputs, spans are scored as they are")
            return score_rows(predictions, references, self._labels if labels is None else labels, resamples, seed)
        if labels is not None:
            raise ValueError("raw outputs are read with the labels that were given to evaluate.load")
        return score_outputs(predictions, references, self._labels_of_outputs(), self._format.name, alignment, resamples, seed)
