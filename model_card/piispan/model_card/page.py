"""A card as one page of HTML, pictures and all: to read in a browser, to print, or to put before a board."""

import base64
import re
from html import escape
from pathlib import Path

from piispan.core import replacing
from piispan.core.files import read_utf8
from piispan.model_card.errors import CardError
from piispan.model_card.sections import sections_of, split_card
from piispan.model_card.writing import CARD_NAME

__all__ = ["write_page"]

_PICTURE = re.compile(r'src="([a-z][a-z0-9_-]*\.png)"')
_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #1b1f24; max-width: 62rem; margin: 2rem auto; padding: 0 1.5rem }
h1, h2, h3 { line-height: 1.25; margin: 1.8em 0 .6em } h2 { border-bottom: 1px solid #d0d7de; padding-bottom: .2em }
table { border-collapse: collapse; margin: 1em 0; font-size: .9rem; display: block; overflow-x: auto }
th, td { border: 1px solid #d0d7de; padding: .3em .7em; vertical-align: top } th { background: #f6f8fa; text-align: left }
code { background: #f0f2f4; padding: .1em .3em; border-radius: 4px; font-size: .88em; overflow-wrap: anywhere }
pre { background: #f6f8fa; padding: 1em; overflow-x: auto; border-radius: 6px } pre code { background: none; padding: 0 }
blockquote { border-left: 4px solid #d29922; margin: 1em 0; padding: .2em 1em; background: #fff8e6 } img { max-width: min(100%, 46rem) }
"""


def write_page(folder: str | Path, path: str | Path) -> Path:
    """Write the card of an adapter's folder as a page that needs no other file and fetches nothing.

    Args:
        folder: The adapter's folder.
        path: The HTML file.

    Returns:
        ``path``.

    Raises:
        CardError: If there is no card, or a picture is missing.
        DataError: If the page cannot be written.
    """
    from markdown_it import MarkdownIt

    place = Path(folder)
    card = read_utf8(place / CARD_NAME, CardError)
    # Markup in the card is shown as text: a card may be someone else's.
    body = MarkdownIt("commonmark", {"html": False}).enable("table").render(split_card(card)[1])
    shown = _PICTURE.sub(lambda found: f'src="{_inlined(place / found[1])}"', body)
    title = next((section.heading.lstrip("# ") for section in sections_of(card) if section.heading), place.name)
    # Nothing is fetched, whatever pictures a card names.
    policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    head = f'<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{policy}">'
    head += f'<meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
    with replacing(path) as file:
        file.write(f'<!doctype html>\n<html lang="en">\n<head>{head}<style>{_STYLE}</style></head>\n<body>\n{shown}</body>\n</html>\n')
    return Path(path)


def _inlined(picture: Path) -> str:
    try:
        return f"data:image/png;base64,{base64.b64encode(picture.read_bytes()).decode()}"
    except OSError as error:
        raise CardError(f"{picture}: cannot be read ({error.strerror})") from None
