"""A user's mistake ends with one line, exit code 2, and no personal text."""

import errno
import io
import json

import pytest

from piispan.core import LabelSet, Sidecar
from tests.stub_tagger import StubSource

PLANTED = "Wilhelmina Ptarmigan"
GOOD = {"id": "doc-1", "text": f"I am {PLANTED}.", "spans": [{"start": 5, "end": 25, "label": "PERSON"}], "group": None}


def _lines(tmp_path, *rows: object):
    path = tmp_path / "documents.jsonl"
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows), "utf-8")
    return path


def _with_span(**changes: object) -> dict[str, object]:
    return {**GOOD, "id": "doc-2", "spans": [{**GOOD["spans"][0], **changes}]}


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([GOOD, f'{{"id": "x", "text": "{PLANTED}'], "line 2"),
        ([GOOD, _with_span(end=99)], "document 'doc-2': span 0: [5:99] does not lie inside the text of 26 characters"),
        ([GOOD, _with_span(label="PERSN")], "did you mean PERSON?"),
        ([GOOD, GOOD], "doc-1"),
        ([GOOD, {"id": "doc-2", "text": PLANTED}], "spans"),
        ([], "empty"),
        ([GOOD], "at least"),
    ],
    ids=["malformed", "outside", "label", "twice", "no spans", "empty", "too few"],
)
@pytest.mark.parametrize("command", ["quickstart", "train", "evaluate"])
def test_bad_documents_are_named_before_any_model_is_loaded(piispan, tmp_path, rows, said, command) -> None:
    path = _lines(tmp_path, *rows)
    arguments = {
        "quickstart": ["quickstart", "--data", path, "--out", tmp_path / "out"],
        "train": ["train", path, "--out", tmp_path / "out"],
        "evaluate": ["evaluate", "embedded", path, "--split", "random"],
    }[command]
    code, out, err = piispan(*arguments)
    assert code == 2
    assert said in err
    assert err.count("\n") == 1
    assert "Wilhelmina" not in out + err
    assert "Ptarmigan" not in out + err
    assert not (tmp_path / "out").exists()


def test_a_file_that_is_not_utf_8_or_not_there(piispan, tmp_path) -> None:
    path = tmp_path / "documents.jsonl"
    path.write_bytes(json.dumps(GOOD).encode("utf-16"))
    code, _, err = piispan("data", "convert", path, tmp_path / "out.jsonl")
    assert code == 2
    assert "UTF-8" in err
    code, _, err = piispan("data", "convert", tmp_path / "absent.jsonl", tmp_path / "out.jsonl")
    assert code == 2
    assert "absent.jsonl" in err
    assert not (tmp_path / "out.jsonl").exists()


def test_skipped_documents_are_counted_and_named(piispan, tmp_path) -> None:
    path = _lines(tmp_path, GOOD, _with_span(end=99), {**GOOD, "id": "doc-3"})
    code, out, err = piispan("data", "convert", path, tmp_path / "out.jsonl", "--on-error", "skip", "--json")
    assert code == 0
    assert json.loads(out) == {"documents": 2, "spans": {"PERSON": 2}, "trimmed": 0, "reordered": 0, "unmapped": {}, "rejected": 1}
    assert "line 2" in err
    assert "Ptarmigan" not in err


@pytest.mark.parametrize("model", ["./no-such-folder", "/no/such/folder"])
def test_a_missing_model(piispan, tmp_path, model) -> None:
    code, _, err = piispan("evaluate", model, _lines(tmp_path, GOOD))
    assert code == 2
    assert f"no such folder: {model}" in err
    code, _, err = piispan("train", _lines(tmp_path, GOOD), "--test", _lines(tmp_path, GOOD), "--model", model, "--out", tmp_path / "out")
    assert code == 2
    assert f"no such folder: {model}" in err


def test_an_adapter_without_its_sidecar(piispan, tmp_path) -> None:
    folder = tmp_path / "adapter"
    folder.mkdir()
    (folder / "adapter_config.json").write_text("{}", "utf-8")
    code, _, err = piispan("redact", _lines(tmp_path, GOOD), "--model", folder)
    assert code == 2
    assert "piispan.json" in err


def test_a_missing_extra_is_named_by_its_install(piispan, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("piispan.core.extras.find_spec", lambda module: None)
    code, _, err = piispan("evaluate", "embedded", _lines(tmp_path, GOOD))
    assert code == 2
    assert 'needs: pip install "piispan[tag]"' in err


def test_a_full_disk(piispan, tmp_path, monkeypatch) -> None:
    def full(*args: object, **kwargs: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", full)
    monkeypatch.setattr("os.replace", full)
    code, _, err = piispan("data", "synth", tmp_path / "out.jsonl", "--count", "3")
    assert code == 2
    assert "No space left" in err
    assert err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["quickstart", "--format", "xml"],
        ["quickstart", "--labels", "presido"],
        ["quickstart", "--minutes", "0"],
        ["train"],
        ["data", "synth", "out.jsonl", "--count", "0"],
        ["nonsense"],
    ],
)
def test_wrong_options(piispan, arguments) -> None:
    code, _, err = piispan(*arguments)
    assert code == 2
    assert "Traceback" not in err


def test_nothing_to_convert_is_a_mistake_and_leaves_no_file(piispan, tmp_path) -> None:
    code, _, err = piispan("data", "convert", _lines(tmp_path, _with_span(end=99)), tmp_path / "out.jsonl", "--on-error", "skip")
    assert code == 2
    assert "no document can be read; line 1: document 'doc-2': span 0" in err
    assert not (tmp_path / "out.jsonl").exists()


@pytest.fixture
def adapter(tmp_path):
    """What looks like an adapter until its weights are asked for."""
    folder = tmp_path / "adapter"
    folder.mkdir()
    Sidecar("tagged", "plain", LabelSet.load("presidio"), "some/base").save(folder)
    return folder


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["train", "DATA", "--test", "DATA", "--out", "OUT", "--format", "json", "--decoder", "verbatim"], "only the format 'tagged'"),
        (
            ["train", "DATA", "--test", "DATA", "--out", "OUT", "--loss", "decisions", "--decoder", "generate"],
            "neither to copy nor to stop",
        ),
        (["train", "DATA", "--out", "OUT", "--labels", "absent.yaml"], "absent.yaml: no such file"),
        (["train", "DATA", "--test", "DATA", "--split", "random", "--out", "OUT"], "--split and --test exclude each other"),
        (["train", "DATA", "--dry-run", "--resume"], "--dry-run and --resume exclude each other"),
        (["train", "DATA", "--test", "DATA", "--dry-run", "--out", "DATA"], "documents.jsonl"),
        (["train", "DATA", "--test", "DATA", "--out", "OUT", "--seed", "-1"], "seed must be at least 0 and below 2**32, was: -1"),
        (["train", "DATA", "--test", "DATA", "--out", "OUT", "--language", "English"], "languages: must be ISO 639 codes"),
        (["train", "DATA", "--test", "DATA", "--out", "OUT", "--base-licence", "MIT License"], "as the Hub spells it"),
        (["quickstart", "--epochs", "2", "--out", "OUT"], "--epochs goes with --data"),
        (["data", "export", "DATA", "OUT", "--licence", "MIT License"], "as the Hub spells it, such as cc-by-4.0"),
        (["evaluate", "EMPTY", "DATA"], "no model in this folder"),
        (["redact", "DATA", "--model", "embedded"], "no adapter"),
        (["redact", "DATA", "DATA", "--model", "ADAPTER"], "is the file that is read"),
        (["redact", "ABSENT.JSONL", "--model", "ADAPTER"], "ABSENT.JSONL: no such file"),
        (["redact", "DATA", "EMPTY", "--model", "ADAPTER"], "it is a folder"),
        (["redact", "EMPTY", "OUT", "--model", "ADAPTER"], "no files in the folder"),
        (["redact", "DATA", "OUT", "--model", "ADAPTER", "--policy", "shred"], "no policy named 'shred'; shipped: encrypt,"),
        (["redact", "DATA", "OUT", "--model", "ADAPTER", "--policy", "encrypt"], "give --key-file or --key-env"),
        (["redact", "DATA", "OUT", "--model", "ADAPTER", "--vault", "VAULT"], "give --key-file or --key-env"),
        (["redact", "DATA", "--model", "ADAPTER", "--vault", "VAULT"], "--vault: needs the redacted text in a place of its own"),
        (["redact", "DATA", "OUT", "--model", "ADAPTER", "--key-env", "ABSENT_KEY"], "no environment variable of the name ABSENT_KEY"),
        (["redact", "DATA", "OUT", "--model", "ADAPTER", "--manifest", "OUT"], "need a place each; two are the same"),
        (["redact", "-", "OUT", "--model", "ADAPTER", "--resume"], "standard input cannot be"),
        (["redact", "DATA", "--model", "ADAPTER", "--label", "PERSN"], "did you mean PERSON"),
        (["redact", "DATA", "OUT", "--model", "ADAPTER", "--operating-point"], "no operating point"),
        (["restore", "DATA", "OUT", "--vault", "VAULT"], "give --key-file or --key-env"),
        (["calibrate", "ADAPTER", "DATA", "--target-recall", "99"], "target_recall must be in (0, 1), was: 99"),
        (["calibrate", "ADAPTER", "DATA"], "it takes 299, or a target of 0.05"),
        (["data", "synth", "DATA"], "--force"),
        (["data", "synth", "EMPTY", "--force"], "it is a folder"),
        (["data", "convert", "DATA", "EMPTY"], "it is a folder"),
        (["evaluate", "ADAPTER", "DATA", "--format", "json"], "an adapter brings its own format"),
        (["evaluate", "ADAPTER", "DATA", "--labels", "safe_harbor"], "an adapter brings its own format"),
        (["train", "DATA", "--test", "DATA", "--out", "OUT", "--revision", "abc"], "revision goes with a model of the Hub"),
        (["data", "convert", "DATA", "DATA"], "is the file that is read"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_would_fail_in_the_end_fails_at_once(piispan, tmp_path, adapter, arguments, said) -> None:
    (tmp_path / "empty").mkdir()
    data = _lines(tmp_path, GOOD)
    content = data.read_bytes()
    places = {"DATA": data, "OUT": tmp_path / "out", "VAULT": tmp_path / "vault", "EMPTY": tmp_path / "empty", "ADAPTER": adapter}
    code, out, err = piispan(*(places.get(argument, argument) for argument in arguments))
    assert (code, out) == (2, "")
    assert said in err.splitlines()[-1]
    assert "Traceback" not in err
    assert data.read_bytes() == content
    assert sorted(path.name for path in tmp_path.iterdir()) == ["adapter", "documents.jsonl", "empty"]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ('{"text": "A \\ud800"}', "a lone surrogate"),
        ('{"text": "A", "note": "\\udfff"}', "a lone surrogate"),
        ('{"text": "A", "amount": NaN}', "NaN or Infinity, which JSON does not have"),
        (f'{{"text": "A", "amount": {"9" * 5000}}}', "a number of too many digits, or too large"),
        ('{"text": "A", "amount": 1e99999999999999999999}', "a number of too many digits, or too large"),
        ('{"text": "A"', "malformed JSON at column 13"),
        ('{"text": "A", "text": "B"}', "a key twice"),
        ('{"text": 1}', "text is no string"),
        ('{"note": "A"}', "lacks the key text"),
    ],
)
def test_a_row_that_cannot_be_redacted_is_left_out_and_named(piispan, tmp_path, monkeypatch, row, said) -> None:
    monkeypatch.setattr("piispan.runs.AdapterSource", lambda model, **given: StubSource())
    data, out = _lines(tmp_path, GOOD, row), tmp_path / "out.jsonl"
    code, said_aloud, err = piispan("redact", data, out, "--model", "stub")
    assert (code, said_aloud) == (3, "")
    assert "1 document failed and left out" in err
    assert said in err
    (fault,) = map(json.loads, (tmp_path / "out.jsonl.quarantine.jsonl").read_text("utf-8").splitlines())
    assert fault["line"] == 2
    assert said in fault["reason"]
    assert out.read_text("utf-8").count("<PERSON>") == 1


def test_a_corpus_goes_through_standard_input_and_output(piispan, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("piispan.runs.AdapterSource", lambda model, **given: StubSource())
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(f"I am {PLANTED}.".encode())))
    code, out, err = piispan("redact", "-", "--model", "stub")
    assert (code, out) == (0, "I am <PERSON>.")
    assert "1 document, 1 span found (PERSON 1), policy replace" in err
    assert "Ptarmigan" not in err
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(f"note,text\nx,I am {PLANTED}.\n".encode())))
    code, out, _ = piispan("redact", "-", "-", "--model", "stub", "--format", "csv")
    assert (code, out) == (0, "note,text\nx,I am <PERSON>.\n")


def test_what_was_redacted_is_restored_with_its_key_alone(piispan, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("piispan.runs.AdapterSource", lambda model, **given: StubSource())
    monkeypatch.setenv("MY_KEY", "0123456789abcdef")
    data, out, back, vault = _lines(tmp_path, GOOD), tmp_path / "out.jsonl", tmp_path / "back.jsonl", tmp_path / "vault"
    given = ("--model", "stub", "--policy", "surrogate", "--vault", vault, "--key-env", "MY_KEY", "--json")
    code, said, err = piispan("redact", data, out, *given)
    assert (code, json.loads(said)["tally"]["spans"]) == (0, {"PERSON": 1})
    assert "the labels cannot see: Fax numbers (E); Medical record numbers (H)" in err
    assert "Ptarmigan" not in out.read_text("utf-8")
    code, said, err = piispan("restore", out, back, "--vault", vault, "--key-env", "MY_KEY")
    assert (code, said) == (0, "")
    assert json.loads(back.read_text("utf-8"))["text"] == GOOD["text"]
    monkeypatch.setenv("MY_KEY", "another key of sixteen bytes")
    code, _, err = piispan("restore", out, back, "--vault", vault, "--key-env", "MY_KEY", "--force")
    assert code == 2
    assert "locked with another key" in err


def test_fields_that_documents_do_not_have_are_named(piispan, tmp_path) -> None:
    out = tmp_path / "out.jsonl"
    code, _, err = piispan(
        "data", "convert", _lines(tmp_path, {**GOOD, "source": "a", "note": "b", "spans": [{**GOOD["spans"][0], "colour": "c"}]}), out
    )
    assert (code, err) == (0, "fields not kept: note, source, spans.colour\n")
    assert piispan("data", "convert", _lines(tmp_path, GOOD), out)[0] == 2
    assert piispan("data", "convert", _lines(tmp_path, GOOD), out, "--force")[0] == 0


def test_folders_are_made_for_what_is_written(piispan, tmp_path) -> None:
    assert piispan("data", "synth", tmp_path / "new" / "out.jsonl", "--count", "30")[0] == 0
    assert piispan("data", "export", tmp_path / "new" / "out.jsonl", tmp_path / "one" / "two")[0] == 0
    assert (tmp_path / "one" / "two" / "README.md").is_file()


def test_a_warning_is_one_line_without_the_place_in_our_code(piispan, tmp_path) -> None:
    code, _, err = piispan(
        "train", _lines(tmp_path, GOOD), "--test", _lines(tmp_path, GOOD), "--model", "./absent", "--out", tmp_path / "out"
    )
    assert code == 2
    assert err.splitlines()[0].endswith("documents.jsonl: 1 of 1 texts are trained on as well, so the figures flatter")
    assert err.count("\n") == 2


def test_what_lies_there_is_not_written_over(piispan, tmp_path) -> None:
    assert piispan("data", "synth", tmp_path / "a.jsonl", "--count", 40)[0] == 0
    export = ("data", "export", tmp_path / "a.jsonl", tmp_path / "folder")
    assert piispan(*export)[0] == 0
    code, _, said = piispan(*export)
    assert code == 2
    assert "holds an export already; --force writes over it" in said
    assert piispan(*export, "--force")[0] == 0
    code, _, said = piispan("data", "stats", tmp_path / "a.jsonl", "--out", tmp_path / "x.jpg")
    assert code == 2
    assert "the picture is a PNG" in said


def test_a_split_goes_on_as_a_folder_and_says_how_it_was_dealt(piispan, tmp_path) -> None:
    plain = [{"id": f"d{i}", "text": f"Ann is {i}.", "spans": [{"start": 0, "end": 3, "label": "PERSON"}]} for i in range(30)]
    path = _lines(tmp_path, *plain)
    code, _, said = piispan("data", "split", path, tmp_path / "split", "--seed", 3)
    assert code == 0
    assert "no document has a group" in said
    _, out, _ = piispan("data", "stats", tmp_path / "split", "--json")
    assert json.loads(out)["documents"] == 30
    assert piispan("data", "export", tmp_path / "split", tmp_path / "folder")[0] == 0
    card = (tmp_path / "folder" / "README.md").read_text("utf-8")
    assert "By `piispan data split`: by group, stratified by label; 0.1 for validation, 0.2 for the test, seed 3." in card
    _, out, _ = piispan("data", "stats", tmp_path / "folder", "--json")
    assert json.loads(out)["documents"] == 30
