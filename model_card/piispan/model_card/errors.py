"""The error of this room."""

from piispan.core import PiispanError

__all__ = ["CardError"]


class CardError(PiispanError, ValueError):
    """Facts that cannot go on a card: out of range, not finite, or not fit to be published."""
