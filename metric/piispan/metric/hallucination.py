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

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields

import numpy as np

from piispan.core.formats.base import Mention, Parsed, Problem
from piispan.metric.span_table import FloatArray

__all__ = ["OUTPUT_COUNTS", "HallucinationRates", "count_outputs"]

_HALLUCINATED = frozenset({Problem.UNKNOWN_LABEL, Problem.VALUE_NOT_IN_SOURCE})

OUTPUT_COUNTS = (
    "outputs",
    "malformed",
    "text_drift",
    "extraneous_text",
    "offset_error",
    "mentions",
    "hallucination",
    "value_not_in_source",
    "unknown_label",
)
"""The columns of ``count_outputs``: outputs and those with a fault, mentions and those with one."""


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

    @classmethod
    def among(cls, ratios: Mapping[str, float | None]) -> "HallucinationRates":
        """The rates that stand among other ratios, by their names."""
        return cls(**{rate.name: ratios[rate.name] for rate in fields(cls)})

    def to_dict(self) -> dict[str, float | None]:
        """The rates by name."""
        return asdict(self)


def count_outputs(outputs: Sequence[Parsed]) -> FloatArray:
    """What is counted of each document's output. Shape: ``(documents, len(OUTPUT_COUNTS))``"""
    rows = [
        (
            1,
            one.malformed,
            one.text_drift,
            one.extraneous_text,
            _having(one.mentions, {Problem.WRONG_OFFSET}) > 0,
            len(one.mentions),
            _having(one.mentions, _HALLUCINATED),
            _having(one.mentions, {Problem.VALUE_NOT_IN_SOURCE}),
            _having(one.mentions, {Problem.UNKNOWN_LABEL}),
        )
        for one in outputs
    ]
    return np.array(rows, dtype=np.float64).reshape(len(outputs), len(OUTPUT_COUNTS))


def _having(mentions: Sequence[Mention], problems: set[Problem] | frozenset[Problem]) -> int:
    """Mentions with at least one of the problems."""
    return sum(not mention.problems.isdisjoint(problems) for mention in mentions)
