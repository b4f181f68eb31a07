"""Rows that differ from pass to pass: in the labels that a batch asks for, and in the values that its documents hold."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Unpack, get_args

from piispan.core import ChatTokenizer, Document, FormatError, LabelSampling, Prompt, TooLongError
from piispan.trainer_ext.conversations import TokenRow
from piispan.trainer_ext.label_sampling import sample_labels
from piispan.trainer_ext.mention_replacement import MentionReplacement
from piispan.trainer_ext.rows import RowOptions, prepare, token_row

__all__ = ["PassSampler", "pass_rows"]


def pass_rows(
    documents: Sequence[Document],
    prompt: Prompt,
    tokenizer: ChatTokenizer,
    *,
    passes: int,
    batch_size: int,
    seed: int,
    label_sampling: LabelSampling = "all",
    mention_replacement: float = 0.0,
    **options: Unpack[RowOptions],
) -> list[TokenRow]:
    """Rows for several passes over ``documents``, one pass behind the other, batch by batch; for ``PiiSFTTrainer(…, passes=passes)``.

    Args:
        documents: Documents that fit the model; ``Prepared.documents`` are.
        prompt: The prompt with all labels.
        tokenizer: The model's tokenizer, with its chat template.
        passes: How many; each deals documents, labels and values anew.
        batch_size: Documents that share a list of labels; the trainer's batches should be of this size.
        seed: Of all that is drawn.
        label_sampling: ``subset`` asks for some of the labels in each batch (see ``sample_labels``), ``all`` for all.
        mention_replacement: How likely a value is to give way to another of its label, 0 to 1; see ``MentionReplacement``. A document keeps
            its own where it would be too long with others, or the format could not write them.
        options: See ``RowOptions``.

    Raises:
        TooLongError: If a row is longer than ``max_length``.
        FormatError: As ``prepare``; if some labels are to be asked for and the prompt asks the same whatever the labels, ``passes`` or
            ``batch_size`` is below 1, ``mention_replacement`` not within 0 and 1, or ``label_sampling`` none of its names.
        LabelError: As ``prepare``.
    """
    if passes < 1 or batch_size < 1:
        raise FormatError(f"passes and batch_size must be at least 1, were: {passes} and {batch_size}")
    if label_sampling not in get_args(LabelSampling):
        raise FormatError(f"label_sampling must be one of {', '.join(get_args(LabelSampling))}, was: {label_sampling!r}")
    if label_sampling == "subset":
        _check_lists_labels(prompt)
    other_values = MentionReplacement(documents, mention_replacement)
    rows: list[TokenRow] = []
    for number in range(passes):
        rng = Random(f"{seed}-{number}")  # noqa: S311  # a shuffle, not a secret
        dealt = rng.sample(documents, len(documents))
        if mention_replacement:
            dealt = [_fitting(other_values(document, rng), document, prompt, tokenizer, options) for document in dealt]
        if label_sampling == "all":
            rows += prepare(dealt, prompt, tokenizer, **options).rows
        else:
            rows += _subset_rows(dealt, prompt, tokenizer, batch_size, rng, options)
    return rows


def _fitting(new: Document, old: Document, prompt: Prompt, tokenizer: ChatTokenizer, options: RowOptions) -> Document:
    """The new document, or the old one where the new one is too long or the format cannot write it."""
    if new == old:
        return old
    try:
        token_row(new, prompt, tokenizer, **options)
    except (TooLongError, FormatError):
        return old
    return new


def _check_lists_labels(prompt: Prompt) -> None:
    if len(prompt.labels) > 1 and len({prompt.for_labels(prompt.labels.subset([name])).fingerprint for name in prompt.labels.names}) == 1:
        raise FormatError("the prompt template does not list its labels, so it cannot ask for some of them")


def _subset_rows(
    dealt: Sequence[Document], prompt: Prompt, tokenizer: ChatTokenizer, batch_size: int, rng: Random, options: RowOptions
) -> Iterator[TokenRow]:
    grammar = options.get("grammar")
    for start in range(0, len(dealt), batch_size):
        batch = dealt[start : start + batch_size]
        asked = sample_labels({span.label for document in batch for span in document.spans}, prompt.labels, rng)
        kept = [replace(document, spans=tuple(span for span in document.spans if span.label in asked)) for document in batch]
        own: RowOptions = {**options, "grammar": grammar.for_labels(asked) if grammar else None}
        yield from prepare(kept, prompt.for_labels(asked), tokenizer, **own).rows


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
