"""Which tokens of a conversation bear loss.

A turn's tokens are what the conversation up to its end has beyond the prompt that asks for it, by token-level common prefix. No marker
string is searched for, and no template is known by name.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple, get_args

from piispan.core import ChatTokenizer, FormatError, Message, common_prefix, encode_chat, encode_chats

__all__ = ["IGNORED", "LossMask", "TrainOn", "conversation", "loss_mask", "prompt_mask", "turn_masks"]

IGNORED = -100
"""The label of a token that bears no loss (PyTorch's ``ignore_index``)."""

TrainOn = Literal["last_turn", "all_assistant_turns", "everything"]
"""The turns that bear loss; each assistant turn with its end-of-turn token."""


class LossMask(NamedTuple):
    """Labels of a row's tokens.

    Args:
        labels: The tokens themselves, or ``IGNORED``.
        weights: For each token with a label, how much its loss counts; ``None`` where each counts once.
    """

    labels: list[int]
    weights: list[float] | None


def conversation(example: Mapping[str, Any]) -> list[Message]:
    """The turns of a row in TRL's conversational form: ``messages``, or ``prompt`` and ``completion``.

    Raises:
        FormatError: If the row has neither, or does not end with an assistant turn.
    """
    parts = [example["messages"]] if "messages" in example else [example.get("prompt"), example.get("completion")]
    if not all(isinstance(part, list) and all(isinstance(turn, Mapping) and "role" in turn for turn in part) for part in parts):
        raise FormatError("a row needs messages, or prompt and completion, each a list of turns with role and content")
    messages: list[Message] = [turn for part in parts if part for turn in part]
    if not messages or messages[-1]["role"] != "assistant":
        raise FormatError("a row needs messages, or prompt and completion, and its last turn must be the assistant's")
    return messages


def turn_masks(
    tokenizer: ChatTokenizer, conversations: Sequence[Sequence[Message]], train_on: TrainOn
) -> Iterator[tuple[list[int], list[bool]]]:
    """For each conversation that ends with an assistant turn its tokens, and which of them ``train_on`` means.

    Raises:
        FormatError: At the conversation's turn, if the tokenizer has no chat template, or the template writes turns in another order or
            changes earlier ones.
    """
    asked = [messages[:-1] for messages in conversations]
    wholes = encode_chats(tokenizer, conversations, add_generation_prompt=False)
    openings = encode_chats(tokenizer, asked, add_generation_prompt=True)
    for messages, whole, opening in zip(asked, wholes, openings, strict=True):
        start = _boundary(opening, whole, asking=True)
        yield whole, [*prompt_mask(tokenizer, messages, whole[:start], train_on), *[True] * (len(whole) - start)]


def prompt_mask(tokenizer: ChatTokenizer, messages: Sequence[Message], tokens: Sequence[int], train_on: TrainOn) -> list[bool]:
    """Which tokens of a prompt ``train_on`` means.

    Args:
        tokenizer: The model's tokenizer, with its chat template.
        messages: The turns before the last.
        tokens: Those turns and the opening of the last, as token ids.
        train_on: The turns that bear loss.

    Raises:
        FormatError: If there is no such name, or the template changes earlier turns.
    """
    if train_on not in get_args(TrainOn):
        raise FormatError(f"train_on must be one of {', '.join(get_args(TrainOn))}, was: {train_on!r}")
    chosen = [train_on == "everything"] * len(tokens)
    if train_on == "all_assistant_turns":
        for turn in [number for number, message in enumerate(messages) if message["role"] == "assistant"]:
            start = _boundary(encode_chat(tokenizer, messages[:turn], add_generation_prompt=True), tokens, asking=True)
            end = _boundary(encode_chat(tokenizer, messages[: turn + 1], add_generation_prompt=False), tokens, asking=False)
            chosen[start:end] = [True] * (end - start)
    return chosen


def _boundary(part: Sequence[int], whole: Sequence[int], *, asking: bool) -> int:
    boundary = common_prefix([part, whole])
    # A template may write the opening of the turn otherwise than with the generation prompt by a token or two, no more.
    if boundary < len(part) - (2 if asking else 0) or boundary >= len(whole):
        raise FormatError("the chat template does not continue the prompt with the answer")
    return boundary


def loss_mask(tokens: Sequence[int], chosen: Sequence[bool], prompt_loss_weight: float) -> LossMask:
    """Labels for ``chosen`` tokens at weight 1 and all others at ``prompt_loss_weight``, those of no weight ignored.

    Raises:
        FormatError: If the weight is not within 0 and 1.
    """
    if not 0 <= prompt_loss_weight <= 1:
        raise FormatError(f"prompt_loss_weight must be within 0 and 1, was: {prompt_loss_weight}")
    if prompt_loss_weight == 0:
        return LossMask([token if mine else IGNORED for token, mine in zip(tokens, chosen, strict=True)], None)
    if prompt_loss_weight == 1:
        return LossMask(list(tokens), None)
    return LossMask(list(tokens), [1.0 if mine else float(prompt_loss_weight) for mine in chosen])
