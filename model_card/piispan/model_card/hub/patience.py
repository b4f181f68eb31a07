"""Requests that the Hub asked to send again later: the client waits for uploads by itself, and not for the rest."""

from collections.abc import Callable
from time import sleep
from typing import TypeVar

__all__ = ["patiently"]

Answer = TypeVar("Answer")

_BUSY = frozenset({429, 503})
"""Statuses of requests that were not carried out: https://www.rfc-editor.org/rfc/rfc9110#name-503-service-unavailable, RFC 6585."""
_TRIES, _LONGEST = 5, 300.0


def patiently(call: Callable[[], Answer]) -> Answer:
    """The answer of a call, made again after as many seconds as the Hub asks for (``Retry-After``), or 1, 2, 4 and 8 where it does not say.

    Args:
        call: What asks the Hub. It must make what it sends anew each time.

    Raises:
        HfHubHTTPError: If the Hub refuses for another reason, asks to wait for more than five minutes, or is busy for the fifth time.
    """
    from huggingface_hub.errors import HfHubHTTPError

    for seconds in (2.0**tried for tried in range(_TRIES - 1)):
        try:
            return call()
        except HfHubHTTPError as error:
            wait = _asked(error.response.headers.get("Retry-After"), seconds)
            if error.response.status_code not in _BUSY or wait > _LONGEST:
                raise
            sleep(wait)
    return call()


def _asked(header: str | None, otherwise: float) -> float:
    """The seconds of a ``Retry-After``; a date, which the Hub does not send, counts as nothing."""
    return float(header) if header is not None and header.isascii() and header.isdigit() else otherwise
