"""Training on some of the labels at a time, so that a model tags what it is asked for, and nothing else that it knows.

Each batch has a list of labels of its own, in an order of its own: one list for a batch, because its documents share the prompt. Two kinds
of hard negative come of it: labels that are asked for and do not occur, and labels that occur and are not asked for, whose values stay
untagged. Batches that ask for all labels, in the label set's order, are among them, since that is what is mostly asked afterwards.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Unpack

from piispan.core import ChatTokenizer, Document, FormatError, LabelSet, Prompt
from piispan.trainer_ext.conversations import TokenRow
from piispan.trainer_ext.rows import RowOptions, prepare

__all__ = ["PassSampler", "sample_labels", "subset_rows"]

_ALL_LABELS = 0.25
"""Share of batches that ask for all labels."""
_FEWEST = 0.25
"""Least share of labels that the others ask for, of those that occur and of those that do not."""


def sample_labels(present: Collection[str], labels: LabelSet, rng: Random) -> LabelSet:
    """The labels that one batch asks for.

    Args:
        present: Labels that occur in the batch; one of them is always asked for.
        labels: The whole set.
        rng: Source of chance.

    Returns:
        A set of the same name; all labels in their order, or some of them in any.
    """
    if rng.random() < _ALL_LABELS:
        return labels
    share = rng.uniform(_FEWEST, 1)
    chosen = [label for label in labels if rng.random() < share]
    candidates = [label for label in labels if label.name in present] or list(labels)
    if not any(label in candidates for label in chosen):
        chosen.append(rng.choice(candidates))
    rng.shuffle(chosen)
    return LabelSet(labels.name, tuple(chosen))


def subset_rows(
    documents: Sequence[Document],
    prompt: Prompt,
    tokenizer: ChatTokenizer,
    *,
    passes: int,
    batch_size: int,
    seed: int,
    **options: Unpack[RowOptions],
) -> list[TokenRow]:
    """Rows for several passes over ``documents``, one pass behind the other, batch by batch; for ``PiiSFTTrainer(…, passes=passes)``.

    Args:
        documents: Documents that fit the model; ``Prepared.documents`` are.
        prompt: The prompt with all labels.
        tokenizer: The model's tokenizer, with its chat template.
        passes: How many; each deals the documents and the labels anew.
        batch_size: Documents that share a list of labels; the trainer's batches should be of this size.
        seed: Of all that is drawn.
        options: See ``RowOptions``.

    Raises:
        TooLongError: If a row is longer than ``max_length``.
        FormatError: As ``prepare``; if the prompt asks the same whatever the labels, or ``passes`` or ``batch_size`` is below 1.
        LabelError: As ``prepare``.
    """
    if passes < 1 or batch_size < 1:
        raise FormatError(f"passes and batch_size must be at least 1, were: {passes} and {batch_size}")
    if len(prompt.labels) > 1 and len({prompt.for_labels(prompt.labels.subset([name])).fingerprint for name in prompt.labels.names}) == 1:
        raise FormatError("the prompt template does not list its labels, so it cannot ask for some of them")
    rows: list[TokenRow] = []
    grammar = options.get("grammar")
    for number in range(passes):
        rng = Random(f"{seed}-{number}")  # noqa: S311  # a shuffle, not a secret
        dealt = rng.sample(documents, len(documents))
        for start in range(0, len(dealt), batch_size):
            batch = dealt[start : start + batch_size]
            asked = sample_labels({span.label for document in batch for span in document.spans}, prompt.labels, rng)
            kept = [replace(document, spans=tuple(span for span in document.spans if span.label in asked)) for document in batch]
            own: RowOptions = {**options, "grammar": grammar.for_labels(asked) if grammar else None}
            rows += prepare(kept, prompt.for_labels(asked), tokenizer, **own).rows
    return rows


@dataclass
class PassSampler:
    """Numbers of the rows of one pass after the other, for a data loader that says which epoch it is in.

    Args:
        rows: How many rows there are: those of all passes, one pass behind the other, each as long as the others.
        passes: How many passes they are; the epoch after the last begins again.
    """

    rows: int
    passes: int
    epoch: int = 0

    def set_epoch(self, epoch: int) -> None:
        """Take the pass of this epoch, from 0."""
        self.epoch = epoch

    def __len__(self) -> int:
        return self.rows // self.passes

    def __iter__(self) -> Iterator[int]:
        start = self.epoch % self.passes * len(self)
        return iter(range(start, start + len(self)))
