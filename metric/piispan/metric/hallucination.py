"""What models write that was never in the text, counted over their raw outputs.

Over all predicted mentions (``None`` when there are none):

- ``unknown_label_rate``: the label is not in the label set;
- ``value_not_in_source_rate``: the value does not occur in the text;
- ``hallucination_rate``: either of the two; a mention with both counts once.

Over all documents (``None`` when there are none):

- ``offset_error_rate``: at least one mention has offsets that do not slice to its value, or names an occurrence
  that does not exist;
- ``malformed_rate``: the output cannot be read whole;
- ``text_drift_rate``: the output repeats a text, but not this one;
- ``extraneous_text_rate``: something stands before or after the answer.

What counts as each of these is the output format's to say: see ``piispan.core.formats``.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from piispan.core.formats.base import Mention, Parsed, Problem
from piispan.metric.span_table import FloatArray

__all__ = ["HallucinationRates", "count_mentions", "hallucination_rates"]

_HALLUCINATED = frozenset({Problem.UNKNOWN_LABEL, Problem.VALUE_NOT_IN_SOURCE})


@dataclass(frozen=True, slots=True)
class HallucinationRates:
    """Shares between 0 and 1; ``None`` where there was nothing to count, or no raw output was kept."""

    hallucination_rate: float | None = None
    value_not_in_source_rate: float | None = None
    unknown_label_rate: float | None = None
    offset_error_rate: float | None = None
    malformed_rate: float | None = None
    text_drift_rate: float | None = None
    extraneous_text_rate: float | None = None

    def to_dict(self) -> dict[str, float | None]:
        """The rates by name."""
        return asdict(self)


def count_mentions(outputs: Sequence[Parsed]) -> FloatArray:
    """Mentions of each document, and how many of them are hallucinated. Shape: ``(documents, 2)``"""
    rows = [(len(output.mentions), _count(output.mentions, _HALLUCINATED)) for output in outputs]
    return np.array(rows, dtype=np.float64).reshape(len(outputs), 2)


def hallucination_rates(outputs: Sequence[Parsed]) -> HallucinationRates:
    """The rates of the module's head over the parsed outputs, one for each document."""
    mentions = [mention for output in outputs for mention in output.mentions]
    wrong_offset = frozenset({Problem.WRONG_OFFSET})
    return HallucinationRates(
        hallucination_rate=_share(_count(mentions, _HALLUCINATED), len(mentions)),
        value_not_in_source_rate=_share(_count(mentions, frozenset({Problem.VALUE_NOT_IN_SOURCE})), len(mentions)),
        unknown_label_rate=_share(_count(mentions, frozenset({Problem.UNKNOWN_LABEL})), len(mentions)),
        offset_error_rate=_share(sum(_count(output.mentions, wrong_offset) > 0 for output in outputs), len(outputs)),
        malformed_rate=_share(sum(output.malformed for output in outputs), len(outputs)),
        text_drift_rate=_share(sum(output.text_drift for output in outputs), len(outputs)),
        extraneous_text_rate=_share(sum(output.extraneous_text for output in outputs), len(outputs)),
    )


def _count(mentions: Sequence[Mention], problems: frozenset[Problem]) -> int:
    """Mentions with at least one of the problems."""
    return sum(not problems.isdisjoint(mention.problems) for mention in mentions)


def _share(count: int, total: int) -> float | None:
    return count / total if total else None
