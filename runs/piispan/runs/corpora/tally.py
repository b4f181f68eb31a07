"""What a run did, in numbers."""

from collections import Counter
from dataclasses import dataclass, field, fields
from typing import Any

from piispan.tagger import Redaction

__all__ = ["Tally"]


@dataclass(slots=True)
class Tally:
    """Counts, which add up over chunks.

    Args:
        documents: Records redacted.
        texts: Texts in them that were read, empty ones and nulls left out. The redaction of each was put back and is equal to the text.
        quarantined: Records that failed.
        windows: Stretches in which the texts were read.
        characters: Of the texts read.
        replaced_characters: Of those, within spans.
        spans: Spans by label.
        unchanged: Of those, what the policy left as it stood, by label.
        sealed: Entries in the vault.
    """

    documents: int = 0
    texts: int = 0
    quarantined: int = 0
    windows: int = 0
    characters: int = 0
    replaced_characters: int = 0
    spans: Counter[str] = field(default_factory=Counter)
    unchanged: Counter[str] = field(default_factory=Counter)
    sealed: int = 0

    def add_text(self, text: str, windows: int, redaction: Redaction) -> None:
        """Count a text whose redaction was put back and compared, as ``Redactor`` does."""
        done = redaction.replacements
        self.texts += 1
        self.windows += windows
        self.characters += len(text)
        self.replaced_characters += sum(len(one.original) for one in done)
        self.spans += Counter(one.label for one in done)
        self.unchanged += Counter(one.label for one in done if redaction.text[one.start : one.end] == one.original)

    def add(self, other: "Tally") -> None:
        """Add another's counts."""
        for one in fields(self):
            setattr(self, one.name, getattr(self, one.name) + getattr(other, one.name))

    def to_dict(self) -> dict[str, Any]:
        """As JSON; labels sorted."""
        return {
            one.name: dict(sorted(value.items())) if isinstance(value := getattr(self, one.name), Counter) else value
            for one in fields(self)
        }

    @classmethod
    def from_dict(cls, row: dict[str, Any]) -> "Tally":
        """Of ``to_dict``."""
        counts: dict[str, Any] = {name: Counter(value) if isinstance(value, dict) else value for name, value in row.items()}
        return cls(**counts)
