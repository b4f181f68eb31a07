"""What the page shows of an answer, as plain values: pieces with names, colours, a table, sentences."""

import colorsys
from collections.abc import Mapping
from html import escape

from piispan.core import SAFE_HARBOR_CATEGORIES, LabelSet
from piispan.runs.app.session import Answer, Dial
from piispan.tagger import NOT_A_DETERMINATION, categories_unseen

__all__ = ["bias_info", "colour_map", "coverage_note", "pieces", "said", "span_table", "summary"]

_GOLDEN_ANGLE = 0.381966
"""Of a circle: neighbours in a row of hues that lie so far apart are never alike."""
_CONTRAST = 4.6
"""With white, above the 4.5 that WCAG 2.2 asks of text (success criterion 1.4.3)."""


def pieces(answer: Answer) -> list[tuple[str, str | None]]:
    """The text in pieces, each with its label and confidence, or ``None`` where nothing was found."""
    cut: list[tuple[str, str | None]] = []
    position = 0
    for span in answer.spans:
        cut += [(answer.text[position : span.start], None), (answer.text[span.start : span.end], _name(span.label, span.score))]
        position = span.end
    cut.append((answer.text[position:], None))
    return [(piece, name) for piece, name in cut if piece]


def colour_map(answer: Answer, labels: LabelSet) -> dict[str, str]:
    """A colour for each name in ``pieces``: that of its label, which is always the same."""
    by_label = {name: _colour(number) for number, name in enumerate(labels.names)}
    return {_name(span.label, span.score): by_label[span.label] for span in answer.spans}


def _name(label: str, score: float | None) -> str:
    return label if score is None else f"{label} {_percent(score)}"


def _percent(score: float | None) -> str:
    return "not known" if score is None else f"{score:.0%}".replace("%", "\N{NO-BREAK SPACE}%")


def _colour(number: int) -> str:
    """A colour dark enough for white letters on it."""
    lightness = 0.5
    while True:
        rgb = colorsys.hls_to_rgb(number * _GOLDEN_ANGLE % 1, lightness, 0.6)
        if 1.05 / (_luminance(*rgb) + 0.05) >= _CONTRAST:
            return "#" + "".join(f"{round(255 * part):02x}" for part in rgb)
        lightness -= 0.01


def _luminance(red: float, green: float, blue: float) -> float:
    """Relative luminance (WCAG 2.2)."""
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in (red, green, blue)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def span_table(answer: Answer) -> str:
    """Label, confidence and place of each span, as a Markdown table; empty without spans."""
    if not answer.spans:
        return ""
    rows = [f"| {n} | {s.label} | {_percent(s.score)} | {s.start} to {s.end} |" for n, s in enumerate(answer.spans, start=1)]
    return "\n".join(["| | Label | Confidence | Characters |", "| ---: | --- | ---: | ---: |", *rows])


def summary(answer: Answer, kept: Mapping[str, str]) -> str:
    """How much was found, and what of Safe Harbor's categories the policy lets stay."""
    tally = answer.manifest["tally"]
    windows = "" if tally["windows"] == 1 else f", read in {tally['windows']} windows"
    found = f"{_counted(len(answer.spans), 'span')} in {_counted(len(answer.text), 'character')}{windows}."
    if not answer.spans:
        found += " That nothing was found does not mean that nothing is there."
    return f"{found} This policy lets stay: {_listed(kept)}." if kept else found


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def said(sentence: str, *, wrong: bool = False) -> str:
    """A sentence as HTML that screen readers read aloud."""
    role, name = ("alert", "piispan-wrong") if wrong else ("status", "piispan-said")
    return f'<p role="{role}" class="{name}">{escape(sentence)}</p>' if sentence else ""


def bias_info(dial: Dial) -> str:
    """What the dial is, and where the operating point lies."""
    meaning = "To the right more is found, and more of it is no personal data."
    point = dial.point
    if point is None:
        return f"{meaning} This adapter has no calibrated operating point."
    return (
        f"{meaning} Calibrated operating point, marked: {point.tag_bias:g}. There, with probability {1 - point.delta:.0%}, at least "
        f"{point.target_recall:.0%} of a document's personal characters are found on average."
    )


def coverage_note(labels: LabelSet) -> str:
    """That this is no determination, and which of the 18 categories have no label, as Markdown."""
    unseen = categories_unseen(labels)
    count = len(SAFE_HARBOR_CATEGORIES)
    what = f"all {count} categories have a label" if not unseen else f"{len(unseen)} of {count} categories have no label: {_listed(unseen)}"
    return f"**{NOT_A_DETERMINATION}**\n\nWhat these labels cannot see of Safe Harbor: {what}."


def _listed(categories: Mapping[str, str]) -> str:
    return "; ".join(f"({letter}) {name}" for letter, name in categories.items())
