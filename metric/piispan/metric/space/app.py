"""The page: a source, its gold tagging and a model's output, with what became of each span. ``python app.py``"""

from collections.abc import Iterable, Sequence
from itertools import pairwise

import gradio as gr

from piispan.core import FORMATS, LabelSet, PiispanError, get_format
from piispan.metric import Comparison, JudgedSpan, Outcome, compare_output, read_gold

SOURCE = "Ada Lovelace of Zürich, 36, called from +41 44 668 18 00."
GOLD = "<PERSON>Ada Lovelace</PERSON> of <GPE>Zürich</GPE>, <AGE>36</AGE>, called from <PHONE_NUMBER>+41 44 668 18 00</PHONE_NUMBER>."
OUTPUT = (
    "<PERSON>Ada</PERSON> Lovelace of <ORGANIZATION>Zürich</ORGANIZATION>, 36, <TITLE>called</TITLE> from "
    "<PHONE_NUMBER>+41 44 668 18 00</PHONE_NUMBER>."
)

COLOURS: dict[Outcome, str] = {
    "correct": "#2e8b57",
    "incorrect": "#d2691e",
    "partial": "#8a6d00",
    "missing": "#c0392b",
    "spurious": "#8e44ad",
}
FIGURES = {
    "f1": "F1, exact",
    "precision": "Precision, exact",
    "recall": "Recall, exact",
    "f1_partial": "F1, partial",
    "f1_recovered": "F1 after repair",
    "char_recall": "PII characters found",
    "leak_rate": "PII characters leaked",
    "hallucination_rate": "Hallucinated mentions",
}

Pieces = list[tuple[str, str | None]]


def compare(source: str, gold: str, output: str, format_name: str, label_set: str) -> tuple[dict[str, object], dict[str, object], str]:
    """What the page shows for its five inputs: both highlighted texts, and figures and faults as Markdown."""
    try:
        labels = LabelSet.load(label_set)
        document = read_gold(gold, source, labels)
        comparison = compare_output(document, output, labels, get_format(format_name))
    except PiispanError as error:
        raise gr.Error(str(error), print_exception=False) from None
    return (
        _highlighted(source, comparison.gold),
        _highlighted(source, comparison.predicted),
        f"{_figures(comparison)}\n\n{_faults(comparison)}",
    )


def _highlighted(text: str, spans: Sequence[JudgedSpan]) -> dict[str, object]:
    """The update of a highlighted text: its pieces, and a colour for each name in it."""
    colours = {_name(one): COLOURS[one.outcome] for one in spans}
    pieces = pieces_of(text, spans)
    joined = {name: COLOURS["partial"] for _, name in pieces if name and name not in colours}
    return gr.update(value=pieces, color_map={**colours, **joined})


def pieces_of(text: str, spans: Sequence[JudgedSpan]) -> Pieces:
    """The text in pieces, each with the names of the spans over it; ``None`` where there are none."""
    edges = sorted({0, len(text), *(edge for one in spans for edge in (one.span.start, one.span.end))})
    pieces: Pieces = []
    for start, end in pairwise(edges):
        names = [_name(one) for one in spans if one.span.start < end and start < one.span.end]
        pieces.append((text[start:end], " + ".join(names) or None))
    return pieces


def _name(one: JudgedSpan) -> str:
    other = one.partner.label if one.partner and one.partner.label != one.span.label else ""
    return f"{one.span.label}: {one.outcome}{other and f' ({other})'}"


def _figures(comparison: Comparison) -> str:
    scores = comparison.scores.to_dict()
    rows = [(title, scores[key]) for key, title in FIGURES.items()]
    return _table(
        ("", "figure"), [(title, f"{100 * value:.1f} %" if isinstance(value, float) else "nothing to score") for title, value in rows]
    )


def _faults(comparison: Comparison) -> str:
    parsed = comparison.parsed
    whole = {
        "malformed: it cannot be read whole": parsed.malformed,
        "text drift: its text is not the source, so none of its spans counts": parsed.text_drift,
        "extraneous text: something stands before or after the answer": parsed.extraneous_text,
    }
    faults = [fault for fault, holds in whole.items() if holds]
    for number, mention in enumerate(parsed.mentions, start=1):
        faults += [f"mention {number}: {problem.value.replace('_', ' ')}" for problem in sorted(mention.problems)]
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
                gold_view = gr.HighlightedText(label="Gold spans", show_legend=False)
                output_view = gr.HighlightedText(label="Spans of the output", show_legend=False)
                figures = gr.Markdown()
        inputs, outputs = [source, gold, output, format_name, label_set], [gold_view, output_view, figures]
        gr.on([button.click, page.load], compare, inputs, outputs, api_name="compare")
    return page


if __name__ == "__main__":
    build().launch()
