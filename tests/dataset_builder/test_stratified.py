"""Splits of one's own, and what of their test stands in training."""

import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from piispan.core import DataError, Document, Span
from piispan.dataset_builder import Split, fixed_split, leak_report, split_documents, synthesise
from piispan.dataset_builder.splitting.stratified import values_of

NAMES = ("Mia Lee", "Ada Moss", "Ben Ito", "Eve Roy", "Kai Orr", "Zoe Fox", "Tim Dunn", "Ann Bay")


def document(number: int, group: str | None, label: str = "PERSON", value: str | None = None) -> Document:
    name = value or f"Mia Lee{number}"
    text = f"Call {name} about case {group} before noon, please, or write"
    return Document(f"d{number}", text, (Span(5, 5 + len(name), label),), group)


def corpus(size: int = 200, groups: int = 40, seed: int = 0) -> list[Document]:
    rng = random.Random(seed)
    labels = ["PERSON"] * 10 + ["GPE"] * 4 + ["US_SSN"]
    return [document(n, f"g{rng.randrange(groups)}", rng.choice(labels)) for n in range(size)]


@pytest.mark.parametrize("by", ["document", "group", "group_and_value"])
def test_every_document_is_in_one_part_and_labels_are_on_every_side(by: str) -> None:
    documents = corpus()
    done = split_documents(documents, by, validation=0.2, test=0.2)
    parts = dict(done.split.parts())
    assert sorted(d.id for part in parts.values() for d in part) == sorted(d.id for d in documents)
    for label, total in Counter(s.label for d in documents for s in d.spans).items():
        shares = [done.split.support()[name][label] / total for name in parts]
        assert shares == pytest.approx([0.6, 0.2, 0.2], abs=0.12), label
    assert [len(part) / len(documents) for part in parts.values()] == pytest.approx([0.6, 0.2, 0.2], abs=0.05)
    for part in parts.values():
        assert list(part) == [d for d in documents if d in part]  # the file's order


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["a", "b", "c", "d", "e", None]), st.sampled_from(NAMES)), min_size=6, max_size=40),
    st.integers(0, 9),
)
def test_no_group_and_no_value_crosses(rows, seed) -> None:
    documents = [document(number, group, value=value) for number, (group, value) in enumerate(rows)]
    if len({d.group or d.id for d in documents}) < 3:
        return
    split = split_documents(documents, "group", seed=seed).split
    sides = [{d.group for d in part} - {None} for _, part in split.parts()]
    assert [sides[0] & sides[1], sides[0] & sides[2], sides[1] & sides[2]] == [set()] * 3
    assert all(part for _, part in split.parts())
    try:
        done = split_documents(documents, "group_and_value", seed=seed)
    except DataError:
        return  # nothing was left to train on
    assert not values_of(done.split.train) & (values_of(done.split.test) | values_of(done.split.validation))
    assert not values_of(done.split.validation) & values_of(done.split.test)
    kept = {d.id for _, part in done.split.parts() for d in part}
    assert kept | {d.id for d in done.dropped} == {d.id for d in documents}
    assert not kept & {d.id for d in done.dropped}


def test_the_same_seed_deals_alike() -> None:
    assert split_documents(corpus(), seed=3) == split_documents(corpus(), seed=3)
    assert split_documents(corpus(), seed=3) != split_documents(corpus(), seed=4)


@pytest.mark.parametrize(
    ("documents", "options", "message"),
    [
        (corpus(), {"by": "label"}, "by must be document, group, group_and_value"),
        (corpus(), {"test": 0.95}, "below 1 together"),
        (corpus(), {"validation": 0.0}, "above 0"),
        ([document(n, "one") for n in range(9)], {}, "at least 3 groups, there are 1"),
        ([document(n, None, value="Mia Lee") for n in range(9)], {"by": "group_and_value"}, "no document is left"),
    ],
)
def test_splits_that_cannot_be(documents, options, message) -> None:
    with pytest.raises(DataError, match=message):
        split_documents(documents, **options)


def test_leaks_are_counted() -> None:
    frame = "The patient {} was seen in the clinic on the morning of the visit and sent home"

    def made(identifier: str, name: str, text: str = frame, group: str | None = None) -> Document:
        start = text.index("{}")
        return Document(identifier, text.replace("{}", name), (Span(start, start + len(name), "PERSON"),), group)

    train = (made("a", "Mia Lee", group="g"), Document("b", "Nothing here at all."))
    test = (
        made("c", "Mia Lee", group="g"),  # word for word
        made("d", "Ada Moss"),  # the frame
        made("e", "mia lee", frame.replace("sent home", "sent away")),  # nearly the frame; a value that was seen
        Document("f", "Quite another text about the weather of next week."),
    )
    report = leak_report(Split(train, (), test))
    assert report.to_dict() == {
        "documents": 4,
        "same_text": 1,
        "same_frame": 2,
        "near_frame": 3,
        "values": 2,
        "seen_values": 1,
        "same_group": 1,
    }
    assert "1 of 4 (25%) word for word" in str(report)
    assert "Mia" not in str(report)
    assert leak_report(Split(train, (), ())).to_dict()["documents"] == 0


def test_chinese_frames_that_are_nearly_the_same_are_found() -> None:
    frame = "患者{}因反复头晕三天于上午来院就诊，查体未见明显异常，嘱其清淡饮食，注意休息，一周后复查。"

    def made(identifier: str, text: str) -> Document:
        start = text.index("{}")
        return Document(identifier, text.replace("{}", "王小明"), (Span(start, start + 3, "PERSON"),))

    split = Split((made("a", frame),), (), (made("b", frame.replace("一周", "两周")), Document("c", "本周末小区停水，请提前储水。")))
    found = leak_report(split)
    assert (found.same_frame, found.near_frame) == (0, 1)


@pytest.mark.parametrize("by", ["group", "template"])
def test_a_setting_and_its_frames_are_one_group(by) -> None:
    mixed = [*synthesise(300, seed=1), *synthesise(300, seed=2, long=0.2, ids="long")]
    split = split_documents(mixed, "group").split if by == "group" else fixed_split(mixed, "template")
    settings = [{document.group.split("/")[0] for document in part} for part in (split.train, split.test)]
    assert settings[0] & settings[1] == set()
    assert leak_report(split, near=False).same_frame == 0
