"""``predictions.jsonl``: written whole or not at all, read back, errors by line and without text."""

import json
import re
import traceback

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from piispan.core import DataError, Prediction, Span, read_predictions, write_predictions

scores = st.none() | st.floats(0, 1)
places = st.tuples(st.integers(0, 99), st.integers(1, 9))
spans = st.builds(lambda place, score: Span(place[0], sum(place), "AGE", score), places, scores)
predictions = st.builds(
    Prediction,
    id=st.text(),
    spans=st.lists(spans, max_size=3).map(tuple),
    output=st.none() | st.text(max_size=30) | st.text("\ud800\n\r\u2028\x85\\u", max_size=6),
    passes=st.integers(0),
    seconds=st.integers(0, 10**9).map(lambda n: n / 1e6),
    output_tokens=st.none() | st.integers(0),
)


@settings(max_examples=150, deadline=None)
@given(rows=st.lists(predictions, max_size=4))
def test_round_trip(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("run") / "predictions.jsonl"
    write_predictions(iter(rows), path)
    read = read_predictions(path)
    assert read == rows
    assert [[span.score for span in row.spans] for row in read] == [[span.score for span in row.spans] for row in rows]
    assert path.read_bytes().count(b"\n") == len(rows) + 1
    assert list(path.parent.iterdir()) == [path]


def test_first_line_says_what_the_file_is(tmp_path):
    path = tmp_path / "p.jsonl"
    write_predictions([], path)
    assert json.loads(path.read_text()).keys() == {"notice"}
    assert path.read_text().startswith('{"notice": "Personal data')


def test_the_notice_may_be_missing(tmp_path):
    path = tmp_path / "p.jsonl"
    path.write_text('{"id": "a", "spans": []}\n\n{"id": "b", "spans": []}')
    assert read_predictions(path) == [Prediction("a", ()), Prediction("b", ())]


def test_a_failure_midway_leaves_the_old_file(tmp_path):
    def failing():
        yield Prediction("new", ())
        raise RuntimeError

    path = tmp_path / "p.jsonl"
    write_predictions([Prediction("old", ())], path)
    with pytest.raises(RuntimeError):
        write_predictions(failing(), path)
    assert [row.id for row in read_predictions(path)] == ["old"]
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("place", ["file/p.jsonl", "folder"])
def test_places_that_cannot_be_written(tmp_path, place):
    (tmp_path / "folder" / "full").mkdir(parents=True)
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match=f"^{re.escape(str(tmp_path / place))}: cannot be written"):
        write_predictions([Prediction("a", ())], tmp_path / place)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]


def test_folders_are_made_for_what_is_written(tmp_path):
    write_predictions([Prediction("a", ())], tmp_path / "one" / "two" / "p.jsonl")
    assert [row.id for row in read_predictions(tmp_path / "one" / "two" / "p.jsonl")] == ["a"]


BAD = {
    '{"id": "Planted": 5}': r"not JSON \(column 17\)",
    "[" * 100_000: r"not JSON \(RecursionError\)",
    '["Planted"]': "not a JSON object",
    '{"spans": [], "output": "Planted"}': "a prediction needs the key id, a string",
    '{"id": "d7", "output": "Planted"}': "prediction 'd7': needs the key spans, a list",
    '{"id": "d7", "spans": [], "output": ["Planted"]}': "prediction 'd7': output must be a string or null",
    '{"id": "d7", "spans": [], "passes": "Planted"}': "prediction 'd7': passes, seconds and output_tokens must be numbers",
    '{"id": "d7", "spans": [], "seconds": 1' + "0" * 400 + "}": "prediction 'd7': passes, seconds and output_tokens must be numbers",
    '{"id": "d7", "spans": ["Planted"]}': "prediction 'd7', span 0: not a JSON object",
    '{"id": "d7", "spans": [{"start": 0}]}': "prediction 'd7', span 0: lacks the key end and label",
    '{"id": "d7", "spans": [{"start": 3, "end": 3, "label": "A"}]}': "prediction 'd7', span 0: a span needs 0 <= start < end",
    '{"id": "d7", "spans": [{"start": 0, "end": 3, "label": "A", "score": "Planted"}]}': "prediction 'd7', span 0: score must be",
}


@pytest.mark.parametrize(("line", "message"), BAD.items(), ids=range(len(BAD)))
def test_bad_line_is_numbered_and_not_shown(tmp_path, line, message):
    path = tmp_path / "p.jsonl"
    path.write_text('{"notice": ""}\n{"id": "a", "spans": []}\n' + line + "\n")
    with pytest.raises(DataError, match=f"^{re.escape(str(path))}, line 3: {message}") as caught:
        read_predictions(path)
    assert "Planted" not in "".join(traceback.format_exception(caught.value))


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(DataError, match=r"cannot be read \(FileNotFoundError\)"):
        read_predictions(tmp_path / "none")
    (tmp_path / "latin").write_bytes(b"\xff")
    with pytest.raises(DataError, match=r"cannot be read \(UnicodeDecodeError\)"):
        read_predictions(tmp_path / "latin")


def test_repr_never_shows_the_output():
    assert "Planted" not in repr(Prediction("d7", (), "Planted"))
