"""Files redacted: plain text as one document, or JSON lines."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from warnings import warn

import simplejson

from piispan.core import DataError, ModelError, PiispanWarning
from piispan.dataset_builder import json_lines
from piispan.model_card import CardError, read_facts
from piispan.runs.machine import fastest_dtype, quiet_libraries
from piispan.runs.progress import Progress, Silent
from piispan.tagger import DecoderName, TaggedText, Tagger, VerbatimDecoder, adapter_folder, named_operator, redact_text

__all__ = ["Redacted", "redact_file"]


@dataclass(frozen=True, slots=True)
class Redacted:
    """A redacted file.

    Args:
        content: The whole file; personal data if anything was missed.
        documents: Documents in it.
        replaced: Spans replaced, by label.
        unfaithful: Line numbers (from 1) of the documents whose answer was cut, malformed or untrue to the text: their
            spans were repaired as far as could be, and some may be missing.
        copied: Names of the fields that were copied as they are, sorted.
    """

    content: str = field(repr=False)
    documents: int
    replaced: dict[str, int]
    unfaithful: tuple[int, ...]
    copied: tuple[str, ...] = ()


def redact_file(
    model: str,
    source: str | Path,
    *,
    operator: str = "replace",
    labels: Sequence[str] | None = None,
    revision: str | None = None,
    base: str | None = None,
    decoder: DecoderName | None = None,
    operating_point: bool = False,
    batch_size: int = 16,
    progress: Progress | None = None,
) -> Redacted:
    """Redact a file.

    Args:
        model: Folder or Hub id of an adapter. A chat model that was not trained to tag would leave most as it is.
        source: A ``.jsonl`` or ``.ndjson`` file, whose rows keep all keys but ``spans``, have their ``text`` redacted and all else
            copied, numbers to the last digit; any other file but ``.json`` is one plain text in UTF-8.
        operator: An operator of presidio-anonymizer for all labels, by its name.
        labels: Names of the labels to ask for, of an adapter that was trained with ``label_sampling="subset"``; all without it.
        revision: Commit, branch or tag of ``model`` on the Hub.
        base: Where an adapter's base is, when it was trained on a local folder.
        decoder: How answers are decoded; see ``piispan.tagger.make_decoder``.
        operating_point: Use the adapter's calibrated tag bias.
        batch_size: Texts generated together by plain generation.
        progress: Shows how far the work has come: a unit per document, or per character of a single text decoded verbatim.

    Raises:
        DataError: If the file cannot be read; names the line.
        ModelError: If ``model`` is no adapter.
        RedactionError: If there is no such operator.
    """
    operators = {"DEFAULT": named_operator(operator)}
    folder = adapter_folder(model, revision)
    if folder is None:
        raise ModelError(f"{model}: no adapter, and a chat model that was not trained to tag leaves personal data in; train one first")
    _warn_if_unfit(folder, model)
    path = Path(source)
    if path.suffix.lower() == ".json":
        raise DataError(f"{path}: redact takes plain text or JSON Lines (.jsonl), and JSON is neither")
    by_rows = path.suffix.lower() in {".jsonl", ".ndjson"}
    rows: dict[int, dict[str, object]] = _rows(path) if by_rows else {1: {"text": _text(path)}}
    quiet_libraries()
    tagger = Tagger.from_pretrained(
        model,
        labels=labels,
        decoder=decoder,
        operating_point=operating_point,
        batch_size=batch_size,
        dtype=fastest_dtype(),
        revision=revision,
        base=base,
    )
    texts = [str(row["text"]) for row in rows.values()]
    tagged = _tagged(tagger, texts, progress or Silent())
    redacted = [redact_text(text, answer.spans, operators) for text, answer in zip(texts, tagged, strict=True)]
    replaced = Counter(span.label for answer in tagged for span in answer.spans)
    unfaithful = tuple(number for number, answer in zip(rows, tagged, strict=True) if not answer.faithful)
    copied = {key for row in rows.values() for key in row} - {"text", "spans"}
    written = "".join(_lines(rows, redacted)) if by_rows else redacted[0]
    return Redacted(written, len(texts), dict(sorted(replaced.items())), unfaithful, tuple(sorted(copied)))


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not UTF-8 at byte {error.start}; save it as UTF-8 text") from None


def _rows(path: Path) -> dict[int, dict[str, object]]:
    """Line numbers, from 1, with their rows."""
    rows = {}
    for number, row in json_lines(path, exact=True):
        if isinstance(row, DataError):
            raise DataError(f"{path}, line {number}: {row}")
        if not isinstance(row, dict) or not isinstance(row.get("text"), str):
            raise DataError(f"{path}, line {number}: needs an object with a text")
        try:
            _line(row, "").encode()
            row["text"].encode()
        except UnicodeEncodeError:
            raise DataError(f"{path}, line {number}: a lone surrogate, which is no character") from None
        except ValueError:
            raise DataError(f"{path}, line {number}: NaN or Infinity, which JSON does not have") from None
        rows[number] = row
    return rows


def _tagged(tagger: Tagger, texts: Sequence[str], bar: Progress) -> list[TaggedText]:
    if len(texts) > 1 or not isinstance(tagger.decoder, VerbatimDecoder):
        bar.start("Redacting", len(texts), "documents")
        tagged = list(tagger.stream(texts, progress=bar.advance))
    else:
        bar.start("Redacting", len(texts[0]), "characters")
        spans, done = [], 0
        for span in tagger.spans(texts[0]):
            spans.append(span)
            bar.advance(span.end - done)
            done = span.end
        bar.advance(len(texts[0]) - done)
        tagged = [TaggedText(tuple(spans), faithful=True)]
    bar.finish()
    return tagged


def _lines(rows: Mapping[int, Mapping[str, object]], texts: Sequence[str]) -> Iterator[str]:
    """The rows as they are written, each on the line where it stood."""
    last = 0
    for (number, row), text in zip(rows.items(), texts, strict=True):
        yield "\n" * (number - last - 1) + _line(row, text)
        last = number


def _line(row: Mapping[str, object], text: str) -> str:
    """The row as it is written: ``text`` in the place of its own, and no spans."""
    kept = {key: value for key, value in row.items() if key != "spans"}
    return simplejson.dumps({**kept, "text": text}, ensure_ascii=False, allow_nan=False) + "\n"


def _warn_if_unfit(folder: Path, model: str) -> None:
    """Say aloud what the adapter's card says in bold."""
    try:
        unfit = read_facts(folder).unfit
    except CardError:  # no card, or one of another version
        return
    if unfit:
        warn(f"{model}: its card says that it is not fit for use: its exact F1 is below 50 %", PiispanWarning, stacklevel=3)
