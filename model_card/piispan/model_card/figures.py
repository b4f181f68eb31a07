"""How figures are written on a card. What was not measured is said in words, never as 0 or a dash."""

import re

from piispan.model_card.measured import Interval

__all__ = ["NOT_MEASURED", "amount", "cell", "code", "duration", "percent", "percent_interval", "prose", "whole"]

NOT_MEASURED = "not measured"

_MARKDOWN = str.maketrans({char: f"\\{char}" for char in "\\`*_[]#|~$"} | {"<": "&lt;", ">": "&gt;", "&": "&amp;"})


def percent(share: float | None) -> str:
    """A share as a percentage with one decimal.

    A share close to 0 or 1 is never rounded onto it: a leak of 0.0004 is ``< 0.1%``, not ``0.0%``.
    """
    if share is None:
        return NOT_MEASURED
    figure = f"{share * 100:.1f}"
    if figure == "0.0" and share > 0:
        return "< 0.1%"
    if figure == "100.0" and share < 1:
        return "> 99.9%"
    return f"{figure}%"


def percent_interval(interval: Interval | None) -> str:
    """An interval of shares, with one decimal: ``88.1–91.4%``."""
    if interval is None:
        return NOT_MEASURED
    low, high = (percent(end).removesuffix("%") for end in interval)
    return f"{low}–{high}%"


def amount(number: float | None) -> str:
    """A quantity with one decimal: tokens per document."""
    return NOT_MEASURED if number is None else f"{number:,.1f}"


def whole(count: int | None) -> str:
    """A count with thousands apart: ``1,234``."""
    return NOT_MEASURED if count is None else f"{count:,}"


def duration(seconds: float) -> str:
    """Wall time in the largest unit that keeps it above 2: ``45 s``, ``12 min``, ``3.4 h``."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


def prose(text: str) -> str:
    """``text`` with everything escaped that Markdown or HTML would read as markup."""
    return text.translate(_MARKDOWN)


def code(text: str) -> str:
    """``text`` as a code span. In a table it also needs ``cell``."""
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", text)), default=0))
    pad = " " if "`" in text else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def cell(span: str) -> str:
    """A code span that may stand in a table: there a bar ends the cell even inside code."""
    return span.replace("|", "\\|")
