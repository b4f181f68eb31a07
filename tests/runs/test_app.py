"""The page of ``piispan app``: its session, what it shows, and the page itself in a real browser."""

import hashlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from piispan.core import DataError, DocumentError, LabelSet, PiispanError, RedactionError, Span
from piispan.runs.app import Answer, Dial, Listener, Session
from piispan.runs.app.session import LONGEST
from piispan.runs.app.views import bias_info, colour_map, coverage_note, pieces, said, span_table, summary
from piispan.tagger import OperatingPoint, Policy, RedactionKey, TaggedText
from tests.app_process import KEY, POINT, tiny_tagger
from tests.house.rooms import ROOT
from tests.stub_tagger import UNFAITHFUL, StubTagger

TEXT = "Mia Lee called\r\n+4144668180 on 2024-03-12."
REPLACED = "<PERSON> called\r\n<PHONE_NUMBER> on <DATE_TIME>."
VALUES = ("Mia Lee", "+4144668180", "2024-03-12")
RANDOM = "Mia Lee met Bo Ray at noon."


def stub_session(**given: Any) -> Session:
    return Session(StubTagger(), {"name": "stub"}, **given)


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_a_text_is_redacted_and_told_of_without_a_value() -> None:
    answer = stub_session().redact(TEXT, "replace")
    assert answer is not None
    assert answer.redacted == REPLACED
    assert [span.label for span in answer.spans] == ["PERSON", "PHONE_NUMBER", "DATE_TIME"]
    manifest = json.loads(json.dumps(answer.manifest))
    assert manifest["inputs"] == {"files": 1, "bytes": len(TEXT), "sha256": sha256(TEXT)}
    assert manifest["outputs"]["sha256"] == sha256(REPLACED)
    assert manifest["tally"]["spans"] == {"DATE_TIME": 1, "PERSON": 1, "PHONE_NUMBER": 1}
    assert manifest["coverage"]["characters_kept"] == len(TEXT) - sum(map(len, VALUES))
    assert manifest["policy"]["name"] == "replace"
    assert manifest["policy"]["sha256"] == Policy.load("replace").hash
    assert manifest["policy"]["key"] == "drawn"
    assert manifest["model"] == {"name": "stub", "tag_bias": None}
    assert manifest["versions"]["piispan"]
    assert "R" in manifest["safe_harbor"]["unseen"]
    assert not [value for value in VALUES if value in json.dumps(manifest) + repr(answer)]


def test_an_empty_text_gives_nothing() -> None:
    assert stub_session().redact("", "replace") is None


@pytest.mark.parametrize(
    ("text", "policy", "error", "message"),
    [
        ("Mia Lee \ud800", "replace", DocumentError, "lone surrogate"),
        ("Mia Lee" * (LONGEST // 7 + 1), "replace", DataError, "piispan redact"),
        (f"Mia Lee {UNFAITHFUL}", "replace", RedactionError, "a span may be missing"),
        ("Mia Lee", "encrypt", RedactionError, "offered: hash, mask"),
        ("Mia Lee", "/etc/passwd", RedactionError, "offered: hash, mask"),
    ],
    ids=["half a character", "too long", "unfaithful", "no key", "no policy"],
)
def test_what_cannot_be_redacted_is_refused_without_quoting_it(text: str, policy: str, error: type[PiispanError], message: str) -> None:
    with pytest.raises(error, match=message) as refused:
        stub_session().redact(text, policy)
    assert "Mia" not in str(refused.value)


def test_encrypt_is_offered_with_a_key_only() -> None:
    assert set(Policy.shipped()) - set(stub_session().policies) == {"encrypt"}
    with_key = stub_session(key=RedactionKey(KEY))
    assert with_key.policies == Policy.shipped()
    for name in with_key.policies:
        answer = with_key.redact(TEXT, name)
        assert answer is not None
        assert answer.manifest["policy"]["key"] == "given"
        assert "Mia Lee" not in answer.redacted


def test_a_policy_that_keeps_a_category_says_so() -> None:
    session = stub_session()
    assert {name for name in session.policies if session.kept(name)} == set()
    answer = session.redact(TEXT, "replace")
    assert answer is not None
    assert summary(answer, {"A": "Names"}) == "3 spans in 42 characters. This policy lets stay: (A) Names."


class Counted(StubTagger):
    """Counts how often it is asked, and how many at once."""

    asked = at_once = most = 0

    def stream(self, texts: Any) -> Iterator[TaggedText]:
        self.asked, self.at_once = self.asked + 1, self.at_once + 1
        self.most = max(self.most, self.at_once)
        yield from super().stream(texts)
        self.at_once -= 1


def test_another_policy_does_not_ask_the_model_again_and_another_text_does() -> None:
    tagger = Counted()
    session = Session(tagger, {})
    for text, policy, asked in ((TEXT, "replace", 1), (TEXT, "mask", 1), ("Bo Ray", "mask", 2), (TEXT, "mask", 3)):
        session.redact(text, policy)
        assert tagger.asked == asked


def test_the_tagger_is_asked_by_one_at_a_time() -> None:
    tagger = Counted()
    session = Session(tagger, {})
    texts = [f"Mia Lee {number}" for number in range(64)]
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda text: session.redact(text, "replace"), texts))
    assert [answer and answer.redacted for answer in answers] == [f"<PERSON> {number}" for number in range(64)]
    assert tagger.most == 1


def test_the_dial_is_set_for_a_request_and_put_back() -> None:
    tagger = tiny_tagger()
    tagger.decoder.tag_bias = {"PERSON": 0.25}  # type: ignore[attr-defined]
    session = Session(tagger, {"operating_point": None})
    low, high, point = (session.redact(RANDOM, "replace", bias) for bias in (0.0, 10.0, POINT.tag_bias))
    assert low is not None
    assert high is not None
    assert point is not None
    assert len(low.spans) < len(high.spans)
    assert (low.manifest["model"]["tag_bias"], high.manifest["model"]["tag_bias"]) == (0.0, 10.0)
    assert high.manifest["model"]["operating_point"] is None
    assert point.manifest["model"]["operating_point"] == POINT.to_dict()
    assert tagger.decoder.tag_bias == {"PERSON": 0.25}  # type: ignore[attr-defined]


def test_where_the_dial_begins() -> None:
    assert stub_session().dial is None
    assert Session(tiny_tagger(), {}).dial == Dial(0.0, POINT)
    assert Session(tiny_tagger(), {}, begin_at_point=True).dial == Dial(2.5, POINT)
    for bias, start in ((-3.0, 0.0), (2.5, 2.5), (99.0, 10.0)):
        assert Dial.at(OperatingPoint(bias, 0.9, 0.05, 60, 0.97, 0.01), begin_there=True).start == start
    with pytest.raises(RedactionError, match="no operating point"):
        stub_session(begin_at_point=True)
    some = tiny_tagger()
    some.prompt = some.prompt.for_labels(some.labels.subset(["PERSON"]))
    assert Session(some, {}).dial == Dial()  # what was promised is promised for all labels together


def test_pieces_are_the_text_and_colours_those_of_labels() -> None:
    spans = (Span(0, 3, "PERSON", 0.5), Span(3, 7, "AGE"), Span(9, 12, "PERSON", 0.994))
    answer = Answer("Mia 54  \nBob", spans, "", {"tally": {"windows": 2}})
    assert pieces(answer) == [("Mia", "PERSON 50\u00a0%"), (" 54 ", "AGE"), (" \n", None), ("Bob", "PERSON 99\u00a0%")]
    colours = colour_map(answer, LabelSet.load("presidio"))
    assert colours.keys() == {"PERSON 50\u00a0%", "AGE", "PERSON 99\u00a0%"}
    assert colours["PERSON 50\u00a0%"] == colours["PERSON 99\u00a0%"] != colours["AGE"]
    rows = span_table(answer).splitlines()
    assert rows[2:] == ["| 1 | PERSON | 50\u00a0% | 0 to 3 |", "| 2 | AGE | not known | 3 to 7 |", "| 3 | PERSON | 99\u00a0% | 9 to 12 |"]
    assert summary(answer, {}) == "3 spans in 12 characters, read in 2 windows."
    nothing = Answer("x", (), "x", {"tally": {"windows": 1}})
    assert (pieces(nothing), span_table(nothing)) == ([("x", None)], "")
    assert "does not mean that nothing is there" in summary(nothing, {})


@pytest.mark.parametrize("name", LabelSet.shipped())
def test_letters_on_every_colour_can_be_read(name: str) -> None:
    labels = LabelSet.load(name)
    spans = tuple(Span(n, n + 1, label) for n, label in enumerate(labels.names))
    colours = colour_map(Answer("x" * len(spans), spans, "", {}), labels)
    assert len(set(colours.values())) == len(labels.names)
    for colour in colours.values():
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        assert 1.05 / (0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] + 0.05) >= 4.5


def test_what_the_page_says() -> None:
    note = coverage_note(LabelSet.load("presidio"))
    assert "no legal determination" in note
    assert "8 of 18 categories have no label: (E) Fax numbers; " in note
    assert "all 18 categories have a label" in coverage_note(LabelSet.load("safe_harbor"))
    assert said("<b>", wrong=True) == '<p role="alert" class="piispan-wrong">&lt;b&gt;</p>'
    assert said("") == ""
    assert "Calibrated operating point, marked: 2.3. There, with probability 95%, at least 90%" in bias_info(Dial(point=POINT))
    assert "no calibrated operating point" in bias_info(Dial())


def test_a_port_in_use_is_told_of() -> None:
    with Listener() as listener:
        port = int(re.findall(r":(\d+)/", listener.url)[0])
        with pytest.raises(DataError, match=f"port {port}: cannot be taken"):
            Listener(port)


@dataclass(frozen=True)
class Pages:
    """The addresses of both pages, and the folder where their server would put temporary files."""

    stub: str
    tiny: str
    temporary: Path
    output: Path


@pytest.fixture(scope="module", autouse=True)
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple["subprocess.Popen[str]", Path, Path]]:
    """The process of both pages, its folder for temporary files and what it says; it starts up while the first tests run."""
    temporary, output = tmp_path_factory.mktemp("temporary"), tmp_path_factory.mktemp("output") / "stderr"
    places = {"TMPDIR": str(temporary), "GRADIO_TEMP_DIR": str(temporary / "gradio"), "HOME": str(temporary), "HF_HUB_OFFLINE": "1"}
    environment = {**os.environ, **places, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tests.app_process"]
    with output.open("w") as log:
        process = subprocess.Popen(command, cwd=temporary, env=environment, stdout=subprocess.PIPE, stderr=log, text=True)
        yield process, temporary, output
        process.kill()
        process.wait(20)


@pytest.fixture(scope="module")
def pages(server: tuple["subprocess.Popen[str]", Path, Path]) -> Pages:
    process, temporary, output = server
    assert process.stdout is not None
    return Pages(**json.loads(process.stdout.readline()), temporary=temporary, output=output)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no Chromium on this machine: install it to test the page (Debian: apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def asked() -> set[str]:
    """The addresses that the pages asked for anything."""
    return set()


@pytest.fixture(scope="module")
def page(pages: Pages, browser: Any, asked: set[str]) -> Any:
    """The page over the stub."""
    return opened(browser, pages.stub, asked)


@pytest.fixture(scope="module")
def tiny_page(pages: Pages, browser: Any, asked: set[str]) -> Any:
    """The page over the tiny model, with a key."""
    return opened(browser, pages.tiny, asked)


def opened(browser: Any, url: str, asked: set[str]) -> Any:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True)
    context.on("request", lambda request: asked.add(request.url))
    tab = context.new_page()
    tab.set_default_timeout(15_000)
    tab.goto(url)
    tab.get_by_role("button", name="Redact", exact=True).wait_for()
    return tab


def redact(page: Any, text: str) -> None:
    page.get_by_label("replace: by the label").check()
    page.get_by_label("Text", exact=True).fill(text)
    page.get_by_role("button", name="Redact", exact=True).click()


def redacted(page: Any, text: str) -> None:
    """Wait until the redacted text is ``text``, as a text field shows it."""
    shown = text.replace("\r\n", "\n")
    page.wait_for_function("text => [...document.querySelectorAll('textarea')].some((area) => area.value === text)", arg=shown)


def status(page: Any) -> str:
    page.locator("#status p").wait_for()
    return str(page.locator("#status").inner_text())


def saved(page: Any, button: str) -> tuple[str, bytes]:
    with page.expect_download() as download:
        page.get_by_role("button", name=button).click()
    return download.value.suggested_filename, Path(download.value.path()).read_bytes()


def open_file(page: Any, content: bytes) -> None:
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Open a text file").click()
    chooser.value.set_files({"name": "note.txt", "mimeType": "text/plain", "buffer": content})


def test_a_pasted_text_is_shown_redacted_and_saved(page: Any) -> None:
    redact(page, TEXT)  # a text field turns its ends of lines into one character
    redacted(page, REPLACED)
    assert "3 spans in 41 characters." in status(page)
    found = page.locator("#found")
    assert [found.get_by_text(value, exact=True).count() for value in VALUES] == [1, 1, 1]
    assert found.get_by_text("PHONE_NUMBER").count() == 1
    assert "not known" in page.locator("#spans table").inner_text()
    assert page.get_by_role("slider").count() == 0
    assert page.get_by_label("Redacted text").get_attribute("readonly") is not None
    page.get_by_label("mask: by asterisks").check()
    redacted(page, "******* called\n*********** on **********.")
    assert saved(page, "Save redacted text") == ("redacted.txt", b"******* called\n*********** on **********.")
    name, content = saved(page, "Save audit manifest")
    manifest = json.loads(content)
    assert (name, manifest["policy"]["name"]) == ("redacted.manifest.json", "mask")
    assert manifest["inputs"]["sha256"] == sha256(TEXT.replace("\r\n", "\n"))
    assert not [value for value in VALUES if value.encode() in content]


def test_a_file_is_opened_as_it_is_and_another_kind_refused(page: Any) -> None:
    content = f"\ufeff{TEXT}\r\n".encode()
    page.get_by_label("replace: by the label").check()
    open_file(page, content)
    page.wait_for_function("document.querySelector('textarea').value.startsWith('\\ufeff')")
    page.get_by_role("button", name="Redact", exact=True).click()
    redacted(page, f"\ufeff{REPLACED}\r\n")
    assert saved(page, "Save redacted text")[1] == f"\ufeff{REPLACED}\r\n".encode()
    manifest = json.loads(saved(page, "Save audit manifest")[1])
    assert manifest["inputs"] == {"files": 1, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    open_file(page, "Mia Lee".encode("utf-16"))
    page.get_by_text("The file is not text in UTF-8.").wait_for()
    assert "Mia Lee called" in page.get_by_label("Text", exact=True).input_value()


def test_an_empty_text_and_an_error_leave_nothing_of_the_text_before(page: Any) -> None:
    redact(page, TEXT)
    redacted(page, REPLACED)
    redact(page, f"Mia Lee {UNFAITHFUL}")
    page.get_by_role("alert").filter(has_text="Nothing was redacted").wait_for()
    assert "Mia" not in status(page)
    assert page.get_by_label("Redacted text").input_value() == ""
    assert "Mia" not in page.locator("#found").inner_text()
    assert page.locator("#spans table").count() == 0
    assert page.get_by_role("button", name="Save audit manifest").is_disabled()
    redact(page, TEXT)
    redacted(page, REPLACED)
    redact(page, "")
    page.wait_for_function("document.querySelectorAll('textarea')[1].value === ''")
    assert page.locator("#status p").count() == 0


def test_the_dial_moves_by_keyboard_and_finds_more(tiny_page: Any) -> None:
    session = Session(tiny_tagger(), {"name": "tiny"}, key=RedactionKey(KEY))
    low, high = session.redact(RANDOM, "replace", 0.0), session.redact(RANDOM, "replace", 10.0)
    assert low is not None
    assert high is not None
    redact(tiny_page, RANDOM)
    redacted(tiny_page, low.redacted)
    assert tiny_page.get_by_text("Calibrated operating point, marked: 2.3.").count() == 1
    dial = tiny_page.get_by_role("slider")
    dial.press("End")
    redacted(tiny_page, high.redacted)
    assert f"{len(high.spans)} spans" in status(tiny_page)
    assert json.loads(saved(tiny_page, "Save audit manifest")[1])["model"]["tag_bias"] == 10.0
    dial.press("Home")
    redacted(tiny_page, low.redacted)
    tiny_page.get_by_label("encrypt: with your key").check()
    tiny_page.wait_for_function("text => document.querySelectorAll('textarea')[1].value !== text", arg=low.redacted)
    manifest = json.loads(saved(tiny_page, "Save audit manifest")[1])
    assert (manifest["policy"]["name"], manifest["policy"]["key"]) == ("encrypt", "given")


def test_every_input_has_a_name_and_a_place_for_the_keyboard_and_nothing_is_wider_than_a_telephone(tiny_page: Any) -> None:
    tiny_page.set_viewport_size({"width": 390, "height": 800})
    redact(tiny_page, RANDOM)
    status(tiny_page)
    assert tiny_page.evaluate("document.documentElement.scrollWidth") <= 390
    nameless = "e => !(e.labels?.length || e.ariaLabel || e.textContent.trim())"
    controls = "[...document.querySelectorAll('.gradio-container :is(input, textarea, button)')]"
    assert tiny_page.evaluate(f"{controls}.filter({nameless}).map((e) => e.outerHTML)") == []
    assert tiny_page.locator("textarea:disabled").count() == 0


def test_it_answers_on_the_loopback_address_and_to_its_own_name_only(pages: Pages) -> None:
    for url in (pages.stub, pages.tiny):
        port = int(re.findall(r":(\d+)/", url)[0])
        others = {"127.0.0.2", *(place[4][0] for place in socket.getaddrinfo(socket.gethostname(), port, socket.AF_INET))} - {"127.0.0.1"}
        for other in others:
            with pytest.raises(OSError, match=r"refused|unreachable|assign"):
                socket.create_connection((other, port), timeout=2)
        request = urllib.request.Request(url, headers={"Host": "example.org"})
        with pytest.raises(urllib.error.HTTPError, match="400"):
            urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=5)


def test_nothing_of_a_text_is_left_on_the_server_and_no_other_was_asked(pages: Pages, page: Any, asked: set[str]) -> None:
    redact(page, f"Mia Lee {UNFAITHFUL}")
    page.get_by_role("alert").filter(has_text="Nothing was redacted").wait_for()
    redact(page, TEXT)
    redacted(page, REPLACED)
    files = [path for path in pages.temporary.rglob("*") if path.is_file()]
    assert [path for path in files if "gradio" in path.parts] == []
    assert [path for path in files if any(value.encode() in path.read_bytes() for value in (*VALUES, "called"))] == []
    assert pages.output.read_text() == ""
    assert asked
    assert [url for url in asked if not url.startswith(("http://127.0.0.1:", "data:", "blob:http://127.0.0.1:"))] == []
