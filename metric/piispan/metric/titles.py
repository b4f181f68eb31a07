"""What the figures are called where people read them, and how a share is written."""

from collections.abc import Mapping

__all__ = ["OUTPUT_TITLES", "SPAN_TITLES", "as_code", "percent", "shown_figures"]

SPAN_TITLES = {
    "f1": "F1, exact",
    "precision": "Precision, exact",
    "recall": "Recall, exact",
    "f2": "F2, exact",
    "macro_f1": "Macro F1, exact",
    "f1_partial": "F1, partial",
    "f1_boundaries": "F1, boundaries alone",
    "f1_overlap": "F1, any overlap",
    "char_recall": "PII characters found",
    "char_precision": "Marked characters that are PII",
    "leak_rate": "PII characters leaked",
    "leaked_documents": "Documents with a leak",
}
OUTPUT_TITLES = {
    "f1_strict": "F1 of answers as they are",
    "f1_recovered": "F1 after repair",
    "hallucination_rate": "Hallucinated mentions",
    "value_not_in_source_rate": "Mentions that are not in the text",
    "unknown_label_rate": "Mentions of no label of the set",
    "offset_error_rate": "Answers with wrong offsets",
    "text_drift_rate": "Answers that drift from the text",
    "malformed_rate": "Malformed answers",
    "extraneous_text_rate": "Answers with text around them",
}
"""Figures that take raw outputs."""


def percent(value: object) -> str:
    """``98.5 %``; only what is 0 or 1 is written so, and what was not scored is said to be that."""
    if not isinstance(value, float | int):
        return "nothing to score"
    shown = f"{100 * value:.1f}"
    if shown == "100.0" and value < 1:
        return "> 99.9 %"
    return "< 0.1 %" if shown == "0.0" and value > 0 else f"{shown} %"


def as_code(text: str) -> str:
    """Any string on one line of Markdown, as it is: an id or a label that a model made up may hold anything."""
    plain = "".join(character if character.isprintable() else "?" for character in text).replace("`", "'")
    return f"`{plain}`"


def shown_figures(scores: Mapping[str, object], titles: Mapping[str, str]) -> dict[str, str]:
    """The titles worth a line: those of raw outputs only where there were some, and readings only where they differ from ``f1``."""
    readings = {"f1_strict", "f1_recovered"}
    return {
        key: title
        for key, title in titles.items()
        if key not in OUTPUT_TITLES or (scores.get(key) is not None and (key not in readings or scores.get(key) != scores.get("f1")))
    }
