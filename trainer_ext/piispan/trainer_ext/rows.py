"""Documents as token rows: ``input_ids`` and ``labels``, TRL's public contract for prepared data.

*Joint* tokenisation is the chat template's own, of the whole conversation. The loss falls on what the whole
conversation has beyond the prompt: the last assistant turn with its end-of-turn token. No marker string is
searched for; see ``turns``.

*Segments* are for the format ``tagged``: prompt, text and tags encoded apart, as verbatim decoding puts them together.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal, TypedDict, Unpack, get_args

from piispan.core import ChatTokenizer, Document, FormatError, Loss, Prompt, TooLongError, common_prefix, encode_chats, end_of_turn
from piispan.core.segments import TagGrammar, gold_decisions
from piispan.trainer_ext.conversations import TokenRow, chat_rows
from piispan.trainer_ext.splitting import split_document
from piispan.trainer_ext.turns import IGNORED, TrainOn, loss_mask, prompt_mask

__all__ = ["Prepared", "RowOptions", "TokenStatistics", "TooLong", "prepare", "statistics", "token_row"]

_DOCUMENTS_AT_ONCE = 512

TooLong = Literal["error", "drop", "split"]
"""What becomes of a document that does not fit: nothing is trained, it is left out, or it is cut into several. No answer is ever cut."""


class RowOptions(TypedDict, total=False):
    """Options of ``token_row`` and ``prepare``.

    ``grammar``: tags and tokenizer for tokenisation in segments; without it (``None``), joint tokenisation.
    ``loss``: ``answer`` (the default) puts loss on every token of the answer and the end of its turn; ``decisions``, for segments
    only, on the tokens that verbatim decoding has to choose, against those it may choose from.
    ``train_on``: ``last_turn`` (the default) is the answer; ``all_assistant_turns`` adds those of the prompt; ``everything`` is all.
    ``prompt_loss_weight``: how much the loss of all other tokens counts, 0 (the default) to 1.
    ``max_length``: most tokens of prompt and answer together; ``None`` (the default) for no limit.
    """

    grammar: TagGrammar | None
    loss: Loss
    train_on: TrainOn
    prompt_loss_weight: float
    max_length: int | None


@dataclass(frozen=True, slots=True)
class Prepared:
    """Rows of documents.

    Args:
        rows: In the documents' order.
        documents: What the rows are of, one for one: the documents that fit, and the parts of those cut into several.
        dropped: Ids of documents left out because they are too long.
        split: Ids of documents cut into several rows.
    """

    rows: list[TokenRow]
    documents: tuple[Document, ...]
    dropped: tuple[str, ...]
    split: tuple[str, ...]


class TokenStatistics(TypedDict):
    """Counts over token rows: rows, tokens, tokens that bear loss, longest row, common prefix."""

    rows: int
    tokens: int
    loss_tokens: int
    longest: int
    prefix: int


def token_row(document: Document, prompt: Prompt, tokenizer: ChatTokenizer, **options: Unpack[RowOptions]) -> TokenRow:
    """The row of one document.

    Args:
        document: The document with its gold spans.
        prompt: Style, labels and output format.
        tokenizer: The model's tokenizer, with its chat template.
        options: See ``RowOptions``.

    Raises:
        TooLongError: If the row is longer than ``max_length``; an answer is never cut. Names the document.
        FormatError: If the format can't write a span, the template reorders turns, or the options do not go together.
        LabelError: If a gold label is not one of the prompt's.
    """
    (row,) = _rows([document], prompt, tokenizer, options)
    _check_length(row, options)
    return row


def _rows(documents: Sequence[Document], prompt: Prompt, tokenizer: ChatTokenizer, options: RowOptions) -> Iterator[TokenRow]:
    """The row of each document, whatever its length."""
    grammar, loss = options.get("grammar"), options.get("loss", "answer")
    train_on, weight = options.get("train_on", "last_turn"), options.get("prompt_loss_weight", 0.0)
    if loss == "decisions" and grammar is None:
        raise FormatError("loss on decisions needs tokenisation in segments, and so the format 'tagged'")
    if loss == "decisions" and (train_on != "last_turn" or weight):
        raise FormatError("loss on decisions is loss on those of the answer; train_on and prompt_loss_weight go with loss on answers")
    for document in documents:
        for span in document.spans:
            prompt.labels.require(span.label, f"document {document.id!r}: ")
    if grammar is None:
        rows = chat_rows([prompt.row(document) for document in documents], tokenizer, train_on=train_on, prompt_loss_weight=weight)
    else:
        rows = _segments(documents, prompt, tokenizer, grammar, loss, train_on, weight)
    for document in documents:
        try:
            yield next(rows)
        except FormatError as error:
            raise FormatError(f"document {document.id!r}: {error}") from None


def _check_length(row: TokenRow, options: RowOptions) -> None:
    length, most = len(row["input_ids"]), options.get("max_length")
    if most is not None and length > most:
        raise TooLongError(
            f"document {row['id']!r}: prompt and answer take {length} tokens, more than {most}; "
            "raise max_length, or split or drop the document"
        )


def _segments(
    documents: Sequence[Document],
    prompt: Prompt,
    tokenizer: ChatTokenizer,
    grammar: TagGrammar,
    loss: Loss,
    train_on: TrainOn,
    weight: float,
) -> Iterator[TokenRow]:
    conversations = [prompt.messages(document.text) for document in documents]
    ending = end_of_turn(tokenizer)
    openings = encode_chats(tokenizer, conversations, add_generation_prompt=True)
    for document, messages, asked in zip(documents, conversations, openings, strict=True):
        decisions = gold_decisions(grammar, document)
        answer = [decision.token for decision in decisions]
        row: TokenRow = {"id": document.id, "input_ids": [*asked, *answer, *ending], "labels": []}
        if loss == "decisions":
            free = [decision for decision in decisions if len(decision.choice.ids) > 1]
            chosen = [decision.token if len(decision.choice.ids) > 1 else IGNORED for decision in decisions]
            row["labels"] = [*[IGNORED] * len(asked), *chosen, *[IGNORED] * len(ending)]
            yield {**row, "choices": [list(decision.choice.ids) for decision in free]}
        else:
            mask = [*prompt_mask(tokenizer, messages, asked, train_on), *[True] * (len(answer) + len(ending))]
            row["labels"], weights = loss_mask(row["input_ids"], mask, weight)
            yield row if weights is None else {**row, "weights": weights}


def prepare(
    documents: Iterable[Document],
    prompt: Prompt,
    tokenizer: ChatTokenizer,
    *,
    too_long: TooLong = "error",
    **options: Unpack[RowOptions],
) -> Prepared:
    """The rows of ``documents``, for a trainer: ``input_ids`` and ``labels`` are TRL's public contract for prepared data.

    Args:
        documents: Documents with their gold spans.
        prompt: Style, labels and output format.
        tokenizer: The model's tokenizer, with its chat template.
        too_long: What becomes of a document that takes more than ``max_length`` tokens.
        options: See ``RowOptions``.

    Raises:
        TooLongError: If a document is too long and ``too_long`` is ``error``, or it cannot be split.
        FormatError: As ``token_row``, or if ``too_long`` is none of its names.
        LabelError: If a gold label is not one of the prompt's.
    """
    if too_long not in get_args(TooLong):
        raise FormatError(f"too_long must be one of {', '.join(get_args(TooLong))}, was: {too_long!r}")
    rows: list[TokenRow] = []
    kept: list[Document] = []
    dropped: list[str] = []
    split: list[str] = []
    coming = iter(documents)
    while some := list(islice(coming, _DOCUMENTS_AT_ONCE)):
        for document, row in zip(some, _rows(some, prompt, tokenizer, options), strict=True):
            try:
                _check_length(row, options)
            except TooLongError:
                if too_long == "error":
                    raise
                if too_long == "drop":
                    dropped.append(document.id)
                    continue
                split.append(document.id)
                parts = prepare(split_document(document), prompt, tokenizer, too_long="split", **options)
                rows += parts.rows
                kept += parts.documents
            else:
                rows.append(row)
                kept.append(document)
    return Prepared(rows, tuple(kept), tuple(dropped), tuple(split))


def statistics(rows: Sequence[TokenRow]) -> TokenStatistics:
    """Token counts of ``rows``."""
    return {
        "rows": len(rows),
        "tokens": sum(len(row["input_ids"]) for row in rows),
        "loss_tokens": sum(label != IGNORED for row in rows for label in row["labels"]),
        "longest": max((len(row["input_ids"]) for row in rows), default=0),
        "prefix": common_prefix([row["input_ids"] for row in rows]),
    }
