"""What a talk with the Hub may end in, and how to say it to a person."""

from json import JSONDecodeError

__all__ = ["hub_errors", "hub_reason"]

_STATUS = {
    401: "the Hub was given no token that it knows; log in again (hf auth login), or set HF_TOKEN",
    403: "the token may not do that; it needs the right to write there",
    404: "the Hub has no such repository or revision, or does not show it to this token; log in (hf auth login), or set HF_TOKEN",
    409: "somebody else is changing the repository",
    412: "the repository has changed meanwhile",
    413: "the Hub takes no files of this size",
    429: "the Hub asks to wait, after too many requests",
}


def hub_errors() -> tuple[type[Exception], ...]:
    """What ``huggingface_hub`` raises: a refusal, a lost connection, no token, a failed upload (a bare ``RuntimeError``), a wrong name, an
    answer that is no JSON.
    """
    # The base of HfHubHTTPError is that of the HTTP library in use, httpx or its successor, and stands for lost connections too.
    from huggingface_hub.errors import HFValidationError, HTTPError  # type: ignore[attr-defined]

    return HTTPError, HFValidationError, OSError, RuntimeError, JSONDecodeError


def hub_reason(error: BaseException) -> str:
    """One line on what went wrong and what mends it; nothing of the answer is repeated, which may hold what was sent."""
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalTokenNotFoundError, OfflineModeIsEnabled

    if isinstance(error, RuntimeError) and error.__cause__ is not None:
        return hub_reason(error.__cause__)
    if isinstance(error, HfHubHTTPError):
        status = error.response.status_code
        known = _STATUS.get(status, "the Hub failed" if status >= 500 else "the Hub refused")
        return f"{known} (HTTP {status})"
    if isinstance(error, OfflineModeIsEnabled):
        return "HF_HUB_OFFLINE is set; unset it to reach the Hub"
    if isinstance(error, LocalTokenNotFoundError):
        return "no token; log in (hf auth login), or set HF_TOKEN"
    if isinstance(error, HFValidationError):
        return "not a name that the Hub takes"
    if isinstance(error, JSONDecodeError):
        return "the Hub answered what is no JSON; it may be out of order"
    if isinstance(error, OSError) and error.errno is not None and not isinstance(error, ConnectionError):
        return f"trouble on this machine: {error.strerror}"
    return f"the connection to the Hub was lost or never made ({type(error).__name__})"
