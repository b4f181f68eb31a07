"""Which words of a document's names are given names and which are surnames, and which initials stand for them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from piispan.tagger.surrogates.locales import Gender, is_given, is_surname
from piispan.tagger.surrogates.name_parts import NamePart, Role
from piispan.tagger.surrogates.name_pools import gender_of_given, gender_of_surname
from piispan.tagger.surrogates.seeding import normalised

__all__ = ["NameRoles", "TakenName"]


@dataclass(frozen=True, slots=True)
class TakenName:
    """A name taken apart.

    Args:
        parts: Its parts, in order.
        locale: Whose names stand for it.
        titled: Whether a title stands in it or right before it.
        gender: What the title tells.
    """

    parts: tuple[NamePart, ...]
    locale: str
    titled: bool
    gender: Gender | None

    @property
    def value(self) -> str:
        """The name as it stood."""
        return "".join(part.text for part in self.parts)

    def words(self, role: Role) -> list[str]:
        """The words of a role that are no initials."""
        return [part.text for part in self.parts if part.role == role and not part.initial]


class NameRoles:
    """What a document's names tell of their words. ``learn`` before asking."""

    def __init__(self) -> None:
        self._roles: dict[str, set[Role]] = {}
        self._genders: dict[str, Gender] = {}
        self._full: list[tuple[list[str], list[str]]] = []

    def learn(self, names: Sequence[TakenName]) -> None:
        """Roles from names of several words, then from those after a title."""
        for name in names:
            self._learn_from(self.resolved(name) if not name.words("lone") else name)
        for name in names:
            if name.titled and any(part.role == "lone" for part in name.parts):
                self._learn_from(self.resolved(name))

    def has_role(self, word: str, role: Role) -> bool:
        """Whether a name of the document shows that a word is a given name or surname."""
        return role in self._roles.get(normalised(word), ())

    def resolved(self, name: TakenName) -> TakenName:
        """The name without words of a role unknown: one that stands alone is what it is elsewhere in the document, else a surname
        after a title, else a given name where Faker knows it as one, else a surname. An initial after it is of the other role.
        """
        lone = name.words("lone")
        if not lone:
            return replace(name, parts=tuple(self._settled(name)))
        role = self._role(lone, name)
        other: Role = "given" if role == "surname" else "surname"
        parts = (replace(part, role=other if part.initial else role) if part.role == "lone" else part for part in name.parts)
        return replace(name, parts=tuple(parts))

    def gender(self, word: str, role: Role, name: TakenName) -> Gender | None:
        """The gender of whoever bears a word of a name, or ``None``."""
        if role == "surname":
            told = gender_of_surname(word, name.locale)
            for given in name.words("given"):
                told = told or self.gender(given, "given", name)
            return told or name.gender
        return gender_of_given(word, name.locale) or self._genders.get(normalised(word)) or name.gender

    def meant(self, name: TakenName, place: int) -> tuple[Role, str] | None:
        """The word that an initial of a name stands for, by the full names of the document.

        Args:
            name: A name without words of a role unknown.
            place: Which of its parts is the initial.
        """
        part = name.parts[place]
        letter = part.text.casefold()
        wanted: tuple[Role, Role] = ("given", "surname") if part.role == "given" else ("surname", "given")
        known = {normalised(word) for word in name.words(wanted[1])}
        before = sum(one.role == part.role for one in name.parts[:place])
        initials = [one.text.casefold() for one in name.parts if one.named]
        for given, surnames in self._full:
            own, others = (given, surnames) if part.role == "given" else (surnames, given)
            alone = not known and not name.words(part.role) and [word[0] for word in (*given, *surnames)] == initials
            if alone or not known.isdisjoint(others):
                fitting = [word for word in (*own[before : before + 1], *own) if word.startswith(letter)]
                if fitting:
                    return part.role, fitting[0]
        return None

    def _settled(self, name: TakenName) -> Iterable[NamePart]:
        """The parts, with lone initials taken for given names' and a second of two surnames for one ("María García López")."""
        first = True
        for part in name.parts:
            if part.role == "given" and not part.initial:
                second = not first and not is_given(part.text, name.locale) and is_surname(part.text, name.locale)
                first = False
                yield replace(part, role="surname") if second else part
            else:
                yield replace(part, role="given") if part.role == "lone" else part

    def _role(self, lone: Sequence[str], name: TakenName) -> Role:
        roles = [self._roles.get(normalised(word), set()) for word in lone]
        for role, other in (("surname", "given"), ("given", "surname")):
            if any(role in one and other not in one for one in roles):
                return "surname" if role == "surname" else "given"
        if name.titled:
            return "surname"
        return "given" if any(roles) or is_given(lone[0], name.locale) else "surname"

    def _learn_from(self, name: TakenName) -> None:
        given, surnames = name.words("given"), name.words("surname")
        for role, words in (("given", given), ("surname", surnames)):
            for word in words:
                self._roles.setdefault(normalised(word), set()).add("given" if role == "given" else "surname")
        if given and surnames:
            self._full.append((_keys(given), _keys(surnames)))
        if given and name.gender and gender_of_given(given[0], name.locale) is None:
            self._genders.setdefault(normalised(given[0]), name.gender)


def _keys(words: Iterable[str]) -> list[str]:
    return [key for word in words if (key := normalised(word))]
