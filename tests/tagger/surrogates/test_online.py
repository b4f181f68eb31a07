"""Addresses of mail, pages and computers lead nowhere."""

import ipaddress
import re

import pytest

from tests.tagger.surrogates.documents import one, surrogates

HOST = r"(?:example\.(?:com|org|net)|[a-z]+\.example)"


@pytest.mark.parametrize("secret", [b"secret", b"another"])
def test_mailboxes_follow_the_names(secret):
    values = ("ada.lovelace@x.org", "alovelace@x.org", "lovelace.a@x.org", "adalovelace@x.org", "a_lovelace84@x.org", "ADA.LOVELACE@X.ORG")
    name, *boxes = surrogates([("name", "Ada Lovelace"), *(("email", value) for value in values)], secret=secret)
    given, surname = (name or "").lower().split()
    local = [str(box).split("@")[0] for box in boxes]
    assert local[:4] == [f"{given}.{surname}", f"{given[0]}{surname}", f"{surname}.{given[0]}", f"{given}{surname}"]
    assert re.fullmatch(rf"{given[0]}_{surname}\d\d", local[4])
    assert local[5] == f"{given}.{surname}".upper()
    assert len({str(box).split("@")[1].lower() for box in boxes}) == 1
    assert re.fullmatch(HOST, str(boxes[0]).split("@")[1])


@pytest.mark.parametrize("value", ["info@acme.com", "jsmith1842@yahoo.com", "王@x.cn", "mailto:ada@x.org", "x@y"])
def test_other_mailboxes(value):
    made = one("email", value) or ""
    assert re.fullmatch(rf"(?:mailto:)?[a-z]+\d*@{HOST}", made)


def test_no_mailbox():
    assert one("email", "not an address") is None


@pytest.mark.parametrize(
    ("value", "pattern"),
    [
        ("https://www.acme.com/users/ada?id=123", rf"https://www\.{HOST}/[a-z]{{5}}/[a-z]{{3}}\?[a-z]{{2}}=\d{{3}}"),
        ("acme.co.uk", HOST),
        ("http://acme.com/ada.html", rf"http://{HOST}/[a-z]{{3}}\.html"),
        ("http://10.0.0.1:8080/a", r"http://\d+\.\d+\.\d+\.\d+:8080/[a-z]"),
        ("ftp://ada.acme.com", rf"ftp://[a-z]{{3}}\.{HOST}"),
    ],
)
def test_web_addresses(value, pattern):
    assert re.fullmatch(pattern, one("url", value) or "")


def test_a_domain_is_the_same_in_mail_and_on_the_web():
    mail, page, deeper = surrogates([("email", "ada@acme.com"), ("url", "https://acme.com"), ("url", "www.acme.com")])
    domain = str(mail).split("@")[1]
    assert page == f"https://{domain}"
    assert deeper == f"www.{domain}"


@pytest.mark.parametrize("value", ["10.0.0.1", "8.8.8.8:53", "10.1.2.0/24"])
def test_version_4(value):
    address, rest = re.fullmatch(r"([\d.]+)(.*)", one("ip", value) or "").groups()  # type: ignore[union-attr]
    assert rest == re.sub(r"^[\d.]+", "", value)
    assert any(ipaddress.ip_address(address) in ipaddress.ip_network(net) for net in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24"))


@pytest.mark.parametrize(
    "value", ["fe80::1ff:fe23:4567:890a", "2001:0db8:85a3:0000:0000:8a2e:0370:7334", "::1", "a::b:c:d:e:f:a", "1:2:3:4:5:6:7:8"]
)
def test_version_6(value):
    assert ipaddress.ip_address(one("ip", value) or "") in ipaddress.ip_network("2001:db8::/32")


def test_hardware_addresses_keep_their_shape():
    assert re.fullmatch(r"(?:[0-9A-F]{2}:){5}[0-9A-F]{2}", one("ip", "00:1B:44:11:3A:B7") or "")
