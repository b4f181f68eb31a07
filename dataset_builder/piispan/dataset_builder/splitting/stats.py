"""What a collection of documents holds: how many spans of each label, how long its texts are."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from piispan.core import Document, replacing, require_extra

__all__ = ["DataStats", "data_stats", "draw_stats"]

_BARS = 30


@dataclass(frozen=True, slots=True)
class DataStats:
    """Counts of a collection.

    Args:
        spans: Spans by label, the most frequent first.
        values: Different values by label, case folded.
        lengths: Characters of each text, in order.
        without_spans: Documents without any span.
        groups: Different groups; documents without one count as none.
        doubles: Documents whose text stood in an earlier one.
    """

    spans: Mapping[str, int]
    values: Mapping[str, int]
    lengths: Sequence[int]
    without_spans: int
    groups: int
    doubles: int

    @property
    def documents(self) -> int:
        """Number of documents."""
        return len(self.lengths)

    def length_at(self, share: float) -> int:
        """The length that this share of the texts does not exceed: 0.5 for the median, 1 for the longest."""
        ordered = sorted(self.lengths)
        return ordered[max(0, min(len(ordered) - 1, round(share * len(ordered)) - 1))] if ordered else 0

    def to_dict(self) -> dict[str, object]:
        """The counts, with lengths by quantile."""
        quantiles = {name: self.length_at(share) for name, share in (("median", 0.5), ("p95", 0.95), ("longest", 1.0))}
        return {
            "documents": self.documents,
            "without_spans": self.without_spans,
            "groups": self.groups,
            "doubles": self.doubles,
            "characters": {"all": sum(self.lengths), **quantiles},
            "spans": dict(self.spans),
            "values": dict(self.values),
        }


def data_stats(documents: Iterable[Document]) -> DataStats:
    """Count what documents hold; they may stream by, values and hashes of texts are kept."""
    spans: Counter[str] = Counter()
    values: dict[str, set[str]] = {}
    lengths, without, doubles = [], 0, 0
    groups: set[str] = set()
    texts: set[int] = set()
    for document in documents:
        lengths.append(len(document.text))
        without += not document.spans
        doubles += (key := hash(document.text)) in texts
        texts.add(key)
        if document.group is not None:
            groups.add(document.group)
        for span in document.spans:
            spans[span.label] += 1
            values.setdefault(span.label, set()).add(document.value(span).casefold())
    ordered = dict(spans.most_common())
    return DataStats(ordered, {label: len(values[label]) for label in ordered}, lengths, without, len(groups), doubles)


def draw_stats(stats: DataStats, path: str | Path) -> None:
    """Write a PNG with the spans of each label and the lengths of the texts.

    Raises:
        MissingExtraError: If matplotlib is not installed (extra ``plots``).
        DataError: If the file cannot be written.
    """
    require_extra("plots", "matplotlib")
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, max(3.2, 1 + 0.28 * len(stats.spans))), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(3, 2))
    names = list(stats.spans)
    left.barh(range(len(names)), list(stats.spans.values()), color="#35608d", height=0.7)
    left.set(yticks=range(len(names)), xlabel="spans")
    left.set_yticklabels([f"{name}  ({stats.values[name]:,} values)" for name in names], fontsize=8)
    left.set_ylim(len(names) - 0.5, -0.5)
    right.hist(list(stats.lengths), bins=_BARS, color="#35608d")
    right.set(xlabel="characters of a text", ylabel="documents")
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
    with replacing(path) as file:
        figure.savefig(file.buffer, format="png", dpi=150, metadata={"Software": None})  # type: ignore[attr-defined]
