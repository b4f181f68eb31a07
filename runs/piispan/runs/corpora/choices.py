"""The closed choices of a redaction, where the command line finds them without loading what does the work."""

from typing import Literal

__all__ = ["EngineName", "FileFormat", "GuessName"]

FileFormat = Literal["text", "jsonl", "csv", "parquet"]
EngineName = Literal["local", "ray"]
GuessName = Literal["patterns", "presidio"]
"""Presidio's pattern recognisers, or its whole analyzer."""
