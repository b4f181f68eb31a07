"""The surrogates of one document."""

from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Literal

from piispan.core import Span
from piispan.tagger.surrogates.addresses import address
from piispan.tagger.surrogates.ages import age, is_age
from piispan.tagger.surrogates.avoiding import Avoided, Source, draw
from piispan.tagger.surrogates.date_offsets import date_offset
from piispan.tagger.surrogates.dates import DateMover
from piispan.tagger.surrogates.kinds import Kind
from piispan.tagger.surrogates.locales import check_locale
from piispan.tagger.surrogates.mailboxes import Domains, mail_address
from piispan.tagger.surrogates.names import DocumentNames
from piispan.tagger.surrogates.numbers import card, iban, identifier, social_security
from piispan.tagger.surrogates.online import computer, web_address
from piispan.tagger.surrogates.organizations import organization
from piispan.tagger.surrogates.phones import phone, phone_key
from piispan.tagger.surrogates.seeding import alphanumeric, normalised
from piispan.tagger.surrogates.titles import group, title

__all__ = ["DocumentSurrogates"]

_LONGEST = 500
"""Characters of a value that can be one name, date or number."""

Make = Callable[[Random, str], str | None]


class DocumentSurrogates:
    """Makes the surrogates of one document.

    A value has the same surrogate wherever it stands and, with the same secret, in every document, unless that is a value or part
    of the document: no surrogate ever is.

    Args:
        text: The document.
        spans: All of its spans, flat and sorted.
        kinds: The kind by label; values of labels without one are only known as values to avoid.
        secret: Of what everything but dates is drawn.
        date_secret: Of what the offset of dates and that of times are drawn.
        locale: Faker's locale for names and places, such as "de_DE"; without one, and for values of another script, one by script.
        date_order: Order of day and month in dates such as 3/4/2019, where no date of the document tells it.

    Raises:
        RedactionError: If Faker has no such locale.
    """

    def __init__(
        self,
        text: str,
        spans: Sequence[Span],
        kinds: Mapping[str, Kind],
        *,
        secret: bytes,
        date_secret: bytes,
        locale: str | None = None,
        date_order: Literal["mdy", "dmy"] = "mdy",
    ) -> None:
        self._text, self._kinds, self._secret = text, kinds, secret
        values = [(span, text[span.start : span.end]) for span in spans]
        self._avoided = avoided = Avoided(text, (value for _, value in values))
        source = Source(secret, avoided, text, check_locale(locale) if locale is not None else None)
        language = (locale or "en").split("_")[0]
        short = [(span, value) for span, value in values if len(value) <= _LONGEST]
        dates = [value for span, value in short if kinds.get(span.label) == "date"]
        self._dates = DateMover(date_secret, dates, order=date_order, language=language)
        self._names = names = DocumentNames(
            secret,
            avoided,
            text,
            [(span.start, value) for span, value in short if kinds.get(span.label) == "name"],
            locale,
            [value for span, value in short if span.label not in kinds],
        )
        days, domains = date_offset(date_secret), Domains(secret, avoided)
        self._drawn: dict[Kind, tuple[Callable[[str], str], Make]] = {
            "title": (normalised, title),
            "age": (normalised, age),
            "phone": (phone_key, phone),
            "email": (normalised, lambda rng, value: mail_address(rng, value, names, domains)),
            "url": (normalised, lambda rng, value: web_address(rng, value, domains)),
            "ip": (normalised, computer),
            "ssn": (alphanumeric, lambda rng, value: social_security(rng, value, days)),
            "card": (alphanumeric, lambda rng, value: card(rng, value, days)),
            "iban": (alphanumeric, lambda rng, value: iban(rng, value, days)),
            "zip": (normalised, lambda rng, value: address(source, rng, value)),
            "address": (normalised, lambda rng, value: address(source, rng, value)),
            "place": (normalised, lambda rng, value: address(source, rng, value)),
            "organization": (normalised, lambda rng, value: organization(source, rng, value)),
            "group": (normalised, group),
            "number": (alphanumeric, lambda rng, value: identifier(rng, value, days)),
        }

    def surrogate(self, span: Span) -> str | None:
        """What stands for a span; personal data is not told from it without the secrets.

        Returns:
            The surrogate, or ``None`` where none can be made: the label has no kind, the value cannot be read as its kind (a relative
            date, a title or group unknown), or all that was drawn is in the document.
        """
        kind, value = self._kinds.get(span.label), self._text[span.start : span.end]
        if kind is None or len(value) > _LONGEST:
            return None
        if kind == "name":
            return self._names.written(value, span.start)
        if kind == "date":
            moved = self._dates.moved(value)
            if moved is not None or not is_age(value):
                return moved if moved is not None and self._avoided.allows(moved, value) else None
            kind = "age"
        key, make = self._drawn[kind]
        return draw(self._secret, kind, key(value), lambda rng: make(rng, value), lambda made: self._avoided.allows(made, value))
