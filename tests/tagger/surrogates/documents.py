"""Documents made of values, and what stands for them."""

from collections.abc import Sequence
from typing import Any, get_args

from piispan.core import Span
from piispan.tagger.surrogates import DocumentSurrogates, Kind

ALL: dict[str, Kind] = {kind: kind for kind in get_args(Kind)}
"""Every kind as a label of its own name."""


def in_document(values: Sequence[tuple[str, str]], between: str = " | ") -> tuple[str, list[Span]]:
    """A text of labelled values with something between them, and its spans."""
    text, spans = "", []
    for label, value in values:
        text += between
        spans.append(Span(len(text), len(text) + len(value), label))
        text += value
    return text + between, spans


def surrogates(values: Sequence[tuple[str, str]], secret: bytes = b"secret", **options: Any) -> list[str | None]:
    """What stands for each value."""
    text, spans = in_document(values)
    made = DocumentSurrogates(text, spans, ALL, secret=secret, date_secret=options.pop("date_secret", secret), **options)
    return [made.surrogate(span) for span in spans]


def one(kind: str, value: str, **options: Any) -> str | None:
    """What stands for a value that is alone in its document."""
    return surrogates([(kind, value)], **options)[0]


def names(*values: str, **options: Any) -> list[str]:
    """What stands for each name."""
    made = surrogates([("name", value) for value in values], **options)
    assert None not in made
    return [str(name) for name in made]
