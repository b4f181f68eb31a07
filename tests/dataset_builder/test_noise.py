from collections import Counter
from random import Random

import pytest

from piispan.core import Document, Span
from piispan.dataset_builder import synthesise
from piispan.dataset_builder.partitions import Partition, is_on_side, value_key
from piispan.dataset_builder.synthesis.frames import Slot
from piispan.dataset_builder.synthesis.noise import roughen

TEXT = "Patient Cornelia Schwarzenberger of Millbrook was seen at 10:50 by Dr. Solis, SSN 158-08-5010."
VALUES = {"Cornelia Schwarzenberger": "PERSON", "Millbrook": "GPE", "Solis": "PERSON", "158-08-5010": "US_SSN"}
SPANS = [Span(TEXT.index(value), TEXT.index(value) + len(value), label) for value, label in VALUES.items()]
SLOTS = [Slot(label) for label in VALUES.values()]


def rough(seed: int, partition: Partition = "all", language: str = "en") -> tuple[str, tuple[Span, ...], str]:
    return roughen(TEXT, SPANS, SLOTS, Random(seed), language=language, partition=partition)


def test_spans_follow_their_values() -> None:
    changed = Counter[str]()
    for seed in range(400):
        text, spans, done = rough(seed)
        Document("d", text, spans)  # checks bounds, order and edges
        assert [span.label for span in spans] == [span.label for span in SPANS]
        gaps = [text[left:right] for left, right in zip([0, *(s.end for s in spans)], [*(s.start for s in spans), len(text)], strict=True)]
        # What stands beside a value outside it still does: noise never moves across an edge.
        assert gaps[1].startswith(" ")
        assert gaps[1].endswith(" ")
        assert gaps[4].endswith(".")
        kind, rate = done.split(":")
        assert 0 < float(rate) <= 0.12
        changed[kind] += text != TEXT
        changed["value"] += any(text[span.start : span.end] not in VALUES for span in spans)
    assert min(changed[kind] for kind in ("typos", "ocr", "value")) > 50


def test_typos_leave_digits_and_scanners_leave_hyphens_at_line_ends() -> None:
    seen = Counter[str]()
    for seed in range(600):
        text, spans, done = rough(seed)
        number = text[spans[3].start : spans[3].end]
        if done.startswith("typos"):
            assert number == "158-08-5010"
            assert len(text.split()) == len(TEXT.split())
        else:
            seen["hyphen"] += "-\n" in text
            seen["confused"] += number != "158-08-5010"
            seen["lost space"] += len(text.split()) < len(TEXT.split())
            assert len(number) == 11
            assert set(number) <= set("0158-OSBl")
    assert min(seen[what] for what in ("hyphen", "confused", "lost space")) >= 10


def test_noisy_values_stay_on_their_side() -> None:
    clean = [TEXT[span.start : span.end] for span in SPANS]
    touched = 0
    for side in ("train", "test"):
        for seed in range(300):
            text, spans, _ = rough(seed, side)
            for span, old in zip(spans, clean, strict=True):
                value = text[span.start : span.end]
                if value != old:
                    touched += 1
                    assert is_on_side(value_key(value).rsplit(" ", 1)[-1] if span.label == "PERSON" else value, side)
    assert touched > 50


def test_chinese_noise_confuses_like_characters_and_drops_none_of_a_value() -> None:
    text = "患者自己未到，日期待定，住院号 A1008，联系人张大千，土木系。"
    start, name = text.index("A1008"), text.index("张大千")
    spans, slots = [Span(start, start + 5, "MEDICAL_RECORD_NUMBER"), Span(name, name + 3, "PERSON")], [Slot("ID"), Slot("PERSON")]
    made = [roughen(text, spans, slots, Random(seed), language="zh", partition="all") for seed in range(300)]
    for new, moved, done in made:
        Document("d", new, moved)
        assert new[moved[1].start : moved[1].end] == "张大千"
        assert moved[0].end - moved[0].start == 5
        assert len(new) == len(text) or done.startswith("typos")
    assert any(new[moved[0].start : moved[0].end] in ("AlOO8", "A1OO8", "A1O08", "A10O8", "Al008") for new, moved, _ in made)
    assert any("自已" in new or "末到" in new or "曰期" in new for new, _, _ in made)
    assert any(len(new) < len(text) for new, _, _ in made)


@pytest.mark.parametrize("labels", ["presidio", "safe_harbor"])
def test_noise_touches_its_share_and_no_other_document(labels: str) -> None:
    clean = list(synthesise(800, seed=4, labels=labels))
    noisy = list(synthesise(800, seed=4, noise=0.5, labels=labels))
    marked = [(one, two) for one, two in zip(clean, noisy, strict=True) if "damage=" in (two.provenance or "")]
    assert 340 < len(marked) < 460
    assert sum(one.text != two.text for one, two in marked) > 0.6 * len(marked)
    for one, two in zip(clean, noisy, strict=True):
        assert (one.id, one.group, [span.label for span in one.spans]) == (two.id, two.group, [span.label for span in two.spans])
        assert one == two or (one, two) in marked
    assert sum(len(two.text) for _, two in marked) == pytest.approx(sum(len(one.text) for one, _ in marked), rel=0.03)


def test_noisy_stream_is_reproducible() -> None:
    assert list(synthesise(120, seed=4, noise=0.5)) == list(synthesise(200, seed=4, noise=0.5))[:120]
    assert list(synthesise(120, seed=4, noise=0.5)) != list(synthesise(120, seed=5, noise=0.5))


def test_partitions_share_no_value_under_noise() -> None:
    train, test = (
        {
            (span.label, value_key(d.value(span)))
            for d in synthesise(count, seed=seed, partition=side, noise=0.8, long=0.1)
            for span in d.spans
        }
        for count, seed, side in ((1500, 21, "train"), (700, 22, "test"))
    )
    assert len(train) > 2000
    assert not train & test
