"""Requests and answers, apart from the sockets that carry them, and the words inside a request's body."""

import base64
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.message import Message
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs

# The files of a commit, and the first bytes of each that are shown to preupload. The body may be cut off inside one.
_BASE64 = re.compile(rb'"(?:content|sample)": ?"([A-Za-z0-9+/]+)={0,2}(?="|\Z)')


@dataclass(frozen=True)
class Request:
    """A request whose body has been read in full."""

    query: Mapping[str, list[str]]
    headers: Message
    body: bytes

    def json(self) -> dict[str, Any]:
        """The body, an object in JSON."""
        found = json.loads(self.body)
        if not isinstance(found, dict):
            raise Refused(400, "the body must be an object")
        return found

    def form(self) -> dict[str, list[str]]:
        """The body's lists of strings, be it a form or JSON: clients differ."""
        if self.headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded"):
            return parse_qs(self.body.decode())
        return {name: value for name, value in self.json().items() if isinstance(value, list)}


@dataclass(frozen=True)
class Answer:
    """A status, a body and headers; ``Content-Length`` comes with the sending."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


def json_answer(content: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """An answer in JSON."""
    return Answer(status, json.dumps(content).encode(), {"Content-Type": "application/json", **(headers or {})})


def error_answer(status: int, message: str | None = None, headers: Mapping[str, str] | None = None, **more: str) -> Answer:
    """An error as the Hub tells it: the message in a header and in the body, which may hold more."""
    said = message or HTTPStatus(status).phrase
    return json_answer({"error": said, **more}, status, {"X-Error-Message": said, **(headers or {})})


class Refused(Exception):
    """Raised by a route; ``code`` is the ``X-Error-Code`` that clients look at first."""

    def __init__(self, status: int, message: str, code: str | None = None, headers: Mapping[str, str] | None = None, **more: str) -> None:
        super().__init__(message)
        self.answer = error_answer(status, message, {**({"X-Error-Code": code} if code else {}), **(headers or {})}, **more)


def undone(body: bytes) -> list[bytes]:
    """What a body of JSON, or of JSON lines, holds in other words: the contents behind its base64, and each string without escapes."""
    runs = [run[: len(run) - (len(run) % 4 == 1)] for run in _BASE64.findall(body)]
    contents = [base64.b64decode(run + b"=" * (-len(run) % 4)) for run in runs]
    return contents + [text.encode("utf-8", "surrogatepass") for line in body.split(b"\n") for text in _strings(line)]


def _strings(line: bytes) -> Iterator[str]:
    try:
        waiting: list[object] = [json.loads(line)]
    except ValueError:  # no JSON, or cut off: it is searched as it is
        return
    while waiting:
        found = waiting.pop()
        if isinstance(found, str):
            yield found
        elif isinstance(found, dict):
            waiting += [*found, *found.values()]
        elif isinstance(found, list):
            waiting += found
