"""Documents and token rows for the trainer's tests."""

import random

from piispan.core import Document, LabelSet, Prompt, Span, get_format, make_prompt
from piispan.trainer_ext import IGNORED, TokenRow

LABELS = LabelSet.load("presidio").subset(["PERSON", "AGE"])
DOCUMENTS = [
    Document("a", "Ada is 36.", (Span(0, 3, "PERSON"), Span(7, 9, "AGE"))),
    Document("b", "Nobody here."),
    Document("c", "日本 and\nGrace", (Span(7, 12, "PERSON"),)),
    Document("d", "x" * 60 + " Ada", (Span(61, 64, "PERSON"),)),
]


def plain_prompt(format_name: str = "tagged") -> Prompt:
    return make_prompt("plain", LABELS, get_format(format_name))


def random_rows(count: int, *, prefix: int = 30, seed: int = 0, vocabulary: int = 250) -> list[TokenRow]:
    """Rows that share ``prefix`` tokens, then 1 to 9 prompt tokens without loss and 1 to 12 with."""
    rng = random.Random(seed)
    shared = [rng.randrange(vocabulary) for _ in range(prefix)]
    rows: list[TokenRow] = []
    for number in range(count):
        asked = [rng.randrange(vocabulary) for _ in range(rng.randrange(1, 10))]
        answer = [rng.randrange(vocabulary) for _ in range(rng.randrange(1, 13))]
        labels = [IGNORED] * (prefix + len(asked)) + answer
        rows.append({"id": str(number), "input_ids": shared + asked + answer, "labels": labels})
    return rows
