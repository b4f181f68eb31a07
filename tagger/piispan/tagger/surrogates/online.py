"""E-mail and web addresses, and addresses of computers."""

import ipaddress
import re
from collections.abc import Callable
from random import Random
from typing import Protocol

from piispan.tagger.surrogates.letters import in_ascii
from piispan.tagger.surrogates.locales import names_of
from piispan.tagger.surrogates.seeding import pick
from piispan.tagger.surrogates.shapes import in_case_of, in_shape

__all__ = ["computer", "domain", "domain_key", "web_address"]

_RESERVED = ("example.com", "example.org", "example.net")
"""Of RFC 2606, as is the top-level domain "example"."""
_NETWORKS = ("192.0.2.", "198.51.100.", "203.0.113.")
"""Kept for documentation (RFC 5737); 2001:db8::/32 is for version 6 (RFC 3849)."""
_SECOND_LEVEL = ("ac", "co", "com", "edu", "gov", "net", "or", "org")
_GENERIC = ("www", "mail", "m", "web", "app", "portal", "blog", "shop", "api", "smtp", "ftp")
_KEPT = re.compile(r"(?<=\.)(?:html?|php|aspx?|jsp|pdf|jpe?g|png|gif|svg|json|xml|csv|txt|docx?|xlsx?)\b|%20", re.IGNORECASE)
_V4 = re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])", re.ASCII)
_V6 = re.compile(r"(?<![0-9a-f:.])(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}(?![0-9a-f:.])", re.IGNORECASE)
_WEB = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*:(?://)?)?(?P<user>[^/@\s]*@)?(?P<host>[^/:?#@\s]+)(?P<rest>.*)", re.IGNORECASE | re.DOTALL)


class _Domains(Protocol):
    def __call__(self, host: str) -> str | None:
        """The domain that stands for a host's."""


def domain_key(host: str) -> str:
    """The part of a host's name that someone registered, in small letters: "acme.co.uk" of "www.acme.co.uk"."""
    labels = host.casefold().strip(".").split(".")
    size = 3 if len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL else 2
    return ".".join(labels[-size:])


def domain(rng: Random) -> str:
    """A domain that nobody can register."""
    if rng.random() < 0.2:
        return pick(rng, _RESERVED)
    return f"{in_ascii(pick(rng, names_of('en_US').surnames))}.example"


def web_address(rng: Random, value: str, domains: _Domains) -> str | None:
    """A web address with the same scheme and shape at the domain that ``domains`` gives; names of hosts other than "www" are redrawn.

    Returns:
        The address, or ``None`` where no host is seen in ``value`` or ``domains`` has none.
    """
    match = _WEB.fullmatch(value)
    if match is None or ("." not in match["host"] and not match["scheme"]):
        return None
    if match["host"].startswith("["):
        literal, bracket, rest = value.partition("]")
        return computer(rng, literal) + bracket + in_shape(rng, rest)
    host = computer(rng, match["host"]) if _V4.fullmatch(match["host"]) else with_subdomains(rng, match["host"], domains)
    return None if host is None else _around(rng, match, host)


def with_subdomains(rng: Random, host: str, domains: _Domains) -> str | None:
    """A host at the domain that ``domains`` gives for it, in the same letter case."""
    made = domains(host)
    if made is None:
        return None
    labels = host.strip(".").split(".")
    before = labels[: max(0, len(labels) - domain_key(host).count(".") - 1)]
    kept = [label if label.casefold() in _GENERIC else in_shape(rng, label) for label in before]
    return in_case_of(".".join([*kept, made]), host)


def _around(rng: Random, match: re.Match[str], host: str) -> str:
    user = in_shape(rng, match["user"]) if match["user"] else ""
    rest, place, written = match["rest"], 0, []
    port = re.match(r":\d+", rest)
    if port:
        written, place = [port[0]], port.end()
    for kept in _KEPT.finditer(rest, place):
        written += [in_shape(rng, rest[place : kept.start()]), kept[0]]
        place = kept.end()
    return "".join([match["scheme"] or "", user, host, *written, in_shape(rng, rest[place:])])


def computer(rng: Random, value: str) -> str:
    """The IP addresses in ``value`` by others that are kept for documentation, port and prefix as they were; else a hexadecimal shape."""
    replaced, count = _V4.subn(lambda _: f"{pick(rng, _NETWORKS)}{1 + int(rng.random() * 254)}", value)
    if count:
        return replaced
    replaced, count = _V6.subn(lambda match: _version_6(rng, match[0]), value)
    return replaced if count and replaced != value else in_shape(rng, value, hexadecimal=True)


def _version_6(rng: Random, address: str) -> str:
    try:
        ipaddress.IPv6Address(address)
    except ValueError:
        return in_shape(rng, address, hexadecimal=True)
    left, gap, right = address.partition("::")
    groups: Callable[[str], list[str]] = lambda text: [in_shape(rng, group, hexadecimal=True) for group in text.split(":") if group]  # noqa: E731
    head = ["2001", in_case_of("db8", address), *groups(left)[2:]]
    tail = groups(right)
    if not gap:
        return ":".join(head)
    tail = (tail or [f"{1 + int(rng.random() * 65535):x}"])[: 7 - len(head)]
    return f"{':'.join(head)}::{':'.join(tail)}"
