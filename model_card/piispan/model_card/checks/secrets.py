"""Strings that must not leave this machine, looked for in files that are about to."""

import getpass
import re
import socket
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from piispan.model_card.checks.faults import Fault
from piispan.model_card.checks.texts import Piece
from piispan.model_card.publishable import REFUSED, TOKEN

__all__ = ["Secrets", "secret_faults"]

_SAY_NOTHING = frozenset({"admin", "app", "docker", "jovyan", "localhost", "nobody", "root", "runner", "ubuntu", "user"})
"""Names of accounts and machines that tell nobody apart, and are words of their own."""
_SHORTEST = 3
_FROM_THE_BASE = frozenset({"tokenizer.json", "vocab.json", "merges.txt", "chat_template.jinja", "tokenizer_config.json"})
"""Files whose text is the base model's: a vocabulary has most short words, and paths of a kind."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """What is known of this machine and its user.

    Args:
        literal: Strings by what they are: ``the Hub token``, ``the home folder``.
        names: Names likewise; they count where they stand as whole words.
    """

    literal: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def here(cls, token: str | None) -> "Secrets":
        """Those of this process.

        Args:
            token: The Hub token in use.
        """
        literal = {"the Hub token": token} if token else {}
        try:
            home, login = str(Path.home()), getpass.getuser()
        except (RuntimeError, KeyError, OSError):  # a process without an account
            home, login = "/", ""
        if len(home) > _SHORTEST:
            literal["the home folder"] = home
        names = {"the login name": login, "the host name": socket.gethostname()}
        return cls(literal, {what: name for what, name in names.items() if len(name) >= _SHORTEST and name.lower() not in _SAY_NOTHING})


def secret_faults(file: str, pieces: Iterable[Piece], secrets: Secrets, public: Iterable[str]) -> Iterator[Fault]:
    """Each kind of secret in a file, once.

    Args:
        file: Its name.
        pieces: Its text.
        secrets: What to look for, beside what looks like a token, a path or an address.
        public: Strings that may stand there though a secret is part of them: the repository's id holds its owner's name.
    """
    known = [one for one in sorted(set(public), key=len, reverse=True) if one]
    of_base = file.rpartition("/")[2] in _FROM_THE_BASE
    shapes = {"what looks like a Hub token": TOKEN} if of_base else {f"what looks like {what}": shape for what, shape in REFUSED.items()}
    named = {} if of_base else {what: re.compile(rf"(?<!\w){re.escape(name)}(?!\w)") for what, name in secrets.names.items()}
    literal = {what: re.compile(re.escape(text)) for what, text in secrets.literal.items()}
    found = set[str]()
    for piece in pieces:
        for number, line in enumerate(piece.text.splitlines(), piece.line or 1):
            shown = line
            for one in known:
                shown = shown.replace(one, " ")
            for what, pattern in {**shapes, **named, **literal}.items():
                if what not in found and pattern.search(shown):
                    found.add(what)
                    place = file if piece.line is None else f"{file}, line {number}"
                    yield Fault(place, f"holds {what}", "take it out, or out of what the card is written from")
