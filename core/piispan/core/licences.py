"""Identifiers of licences, as the Hub spells them."""

import re

__all__ = ["is_licence_id"]

_LICENCE = re.compile(r"[a-z0-9][a-z0-9.+-]*")


def is_licence_id(text: str) -> bool:
    """Whether ``text`` has the form of an identifier of https://huggingface.co/docs/hub/repositories-licenses: ``cc-by-4.0``, ``other``."""
    return _LICENCE.fullmatch(text) is not None
