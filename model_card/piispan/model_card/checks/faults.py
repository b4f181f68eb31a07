"""What keeps a folder from being published."""

from dataclasses import dataclass

__all__ = ["Fault"]


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong. It never repeats what it found: that may be the secret itself.

    Args:
        file: The file, with a line where there is one: ``README.md, line 12``.
        what: What is wrong with it.
        mend: What to do: a flag, or a file.
    """

    file: str
    what: str
    mend: str

    def __str__(self) -> str:
        return f"{self.file}: {self.what}; {self.mend}"
