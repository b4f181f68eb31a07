"""What a run writes, and what is known of it."""

import pytest

from piispan.core import DataError, Document, Span
from piispan.runs.artifacts import check_writable, documents_sha256, write_json


def test_json_is_written_whole_or_not_at_all(tmp_path) -> None:
    path = tmp_path / "metrics.json"
    write_json(path, {"f1": 0.5})
    with pytest.raises(ValueError, match="Out of range float values"):
        write_json(path, {"f1": float("nan")})
    assert path.read_text() == '{\n  "f1": 0.5\n}\n'
    with pytest.raises(DataError, match="cannot be written"):
        write_json(path / "metrics.json", {})


def test_trying_a_folder_leaves_nothing(tmp_path) -> None:
    check_writable(tmp_path / "new" / "folder")
    assert not list(tmp_path.iterdir())
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="cannot be written"):
        check_writable(tmp_path / "file")
    with pytest.raises(DataError, match="cannot be written"):
        check_writable(tmp_path / "file" / "folder")


def test_the_hash_of_documents_depends_on_their_spans_and_order() -> None:
    first, second = Document("a", "Ada", (Span(0, 3, "PERSON"),)), Document("b", "Ada")
    hashes = {documents_sha256(given) for given in ([first, second], [second, first], [first], [Document("a", "Ada"), second])}
    assert len(hashes) == 4
