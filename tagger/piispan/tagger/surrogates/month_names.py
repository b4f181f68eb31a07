"""Names of months in a few languages, read and written in the form they had."""

from dataclasses import dataclass
from functools import cache

from piispan.tagger.surrogates.shapes import in_case_of
from piispan.tagger.surrogates.tables import table

__all__ = ["MonthName", "month_pattern", "read_month"]


@dataclass(frozen=True, slots=True)
class MonthName:
    """One month as it was written.

    Args:
        month: From 1 to 12.
        written: The name as it stood.
        language: Whose name it is.
        shortened: Whether it was a shortened form.
    """

    month: int
    written: str
    language: str
    shortened: bool

    def renamed(self, month: int) -> str:
        """Another month's name in the same language, form and letter case."""
        name: str = table("dates")["months"][self.language][month - 1][1 if self.shortened else 0]
        if self.written[:1].isupper() and name[:1].islower():
            name = name[:1].upper() + name[1:]
        return in_case_of(name, self.written)


@cache
def month_pattern() -> str:
    """A pattern of every month's name, without groups of its own; for use with ``re.IGNORECASE``."""
    names = {name for months in table("dates")["months"].values() for forms in months for name in forms}
    return rf"(?<![^\W_])(?:{'|'.join(sorted(names, key=lambda name: (-len(name), name)))})(?![^\W\d_])"


def read_month(written: str, language: str) -> MonthName | None:
    """The month that a name is of; where it is a name in several languages, in ``language`` or else the first of them."""
    found = _names().get(written.casefold(), ())
    return next(
        (MonthName(month, written, tongue, shortened) for tongue, month, shortened in sorted(found, key=lambda one: one[0] != language)),
        None,
    )


@cache
def _names() -> dict[str, tuple[tuple[str, int, bool], ...]]:
    """Languages, months and whether it is a shortened form, by name."""
    names: dict[str, tuple[tuple[str, int, bool], ...]] = {}
    for language, months in table("dates")["months"].items():
        for month, forms in enumerate(months, 1):
            for place, name in enumerate(dict.fromkeys(form.casefold() for form in forms)):
                names[name] = (*names.get(name, ()), (language, month, place > 0))
    return names
