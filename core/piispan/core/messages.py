"""Chat messages and the rows made of them, as TRL takes them."""

from typing import Literal, TypedDict

__all__ = ["Message", "Row", "assistant", "user"]


class Message(TypedDict):
    """One chat message."""

    role: Literal["user", "assistant"]
    content: str


class Row(TypedDict):
    """A conversational ``prompt``/``completion`` row, as TRL takes it, with its document."""

    prompt: list[Message]
    completion: list[Message]
    id: str
    text: str
    spans: list[dict[str, int | str]]


def user(content: str) -> Message:
    """A turn of the user."""
    return {"role": "user", "content": content}


def assistant(content: str) -> Message:
    """A turn of the assistant."""
    return {"role": "assistant", "content": content}
