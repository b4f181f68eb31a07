"""The errors of this room."""

from piispan.core import PiispanError

__all__ = ["CardError", "HubError"]


class CardError(PiispanError, ValueError):
    """Facts that cannot go on a card, or a folder that cannot be published: out of range, not finite, or not fit to be read by others."""


class HubError(PiispanError, ConnectionError):
    """The Hub refused, or could not be reached; says what to do."""
