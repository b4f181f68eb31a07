"""The names of one document: every way a name is written has the same surrogate."""

from collections.abc import Iterable

from piispan.tagger.surrogates.avoiding import Avoided, draw
from piispan.tagger.surrogates.letters import WORD, in_ascii
from piispan.tagger.surrogates.locales import locale_of
from piispan.tagger.surrogates.name_parts import NamePart, Role, take_apart, tells_surname, title_before, title_gender
from piispan.tagger.surrogates.name_pools import drawing
from piispan.tagger.surrogates.name_roles import NameRoles, TakenName
from piispan.tagger.surrogates.seeding import normalised, seeded
from piispan.tagger.surrogates.shapes import in_case_of, in_shape
from piispan.tagger.surrogates.unspaced_names import is_foreign, is_unspaced, take_apart_unspaced

__all__ = ["DocumentNames"]


class DocumentNames:
    """Maps the names of one document, word by word. Two words of a role have two surrogates, where Faker has enough names.

    Args:
        secret: Of what the names are drawn.
        avoided: What no surrogate may be.
        text: The document.
        names: The place and value of each name, in order.
        locale: Faker's locale to draw from, or ``None`` to choose by script.
        others: Values of which no name may have a word.
    """

    def __init__(
        self,
        secret: bytes,
        avoided: Avoided,
        text: str,
        names: Iterable[tuple[int, str]],
        locale: str | None = None,
        others: Iterable[str] = (),
    ) -> None:
        self._secret, self._avoided, self._text, self._locale = secret, avoided, text, locale
        self._mapped: dict[tuple[Role, str], str | None] = {}
        self._used: set[tuple[Role, str]] = set()
        self._in_ascii: dict[str, tuple[Role, str]] = {}
        self._roles = NameRoles()
        self._words = {word.casefold() for value in others for word in WORD.findall(value)}
        self._initials: set[str] = set()
        names = tuple(names)
        taken = [self._take(start, value) for start, value in names]
        for part in (part for one in taken for part in one.parts if part.named):
            (self._initials if part.initial else self._words).add(part.text.casefold())
        self._roles.learn([one for one in taken if _tells(one)])
        # Once more: names without spaces divide by what the others show.
        resolved = [self._roles.resolved(self._take(start, value)) for start, value in names]
        words = [(part, name) for name in resolved for part in name.parts if part.named and not part.initial]
        self._words.update(part.text.casefold() for part, _ in words)
        for part, name in words:
            self._map(part.role, part.text, name)

    def written(self, value: str, start: int) -> str | None:
        """The surrogate of a name that begins at ``start``: titles, suffixes, small words, punctuation and letter case stay.

        Returns:
            The name, or ``None`` where none is seen in ``value`` or Faker has no fitting one.
        """
        name = self._roles.resolved(self._take(start, value))
        if not any(part.named for part in name.parts):
            return None
        written: list[str] = []
        for place, part in enumerate(name.parts):
            if not part.named:
                written.append(in_shape(seeded(self._secret, "in name", part.text), part.text) if part.text.isdecimal() else part.text)
                continue
            drawn = self._initial(name, place) if part.initial else self._word(part.role, part.text, name)
            if drawn is None:
                return None
            written.append(drawn)
        made = "".join(written)
        return made if self._avoided.allows(made, value) else None

    def in_mail(self, word: str) -> tuple[Role, str] | None:
        """The role of a word that is a name of the document in ASCII letters, and its surrogate in small ones; ``None`` for others."""
        found = self._in_ascii.get(word.casefold())
        drawn = in_ascii(self._mapped.get(found) or "") if found else ""
        return (found[0], drawn) if found and drawn else None

    def initial_in_mail(self, letter: str) -> str | None:
        """The first letter of what stands for the document's first given name, else surname, that begins with a letter."""
        words = sorted((word for word in self._in_ascii if word.startswith(letter.casefold())), key=lambda word: self._in_ascii[word][0])
        return next((found[1][0] for word in words if (found := self.in_mail(word))), None)

    def other_in_mail(self, role: Role, word: str) -> str | None:
        """The surrogate of a word that is no name of the document, in small ASCII letters."""
        name = TakenName((NamePart(word, role),), "en_US", False, None)
        drawn = self._drawn(role, word, name)
        return in_ascii(drawn) or None if drawn else None

    def _take(self, start: int, value: str) -> TakenName:
        locale = self._locale_of(value)
        if is_unspaced(value, locale):
            gender, parts = take_apart_unspaced(value, locale, self._roles.has_role)
            return TakenName(tuple(parts), locale, False, gender)
        title, parts = take_apart(value)
        title = title or title_before(self._text, start)
        return TakenName(tuple(parts), locale, title is not None and tells_surname(title), title_gender(title) if title else None)

    def _locale_of(self, value: str) -> str:
        return locale_of(value, self._text, self._locale)

    def _word(self, role: Role, word: str, name: TakenName) -> str | None:
        key = (role, normalised(word))
        drawn = self._mapped[key] if key in self._mapped else self._drawn(role, word, name)
        return None if drawn is None else in_case_of(drawn, word)

    def _map(self, role: Role, word: str, name: TakenName) -> None:
        key = (role, normalised(word))
        if key not in self._mapped:
            self._mapped[key] = drawn = self._drawn(role, word, name)
            self._used.add((role, (drawn or "").casefold()))
            self._in_ascii.setdefault(in_ascii(word), key)

    def _drawn(self, role: Role, word: str, name: TakenName) -> str | None:
        make = drawing(role, word, name.locale, self._roles.gender(word, role, name), is_foreign(name.value))

        def allowed(made: str) -> bool:
            return made.casefold() not in self._words and self._avoided.allows_word(made)

        def better(made: str) -> bool:
            # Two names that become one, or an initial that stays, would be seen.
            return (role, made.casefold()) not in self._used and made[0].casefold() not in self._initials and allowed(made)

        key = normalised(word)
        return draw(self._secret, role, key, make, better) or draw(self._secret, role, key, make, allowed)

    def _initial(self, name: TakenName, place: int) -> str | None:
        letter = name.parts[place].text
        meant = self._roles.meant(name, place)
        drawn = self._mapped.get(meant) if meant else None
        if drawn is None:
            drawn = draw(
                self._secret,
                "initial",
                letter.casefold(),
                lambda rng: in_shape(rng, letter),
                lambda made: made.casefold() not in self._initials | self._words,
            )
        return in_case_of(drawn[0], letter) if drawn else None


def _tells(name: TakenName) -> bool:
    """Whether a name without spaces shows its division: it has both parts. Others tell by their words' places."""
    return not is_unspaced(name.value, name.locale) or bool(name.words("given") and name.words("surname"))
