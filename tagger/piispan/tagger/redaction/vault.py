"""The vault: what a redaction replaced, encrypted, so that those with the key can put it back.

A file of lines. The first is a JSON head that tells nothing of the documents; each of the others is one document's entry, encrypted and
authenticated with AES-256-GCM under a key derived from the user's, bound to its place in the file; the last says how many there are. An
entry that is changed, moved, taken out or put in is noticed, and so is a file that was cut.
"""

import base64
import binascii
import hmac
import json
import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from piispan.core import RedactionError, require_extra
from piispan.tagger.redaction.keys import RedactionKey
from piispan.tagger.redaction.redacting import Redaction, restore_text

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

__all__ = ["SealedText", "Vault", "VaultEntry", "read_vault", "vault_columns"]

_VERSION = 1
_NONCE = 12


@dataclass(frozen=True, slots=True)
class SealedText:
    """How to put one redacted text back.

    Args:
        sha256: Of the redacted text in UTF-8: another text is not put back.
        edits: Start and end (exclusive) in the redacted text, and what stood there before, in order. Personal data.
    """

    sha256: str
    edits: tuple[tuple[int, int, str], ...] = field(repr=False)

    @classmethod
    def of(cls, redaction: Redaction) -> "SealedText":
        """How to put this redaction back."""
        edits = tuple((one.start, one.end, one.original) for one in redaction.replacements)
        return cls(sha256(redaction.text.encode()).hexdigest(), edits)

    def restore(self, text: str) -> str:
        """The text as it was.

        Raises:
            RedactionError: If ``text`` is not the redacted text to the last character.
        """
        if sha256(text.encode()).hexdigest() != self.sha256:
            raise RedactionError("the text is not the one that was redacted: it was changed, or belongs to another entry of the vault")
        return restore_text(text, self.edits)


@dataclass(frozen=True, slots=True)
class VaultEntry:
    """One document's entry.

    Args:
        place: Where the document stands: the number of its file, from 0, and that of its row in it.
        texts: How to put each of its texts back, by the name of its column.
    """

    place: tuple[int, int]
    texts: dict[str, SealedText] = field(repr=False)


class Vault:
    """Encrypts entries for one file, in any process: all it keeps is a key and the file's name for itself.

    Args:
        key: The user's key.
        identity: 32 hex digits that tell this vault from others; drawn without it.
        columns: Names of the columns that were redacted.

    Raises:
        RedactionError: If the key was drawn: nobody could open the vault.
        MissingExtraError: If the ``tag`` extra is not installed.
    """

    def __init__(self, key: RedactionKey, identity: str | None = None, columns: Sequence[str] = ("text",)) -> None:
        require_extra("tag", "cryptography")
        if not key.given:
            raise RedactionError("a vault needs a key of yours, or nobody could open it: give --key-file or --key-env")
        self.identity, self.columns = identity or secrets.token_hex(16), tuple(columns)
        self._key, self._check = (key.derive(purpose, self.identity) for purpose in ("vault", "vault head"))

    @property
    def head(self) -> bytes:
        """The file's first line."""
        head = {"piispan_vault": _VERSION, "identity": self.identity, "columns": self.columns}
        check = hmac.digest(self._check, json.dumps(head).encode(), sha256).hex()
        return json.dumps({**head, "check": check}).encode() + b"\n"

    def sealed(self, entries: Iterable[VaultEntry]) -> list[bytes]:
        """The lines of these entries."""
        return [self._line(_content(entry), entry.place) for entry in entries]

    def end(self, entries: int) -> bytes:
        """The file's last line."""
        return self._line(json.dumps({"entries": entries}).encode(), (-1, -1))

    def _line(self, content: bytes, place: tuple[int, int]) -> bytes:
        nonce = secrets.token_bytes(_NONCE)
        sealed = _cipher(self._key).encrypt(nonce, content, _bound(self.identity, place))
        return json.dumps([*place, base64.b64encode(nonce + sealed).decode()]).encode() + b"\n"

    def opened(self, line: bytes) -> tuple[tuple[int, int], bytes]:
        """The place and content of one line.

        Raises:
            RedactionError: If it was changed or moved, or the key is another.
        """
        from cryptography.exceptions import InvalidTag

        try:
            part, row, coded = json.loads(line)
            sealed = base64.b64decode(coded, validate=True)
            return (part, row), _cipher(self._key).decrypt(sealed[:_NONCE], sealed[_NONCE:], _bound(self.identity, (part, row)))
        except (ValueError, TypeError, binascii.Error, InvalidTag):
            raise RedactionError("an entry of the vault is damaged or was changed") from None


def vault_columns(path: str | Path, key: RedactionKey) -> tuple[str, ...]:
    """Names of the columns that a vault can put back.

    Raises:
        RedactionError: If the file cannot be read, is no vault, or was locked with another key.
    """
    source = Path(path)
    try:
        with source.open("rb") as file:
            return _opened(file.readline(), key, source).columns
    except OSError as error:
        raise RedactionError(f"{source}: cannot be read ({error.strerror or type(error).__name__})") from None


def read_vault(path: str | Path, key: RedactionKey) -> Iterator[VaultEntry]:
    """The entries of a vault, in their order, one at a time.

    Raises:
        RedactionError: If the file cannot be read, is no vault, was locked with another key, or was changed or cut; names the line.
    """
    source = Path(path)
    try:
        with source.open("rb") as file:
            vault = _opened(file.readline(), key, source)
            place, number = (-1, -1), 1
            for number, line in enumerate(file, start=2):
                try:
                    after, content = vault.opened(line)
                except RedactionError as error:
                    raise RedactionError(f"{source}, line {number}: {error}") from None
                if after == (-1, -1):
                    _check_end(json.loads(content), number - 2, file.read(1), source)
                    return
                if after <= place:
                    raise RedactionError(f"{source}, line {number}: an entry stands twice or out of order")
                place = after
                yield _entry(after, json.loads(content))
    except OSError as error:
        raise RedactionError(f"{source}: cannot be read ({error.strerror or type(error).__name__})") from None
    raise RedactionError(f"{source}: cut after line {number}, or its run was never finished")


def _opened(line: bytes, key: RedactionKey, source: Path) -> Vault:
    try:
        head = json.loads(line)
        version, identity, columns = head["piispan_vault"], head["identity"], head["columns"]
    except (ValueError, KeyError, TypeError):
        version, identity, columns = None, None, None
    if version != _VERSION or not isinstance(identity, str) or not isinstance(columns, list):
        raise RedactionError(f"{source}: not a vault of version {_VERSION}")
    vault = Vault(key, identity, columns)
    if not hmac.compare_digest(vault.head, line):
        raise RedactionError(f"{source}: locked with another key, or its first line was changed")
    return vault


def _check_end(content: dict[str, int], entries: int, more: bytes, source: Path) -> None:
    if content.get("entries") != entries or more:
        raise RedactionError(f"{source}: entries were taken out or put in: {entries} are there, {content.get('entries')} were written")


def _content(entry: VaultEntry) -> bytes:
    rows = {name: [text.sha256, text.edits] for name, text in entry.texts.items()}
    return json.dumps(rows, ensure_ascii=False).encode()


def _entry(place: tuple[int, int], content: dict[str, tuple[str, Sequence[tuple[int, int, str]]]]) -> VaultEntry:
    texts = {name: SealedText(digest, tuple((start, end, was) for start, end, was in edits)) for name, (digest, edits) in content.items()}
    return VaultEntry(place, texts)


def _bound(identity: str, place: tuple[int, int]) -> bytes:
    return f"{identity} {place[0]} {place[1]}".encode()


def _cipher(key: bytes) -> "AESGCM":
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(key)
