"""Strings that must not leave this machine, looked for in files that are about to."""

import getpass
import re
import socket
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path

from piispan.core import SIDECAR_NAME, WORD, LabelSet, Sidecar
from piispan.model_card.checks.faults import Fault
from piispan.model_card.checks.texts import Piece
from piispan.model_card.publishable import REFUSED, TOKEN

__all__ = ["Secrets", "secret_faults"]

_SHORTEST = 3
_FROM_THE_BASE = frozenset({"tokenizer.json", "chat_template.jinja", "tokenizer_config.json"})
"""Files whose text is the base model's: they hold paths of a kind, and names of roles."""
_CODE = (".py", ".toml", ".txt", ".yaml")
"""Endings of this package's own files in a Space: code holds paths and addresses of a kind too."""
_RESERVED = re.compile(r"[\w.+-]+@(?:[\w-]+\.)*(?:example\.(?:com|net|org)|example|invalid|test)\b")
"""Addresses that are nobody's: https://www.rfc-editor.org/rfc/rfc2606. A prompt may show them as examples."""
_RELATIVE = re.compile(r"\]\(\.\.?/")
"""A link to a file of the repository."""


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
        host = socket.gethostname()
        names = {"the login name": login, "the host name": host, "the host's name": host.partition(".")[0]}
        said = _own_words()
        return cls(literal, {what: name for what, name in names.items() if len(name) >= _SHORTEST and name.casefold() not in said})


@cache
def _own_words() -> frozenset[str]:
    """Words of every card, and of every machine: an account that is called so cannot be told from them."""
    template = (files("piispan.model_card") / "template.md.jinja").read_text("utf-8")
    machines = ("admin", "app", "docker", "jovyan", "localhost", "nobody", "root", "runner", "ubuntu", "user")
    names = [label.name for name in LabelSet.shipped() for label in LabelSet.load(name)]
    return frozenset(word.casefold() for text in (template, *Sidecar.__dataclass_fields__, *names) for word in WORD.findall(text)) | {
        *machines
    }


def secret_faults(file: str, pieces: Iterable[Piece], secrets: Secrets, public: Iterable[str]) -> Iterator[Fault]:
    """Each kind of secret in a file, once.

    Args:
        file: Its name.
        pieces: Its text.
        secrets: What to look for, beside what looks like a token, a path or an address.
        public: Strings that may stand there though a secret is part of them: the repository's id holds its owner's name.
    """
    known = [one for one in sorted(set(public), key=len, reverse=True) if one]
    of_base = file.rpartition("/")[2] in _FROM_THE_BASE or file.endswith(_CODE)
    patterns = {what: re.compile(re.escape(text)) for what, text in secrets.literal.items()}
    if of_base:
        patterns["what looks like a Hub token"] = TOKEN
    else:
        patterns |= {f"what looks like {what}": shape for what, shape in REFUSED.items()}
        patterns |= {what: re.compile(rf"(?<![^\W_]){re.escape(name)}(?![^\W_])", re.I) for what, name in secrets.names.items()}
    found = set[str]()
    for piece in pieces:
        for number, line in enumerate(piece.text.splitlines(), piece.line or 1):
            shown = _RELATIVE.sub("](", _RESERVED.sub("", line) if file == SIDECAR_NAME else line)
            for one in known:
                shown = shown.replace(one, " ")
            for what, pattern in patterns.items():
                if what not in found and pattern.search(shown):
                    found.add(what)
                    place = file if piece.line is None else f"{file}, line {number}"
                    yield Fault(place, f"holds {what}", "take it out, or out of what the card is written from")
