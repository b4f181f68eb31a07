"""Sentence frames: texts with slots, kept as YAML, one file per setting.

``{LABEL}`` is a labelled slot (``labelling.py`` says what a label set calls it), ``{LABEL.kind}`` asks for a kind of value,
``{LABEL:1}`` gives the same value again for the same key (``{PERSON:1}``, ``{PERSON.family:1}`` and ``{EMAIL_ADDRESS:1}`` are of
one person), ``{_NAME}`` is a slot that is never labelled, and ``[[Hi|Hello]]`` is a choice, in which slots may stand. A date with
the key ``until`` is later than the one with the key ``from``.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import yaml

from piispan.core import DataError

__all__ = ["Choice", "Frame", "Part", "Slot", "load_frames", "settings"]

_TOKEN = re.compile(r"\{(_?[A-Z][A-Z0-9_]*)(?:\.([a-z0-9]+))?(?::(\w+))?\}|\[\[(.*?)\]\]", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Slot:
    """A place for a value."""

    label: str
    kind: str = ""
    key: str = ""

    @property
    def is_filler(self) -> bool:
        """Whether the value is colour, never labelled."""
        return self.label.startswith("_")

    def __str__(self) -> str:
        return f"{{{self.label}{'.' if self.kind else ''}{self.kind}{':' if self.key else ''}{self.key}}}"


@dataclass(frozen=True, slots=True)
class Choice:
    """Alternatives, one of which is drawn."""

    options: tuple[tuple["Part", ...], ...]


Part = str | Slot | Choice


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame of a setting; ``number`` is its place in the file, from 0, and part of every document's id."""

    setting: str
    number: int
    parts: tuple[Part, ...]

    @property
    def group(self) -> str:
        """The group of all documents of this frame: ``clinic_note/012``."""
        return f"{self.setting}/{self.number:03d}"

    @property
    def slots(self) -> tuple[Slot, ...]:
        """The slots that may occur in it, those of every choice too."""
        return tuple(_slots(self.parts))

    @property
    def labels(self) -> frozenset[str]:
        """The labels of slots that may occur in it, as they stand in the file."""
        return frozenset(slot.label for slot in self.slots if not slot.is_filler)


def settings(language: str = "en") -> tuple[str, ...]:
    """The settings for which there are frames, in alphabetical order.

    Raises:
        DataError: If there are none in that language.
    """
    frames = files("piispan.dataset_builder.synthesis") / "frames"
    folder = frames / language
    names = sorted(file.name.removesuffix(".yaml") for file in folder.iterdir()) if folder.is_dir() else []
    if not names:
        languages = ", ".join(sorted(folder.name for folder in frames.iterdir() if folder.is_dir()))
        raise DataError(f"no frames for language {language!r}; there are frames for: {languages}")
    return tuple(names)


@lru_cache
def load_frames(setting: str, language: str = "en") -> tuple[Frame, ...]:
    """The frames of a setting, in the order of its file.

    Raises:
        DataError: If there is no such setting, or a brace or bracket is left open.
    """
    if setting not in settings(language):
        raise DataError(f"no setting {setting!r}; there are: {', '.join(settings(language))}")
    file = files("piispan.dataset_builder.synthesis") / "frames" / language / f"{setting}.yaml"
    texts = yaml.safe_load(file.read_text("utf-8"))
    return tuple(Frame(setting, number, _parse(text.rstrip("\n"), f"{file.name}, frame {number}")) for number, text in enumerate(texts))


def _parse(text: str, where: str) -> tuple[Part, ...]:
    parts: list[Part] = []
    end = 0
    for match in _TOKEN.finditer(text):
        parts.append(text[end : match.start()])
        if match[1]:
            parts.append(Slot(match[1], match[2] or "", match[3] or ""))
        else:
            parts.append(Choice(tuple(_parse(option, where) for option in match[4].split("|"))))
        end = match.end()
    parts.append(text[end:])
    if any(isinstance(part, str) and re.search(r"[{}]|\[\[|\]\]", part) for part in parts):
        raise DataError(f"{where}: a slot or choice that cannot be read")
    return tuple(part for part in parts if part != "")


def _slots(parts: tuple[Part, ...]) -> list[Slot]:
    found = [part for part in parts if isinstance(part, Slot)]
    for choice in parts:
        if isinstance(choice, Choice):
            found.extend(slot for option in choice.options for slot in _slots(option))
    return found
