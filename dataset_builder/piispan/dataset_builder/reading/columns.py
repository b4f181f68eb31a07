"""Token and tag columns (CoNLL-2003 and its kin): a token on a line, its tag last, an empty line after each sentence.

Tags are read as ``conlleval`` does: a mention begins at ``B``, ``S`` or ``U``, after ``O``, after ``E``, ``L``, ``S`` or ``U``, and where
the label changes. So IOB1, IOB2, BIOES and BILOU are all read right, and an ``I`` that continues nothing begins a mention.
(E. Tjong Kim Sang and F. De Meulder, "Introduction to the CoNLL-2003 Shared Task", 2003.)
"""

import codecs
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from piispan.core import DataError

__all__ = ["COLUMN_SUFFIXES", "TAG", "Token", "column_rows", "sentence_row"]

COLUMN_SUFFIXES = frozenset({".bio", ".bioes", ".conll", ".conll2003", ".conllu", ".iob", ".iob2"})
"""Endings of files that hold columns."""

TAG = re.compile(r"O|([BIESLU])-(\S+)")
"""A tag: ``O``, or a prefix and a label."""


_TEXT = "# text = "
"""How a sentence's own text stands before it (CoNLL-U)."""
_NO_SPACE = "SpaceAfter=No"
"""What a column says of a token that the next follows at once (CoNLL-U, ``MISC``)."""


class Token(NamedTuple):
    """A token, the prefix of its tag (``O``, ``B``, ``I``, …), its label, '' for ``O``, and whether a blank stands behind it."""

    text: str
    prefix: str
    label: str
    space_after: bool = True


def column_rows(path: Path) -> Iterator[tuple[int, object]]:
    """Numbers of lines with rows ``{"id", "text", "spans", "group"}``: a sentence's first line, or its bad one with the ``DataError``.

    The text is that of a line ``# text = …`` before the sentence; without one, the tokens with a blank between, but behind those of
    which a column says ``SpaceAfter=No``. The ids are ``sentence-00001`` and on. Sentences behind a ``-DOCSTART-`` line are of one group,
    ``document-00001`` and on; those before any are of none. Other lines that begin with ``#`` and do not end in a tag are passed over.

    Args:
        path: A file in UTF-8 whose lines are columns with tabs or blanks between, the token first and the tag last.
    """
    columns: int | None = None
    group: str | None = None
    articles = 0
    sentence: list[Token] = []
    fault: DataError | None = None
    original: str | None = None
    first = count = 0
    for number, line in _lines(path):
        if line is not None and (not line.strip() or line.startswith("-DOCSTART-")):
            if sentence or fault:
                count += 1
                yield first, fault or _row(count, sentence, original, group)
            sentence, fault, original = [], None, None
            if line.strip():
                articles += 1
                group = f"document-{articles:05d}"
            continue
        if line is not None and line.startswith(_TEXT) and not sentence:
            original = line.removeprefix(_TEXT)
            continue
        if not sentence and not fault:
            first = number
        cells = [] if line is None else line.split("\t") if "\t" in line else line.split()
        match = TAG.fullmatch(cells[-1].strip()) if cells else None
        if match is None and line is not None and line.startswith("#"):
            continue
        columns = columns or len(cells)
        if line is None:
            first, fault = (first, fault) if fault else (number, DataError("not UTF-8"))
        elif match is None or len(cells) < 2 or len(cells) != columns or not cells[0].strip():
            first, fault = (first, fault) if fault else (number, DataError(f"not a token and a tag in {max(columns, 2)} columns"))
        else:
            spaced = not any(_NO_SPACE in cell.split("|") for cell in cells[1:-1])
            sentence.append(Token(cells[0].strip(), match[1] or "O", match[2] or "", spaced))
    if sentence or fault:
        yield first, fault or _row(count + 1, sentence, original, group)


def _lines(path: Path) -> Iterator[tuple[int, str | None]]:
    """Numbered lines without their ends; ``None`` for one that is not UTF-8."""
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                yield number, line.removeprefix(codecs.BOM_UTF8 if number == 1 else b"").decode("utf-8").rstrip("\r\n")
            except UnicodeDecodeError:
                yield number, None


def _row(number: int, sentence: Sequence[Token], original: str | None, group: str | None) -> dict[str, object] | DataError:
    if len(sentence) > 1 and all(token.text == str(place) for place, token in enumerate(sentence, start=1)):
        return DataError("the first column numbers the tokens; it must hold the tokens, and the last one the tags")
    try:
        return {**sentence_row(number, sentence, original), "group": group}
    except DataError as error:
        return error


def sentence_row(number: int, sentence: Sequence[Token], original: str | None = None) -> dict[str, object]:
    """The row ``{"id", "text", "spans"}`` of a sentence.

    Args:
        number: Its number, for the id.
        sentence: Its tokens.
        original: Its text, in which the tokens stand in their order with nothing but white space between; without it, they are put
            together.

    Raises:
        DataError: If ``original`` holds anything else.
    """
    text = "".join(token.text + " " * token.space_after for token in sentence).rstrip() if original is None else original
    spans: list[dict[str, object]] = []
    end, previous = 0, Token("", "O", "")
    for place, token in enumerate(sentence, start=1):
        position = len(text) - len(text[end:].lstrip())
        end = position + len(token.text)
        if text[position:end] != token.text:
            raise DataError(f"token {place} is not the next word of the text that is given with the tokens")
        if token.label and token.label == previous.label and previous.prefix not in "ELSU" and token.prefix not in "BSU":
            spans[-1]["end"] = end
        elif token.label:
            spans.append({"start": position, "end": end, "label": token.label})
        previous = token
    if text[end:].strip():
        raise DataError(f"the text that is given with the tokens goes on behind the last of {len(sentence)}")
    return {"id": f"sentence-{number:05d}", "text": text, "spans": spans}
