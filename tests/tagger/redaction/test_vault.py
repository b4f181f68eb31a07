"""The vault opens with its key, shows nothing without, and notices every change."""

import json
import stat

import pytest

from piispan.core import RedactionError, Span
from piispan.tagger import RedactionKey, Redactor, SealedText, TaggedText, Vault, VaultEntry, read_key, read_vault, vault_columns
from tests.stub_tagger import StubTagger

KEY, OTHER = RedactionKey(bytes(range(32))), RedactionKey(bytes(32))
TEXT = "Wilhelmina Ptarmigan and Wilhelmina."
TAGGED = TaggedText((Span(0, 20, "PERSON"), Span(25, 35, "PERSON")))


def lines(count: int = 3) -> list[bytes]:
    vault = Vault(KEY)
    redaction = Redactor(StubTagger(), "surrogate", key=KEY).apply(TEXT, TAGGED)
    entries = [VaultEntry((0, number), {"text": SealedText.of(redaction)}) for number in range(1, count + 1)]
    return [vault.head, *vault.sealed(entries), vault.end(count)]


def test_it_opens_with_its_key_and_shows_nothing_without(tmp_path) -> None:
    path = tmp_path / "vault"
    content = b"".join(lines())
    path.write_bytes(content)
    assert b"Ptarmigan" not in content
    assert [entry.place for entry in read_vault(path, KEY)] == [(0, 1), (0, 2), (0, 3)]
    assert vault_columns(path, KEY) == ("text",)
    assert "Ptarmigan" not in repr(list(read_vault(path, KEY)))
    with pytest.raises(RedactionError, match="locked with another key"):
        list(read_vault(path, OTHER))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda rows: rows[:-1], "cut after line 4"),
        (lambda rows: [*rows[:2], rows[-1]], "entries were taken out or put in: 1 are there, 3 were written"),
        (lambda rows: [rows[0], rows[2], rows[1], *rows[3:]], "line 3: an entry stands twice or out of order"),
        (lambda rows: [*rows[:2], *rows[1:]], "line 3: an entry stands twice or out of order"),
        (lambda rows: [rows[0], rows[1].replace(b"[0, 1,", b"[0, 0,"), *rows[2:]], "line 2: an entry of the vault is damaged"),
        (lambda rows: [rows[0], b"[]\n", *rows[2:]], "line 2: an entry of the vault is damaged"),
        (lambda rows: [rows[0], *lines()[1:]], "line 2: an entry of the vault is damaged"),
        (lambda rows: [rows[0].replace(b'"text"', b'"note"'), *rows[1:]], "or its first line was changed"),
        (lambda rows: rows[1:], "not a vault of version 1"),
        (lambda rows: [*rows, b"more"], "entries were taken out or put in"),
        (lambda rows: [], "not a vault of version 1"),
    ],
)
def test_every_change_is_noticed(tmp_path, change, said) -> None:
    path = tmp_path / "vault"
    path.write_bytes(b"".join(change(lines())))
    with pytest.raises(RedactionError, match=said):
        list(read_vault(path, KEY))


def test_only_the_redacted_text_itself_is_put_back() -> None:
    redaction = Redactor(StubTagger(), "replace").apply(TEXT, TAGGED)
    sealed = SealedText.of(redaction)
    assert sealed.restore(redaction.text) == TEXT
    with pytest.raises(RedactionError, match="not the one that was redacted"):
        sealed.restore(redaction.text + " ")


def test_a_vault_needs_a_key_of_the_users() -> None:
    with pytest.raises(RedactionError, match="needs a key of yours"):
        Vault(RedactionKey())


def test_keys_come_from_a_file_or_the_environment_and_are_never_shown(tmp_path, monkeypatch) -> None:
    path = tmp_path / "key"
    path.write_text("0123456789abcdef0123456789abcdef\n", "utf-8")
    path.chmod(stat.S_IRUSR)
    monkeypatch.setenv("MY_KEY", "0123456789abcdef0123456789abcdef")
    by_file, by_name = read_key(file=path), read_key(environment="MY_KEY")
    assert by_file.derive("x") == by_name.derive("x") != by_name.derive("y")
    assert by_file.derive("x", "ab", "c") != by_file.derive("x", "a", "bc")
    assert "0123" not in repr(by_file) + repr(by_file.for_document("1"))
    assert read_key() is None
    for wrong, said in (
        ({"file": tmp_path / "absent"}, "the key cannot be read"),
        ({"environment": "ABSENT_KEY"}, "no environment variable of the name ABSENT_KEY"),
        ({"file": path, "environment": "MY_KEY"}, "not from both"),
    ):
        with pytest.raises(RedactionError, match=said):
            read_key(**wrong)
    path.chmod(0o600)
    path.write_text("short", "utf-8")
    with pytest.raises(RedactionError, match="at least 16 bytes") as error:
        read_key(file=path)
    assert "short" not in str(error.value).removeprefix(str(path))


def test_the_head_is_json_that_tells_nothing() -> None:
    head = json.loads(lines()[0])
    assert sorted(head) == ["check", "columns", "identity", "piispan_vault"]
