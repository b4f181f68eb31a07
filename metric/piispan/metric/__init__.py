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

from piispan.metric.analysis import Analysis, EdgeErrors, Leak, analyse
from piispan.metric.comparison import Comparison, JudgedSpan, Outcome, compare_output, read_gold
from piispan.metric.export import export_space
from piispan.metric.gates import Gate, broken_gates
from piispan.metric.hallucination import HallucinationRates
from piispan.metric.paired import PairedDifference, paired_bootstrap, paired_differences
from piispan.metric.pairing import Offsets
from piispan.metric.report import draw_confusion, draw_labels, draw_pictures, markdown_report, write_report
from piispan.metric.scores import METRIC_VERSION, Alignment, LabelScores, Scores, SeenRecall, SemEvalCounts, SpanScores
from piispan.metric.scoring import score, scored_predictions
from piispan.metric.titles import OUTPUT_TITLES, SPAN_TITLES, as_code, percent, shown_figures

__all__ = [
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
    "write_report",
]


def path() -> str:
    """The file of the ``evaluate`` module, for ``evaluate.load(piispan.metric.path())``."""
    return str(Path(__file__).parent / "space" / "pii_span.py")
