"""Every way a name is written becomes the same person."""

import pytest

from piispan.core import Span
from piispan.tagger.surrogates import DocumentSurrogates
from piispan.tagger.surrogates.locales import is_given, names_of
from tests.tagger.surrogates.documents import names, one, surrogates

SECRETS = [b"secret", b"another", b"third"]


@pytest.mark.parametrize("secret", SECRETS)
def test_variants_of_a_name_stay_together(secret):
    full, *others = names(
        *("Ada Lovelace", "Dr. Ada Lovelace", "Lovelace, Ada", "Lovelace", "Ada", "A. Lovelace", "Ms. Lovelace", "ADA LOVELACE"),
        *("ada lovelace", "Lovelace's", "Lovelace, Ada, MD", "Ada Lovelace Jr.", "Ada Lovelace III", "A.L.", "Lovelace A", "Ada L."),
        *("Ada Lovelace, M.D.", "Mr. and Mrs. Lovelace"),
        secret=secret,
    )
    given, surname = full.split()
    assert others == [
        *(f"Dr. {full}", f"{surname}, {given}", surname, given, f"{given[0]}. {surname}", f"Ms. {surname}", full.upper()),
        *(full.lower(), f"{surname}'s", f"{surname}, {given}, MD", f"{full} Jr.", f"{full} III", f"{given[0]}.{surname[0]}."),
        *(f"{surname} {given[0]}", f"{given} {surname[0]}.", f"{full}, M.D.", f"Mr. and Mrs. {surname}"),
    ]


@pytest.mark.parametrize("secret", SECRETS)
def test_relatives_share_a_surname_and_initials_follow(secret):
    ada, charles, middle, double = names("Ada Lovelace", "Charles Lovelace", "Ada M. Lovelace", "Ada Lovelace-King", secret=secret)
    assert ada.split()[1] == charles.split()[1]
    assert ada.split()[0] != charles.split()[0]
    assert middle.split()[0::2] == ada.split()
    assert middle.split()[1][1:] == "."
    assert middle.split()[1] != "M."
    assert double.startswith(ada + "-")


def test_particles_and_apostrophes_stay():
    full, surname, capital, other = names("Ludwig van der Berg", "van der Berg", "Van der Berg", "Jan van der Berg")
    name = full.rsplit(" ", 1)[1]
    assert surname == f"van der {name}"
    assert capital == f"Van der {name}"
    assert other.endswith(f" van der {name}")
    assert full.split()[1:3] == ["van", "der"]
    full, surname = names("Sean O'Brien", "Mr. O'Brien's")
    assert full.split()[1].startswith("O'")
    assert surname == f"Mr. {full.split()[1]}'s"
    assert (one("name", "Anna D'Angelo") or "").split()[1].startswith("D'")
    assert "Al-" in (one("name", "Ahmed Al-Rashid") or "")
    assert (one("name", "Mary-Jane Watson") or "").count("-") == 1


def test_lone_words_take_the_role_that_the_document_shows():
    lone, full = names("Jordan", "Michael Jordan")
    assert full.split()[1] == lone
    titled, bare = names("Dr. Grant", "Grant")
    assert titled == f"Dr. {bare}"
    assert is_given("Emily", "en_US")
    assert not is_given("Lovelace", "en_US")


def test_a_title_before_the_span_makes_a_surname():
    text = "Ms. Jordan saw Emily."
    made = DocumentSurrogates(text, [Span(4, 10, "name"), Span(15, 20, "name")], {"name": "name"}, secret=b"s", date_secret=b"s")
    assert made.surrogate(Span(4, 10, "name")) == names("Zoe Jordan", secret=b"s")[0].split()[1]
    assert made.surrogate(Span(15, 20, "name")) == names("Emily Doe", secret=b"s")[0].split()[0]


@pytest.mark.parametrize(
    ("name", "gender"), [("Emily Doe", "female"), ("Robert Doe", "male"), ("Ms. Zxcvb Doe", "female"), ("Mr. Zxcvb Doe", "male")]
)
@pytest.mark.parametrize("secret", SECRETS)
def test_the_gender_stays(name, gender, secret):
    given = names(name, secret=secret)[0].split()[-2]
    assert given in getattr(names_of("en_US"), gender)


@pytest.mark.parametrize(
    ("name", "locale"),
    [
        ("Иван Петров", "ru_RU"),
        ("Іван Петренко", "uk_UA"),
        ("Γιώργος Παπαδόπουλος", "el_GR"),
        ("דוד כהן", "he_IL"),
        ("محمد علي", "ar_AA"),
        ("राम शर्मा", "hi_IN"),
        ("สมชาย ใจดี", "th_TH"),
    ],
)
def test_a_script_gets_names_of_its_own(name, locale):
    given, surname = names(name)[0].split()
    assert given in names_of(locale).given(None)
    assert surname in names_of(locale).surnames


def test_the_locale_counts_for_its_script_alone():
    german, chinese = names("Hans Müller", "王小明", locale="de_DE")
    assert german.split()[1] in names_of("de_DE").surnames
    assert len(chinese) == 3
    assert not chinese.isascii()


def test_russian_names_of_three_words():
    full, short, woman = names("Иванов Иван Иванович", "Иван Иванов", "Анна Иванова")
    surname, given, patronymic = full.split()
    assert short == f"{given} {surname}"
    assert patronymic.endswith("ич")
    assert woman.split()[1] in names_of("ru_RU").female_surnames


def test_consistent_in_a_corpus_and_not_without_the_secret():
    assert names("Ada Lovelace")[0] == names("Bob Smith", "Ada Lovelace")[1]
    assert names("Ada Lovelace", secret=b"a") != names("Ada Lovelace", secret=b"b")


def test_nothing_to_read_has_no_surrogate():
    assert surrogates([("name", value) for value in ("Dr.", "12", "🙂", "-", "x" * 501)]) == [None] * 5
