"""Places, addresses, organizations, titles and groups become others of their sort."""

import re

import pytest

from piispan.tagger.surrogates.locales import provider
from tests.tagger.surrogates.documents import one, surrogates

US = provider("address", "en_US")
NAME = r"[A-Z][\w'’]+"
CITY = rf"{NAME}(?: {NAME})?"


@pytest.mark.parametrize(("value", "listed"), [("Texas", US.states), ("TX", US.states_abbr), ("France", US.countries)])
def test_states_and_countries(value, listed):
    made = one("place", value)
    assert made in listed
    assert made != value


@pytest.mark.parametrize(
    ("value", "pattern"),
    [
        ("Boston", CITY),
        ("BOSTON", r"[A-Z ]+"),
        ("Boston, MA", rf"{CITY}, [A-Z]{{2}}"),
        ("Cook County", rf"{CITY} County"),
        ("USA", r"[A-Z]{2,3}"),
        ("北京", r"[\u4e00-\u9fff]+"),
        ("北京市", r"[\u4e00-\u9fff]+市"),
        ("朝阳区", r"[\u4e00-\u9fff]+区"),
        ("Москва", r"[А-Я][а-яё]+(?:[- ][А-Яа-яё]+)*"),
    ],
)
def test_places(value, pattern):
    made = one("place", value) or ""
    assert re.fullmatch(pattern, made)
    assert made != value


@pytest.mark.parametrize(
    ("value", "pattern"),
    [
        ("123 Main St", rf"\d{{3}} {NAME} St"),
        ("123 Main St, Apt 4B, Springfield, IL 62704", rf"\d{{3}} {NAME} St, Apt \d[A-Z], {CITY}, [A-Z]{{2}} \d{{5}}"),
        ("12 N 5th Ave\nNew York, NY 10001", rf"\d\d N \d(?:st|nd|rd|th) Ave\n{CITY}, [A-Z]{{2}} \d{{5}}"),
        ("123 Main St Springfield IL 62704-1234", rf"\d{{3}} {NAME} St {CITY} [A-Z]{{2}} \d{{5}}-\d{{4}}"),
        ("221B Baker Street, London NW1 6XE", rf"\d{{3}}[A-Z] {NAME} Street, {CITY} [A-Z]{{2}}\d \d[A-Z]{{2}}"),
        ("P.O. Box 123", r"P\.O\. Box \d{3}"),
        ("Hauptstraße 12, 10115 Berlin", rf"{NAME}straße \d\d, \d{{5}} {CITY}"),
        ("12 rue de la Paix, 75002 Paris", rf"\d\d rue de la {NAME}, \d{{5}} {CITY}"),
        ("Martin Luther King Jr. Blvd 12", rf"{NAME} Blvd \d\d"),
        ("Park Avenue 12", rf"{NAME} Avenue \d\d"),
        ("Springfield", CITY),
        ("北京市海淀区中关村大街27号3单元501室", r"\w+市\w+区\w+大街\d\d号\d单元\d{3}室"),
        ("广东省深圳市南山区科技园", r"\w+省\w+市\w+区\w+园"),
        ("三号楼", r"[一-九]号楼"),
        ("서울특별시 강남구 테헤란로 123", r"\w+특별시 \w+구 \w+로 \d{3}"),
        ("ул. Ленина, д. 15, Москва", r"ул\. \w+, д\. \d\d, [\w -]+"),
    ],
)
def test_addresses(value, pattern):
    made = one("address", value) or ""
    assert re.fullmatch(pattern, made)
    assert made != value


def test_a_place_is_the_same_in_an_address():
    city, address, code = surrogates([("place", "Springfield"), ("address", "123 Main St, Springfield, IL 62704"), ("zip", "62704")])
    assert str(address).split(", ")[1] == city
    assert str(address).split()[-1] == code


@pytest.mark.parametrize(
    ("value", "pattern"),
    [
        ("Acme Inc.", rf"{NAME} Inc\."),
        ("Massachusetts General Hospital", rf"{NAME} General Hospital"),
        ("The Foo Company", rf"The {NAME} Company"),
        ("Smith & Wesson LLC", rf"{NAME} & {NAME} LLC"),
        ("University of Texas", rf"University of {CITY}"),
        ("Müller GmbH", rf"{NAME} GmbH"),
        ("U.S. Department of Energy", rf"{NAME} Department of Energy"),
        ("General Electric", rf"{NAME} Electric"),
        ("IBM", r"[A-Z]{3}"),
        ("ACME HOSPITAL", r"[A-Z']+ HOSPITAL"),
        ("北京大学", r"[\u4e00-\u9fff]+大学"),
        ("阿里巴巴网络科技有限公司", r"[\u4e00-\u9fff]+网络科技有限公司"),
        ("协和医院", r"[\u4e00-\u9fff]+医院"),
        ("삼성병원", r"\w+병원"),
    ],
)
def test_organizations(value, pattern):
    made = one("organization", value) or ""
    assert re.fullmatch(pattern, made)
    assert made != value


def test_an_organization_is_the_same_without_its_form():
    long, short = surrogates([("organization", "Acme Inc."), ("organization", "Acme")])
    assert long == f"{short} Inc."


@pytest.mark.parametrize(
    ("value", "choices"),
    [
        ("Mr.", {"Dr.", "Prof.", "Rev."}),
        ("Mrs", {"Ms", "Miss", "Dr", "Prof", "Rev"}),
        ("Dr.", {"Prof.", "Rev.", "Hon."}),
        ("PROF.", {"DR.", "REV.", "HON."}),
        ("Captain", {"Sergeant", "Lieutenant", "Colonel", "Major"}),
        ("Foo", {None}),
    ],
)
@pytest.mark.parametrize("secret", [b"1", b"2", b"3"])
def test_titles(value, choices, secret):
    assert one("title", value, secret=secret) in choices


@pytest.mark.parametrize(
    ("value", "pattern"),
    [("American", "[A-Z].*an"), ("Catholics", "[A-Z].*s"), ("JEWISH", "[A-Z]+"), ("汉族", ".+族"), ("american", "[a-z]+")],
)
def test_groups(value, pattern):
    made = one("group", value) or ""
    assert re.fullmatch(pattern, made)
    assert made != value


def test_an_unknown_group():
    assert one("group", "Martian") is None
