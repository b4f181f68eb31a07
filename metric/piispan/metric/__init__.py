"""Scores for PII taggers: spans, leaked characters, hallucination; with intervals, and with a signature.

    from piispan.metric import score
    scores = score(documents, predictions, labels)
    print(scores)              # headline figures with intervals, and the signature
    scores.to_dict()           # the flat keys of metrics.json

``evaluate.load(piispan.metric.path())`` gives the same scores as an ``evaluate`` module. The definitions stand where
they are computed: ``matching``, ``leak``, ``hallucination``, ``ratios``, ``bootstrap``. Counts are added up over the
corpus and ratios are taken last; nothing to score is ``None``, never NaN.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from piispan.core import lazy_names

if TYPE_CHECKING:
    from piispan.metric.analysis import Analysis, EdgeErrors, Leak, analyse
    from piispan.metric.bootstrap import widened
    from piispan.metric.choices import Alignment, Offsets
    from piispan.metric.comparison import Comparison, JudgedSpan, Outcome, compare_output, read_gold
    from piispan.metric.counts_by_document import COUNTED, document_counts
    from piispan.metric.export import export_space
    from piispan.metric.gates import Gate, broken_gates
    from piispan.metric.hallucination import HallucinationRates
    from piispan.metric.paired import PairedDifference, paired_bootstrap, paired_differences
    from piispan.metric.report import draw_confusion, draw_labels, draw_pictures, markdown_report, write_report
    from piispan.metric.scores import METRIC_VERSION, LabelScores, Scores, SeenRecall, SemEvalCounts, SpanScores
    from piispan.metric.scoring import score, scored_predictions
    from piispan.metric.titles import OUTPUT_TITLES, SPAN_TITLES, as_code, percent, shown_figures

__all__ = [
    "COUNTED",
    "METRIC_VERSION",
    "OUTPUT_TITLES",
    "SPAN_TITLES",
    "Alignment",
    "Analysis",
    "Comparison",
    "EdgeErrors",
    "Gate",
    "HallucinationRates",
    "JudgedSpan",
    "LabelScores",
    "Leak",
    "Offsets",
    "Outcome",
    "PairedDifference",
    "Scores",
    "SeenRecall",
    "SemEvalCounts",
    "SpanScores",
    "analyse",
    "as_code",
    "broken_gates",
    "compare_output",
    "document_counts",
    "draw_confusion",
    "draw_labels",
    "draw_pictures",
    "export_space",
    "markdown_report",
    "paired_bootstrap",
    "paired_differences",
    "path",
    "percent",
    "read_gold",
    "score",
    "scored_predictions",
    "shown_figures",
    "widened",
    "write_report",
]

_MODULES = {
    "COUNTED": "counts_by_document",
    "Alignment": "choices",
    "Analysis": "analysis",
    "Comparison": "comparison",
    "EdgeErrors": "analysis",
    "Gate": "gates",
    "HallucinationRates": "hallucination",
    "JudgedSpan": "comparison",
    "LabelScores": "scores",
    "Leak": "analysis",
    "METRIC_VERSION": "scores",
    "OUTPUT_TITLES": "titles",
    "Offsets": "choices",
    "Outcome": "comparison",
    "PairedDifference": "paired",
    "SPAN_TITLES": "titles",
    "Scores": "scores",
    "SeenRecall": "scores",
    "SemEvalCounts": "scores",
    "SpanScores": "scores",
    "analyse": "analysis",
    "as_code": "titles",
    "broken_gates": "gates",
    "compare_output": "comparison",
    "document_counts": "counts_by_document",
    "draw_confusion": "report",
    "draw_labels": "report",
    "draw_pictures": "report",
    "export_space": "export",
    "markdown_report": "report",
    "paired_bootstrap": "paired",
    "paired_differences": "paired",
    "percent": "titles",
    "read_gold": "comparison",
    "score": "scoring",
    "scored_predictions": "scoring",
    "shown_figures": "titles",
    "widened": "bootstrap",
    "write_report": "report",
}
__getattr__, __dir__ = lazy_names(__name__, _MODULES)


def path() -> str:
    """The file of the ``evaluate`` module, for ``evaluate.load(piispan.metric.path())``."""
    return str(Path(__file__).parent / "space" / "pii_span.py")
