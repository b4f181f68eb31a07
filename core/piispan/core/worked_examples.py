"""Worked examples for prompts: those that ship with a label set, and which of many are shown."""

from collections.abc import Iterable, Sequence
from importlib.resources import files

import yaml

from piispan.core.errors import DataError
from piispan.core.formats.tagged import TaggedFormat
from piispan.core.labels import LabelSet
from piispan.core.spans import Document

__all__ = ["check_not_tested", "choose_examples", "shipped_examples"]


def shipped_examples(labels: LabelSet) -> list[Document]:
    """The package's own synthetic examples whose labels are all in ``labels``."""
    path = files("piispan.core") / "examples" / f"{labels.name}.yaml"
    if labels.name not in LabelSet.shipped() or not path.is_file():
        return []
    known = LabelSet.load(labels.name)
    documents = []
    for number, text in enumerate(yaml.safe_load(path.read_text("utf-8"))):
        document = TaggedFormat().read(text, known, f"{labels.name}-example-{number}")
        if all(span.label in labels for span in document.spans):
            documents.append(document)
    return documents


def choose_examples(documents: Sequence[Document], labels: LabelSet, count: int) -> list[Document]:
    """``count`` documents that together show as many labels as can be; the same for the same input.

    Greedy cover; ties go to the shorter text, then to the earlier document.
    """
    left = list(documents)
    chosen: list[Document] = []
    wanted = set(labels.names)
    while left and len(chosen) < count:
        best = max(left, key=lambda d: (len(wanted & {s.label for s in d.spans}), -len(d.text)))
        chosen.append(best)
        left.remove(best)
        wanted -= {span.label for span in best.spans}
    return chosen


def check_not_tested(examples: Iterable[Document], tested: Iterable[Document]) -> None:
    """Check that no worked example is a test document, by its text.

    Raises:
        DataError: If one is; says how many.
    """
    shown = {example.text for example in examples}
    if found := sum(document.text in shown for document in tested):
        raise DataError(f"{found} of the worked examples are tested on; take others")
