"""Conversations as token rows, in the tokenisation of the chat template."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NotRequired, TypedDict

from piispan.core import ChatTokenizer
from piispan.trainer_ext.turns import TrainOn, conversation, loss_mask, turn_masks

__all__ = ["TokenRow", "chat_row", "chat_rows"]


class TokenRow(TypedDict):
    """One training row. ``labels`` is ``input_ids`` with ``IGNORED`` for tokens without loss.

    For loss on decisions, ``choices`` has for each labelled token the tokens among which it was chosen. Where tokens count
    differently, ``weights`` has for each labelled token how much.
    """

    id: str
    input_ids: list[int]
    labels: list[int]
    choices: NotRequired[list[list[int]]]
    weights: NotRequired[list[float]]


def chat_row(
    example: Mapping[str, Any],
    tokenizer: ChatTokenizer,
    *,
    train_on: TrainOn = "last_turn",
    prompt_loss_weight: float = 0.0,
    identifier: str = "",
) -> TokenRow:
    """The row of one conversation; see ``chat_rows``."""
    (row,) = chat_rows([{**example, "id": identifier}], tokenizer, train_on=train_on, prompt_loss_weight=prompt_loss_weight)
    return row


def chat_rows(
    examples: Sequence[Mapping[str, Any]],
    tokenizer: ChatTokenizer,
    *,
    train_on: TrainOn = "last_turn",
    prompt_loss_weight: float = 0.0,
) -> Iterator[TokenRow]:
    """The rows of conversations; what they begin with is tokenised once (see ``piispan.core.encode_chats``).

    Args:
        examples: Each with ``messages``, or ``prompt`` and ``completion``, as TRL's conversational rows have them, and an ``id``; without
            one, its place among the examples, from 0.
        tokenizer: The model's tokenizer, with its chat template.
        train_on: See ``RowOptions``.
        prompt_loss_weight: See ``RowOptions``.

    Raises:
        FormatError: If a last turn is not the assistant's; at the row's turn, if the template reorders or changes turns, or an option is
            none.
    """
    masks = turn_masks(tokenizer, [conversation(example) for example in examples], train_on)
    for number, (example, (tokens, chosen)) in enumerate(zip(examples, masks, strict=True)):
        labels, weights = loss_mask(tokens, chosen, prompt_loss_weight)
        row: TokenRow = {"id": str(example.get("id", number)), "input_ids": tokens, "labels": labels}
        yield row if weights is None else {**row, "weights": weights}
