"""Chat conversations as token ids: one function for training and decoding."""

from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import Any, Protocol

from piispan.core.errors import FormatError
from piispan.core.messages import Message

__all__ = ["ChatTokenizer", "common_prefix", "encode_chat", "end_of_turn"]


TEMPLATE_OPTIONS: Mapping[str, Any] = {"enable_thinking": False, "date_string": "26 Jul 2024"}
"""Variables of every conversation; templates ignore what they do not know. Qwen3 would train an empty think block otherwise, and Llama
3.2 write today's date into the prompt, so that an adapter would be asked otherwise tomorrow (this date is the template's own default).
"""


class ChatTokenizer(Protocol):
    """What is needed of a ``transformers`` tokenizer, so that this room need not import it."""

    chat_template: Any

    @property
    def added_tokens_decoder(self) -> Any:
        """Added tokens by id, each with ``content``, ``special``, ``normalized`` and ``single_word``."""

    def __call__(self, text: Any, **options: Any) -> Any:
        """Encode each of a list of texts."""

    def apply_chat_template(self, conversation: Any, **options: Any) -> Any:
        """Render a conversation."""


def common_prefix(sequences: Sequence[Sequence[int]]) -> int:
    """Length of the longest prefix that all sequences share; 0 for none."""
    return sum(1 for _ in takewhile(lambda column: len(set(column)) == 1, zip(*sequences, strict=False)))


def encode_chat(
    tokenizer: ChatTokenizer,
    messages: Sequence[Message],
    *,
    add_generation_prompt: bool,
    template_options: Mapping[str, Any] | None = None,
) -> list[int]:
    """Token ids of a conversation under the tokenizer's chat template.

    Control tokens that stand in a message (``<|im_end|>``) are encoded as ordinary text, so that a document cannot
    end its own turn.

    Args:
        tokenizer: A tokenizer with a chat template.
        messages: Alternating user and assistant turns.
        add_generation_prompt: End with the opening of an assistant turn.
        template_options: Further variables of the template; they win over ``TEMPLATE_OPTIONS``.

    Raises:
        FormatError: If the tokenizer has no chat template.
    """
    if not tokenizer.chat_template:
        raise FormatError("the tokenizer has no chat template; piispan needs a chat (instruct) model")
    options = {**TEMPLATE_OPTIONS, **(template_options or {})}
    encoded = tokenizer.apply_chat_template(
        list(messages),
        tokenize=True,
        add_generation_prompt=add_generation_prompt,
        return_dict=True,
        sanitize_control_tokens=True,
        **options,
    )
    return list(encoded["input_ids"])


def end_of_turn(tokenizer: ChatTokenizer) -> list[int]:
    """The tokens that the chat template writes behind an answer: the end-of-turn token, and a line break in some templates.

    They are what two conversations with different answers have in common at their end.

    Raises:
        FormatError: If the tokenizer has no chat template, or the template writes nothing behind an answer.
    """
    question: Message = {"role": "user", "content": "?"}
    wholes = [
        encode_chat(tokenizer, [question, {"role": "assistant", "content": answer}], add_generation_prompt=False)[::-1]
        for answer in ("a", "1")
    ]
    ending = wholes[0][: common_prefix(wholes)][::-1]
    if not ending:
        raise FormatError("the chat template writes no end of turn behind an answer, so a model could not learn to stop")
    return ending
