"""A name taken apart: titles, given names, particles, surnames, initials, suffixes, and what stands between."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

from piispan.tagger.surrogates.letters import LETTER
from piispan.tagger.surrogates.locales import Gender
from piispan.tagger.surrogates.tables import table

__all__ = ["PATRONYMIC", "NamePart", "Role", "take_apart", "tells_surname", "title_before", "title_gender"]

Role = Literal["given", "surname", "kept", "lone"]
"""``lone``: a word that may be a given name or a surname; ``kept``: titles, suffixes, particles, and all that are no names."""

PATRONYMIC = re.compile(r"(?:ович|евич|ич|йович)$|(?:овна|евна|ична|инична|івна|ївна)$", re.IGNORECASE)
_BEFORE = 16
"""Characters before a span in which a title is looked for."""


@dataclass(frozen=True, slots=True)
class NamePart:
    """A part of a name.

    Args:
        text: As it stands there.
        role: What it is.
        initial: Whether it is one letter that stands for a name.
        particle: Whether it is a small word of a surname.
    """

    text: str
    role: Role
    initial: bool = False
    particle: bool = False

    @property
    def named(self) -> bool:
        """Whether it is a name or an initial, which is to be replaced."""
        return self.role != "kept"


@cache
def _titles() -> dict[str, Gender | None]:
    return {word.casefold(): row["gender"] for row in table("names")["titles"] for word in row["words"]}


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    """Titles at the start, a title at the end, suffixes at the end, and one piece of what is left."""
    titles = "|".join(re.escape(word) for word in sorted(_titles(), key=len, reverse=True))
    dotted = "|".join(r"\.?".join(word) for word in sorted(table("names")["degrees"], key=len, reverse=True))
    degrees = rf"(?:,\s*(?i:{dotted})\.?|\s+(?:{dotted})\.?)"
    generations = rf"(?i:,?\s+(?:{'|'.join(table('names')['generations'])})\b\.?)"
    word = rf"{LETTER}+(?:['’ʼ]{LETTER}+)*"
    return (
        re.compile(rf"\s*(?:(?:{titles})(?:\.\s*|\s+)(?:and\s+|&\s*|und\s+)?)+(?=.*[^\W\d_])", re.IGNORECASE),
        re.compile(rf"(?:^|(?<=[^\w]))({titles})\.?\s*$", re.IGNORECASE),
        re.compile(rf"(?<=\w)[.'’]?(?:{degrees}|{generations})+$"),
        re.compile(rf"({word})|(\d+)|(.)", re.DOTALL),
    )


def title_gender(value: str) -> Gender | None:
    """The gender that a title such as "Mrs." tells, or ``None``."""
    return _titles().get(value.strip().rstrip(".").casefold())


def tells_surname(title: str) -> bool:
    """Whether a single word after the title is a surname."""
    key = title.casefold()
    return not any(row.get("before_given") and key in (word.casefold() for word in row["words"]) for row in table("names")["titles"])


def title_before(text: str, start: int) -> str | None:
    """The title that stands right before ``text[start]``, or ``None``."""
    found = _patterns()[1].search(text[max(0, start - _BEFORE) : start])
    return found[1] if found else None


def take_apart(value: str) -> tuple[str | None, list[NamePart]]:
    """A name's parts, which make up ``value`` when joined.

    Returns:
        The title inside it, or ``None``, and the parts. Words of a name of one word are ``lone``, unless a particle makes it a surname,
        and so are initials after it.
    """
    if value.strip().rstrip(".").casefold() in _titles():
        return value.strip().rstrip("."), [NamePart(value, "kept")]
    head, _, tail, _ = _patterns()
    start = found.end() if (found := head.match(value)) else 0
    end = found.start() if (found := tail.search(value, start)) else len(value)
    if end <= start:
        end = len(value)
    pieces = _pieces(value[start:end])
    comma = next((place for place, piece in enumerate(pieces) if piece.text == ","), None)
    if comma is not None and any(p.named for p in pieces[:comma]) and any(p.named for p in pieces[comma:]):
        parts = [_as(piece, "surname") for piece in pieces[:comma]] + [_as(piece, "given") for piece in pieces[comma:]]
    else:
        parts = _in_order(pieces)
    around = [NamePart(text, "kept") for text in (value[:start], value[end:])]
    titles = [word for word in re.findall(r"[^\s.]+", value[:start]) if word.casefold() in _titles()]
    return (titles[0] if titles else None), [part for part in (around[0], *parts, around[1]) if part.text]


def _pieces(name: str) -> list[NamePart]:
    """Words, initials and all else of a name without titles and suffixes; names are ``lone`` so far."""
    pieces: list[NamePart] = []
    shouted = name.isupper()
    for match in _patterns()[3].finditer(name):
        word = match[1]
        if not word:
            pieces.append(NamePart(match[0], "kept"))
            continue
        possessive = re.fullmatch(r"(.{2,})(['’][sS])", word)
        word, owned = (possessive[1], possessive[2]) if possessive else (word, "")
        elided = re.fullmatch(r"([^\W\d_]+)(['’])(.+)", word)
        if elided and elided[1].casefold() in table("names")["elided_particles"]:
            pieces.append(NamePart(elided[1] + elided[2], "kept", particle=True))
            word = elided[3]
        if len(word) == 2 and word.isascii() and word.isupper() and not shouted and len(name) > 2:
            pieces += [NamePart(letter, "lone", initial=True) for letter in word]
        else:
            pieces.append(NamePart(word, "lone", initial=len(word) == 1 and word.upper() != word.lower()))
        if owned:
            pieces.append(NamePart(owned, "kept"))
    return _with_particles(pieces)


def _with_particles(pieces: Sequence[NamePart]) -> list[NamePart]:
    data, marked = table("names"), list(pieces)
    words = [place for place, piece in enumerate(pieces) if piece.named]
    for number, place in enumerate(words[:-1]):
        text, after = pieces[place].text, pieces[place + 1].text
        small = text.casefold()
        follows = pieces[words[number + 1]].text.casefold() in data["particles"]
        if (
            (small in data["particles"] and (text.islower() or number > 0 or follows))
            or (number == 0 and small in data["leading_particles"])
            or (after == "-" and small in data["hyphened_particles"])
        ) and not (text.isupper() and len(text) == 1):
            marked[place] = NamePart(text, "kept", particle=True)
    return marked


def _in_order(pieces: Sequence[NamePart]) -> list[NamePart]:
    """Given names first, then the surname: from the first particle on, or the last word with what hyphens join to it."""
    words = [place for place, piece in enumerate(pieces) if piece.named and not piece.initial]
    named = [place for place, piece in enumerate(pieces) if piece.named]
    particles = [place for place, piece in enumerate(pieces) if piece.particle]
    if not named:
        return list(pieces)
    if not words:
        # Initials alone: the last is a surname's.
        return [_as(p, "surname" if place == named[-1] and len(named) > 1 else "given") for place, p in enumerate(pieces)]
    if PATRONYMIC.search(pieces[words[-1]].text):
        # "Иванов Иван Иванович" or "Иван Иванович".
        return [_as(p, "surname" if place == words[0] and len(words) > 2 else "given") for place, p in enumerate(pieces)]
    first = words[-1]
    while first >= 2 and pieces[first - 1].text == "-" and pieces[first - 2].named:
        first -= 2
    if particles and (particles[0] < first):
        first = particles[0]
    if named[0] >= first and not particles:
        return list(pieces)
    return [_as(p, ("surname" if not p.initial else "given") if place >= first else "given") for place, p in enumerate(pieces)]


def _as(piece: NamePart, role: Role) -> NamePart:
    return replace(piece, role=role) if piece.named else piece
