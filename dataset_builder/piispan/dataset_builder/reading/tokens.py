"""Rows of tokens with a tag each, as ``datasets`` has them for token classification: ``tokens`` and ``ner_tags``."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from piispan.core import DataError, Document
from piispan.dataset_builder.reading.columns import TAG, Token, sentence_row
from piispan.dataset_builder.reading.reports import ReadReport
from piispan.dataset_builder.reading.rows import Reading, document_row, to_document

__all__ = ["token_documents"]


def token_documents(
    rows: Iterable[Mapping[str, object]],
    *,
    names: Sequence[str] | None = None,
    tokens: str = "tokens",
    tags: str = "ner_tags",
    text: str = "text",
    reading: Reading | None = None,
    report: ReadReport | None = None,
) -> Iterator[Document]:
    """The documents of tokenised rows; their text is the row's own where it has one, else the tokens with a blank between.

    Args:
        rows: Rows of a ``datasets`` split, streaming or not, or any mappings.
        names: What tags given as numbers stand for: ``dataset.features["ner_tags"].feature.names``.
        tokens: Key of the tokens.
        tags: Key of their tags: ``O``, ``B-PERSON`` and so on in any of the schemes of ``columns``, or numbers.
        text: Key of the text that the tokens were taken from; rows may lack it. Between the tokens it has white space alone.
        reading: A label map, and the labels that may occur.
        report: Filled while the documents go by.

    Raises:
        DataError: If a row lacks a key, the two differ in length, a tag is none, or the text has other words; names the row, from 0.
    """
    reading, report = reading or Reading(), ReadReport() if report is None else report
    for number, row in enumerate(rows):
        where = f"row {number}"
        words, given = row.get(tokens), row.get(tags)
        if isinstance(words, str) or isinstance(given, str):
            raise DataError(f"{where}: {tokens} and {tags} must be lists, not strings")
        if not isinstance(words, Sequence) or not isinstance(given, Sequence) or len(words) != len(given):
            raise DataError(f"{where}: needs {tokens} and {tags}, lists of one length")
        original = row.get(text)
        if original is not None and not isinstance(original, str):
            raise DataError(f"{where}: {text} must be a string")
        # Some data have tokens of white space, with a text that says where they stand.
        pairs = [pair for pair in zip(words, given, strict=True) if original is None or not _is_blank(pair[0])]
        sentence = [_token(word, tag, names, where) for word, tag in pairs]
        try:
            plain = {**sentence_row(number, sentence, original), "id": row.get("id", f"row-{number:06d}")}
            document = to_document(plain, document_row, report, reading)
        except DataError as error:
            raise DataError(f"{where}: {error}") from None
        report.count(document)
        yield document


def _is_blank(word: object) -> bool:
    return isinstance(word, str) and not word.strip()


def _token(word: object, tag: object, names: Sequence[str] | None, where: str) -> Token:
    if isinstance(tag, int) and not isinstance(tag, bool):
        if names is None or not 0 <= tag < len(names):
            raise DataError(f"{where}: a tag is the number {tag}, and names has no such entry")
        tag = names[tag]
    match = TAG.fullmatch(tag) if isinstance(tag, str) else None
    if match is None or not isinstance(word, str) or not word.strip():
        raise DataError(f"{where}: needs tokens that are words and tags such as O, B-PERSON and I-PERSON")
    return Token(word.strip(), match[1] or "O", match[2] or "")
