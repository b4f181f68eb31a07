"""The closed choices of scoring, where the command line finds them without loading what does the work."""

from typing import Literal

__all__ = ["Alignment", "Offsets"]

Alignment = Literal["strict", "recover"]
"""Whether spans of raw outputs are scored as they are, or repaired."""

Offsets = Literal["code_points", "utf16"]
"""What an offset counts."""
