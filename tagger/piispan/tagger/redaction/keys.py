"""What keyed operators are keyed with: a key of the user's, or one drawn for the run."""

import hmac
import os
import secrets
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from piispan.core import RedactionError

__all__ = ["DocumentSecrets", "RedactionKey", "read_key"]

_LEAST_BYTES = 16


@dataclass(frozen=True, slots=True)
class DocumentSecrets:
    """What one document's operators are keyed with. Never shown.

    Args:
        values: Of surrogates and hashes of values.
        dates: Of the offset by which dates move.
        encryption: AES-256 key.
    """

    values: bytes = field(repr=False)
    dates: bytes = field(repr=False)
    encryption: bytes = field(repr=False)


class RedactionKey:
    """A secret from which every other is derived by HMAC-SHA-256; it is never shown.

    Args:
        key: Your own key: equal values then get equal surrogates and hashes in everything that is redacted with it. Without one a
            key is drawn, and they are alike within a document (or its group) only.

    Raises:
        RedactionError: If the key has fewer than 16 bytes.
    """

    def __init__(self, key: bytes | None = None) -> None:
        if key is not None and not isinstance(key, bytes):
            raise RedactionError(f"a key must be bytes, was: {type(key).__name__}")
        if key is not None and len(key) < _LEAST_BYTES:
            raise RedactionError(f"a key needs at least {_LEAST_BYTES} bytes (openssl rand -hex 32 makes one), has {len(key)}")
        self.given = key is not None
        self._key = secrets.token_bytes(32) if key is None else key

    @classmethod
    def drawn(cls, key: bytes) -> "RedactionKey":
        """A key that was drawn before, for the same run to go on with: values stay alike within a document only."""
        again = cls(key)
        again.given = False
        return again

    def __repr__(self) -> str:
        return f"RedactionKey({'given' if self.given else 'drawn'})"

    @cached_property
    def encryption_key(self) -> bytes:
        """The AES-256 key of the operator ``encrypt``, as presidio-anonymizer's ``decrypt`` takes it."""
        return self.derive("encrypt")

    def derive(self, purpose: str, *parts: str) -> bytes:
        """32 bytes for one purpose, which tell nothing of those of another (HMAC-SHA-256, RFC 2104, over lengths and parts)."""
        message = b"".join(len(part).to_bytes(8, "big") + part for part in (text.encode("utf-8") for text in (purpose, *parts)))
        return hmac.digest(self._key, message, sha256)

    def for_document(self, scope: str | None = None, group: str | None = None) -> DocumentSecrets:
        """What a document's operators are keyed with.

        Args:
            scope: What tells the document from all others of the run, such as its number; drawn when it is ``None``.
            group: The documents that share an offset of dates (one patient), and, without a key of the user's, their values too.
        """
        place = ["group", group] if group is not None else ["document", scope if scope is not None else secrets.token_hex(16)]
        values = self.derive("values") if self.given else self.derive("values", *place)
        return DocumentSecrets(values, self.derive("dates", *place), self.encryption_key)


def read_key(*, file: str | Path | None = None, environment: str | None = None) -> RedactionKey | None:
    """The key that a file or an environment variable holds; without either, ``None``. White space at its edges does not count.

    A key is never taken as an argument: arguments are seen by every user of a machine and stay in the shell's history.

    Raises:
        RedactionError: If both are named, or the one that is holds no key of at least 16 bytes.
    """
    if file is not None and environment is not None:
        raise RedactionError("a key comes from a file or from an environment variable, not from both")
    if file is not None:
        path = Path(file)
        try:
            content = path.read_bytes()
        except OSError as error:
            raise RedactionError(f"{path}: the key cannot be read ({error.strerror or type(error).__name__})") from None
        where = str(path)
    elif environment is not None:
        if environment not in os.environ:
            raise RedactionError(f"no environment variable of the name {environment}: it was to hold the key")
        content, where = os.fsencode(os.environ[environment]), environment
    else:
        return None
    try:
        return RedactionKey(content.strip())
    except RedactionError as error:
        raise RedactionError(f"{where}: {error}") from None
