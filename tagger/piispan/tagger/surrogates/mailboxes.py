"""E-mail addresses made of the document's names."""

import re
from random import Random

from piispan.tagger.surrogates.avoiding import Avoided, draw
from piispan.tagger.surrogates.letters import WORD, in_ascii
from piispan.tagger.surrogates.locales import is_given, names_of
from piispan.tagger.surrogates.name_parts import Role
from piispan.tagger.surrogates.names import DocumentNames
from piispan.tagger.surrogates.online import domain, domain_key, with_subdomains
from piispan.tagger.surrogates.seeding import pick
from piispan.tagger.surrogates.shapes import in_case_of, in_shape

__all__ = ["Domains", "mail_address"]

_PIECE = re.compile(rf"({WORD.pattern})|(\d+)|(.)", re.DOTALL)


class Domains:
    """Maps domains: one that stands in several addresses has one surrogate.

    Args:
        secret: Of what they are drawn.
        avoided: What none may be.
    """

    def __init__(self, secret: bytes, avoided: Avoided) -> None:
        self._secret, self._avoided = secret, avoided

    def __call__(self, host: str) -> str | None:
        """The domain that stands for a host's, or ``None`` where none is allowed."""
        return draw(self._secret, "domain", domain_key(host), domain, self._avoided.allows_word)


def mail_address(rng: Random, value: str, names: DocumentNames, domains: Domains) -> str | None:
    """An address whose parts before the @ are the surrogates of the document's names, where they are names; else drawn ones.

    Args:
        rng: Source of chance for numbers and drawn names.
        value: An address; what stands before a colon ("mailto:") stays.
        names: The document's names.
        domains: Its domains.

    Returns:
        The address in the letter case it had, or ``None`` where there is no @.
    """
    local, at, host = value.rpartition("@")
    if not at or not local or not host:
        return None
    scheme, colon, local = local.rpartition(":")
    made = with_subdomains(rng, host, domains)
    if made is None:
        return None
    written: list[str] = []
    for match in _PIECE.finditer(local):
        if match[1]:
            written.append(in_case_of(_word(rng, match[1], names), match[1]))
        else:
            written.append(in_shape(rng, match[0]) if match[2] else match[0])
    return f"{scheme}{colon}{''.join(written)}{at}{made}"


def _word(rng: Random, word: str, names: DocumentNames) -> str:
    """What stands for a word before the @, in small ASCII letters."""
    if len(word) == 1 and word.isascii():
        return names.initial_in_mail(word) or in_shape(rng, word)
    found = names.in_mail(word)
    if found:
        return found[1]
    for cut in (1, len(word) - 1, *range(2, len(word) - 1)):
        # "alovelace", "lovelacea" and "adalovelace"
        halves = (word[:cut], word[cut:])
        known = [names.in_mail(half) if len(half) > 1 else None for half in halves]
        if all(one or len(half) == 1 for one, half in zip(known, halves, strict=True)) and any(known):
            return "".join(
                one[1] if one else names.initial_in_mail(half) or in_shape(rng, half) for one, half in zip(known, halves, strict=True)
            )
    role: Role = "given" if is_given(word, "en_US") else "surname"
    return names.other_in_mail(role, word) or in_ascii(pick(rng, names_of("en_US").surnames))
