"""What a dataset card says that no code can find out: licence, languages, where the documents come from."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import yaml

from piispan.core import DataError, is_licence_id

__all__ = ["Stated", "language_names"]

_LINK = re.compile(r"https://[^\s<>()]+|[\w./-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Stated:
    """What the user states of a data set.

    Args:
        licence: Identifier of the licence as the Hub spells it (``cc0-1.0``), ``other``, or ``None`` for none stated.
        how_made: Where the documents come from; Markdown.
        languages: ISO 639-1 codes: ``("en",)``; empty for none stated.
        title: Name for people, or ``None`` for the folder's.
        how_split: How the parts were dealt; Markdown, empty for not stated.
        licence_name: Name of a licence that the Hub has no identifier for; with ``other`` only, and needed there.
        licence_link: Address of its text, or a file of the repository.
        synthetic: Whether every value is made up; otherwise the card warns of personal data.

    Raises:
        DataError: If a licence or language is not spelt as the Hub does.
    """

    licence: str | None = None
    how_made: str = "Not stated."
    languages: tuple[str, ...] = ()
    title: str | None = None
    how_split: str = ""
    licence_name: str | None = None
    licence_link: str | None = None
    synthetic: bool = False

    def __post_init__(self) -> None:
        if self.licence is not None and not is_licence_id(self.licence):
            raise DataError("licence: must be an identifier as the Hub spells it, such as cc-by-4.0")
        if (self.licence == "other") != (self.licence_name is not None) or (self.licence_link and not self.licence_name):
            raise DataError("licence: 'other' needs the licence's name, and no identifier but 'other' may have a name or link of its own")
        unknown = [code for code in self.languages if code not in language_names()]
        if unknown or len(set(self.languages)) < len(self.languages):
            raise DataError(f"languages: must be ISO 639-1 codes such as en, each once; not: {', '.join(unknown) or 'the same twice'}")
        if self.licence_name is not None and (not self.licence_name.strip() or len(self.licence_name.splitlines()) > 1):
            raise DataError("licence name: must be one non-empty line")
        if self.licence_link is not None and not _LINK.fullmatch(self.licence_link):
            raise DataError("licence link: must be an address that begins with https://, or the name of a file of the repository")
        if self.title is not None and (not self.title.strip() or len(self.title.splitlines()) > 1):
            raise DataError("title: must be one non-empty line")


@cache
def language_names() -> Mapping[str, str]:
    """English names of the languages that have a two-letter code in ISO 639-1, by that code."""
    names: dict[str, str] = yaml.safe_load((files("piispan.dataset_builder.publishing") / "languages.yaml").read_text("utf-8"))
    return names
