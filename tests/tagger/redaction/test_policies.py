"""Policies are checked when they are read, and each label finds its rule."""

import pytest
from presidio_anonymizer.entities import OperatorConfig

from piispan.core import LabelError, LabelSet, RedactionError, Span
from piispan.tagger import Policy, RedactionKey, Redactor, Rule, TaggedText
from tests.stub_tagger import StubTagger

TEXT = "Dr. Ada Lovelace, 93, of 03601 saw Bo Ek, 36, on 2019-03-04."
SPANS = (
    Span(0, 3, "TITLE"),
    Span(4, 16, "PERSON"),
    Span(18, 20, "AGE"),
    Span(25, 30, "ZIP_CODE"),
    Span(35, 40, "PERSON"),
    Span(42, 44, "AGE"),
    Span(49, 59, "DATE_TIME"),
)
KEY = RedactionKey(bytes(range(32)))


def redacted(policy: Policy | str, *, key: RedactionKey | None = KEY, scope: str = "1", group: str | None = None) -> str:
    return Redactor(StubTagger(), policy, key=key).apply(TEXT, TaggedText(SPANS), scope=scope, group=group).text


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("replace", "<TITLE> <PERSON>, <AGE>, of <ZIP_CODE> saw <PERSON>, <AGE>, on <DATE_TIME>."),
        ("mask", "*** ************, **, of ***** saw *****, **, on **********."),
        ("safe_harbor", "<TITLE> <PERSON>, 90+, of 000 saw <PERSON>, 36, on 2019."),
    ],
)
def test_policies_that_ship(name, expected) -> None:
    assert redacted(name) == expected


def test_hashes_are_alike_within_a_document_and_with_a_key_everywhere() -> None:
    drawn = RedactionKey()
    text = "Ada Ada"
    tagged = TaggedText((Span(0, 3, "PERSON"), Span(4, 7, "PERSON")))
    with_key, without = (Redactor(StubTagger(), "hash", key=key) for key in (KEY, drawn))
    left, right = without.apply(text, tagged, scope="1").text.split()
    assert left == right != without.apply(text, tagged, scope="2").text.split()[0]
    assert with_key.apply(text, tagged, scope="1").text == with_key.apply(text, tagged, scope="2").text


def test_surrogates_are_alike_everywhere_with_a_key_and_dates_move_by_group() -> None:
    assert redacted("surrogate", scope="1", group="a") == redacted("surrogate", scope="2", group="a")
    assert redacted("surrogate", scope="1") != redacted("surrogate", scope="2")  # dates
    assert redacted("surrogate", scope="1").rsplit(" ", 1)[0] == redacted("surrogate", scope="2").rsplit(" ", 1)[0]
    assert redacted("surrogate", key=RedactionKey(), scope="1") != redacted("surrogate", key=RedactionKey(), scope="1")
    assert redacted("surrogate").startswith("Dr. ")


def test_presidio_decrypts_what_encrypt_wrote() -> None:
    from presidio_anonymizer.operators import Decrypt

    redaction = Redactor(StubTagger(), "encrypt", key=KEY).apply(TEXT, TaggedText(SPANS[1:2]))
    token = redaction.text[redaction.spans[0].start : redaction.spans[0].end]
    assert Decrypt().operate(token, {"key": KEY.encryption_key}) == "Ada Lovelace"


def test_a_rule_by_name_wins_over_one_by_category_and_that_over_the_default(tmp_path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        "name: mine\n"
        "default: redact\n"
        "categories:\n"
        "  C: {operator: replace, new_value: WHEN}\n"
        "labels:\n"
        "  AGE: keep\n"
        "  PERSON: {operator: mask, masking_char: x, chars_to_mask: 3, from_end: true}\n",
        "utf-8",
    )
    policy = Policy.load(path)
    assert redacted(policy) == " Ada Lovelxxx, 93, of  saw Boxxx, 36, on WHEN."
    assert Policy.from_dict(policy.to_dict()) == policy
    assert Policy.load(path).hash == policy.hash != Policy.load("replace").hash


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ([], "needs keys such as name"),
        ({}, "a policy needs a name"),
        ({"name": "x", "lables": {}}, "keys that mean nothing here: lables"),
        ({"name": "x", "default": "shred"}, "no operator named 'shred'; known: encrypt"),
        ({"name": "x", "default": {"new_value": "y"}}, "default: needs an operator"),
        ({"name": "x", "labels": {"AGE": {"operator": "mask"}}}, "labels, AGE"),
        ({"name": "x", "labels": {"AGE": {"operator": "replace", "value": "y"}}}, "replace has no parameter value"),
        ({"name": "x", "labels": ["AGE"]}, "labels must be a mapping"),
        ({"name": "x", "labels": {"AGE": {"operator": "encrypt", "key": "0123456789abcdef"}}}, "takes its key from a key file"),
        ({"name": "x", "labels": {"AGE": {"operator": "hash", "salt": "0123456789abcdef"}}}, "takes its salt from a key file"),
        ({"name": "x", "labels": {"AGE": {"operator": "custom"}}}, "no operator named 'custom'"),
        ({"name": "x", "labels": {"AGE": {"operator": "surrogate", "kind": "planet"}}}, "kind must be one of name"),
        ({"name": "x", "labels": {"AGE": {"operator": "hash", "hash_type": "md5"}}}, "labels, AGE"),
        ({"name": "x", "categories": {"S": "keep"}}, "letters from A to R"),
        ({"name": "x", "reference_year": "2026"}, "reference_year must be a year"),
        ({"name": "x", "date_order": "ymd"}, "date_order must be mdy or dmy"),
        ({"name": "x", "locale": 1}, "locale must be a string"),
    ],
)
def test_what_is_wrong_with_a_policy_is_said(row, said) -> None:
    with pytest.raises(RedactionError, match=said) as error:
        Policy.from_dict(row, "mine.yaml")
    assert str(error.value).startswith("mine.yaml: ")


def test_a_policy_that_is_not_there() -> None:
    with pytest.raises(RedactionError, match="no policy named 'shred'; shipped: encrypt, hash, mask, replace, safe_harbor, surrogate"):
        Policy.load("shred")
    with pytest.raises(RedactionError, match=r"absent\.yaml: no such file"):
        Policy.load("absent.yaml")


def test_a_rule_for_a_label_that_the_tagger_does_not_know() -> None:
    with pytest.raises(LabelError, match=r"policy own: unknown label 'PERSN'.*did you mean PERSON"):
        Redactor(StubTagger(), Policy("own", labels={"PERSN": Rule("keep")}))
    for name in Policy.shipped():
        for labels in LabelSet.shipped():
            Policy.load(name).rules(LabelSet.load(labels))


def test_encrypt_needs_a_key() -> None:
    with pytest.raises(RedactionError, match="needs a key of yours"):
        Redactor(StubTagger(), "encrypt")


def test_an_age_over_89_under_a_label_for_dates() -> None:
    class HarborTagger(StubTagger):
        labels = LabelSet.load("safe_harbor")

    text = "93 years old, seen 3 March 2019, born 1931, then 45 years old, of 20301 Elm."
    spans = [
        ("93 years old", "DATE"),
        ("3 March 2019", "DATE"),
        ("1931", "DATE"),
        ("45 years old", "DATE"),
        ("20301", "LOCATION"),
        ("Elm", "LOCATION"),
    ]
    tagged = TaggedText(tuple(Span(text.index(value), text.index(value) + len(value), label) for value, label in spans))
    policy = Policy.load("safe_harbor")
    done = Redactor(HarborTagger(), policy).apply(text, tagged).text
    assert done == "90+, seen 2019, born <DATE>, then <DATE>, of <LOCATION> <LOCATION>."


def test_a_house_number_is_no_zip_code() -> None:
    text = "at 221, ZIP 62704"
    tagged = TaggedText((Span(3, 6, "STREET_ADDRESS"), Span(12, 17, "ZIP_CODE")))
    assert Redactor(StubTagger(), "safe_harbor").apply(text, tagged).text == "at <STREET_ADDRESS>, ZIP 627"


@pytest.mark.parametrize(
    "text", ["DOB 03/04/21", "03/04/21 (DOB)", "Born on a farm near Lincoln, Nebraska, in the spring, on a Monday, that is, on 03/04/21"]
)
def test_two_figures_of_a_birth_go_wherever_the_word_stands(text) -> None:
    start = text.index("03/04/21")
    done = Redactor(StubTagger(), Policy("own", Rule("safe_harbor_date"), reference_year=2026))
    assert "<DATE_TIME>" in done.apply(text, TaggedText((Span(start, start + 8, "DATE_TIME"),))).text


def test_a_label_that_is_kept_gives_way_to_one_that_is_not() -> None:
    tagged = TaggedText((Span(0, 16, "TITLE"), Span(4, 16, "PERSON")))
    assert "Lovelace" not in Redactor(StubTagger(), "surrogate", key=KEY).apply("Dr. Ada Lovelace", tagged).text


def test_a_policy_of_ones_own_takes_no_shipped_name_and_shows_no_key(tmp_path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("name: safe_harbor\ndefault: keep\n", "utf-8")
    with pytest.raises(RedactionError, match="a policy of the name safe_harbor ships"):
        Policy.load(path)
    with pytest.raises(LabelError, match="unknown label 'PERSN'"):
        Policy("safe_harbor", Rule("keep"), {"PERSN": Rule("replace")}).rules(LabelSet.load("presidio"))
    secret = OperatorConfig("encrypt", {"key": "0123456789abcdef"})
    policy = Policy.from_operators({"DEFAULT": secret})
    assert not policy.needs_key
    assert "0123456789abcdef" not in repr(policy) + str(policy.to_dict())
    assert redacted(policy, key=None) != TEXT


def test_the_last_four_of_a_number_and_years_by_a_reference_year() -> None:
    text = "SSN ending in 1234, in 1931."
    tagged = TaggedText((Span(14, 18, "US_SSN"), Span(23, 27, "DATE_TIME")))
    assert Redactor(StubTagger(), "safe_harbor").apply(text, tagged).text == "SSN ending in <US_SSN>, in <DATE_TIME>."
    earlier = Policy.from_dict({**Policy.load("safe_harbor").to_dict(), "reference_year": 2010})
    assert Redactor(StubTagger(), earlier).apply(text, tagged).text == "SSN ending in <US_SSN>, in 1931."


@pytest.mark.parametrize(
    ("text", "kept"), [("at 2015 hours", False), ("seen 2015 hrs", False), ("seen 2015", True), ("in 2015, hours later", True)]
)
def test_four_figures_before_hours_are_no_year(text, kept) -> None:
    start = text.index("2015")
    done = Redactor(StubTagger(), "safe_harbor").apply(text, TaggedText((Span(start, start + 4, "DATE_TIME"),))).text
    assert ("2015" in done) is kept


def test_what_an_operator_would_leave_as_it_stands_gets_its_label() -> None:
    for text, label, expected in (("<AGE>", "AGE", "[AGE]"), ("***", "AGE", "<AGE>")):
        policy = Policy("own", Rule("replace") if text == "<AGE>" else Policy.load("mask").default)
        assert Redactor(StubTagger(), policy).apply(text, TaggedText((Span(0, len(text), label),))).text == expected
