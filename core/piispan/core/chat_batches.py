"""Conversations that begin alike as token ids, what they share tokenised once."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice, takewhile
from typing import Any

from piispan.core.chat import TEMPLATE_OPTIONS, ChatTokenizer, encode_chat
from piispan.core.messages import Message

__all__ = ["encode_chats"]

_AT_ONCE = 1024
_PLACES_TRIED = 4
_PRIVATE_USE = "[\ue000-\uf8ff\U000f0000-\U0010ffff]"
"""transformers marks control tokens with characters of this range, and drops those that a message brings along."""


def encode_chats(
    tokenizer: ChatTokenizer,
    conversations: Sequence[Sequence[Message]],
    *,
    add_generation_prompt: bool,
    template_options: Mapping[str, Any] | None = None,
) -> list[list[int]]:
    """Token ids of many conversations: those of ``encode_chat`` for each, in less time.

    A tokenizer takes a special token out of a text before anything else, so what follows the last one that all conversations share is
    encoded apart from what precedes it; what precedes it is encoded once. Where that does not give the ids of the whole conversation
    (tried on two of each batch), and for a conversation that spells a control token or holds more than strings, the whole is encoded.

    Args:
        tokenizer: As for ``encode_chat``.
        conversations: Alternating user and assistant turns, each.
        add_generation_prompt: As for ``encode_chat``.
        template_options: As for ``encode_chat``.

    Raises:
        FormatError: If the tokenizer has no chat template.
    """

    def whole(messages: Sequence[Message]) -> list[int]:
        return encode_chat(tokenizer, messages, add_generation_prompt=add_generation_prompt, template_options=template_options)

    def rendered(some: Sequence[Sequence[Message]]) -> list[str]:
        options = {**TEMPLATE_OPTIONS, **(template_options or {})}
        turns = [list(messages) for messages in some]
        return list(tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=add_generation_prompt, **options))

    found: list[list[int]] = []
    for start in range(0, len(conversations), _AT_ONCE):
        some = conversations[start : start + _AT_ONCE]
        plain = _without_control_tokens(tokenizer, some)
        ids = dict(zip(plain, _encode(tokenizer, [some[i] for i in plain], whole, rendered), strict=True))
        found += [ids[i] if i in ids else whole(messages) for i, messages in enumerate(some)]
    return found


def _encode(
    tokenizer: ChatTokenizer,
    conversations: Sequence[Sequence[Message]],
    whole: Callable[[Sequence[Message]], list[int]],
    rendered: Callable[[Sequence[Sequence[Message]]], list[str]],
) -> list[list[int]]:
    """The ids of conversations whose own words hold no control token."""
    if len(conversations) < 3:
        return [whole(messages) for messages in conversations]
    probes = [whole(conversations[0]), whole(conversations[-1])]
    texts = rendered(conversations)

    def tails(some: Sequence[str], place: int) -> list[list[int]]:
        return _ids(tokenizer, [text[place:] for text in some])

    for place in islice(_special_tokens(tokenizer, _common_beginning(texts)), _PLACES_TRIED):
        tried = tails([texts[0], texts[-1]], place)
        head = probes[0][: max(len(probes[0]) - len(tried[0]), 0)]
        if probes == [head + tail for tail in tried]:
            return [head + tail for tail in tails(texts, place)]
    return [whole(messages) for messages in conversations]


def _ids(tokenizer: ChatTokenizer, texts: list[str]) -> list[list[int]]:
    """Ids of texts as they are; without offsets and masks, if the tokenizer can leave them out."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:
        return list(tokenizer(texts, add_special_tokens=False)["input_ids"])
    # ``encode_chat`` has just left the backend without padding and truncation; were it otherwise, the ids tried would differ.
    return [encoding.ids for encoding in backend.encode_batch_fast(texts, add_special_tokens=False)]


def _common_beginning(texts: Sequence[str]) -> str:
    first, last = min(texts), max(texts)  # all others lie between them
    return first[: sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False)))]


def _special_tokens(tokenizer: ChatTokenizer, text: str) -> Iterator[int]:
    """Where special tokens begin in a text, the last first."""
    tokens = tokenizer.added_tokens_decoder.values()
    found = _pattern(tuple(token.content for token in tokens if token.special and not token.normalized and not token.single_word))
    yield from reversed([match.start() for match in found.finditer(text) if match.end() > match.start()])


def _without_control_tokens(tokenizer: ChatTokenizer, conversations: Sequence[Sequence[Message]]) -> list[int]:
    """Numbers of the conversations of plain strings in which ``encode_chat`` would find no control token to keep as text, beyond what
    these conversations share. Messages with more than a role and a string (tool calls, parts, reasoning) are left to it.
    """
    tokens = tokenizer.added_tokens_decoder.values()
    control = _pattern(tuple(token.content for token in tokens if token.special or not token.content.isspace()), _PRIVATE_USE)
    contents = {
        number: [message["content"] for message in messages]
        for number, messages in enumerate(conversations)
        if all(message.keys() == {"role", "content"} and isinstance(message["content"], str) for message in messages)
    }
    shared = sum(1 for _ in takewhile(lambda column: len(set(column)) == 1, zip(*contents.values(), strict=False)))
    return [number for number, turns in contents.items() if not any(map(control.search, turns[shared:]))]


@lru_cache
def _pattern(literals: tuple[str, ...], more: str = "(?!)") -> re.Pattern[str]:
    # The longest first: of two tokens that begin alike, a tokenizer takes the longer.
    return re.compile("|".join([*map(re.escape, sorted(literals, key=len, reverse=True)), more]))
