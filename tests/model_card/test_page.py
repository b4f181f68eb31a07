"""The card as a page: whole, read in a real browser, and harmless."""

import shutil
from pathlib import Path

import pytest

from piispan.model_card import CardError, write_page


@pytest.fixture
def opened(adapter: Path, tmp_path: Path):
    """The page in headless Chromium, without a network."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no Chromium on this machine: install it to test the page (Debian: apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        tab = browser.new_page(viewport={"width": 900, "height": 1200}, offline=True)
        asked: list[str] = []
        tab.on("request", lambda request: asked.append(request.url))
        tab.goto(write_page(adapter, tmp_path / "card.html").as_uri())
        yield tab, asked
        browser.close()


def test_the_card_reads_well_in_a_browser(opened) -> None:
    tab, asked = opened
    assert tab.title() == "example/smollm2-pii"
    assert tab.locator("h2").all_inner_texts() == [
        "Intended use and limits",
        "What was measured",
        "How to use it",
        "Prompt and format",
        "Training",
        "Licence",
    ]
    assert tab.locator("table").count() == 7
    assert tab.locator("table").nth(3).locator("tbody tr").count() == 18
    rows = tab.locator("table").nth(2).locator("tbody tr")
    assert rows.first.locator("td").all_inner_texts()[:5] == ["PERSON", "140", "95.0%", "92.9%", "93.9% (90.9–96.5%)"]
    # No markup is left over outside of code, and nothing is wider than the page.
    prose = tab.evaluate("[...document.querySelectorAll('p, li, td, th, h1, h2, h3')].map(e => e.innerText).join('\\n')")
    assert not [mark for mark in ("**", "](", "| ---", "&amp;", "\\_", "\\*") if mark in prose]
    assert tab.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert tab.locator("img").evaluate_all("images => images.map(image => image.complete && image.naturalWidth)") == [1]
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []


def test_markup_in_a_card_is_shown_and_not_run(adapter: Path, tmp_path: Path) -> None:
    card = adapter / "README.md"
    card.write_text(card.read_text("utf-8") + "\n<script>alert(1)</script>\n\n[x](javascript:alert(1))\n", "utf-8")
    page = write_page(adapter, tmp_path / "card.html").read_text("utf-8")
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert 'href="javascript' not in page
    assert "default-src 'none'" in page  # a picture from elsewhere is not fetched


def test_what_is_missing_is_said(adapter: Path, tmp_path: Path) -> None:
    (adapter / "labels.png").unlink()
    with pytest.raises(CardError, match=r"labels\.png: cannot be read"):
        write_page(adapter, tmp_path / "card.html")
    with pytest.raises(CardError, match=r"README\.md: no such file"):
        write_page(tmp_path, tmp_path / "card.html")
    assert not (tmp_path / "card.html").exists()
