"""Documents as token rows: ``input_ids`` and ``labels``, TRL's public contract for prepared data.

*Joint* tokenisation is the chat template's own, of the whole conversation. The loss falls on what the whole
conversation has beyond the prompt: the last assistant turn with its end-of-turn token. No marker string is
searched for; the boundary is the token-level common prefix of the two renderings.

*Segments* are for the format ``tagged``: prompt, text and tags encoded apart, as verbatim decoding puts them together.
"""

from collections.abc import Iterable, Sequence
from typing import NotRequired, TypedDict

from piispan.core import ChatTokenizer, Document, FormatError, Loss, Prompt, TooLongError, common_prefix, encode_chat, end_of_turn
from piispan.core.segments import TagGrammar, gold_decisions

__all__ = ["IGNORED", "TokenRow", "TokenStatistics", "statistics", "token_row", "token_rows"]

IGNORED = -100
"""The label of a token that bears no loss (PyTorch's ``ignore_index``)."""


class TokenRow(TypedDict):
    """One training row. ``labels`` is ``input_ids`` with ``IGNORED`` for tokens without loss.

    For loss on decisions, ``choices`` has for each labelled token the tokens among which it was chosen.
    """

    id: str
    input_ids: list[int]
    labels: list[int]
    choices: NotRequired[list[list[int]]]


class TokenStatistics(TypedDict):
    """Counts over token rows: rows, tokens, tokens that bear loss, longest row, common prefix."""

    rows: int
    tokens: int
    loss_tokens: int
    longest: int
    prefix: int


def token_row(
    document: Document,
    prompt: Prompt,
    tokenizer: ChatTokenizer,
    *,
    grammar: TagGrammar | None = None,
    loss: Loss = "answer",
    max_length: int | None = None,
) -> TokenRow:
    """The row of one document.

    Args:
        document: The document with its gold spans.
        prompt: Style, labels and output format.
        tokenizer: The model's tokenizer, with its chat template.
        grammar: Tags and tokenizer for tokenisation in segments; ``None`` for joint tokenisation.
        loss: ``answer`` puts loss on every token of the answer and the end of its turn; ``decisions``, for segments only, on the
            tokens that verbatim decoding has to choose, against those it may choose from.
        max_length: Most tokens of prompt and answer together; ``None`` for no limit.

    Raises:
        TooLongError: If the row is longer; an answer is never cut. Names the document.
        FormatError: If the format can't write a span, or the template reorders turns.
        LabelError: If a gold label is not one of the prompt's.
    """
    for span in document.spans:
        prompt.labels.require(span.label, f"document {document.id!r}: ")
    if loss == "decisions" and grammar is None:
        raise FormatError("loss on decisions needs tokenisation in segments, and so the format 'tagged'")
    whole, labels, choices = _joint(document, prompt, tokenizer) if grammar is None else _segments(document, prompt, tokenizer, grammar)
    if max_length is not None and len(whole) > max_length:
        raise TooLongError(
            f"document {document.id!r}: prompt and answer take {len(whole)} tokens, more than {max_length}; "
            "raise max_length, or split or drop the document"
        )
    if loss == "answer":
        return {"id": document.id, "input_ids": whole, "labels": labels}
    chosen = [IGNORED if len(choice) < 2 else label for label, choice in zip(labels, choices, strict=True)]
    return {"id": document.id, "input_ids": whole, "labels": chosen, "choices": [choice for choice in choices if len(choice) > 1]}


def _joint(document: Document, prompt: Prompt, tokenizer: ChatTokenizer) -> tuple[list[int], list[int], list[list[int]]]:
    """Tokens of prompt and answer, and their labels."""
    row = prompt.row(document)
    asked = encode_chat(tokenizer, row["prompt"], add_generation_prompt=True)
    whole = encode_chat(tokenizer, [*row["prompt"], *row["completion"]], add_generation_prompt=False)
    boundary = common_prefix([asked, whole])
    # A template may write the opening of the turn otherwise than with the generation prompt by a token or two, no more.
    if boundary < len(asked) - 2 or boundary >= len(whole):
        raise FormatError(f"document {document.id!r}: the chat template does not continue the prompt with the answer")
    return whole, [IGNORED] * boundary + whole[boundary:], []


def _segments(
    document: Document, prompt: Prompt, tokenizer: ChatTokenizer, grammar: TagGrammar
) -> tuple[list[int], list[int], list[list[int]]]:
    """Tokens of prompt and answer, their labels, and what each was chosen from."""
    asked = encode_chat(tokenizer, prompt.messages(document.text), add_generation_prompt=True)
    decisions = gold_decisions(grammar, document)
    ending = end_of_turn(tokenizer)
    answer = [*(decision.token for decision in decisions), *ending]
    choices: list[list[int]] = [[] for _ in asked] + [list(decision.choice.ids) for decision in decisions] + [[] for _ in ending]
    return [*asked, *answer], [IGNORED] * len(asked) + answer, choices


def token_rows(
    documents: Iterable[Document],
    prompt: Prompt,
    tokenizer: ChatTokenizer,
    *,
    grammar: TagGrammar | None = None,
    loss: Loss = "answer",
    max_length: int | None = None,
) -> list[TokenRow]:
    """The rows of ``documents``, in their order. See ``token_row``."""
    return [token_row(document, prompt, tokenizer, grammar=grammar, loss=loss, max_length=max_length) for document in documents]


def statistics(rows: Sequence[TokenRow]) -> TokenStatistics:
    """Token counts of ``rows``."""
    return {
        "rows": len(rows),
        "tokens": sum(len(row["input_ids"]) for row in rows),
        "loss_tokens": sum(label != IGNORED for row in rows for label in row["labels"]),
        "longest": max((len(row["input_ids"]) for row in rows), default=0),
        "prefix": common_prefix([row["input_ids"] for row in rows]),
    }
