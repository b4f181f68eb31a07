"""Whatever the text: nothing fails, nothing of the document comes back, and the same secret gives the same."""

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from piispan.core import PiispanError, RedactionError, Span
from piispan.tagger.surrogates import KINDS, DocumentSurrogates
from piispan.tagger.surrogates.letters import WORD
from piispan.tagger.surrogates.tables import table
from tests.tagger.surrogates.documents import ALL, in_document, one, surrogates

TYPICAL = st.sampled_from(
    [
        *("Ada Lovelace", "A. Lovelace", "Dr.", "王小明", "小王", "2019-03-04", "3/4", "March 3", "12:30", "+1 212 867 5309", "ada@x.org"),
        *(
            "https://x.org/a",
            "10.0.0.1",
            "::1",
            "123-45-6789",
            "4111 1111 1111 1111",
            "DE89370400440532013000",
            "94110",
            "12 Main St, Boston, MA",
        ),
        *(
            "北京市海淀区1号",
            "Texas",
            "Acme Inc.",
            "French",
            "A1",
            "1",
            "0",
            "ab",
            "山田太郎",
            "김민수",
            "Иван",
            "x's",
            "-",
            "'",
            "ß",
            "İ",
            "٣",
            "²",
            "\u0301",
        ),
    ]
)
PIECES = st.text(st.characters(), min_size=1, max_size=6) | st.text("0123456789/-:., APap年月日十百", min_size=1, max_size=12) | TYPICAL
VALUES = st.lists(PIECES, min_size=1, max_size=4).map("".join)
DOCUMENTS = st.lists(st.tuples(st.sampled_from([*KINDS, "other"]), VALUES), min_size=1, max_size=6)


def squeezed(value: str) -> str:
    return " ".join(value.casefold().split())


@given(DOCUMENTS, st.binary(max_size=4), st.sampled_from([None, "de_DE", "zh_CN"]), st.sampled_from(["", " ", "\n"]))
@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_never_fails_and_never_gives_anything_away(values, secret, locale, between):
    text, spans = in_document(values, between)
    made = [
        [DocumentSurrogates(text, spans, ALL, secret=secret, date_secret=secret, locale=locale).surrogate(span) for span in order]
        for order in (spans, spans[::-1])
    ]
    assert made[0] == made[1][::-1]
    known = {squeezed(value) for _, value in values}
    for (label, value), new in zip(values, made[0], strict=True):
        assert label != "other" or new is None
        if new is None:
            continue
        assert new.strip()
        assert squeezed(new) not in known
        assert new != value
        assert len(new) < 4 or (new not in text and new.casefold() not in text.casefold())
        assert not any("\ud800" <= char <= "\udfff" for char in new)
        assert "\n" not in new or "\n" in value


@given(
    st.lists(
        st.sampled_from(["Ada", "Lovelace", "Ada Lovelace", "James Smith", "Smith", "A. Smith", "Mia Turner", "John"]),
        min_size=1,
        max_size=6,
    ),
    st.binary(max_size=3),
)
@settings(max_examples=100, deadline=None)
def test_no_word_of_a_name_comes_back(values, secret):
    made = surrogates([("name", value) for value in values], secret=secret)
    words = {word.casefold() for value in values for word in WORD.findall(value)}
    assert all(new is not None and words.isdisjoint(word.casefold() for word in WORD.findall(new)) for new in made)


@pytest.mark.parametrize("name", ["dates", "groups", "han_addresses", "locales", "names", "organizations", "places", "unspaced_names"])
def test_tables_hold_words(name):
    # YAML takes "on" and "no" for truth values where they stand without quotes.
    waiting = [table(name)]
    while waiting:
        found = waiting.pop()
        if isinstance(found, dict):
            waiting += [value for key, value in found.items() if key not in ("gender", "before_given")]
        elif isinstance(found, list):
            waiting += found
        else:
            assert isinstance(found, str), found


def test_a_collision_is_passed_over():
    first = one("name", "Ada")
    again = surrogates([("name", "Ada"), ("other", str(first))])[0]
    assert again is not None
    assert again != first


def test_no_number_is_left_to_draw():
    assert surrogates([("number", str(digit)) for digit in range(10)]) == [None] * 10


@pytest.mark.parametrize("locale", ["de_DE", "zh_CN", "en_AU", "fr_FR"])
def test_locales(locale):
    assert one("name", "Ada Lovelace", locale=locale)


@pytest.mark.parametrize("locale", ["xx_XX", "german", "", "../en_US", "de-DE"])
def test_a_wrong_locale(locale):
    with pytest.raises(RedactionError, match="locale") as error:
        one("name", "Ada", locale=locale)
    assert isinstance(error.value, PiispanError)


def test_what_is_very_long_or_without_a_kind():
    text = "9" * 501
    made = DocumentSurrogates(text, [Span(0, 501, "number")], ALL, secret=b"", date_secret=b"")
    assert made.surrogate(Span(0, 501, "number")) is None
    assert made.surrogate(Span(0, 5, "unknown")) is None


@pytest.mark.timed
def test_ten_spans_take_no_time():
    values = [
        *[("name", "Ada Lovelace"), ("name", "Lovelace"), ("date", "2019-03-04"), ("phone", "212-867-5309"), ("email", "ada@x.org")],
        *[
            ("address", "123 Main St, Boston, MA 02110"),
            ("number", "A1234567"),
            ("organization", "Acme Inc."),
            ("age", "36"),
            ("date", "March 3"),
        ],
    ]
    surrogates(values)
    start = time.perf_counter()
    for _ in range(20):
        surrogates(values)
    assert (time.perf_counter() - start) / 20 < 0.02
