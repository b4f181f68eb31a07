"""The page: a source, its gold tagging and a model's output, with what became of each span. ``python app.py``"""

from collections.abc import Iterable, Sequence
from itertools import pairwise

import gradio as gr

from piispan.core import FORMATS, DataError, LabelSet, PiispanError, get_format
from piispan.metric import OUTPUT_TITLES, SPAN_TITLES, Comparison, JudgedSpan, as_code, compare_output, percent, read_gold

SOURCE = "Ada Lovelace of Zürich, 36, called from +41 44 668 18 00."
GOLD = "<PERSON>Ada Lovelace</PERSON> of <GPE>Zürich</GPE>, <AGE>36</AGE>, called from <PHONE_NUMBER>+41 44 668 18 00</PHONE_NUMBER>."
OUTPUT = (
    "<PERSON>Ada</PERSON> Lovelace of <ORGANIZATION>Zürich</ORGANIZATION>, 36, <TITLE>called</TITLE> from "
    "<PHONE_NUMBER>+41 44 668 18 00</PHONE_NUMBER>."
)

COLOURS: dict[str, str] = {
    "correct": "#2e8b57",
    "incorrect": "#d2691e",
    "partial": "#8a6d00",
    "missing": "#c0392b",
    "spurious": "#8e44ad",
}
WORST: tuple[str, ...] = ("spurious", "missing", "incorrect", "partial", "correct")
"""Whose colour a stretch under several spans takes: the first of these."""
LEGEND = " · ".join(f'<span style="color:{colour}">■</span> {outcome}' for outcome, colour in COLOURS.items())
FIGURES = ("f1", "f1_recovered", "precision", "recall", "f1_partial", "char_recall", "leak_rate", "hallucination_rate")
LONGEST = 100_000
"""Characters of a source or an output that the page takes."""

Update = dict[str, object]


def compare(source: str, gold: str, output: str, format_name: str, label_set: str) -> tuple[Update, Update, str]:
    """What the page shows for its five inputs: both highlighted texts, and figures and faults as Markdown, or why there are none."""
    try:
        comparison = _compared(source, gold, output, format_name, label_set)
    except PiispanError as error:
        nothing = gr.update(value=[], color_map={})
        return nothing, nothing, f"**Nothing was compared:** {error}."
    return (
        _highlighted(source, comparison.gold),
        _highlighted(source, comparison.predicted),
        f"{_figures(comparison)}\n\n{_faults(comparison)}",
    )


def _compared(source: str, gold: str, output: str, format_name: str, label_set: str) -> Comparison:
    if not source.strip():
        raise DataError("the source is empty")
    if max(map(len, (source, gold, output))) > LONGEST:
        raise DataError(f"this page takes up to {LONGEST:,} characters; score files with piispan score")
    labels = LabelSet.load(label_set)
    return compare_output(read_gold(gold, source, labels), output, labels, get_format(format_name))


def right_answer(source: str, gold: str, output: str, format_name: str, label_set: str) -> str:
    """The answer that the gold tagging asks for, in a format; the output as it is where there is none."""
    try:
        return get_format(format_name).render(read_gold(gold, source, LabelSet.load(label_set)))
    except PiispanError:
        return output


def _highlighted(text: str, spans: Sequence[JudgedSpan]) -> Update:
    """The update of a highlighted text: its pieces, and a colour for each name in it."""
    shown, colours = [], {}
    for piece, over in pieces_of(text, spans):
        name = " + ".join(map(_name, over)) or None
        shown.append((piece, name))
        if name:
            colours[name] = COLOURS[min((one.outcome for one in over), key=WORST.index)]
    return gr.update(value=shown, color_map=colours)


def pieces_of(text: str, spans: Sequence[JudgedSpan]) -> list[tuple[str, list[JudgedSpan]]]:
    """The text in pieces, each with the spans over it; spans may overlap."""
    edges = sorted({0, len(text), *(edge for one in spans for edge in (one.span.start, one.span.end))})
    coming = sorted(spans, key=lambda one: one.span.start, reverse=True)
    over: list[JudgedSpan] = []
    pieces = []
    for start, end in pairwise(edges):
        over = [one for one in over if one.span.end > start]
        while coming and coming[-1].span.start == start:
            over.append(coming.pop())
        pieces.append((text[start:end], over))
    return pieces


def _name(one: JudgedSpan) -> str:
    other = one.partner.label if one.partner and one.partner.label != one.span.label else ""
    return f"{one.span.label}: {one.outcome}{other and f' ({other})'}"


def _figures(comparison: Comparison) -> str:
    scores = comparison.scores.to_dict()
    every = {**SPAN_TITLES, **OUTPUT_TITLES}
    return _table(("", "figure"), [(every[key], percent(scores[key])) for key in FIGURES])


def _faults(comparison: Comparison) -> str:
    parsed = comparison.parsed
    whole = {
        "malformed: it cannot be read whole": parsed.malformed,
        "text drift: its text is not the source, so none of its spans counts": parsed.text_drift,
        "extraneous text: something stands before or after the answer": parsed.extraneous_text,
    }
    faults = [fault for fault, holds in whole.items() if holds]
    for number, mention in enumerate(parsed.mentions, start=1):
        name = as_code(mention.label)
        faults += [f"mention {number} ({name}): {problem.value.replace('_', ' ')}" for problem in sorted(mention.problems)]
    return "\n".join(["**Faults of the output**", "", *(f"- {fault}" for fault in faults or ["none"])])


def _table(head: tuple[str, str], rows: Iterable[tuple[str, str]]) -> str:
    return "\n".join(f"| {left} | {right} |" for left, right in (head, ("---", "---:"), *rows))


def build() -> gr.Blocks:
    """The page."""
    page = gr.Blocks(title="PII span", analytics_enabled=False)
    with page:
        gr.Markdown(
            "# PII span\nWhat became of every span of one text. What is pasted here is sent to the machine that serves this page: "
            "for real documents, run it on your own."
        )
        with gr.Row():
            with gr.Column():
                source = gr.Textbox(SOURCE, label="Source", lines=4)
                gold = gr.Textbox(GOLD, label="Gold tagging: the source with tags", lines=4)
                output = gr.Textbox(OUTPUT, label="Model output", lines=4)
                with gr.Row():
                    format_name = gr.Dropdown(list(FORMATS), value="tagged", label="Format of the output")
                    label_set = gr.Dropdown(list(LabelSet.shipped()), value="presidio", label="Label set")
                button = gr.Button("Compare", variant="primary")
            with gr.Column():
                gr.Markdown(LEGEND)
                gold_view = gr.HighlightedText(label="Gold spans", show_legend=False)
                output_view = gr.HighlightedText(label="Spans of the output", show_legend=False)
                figures = gr.Markdown()
        inputs, outputs = [source, gold, output, format_name, label_set], [gold_view, output_view, figures]
        gr.on([button.click, page.load], compare, inputs, outputs, api_name="compare")
        format_name.change(right_answer, inputs, output)
    return page


if __name__ == "__main__":
    build().launch()
