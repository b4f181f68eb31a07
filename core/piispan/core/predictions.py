"""``predictions.jsonl``: one line per document, in the documents' order.

The file holds no source text, but ``output`` is what the model wrote, so the file is personal data
and its first line says so.
"""

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from piispan.core.errors import DataError, SpanError
from piispan.core.files import replacing
from piispan.core.spans import Span

__all__ = ["Prediction", "read_predictions", "write_predictions"]

NOTICE = "Personal data: the outputs repeat the documents. Handle this file as you handle them."


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a tagger said of one document.

    Args:
        id: The document's id.
        spans: The predicted spans, sorted.
        output: The model's raw answer, or ``None`` when the decoder keeps none. Personal data.
        passes: Forward passes of the model that this document took part in.
        seconds: Wall time of the batch, shared equally by its documents.
        output_tokens: Tokens of the answer, its end-of-turn token included, or ``None``.
    """

    id: str
    spans: tuple[Span, ...]
    output: str | None = field(default=None, repr=False)
    passes: int = 0
    seconds: float = 0.0
    output_tokens: int | None = None

    def to_dict(self) -> dict[str, object]:
        """The prediction's JSON line."""
        return {
            "id": self.id,
            "spans": [{**span.to_dict(), "score": span.score} for span in self.spans],
            "output": self.output,
            "passes": self.passes,
            "seconds": round(self.seconds, 6),
            "output_tokens": self.output_tokens,
        }

    @classmethod
    def from_dict(cls, row: Mapping[str, object]) -> "Prediction":
        """The prediction of one JSON line.

        Raises:
            DataError: If a key is missing or of the wrong type.
        """
        identifier, spans, output = row.get("id"), row.get("spans"), row.get("output")
        if not isinstance(identifier, str):
            raise DataError("a prediction needs the key id, a string")
        if not isinstance(spans, list):
            raise DataError(f"prediction {identifier!r}: needs the key spans, a list")
        if output is not None and not isinstance(output, str):
            raise DataError(f"prediction {identifier!r}: output must be a string or null")
        passes, seconds, tokens = row.get("passes", 0), row.get("seconds", 0.0), row.get("output_tokens")
        if (
            not isinstance(passes, int)
            or not isinstance(seconds, int | float)
            or not _is_finite(seconds)
            or not (tokens is None or isinstance(tokens, int))
        ):
            raise DataError(f"prediction {identifier!r}: passes, seconds and output_tokens must be numbers")
        read = tuple(_span(span, f"prediction {identifier!r}, span {index}") for index, span in enumerate(spans))
        return cls(identifier, read, output, passes, float(seconds), tokens)


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer that no float holds
        return False


def _span(row: object, where: str) -> Span:
    if not isinstance(row, Mapping):
        raise DataError(f"{where}: not a JSON object")
    if missing := [key for key in ("start", "end", "label") if key not in row]:
        raise DataError(f"{where}: lacks the key {' and '.join(missing)}")
    score = row.get("score")
    if score is not None and not isinstance(score, int | float):
        raise DataError(f"{where}: score must be a number or null")
    try:
        return Span(row["start"], row["end"], row["label"], score)
    except SpanError as error:
        raise DataError(f"{where}: {error}") from None


def write_predictions(predictions: Iterable[Prediction], path: str | Path) -> None:
    """Write beside and rename, so that no half-written file is taken for a whole one."""
    # A lone surrogate that a model wrote becomes its JSON escape.
    with replacing(path, errors="backslashreplace") as file:
        file.write(json.dumps({"notice": NOTICE}) + "\n")
        for prediction in predictions:
            file.write(json.dumps(prediction.to_dict(), ensure_ascii=False) + "\n")


def read_predictions(path: str | Path) -> list[Prediction]:
    """Read a file of ``write_predictions``; a first line with a notice is passed over.

    Raises:
        DataError: If the file cannot be read or a line is not a prediction; names the line.
    """
    source = Path(path)
    predictions = []
    try:
        lines = source.read_text("utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{source}: cannot be read ({type(error).__name__})") from None
    for number, line in enumerate(lines, 1):
        if not line:
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise DataError(f"{source}, line {number}: not JSON (column {error.colno})") from None
        except (ValueError, RecursionError) as error:
            raise DataError(f"{source}, line {number}: not JSON ({type(error).__name__})") from None
        if not isinstance(row, dict):
            raise DataError(f"{source}, line {number}: not a JSON object")
        if row.keys() == {"notice"}:
            continue
        try:
            predictions.append(Prediction.from_dict(row))
        except DataError as error:
            raise DataError(f"{source}, line {number}: {error}") from None
    return predictions
