"""Files redacted: plain text as one document, or JSON lines."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from piispan.core import DataError
from piispan.runs.machine import fastest_dtype, quiet_libraries
from piispan.runs.progress import Progress, Silent
from piispan.tagger import DecoderName, Operator, Tagger, check_operator, redact_text

__all__ = ["Redacted", "redact_file"]


@dataclass(frozen=True, slots=True)
class Redacted:
    """A redacted file.

    Args:
        content: The whole file; personal data if anything was missed.
        documents: Documents in it.
        replaced: Spans replaced, by label.
        unfaithful: Numbers (from 0) of the documents whose answer was cut, malformed or untrue to the text: their
            spans were repaired as far as could be, and some may be missing.
    """

    content: str
    documents: int
    replaced: dict[str, int]
    unfaithful: tuple[int, ...]


def redact_file(
    model: str,
    source: str | Path,
    *,
    operator: str = "replace",
    base: str | None = None,
    decoder: DecoderName | None = None,
    operating_point: bool = False,
    batch_size: int = 16,
    progress: Progress | None = None,
) -> Redacted:
    """Redact a file.

    Args:
        model: Folder or Hub id of an adapter or chat model.
        source: A ``.jsonl`` file, whose rows keep all keys but ``spans`` and have their ``text`` redacted; any
            other file is one plain text in UTF-8.
        operator: An operator of presidio-anonymizer for all labels, by its name.
        base: Where an adapter's base is, when it was trained on a local folder.
        decoder: How answers are decoded; see ``piispan.tagger.make_decoder``.
        operating_point: Use the adapter's calibrated tag bias.
        batch_size: Texts generated together by plain generation.
        progress: Shows how far the work has come, a unit per document.

    Raises:
        DataError: If the file cannot be read; names the line.
    """
    check_operator(Operator(operator))
    path = Path(source)
    content = _read(path)
    rows: list[dict[str, object]] = _rows(path, content) if path.suffix == ".jsonl" else [{"text": content}]
    quiet_libraries()
    tagger = Tagger.from_pretrained(
        model, decoder=decoder, operating_point=operating_point, batch_size=batch_size, dtype=fastest_dtype(), base=base
    )
    bar = progress or Silent()
    texts = [str(row["text"]) for row in rows]
    bar.start("Redacting", len(texts), "documents")
    tagged = list(tagger.stream(texts, progress=bar.advance))
    bar.finish()
    operators = {"DEFAULT": Operator(operator)}
    redacted = [redact_text(text, answer.spans, operators) for text, answer in zip(texts, tagged, strict=True)]
    replaced = Counter(span.label for answer in tagged for span in answer.spans)
    unfaithful = tuple(number for number, answer in enumerate(tagged) if not answer.faithful)
    written = redacted[0] if path.suffix != ".jsonl" else _lines(rows, redacted)
    return Redacted(written, len(texts), dict(sorted(replaced.items())), unfaithful)


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not UTF-8 (byte {error.start})") from None


def _rows(path: Path, content: str) -> list[dict[str, object]]:
    rows = []
    for number, line in enumerate(content.split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            raise DataError(f"{path}, line {number}: not JSON") from None
        if not isinstance(row, dict) or not isinstance(row.get("text"), str):
            raise DataError(f"{path}, line {number}: needs an object with a text")
        rows.append(row)
    if not rows:
        raise DataError(f"{path}: empty")
    return rows


def _lines(rows: Sequence[dict[str, object]], redacted: Sequence[str]) -> str:
    kept = [{key: value for key, value in row.items() if key != "spans"} for row in rows]
    return "".join(json.dumps({**row, "text": text}, ensure_ascii=False) + "\n" for row, text in zip(kept, redacted, strict=True))
