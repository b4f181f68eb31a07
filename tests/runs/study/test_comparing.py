"""Differences between rows of a study, and how sure they are."""

import random
from dataclasses import replace
from statistics import fmean, variance
from typing import Any, get_args

import numpy as np
import pytest

from piispan.core import Document, LabelSet, Prediction
from piispan.dataset_builder import synthesise
from piispan.metric import COUNTED, document_counts, paired_bootstrap
from piispan.metric.bootstrap import exact_floor
from piispan.runs import TrainSettings
from piispan.runs.study.comparing import Difference, compared, corrected, difference, paired
from piispan.runs.study.grid import Cell
from piispan.runs.study.results import Figure, Found, Row, rows
from piispan.runs.study.seeds import Noise, noise_beside, noise_of
from piispan.runs.study.verdicts import above_baselines, against_baselines

CONTRASTED = {"low": (70, 72, 71), "mid": (73, 74, 76), "high": (90, 92, 90), "other": (40, 44, 39)}
"""By setting, how many documents are right at each seed."""


def found(setting: str, seed: int, right: int, *, of: int = 100, **more: Any) -> Found:
    """A cell that has so many documents right, and as many characters."""
    cell = Cell(grid="g", setting=setting, split="random", part="test", settings=TrainSettings(seed=seed), **more)
    exact = [int(number < right) for number in range(of)]
    counts = {"exact": exact, "gold": [1] * of, "predicted": [1] * of, "covered_characters": exact, "gold_characters": [2] * of}
    matrix = np.array([counts.get(name, [0] * of) for name in COUNTED], dtype=np.float64).T
    return Found(
        cell, {"measured_sha256": str(of), "training_documents": 8}, {"f1": right / of, "char_recall": right / of / 2, "cost": {}}, matrix
    )


def row(setting: str, by_seed: dict[int, int], **more: Any) -> Row:
    (made,) = rows([found(setting, seed, right, **more) for seed, right in by_seed.items()])
    return made


def test_an_adapter_is_compared_at_its_own_seed_alone() -> None:
    verbatim, plain = row("verbatim", {0: 80, 1: 90, 2: 85}), row("plain", {1: 70}, adapter_of="verbatim")
    there, back = difference(verbatim, plain), difference(plain, verbatim)
    assert there
    assert back
    assert (there.seeds, there.value, back.value) == (1, pytest.approx(0.2), pytest.approx(-0.2))
    assert difference(row("other", {2: 70}), plain) is None


def test_what_has_no_seed_is_compared_with_every_seed_of_the_other() -> None:
    tuned, patterns = row("tuned", {3: 80, 4: 90}), row("patterns", {0: 30}, system="patterns")
    there, back = difference(tuned, patterns), difference(patterns, tuned)
    assert there
    assert back
    assert (there.seeds, there.value) == (back.seeds, pytest.approx(-back.value)) == (2, pytest.approx(0.55))
    assert there.interval == pytest.approx((-back.interval[1], -back.interval[0]))


def test_rows_of_other_documents_are_not_compared() -> None:
    assert difference(row("a", {0: 80}), row("b", {0: 30}, of=50)) is None


@pytest.mark.parametrize("figure", get_args(Figure))
def test_a_difference_is_that_of_the_paired_bootstrap(figure: Figure) -> None:
    documents, labels, chance = list(synthesise(300, seed=5)), LabelSet.load("presidio"), random.Random(0)
    keeps = (0.8, 0.78)
    systems = [[_some(document, keep, chance) for document in documents] for keep in keeps]
    ours = difference(*(_row(f"{keep}", documents, system, labels) for keep, system in zip(keeps, systems, strict=True)), figure)
    theirs = paired_bootstrap(documents, *systems, labels, figure=figure)
    assert ours
    assert ours.value == pytest.approx(theirs.difference)
    assert ours.interval == pytest.approx(theirs.interval, abs=0.003)
    assert 0.01 < theirs.p_value < 0.9
    assert ours.p_value == pytest.approx(theirs.p_value, abs=0.03)


def _some(document: Document, keep: float, chance: random.Random) -> Prediction:
    return Prediction(document.id, tuple(span for span in document.spans if chance.random() < keep))


def _row(setting: str, documents: list[Document], system: list[Prediction], labels: LabelSet) -> Row:
    counts = document_counts(documents, system, labels)
    one = found(setting, 0, 1, of=len(documents))
    return Row(setting, "random", (replace(one, counts=np.array([counts[name] for name in COUNTED], dtype=np.float64).T),))


def test_the_noise_of_two_settings_is_that_of_their_differences() -> None:
    one, other = {0: 0.8, 1: 0.9, 2: 0.83}, {0: 0.7, 1: 0.75, 2: 0.78}
    noise = noise_beside([one, other])
    assert noise.freedom == 2
    assert 2 * noise.variance == pytest.approx(variance(one[seed] - other[seed] for seed in one))
    assert noise.half_width(3 / 2) == pytest.approx(4.302653 * (2 * noise.variance / 3) ** 0.5)


def test_an_effect_of_the_seed_that_all_settings_share_is_no_noise_beside_each_other() -> None:
    settings = [{seed: base + lift for seed, lift in enumerate((0.0, 0.1, 0.03))} for base in (0.5, 0.6, 0.8)]
    noise = noise_beside(settings)
    assert (noise.variance, noise.freedom) == (pytest.approx(0.0, abs=1e-12), 4)
    assert noise_of([list(one.values()) for one in settings]).variance == pytest.approx(variance((0.0, 0.1, 0.03)))
    lone = noise_beside([*settings, {1: 0.9}])
    assert (lone.variance, lone.freedom) == (pytest.approx(0.0, abs=1e-12), 4)


def test_noise_is_pooled_over_settings() -> None:
    assert noise_of([[0.0, 2.0], [1.0, 1.0, 1.0], [5.0]]) == Noise(pytest.approx(2 / 3), 3)
    assert noise_of([[0.5], [0.7]]) == noise_beside([{0: 0.5}, {0: 0.7}]) == Noise()
    assert Noise().half_width(1) == 0.0


def test_more_seeds_do_not_hide_what_each_shows() -> None:
    high, low = {0: 82, 1: 85}, {0: 74, 1: 75}
    others = [row(f"other {number}", {0: 60 + number, 1: 62 + number}) for number in range(4)]
    for seeds in ((0,), (1,), (0, 1)):
        done = [row("high", {seed: high[seed] for seed in seeds}), row("low", {seed: low[seed] for seed in seeds}), *others]
        comparison = compared(done, "random")
        assert comparison
        ((_, found_there),) = (other for other in comparison.others if other[0].setting == "low")
        assert found_there.shown == "higher"


def test_what_varies_with_the_seed_is_not_clear() -> None:
    comparison = compared([row("high", {0: 95, 1: 60, 2: 75}), row("low", {0: 60, 1: 72, 2: 70})], "random")
    assert comparison
    ((_, there),) = comparison.others
    assert (there.p_value < 0.05, there.shown) == (True, None)


def test_no_interval_leaves_what_is_possible() -> None:
    there = difference(row("high", {0: 100, 1: 20}), row("low", {0: 10, 1: 10}))
    assert there
    assert there.interval == (-1.0, 1.0)
    assert row("none", {0: 0}).interval() == (0.0, pytest.approx(1 - exact_floor(100)))
    assert row("all", {0: 100}).interval() == (pytest.approx(exact_floor(100)), 1.0)
    assert exact_floor(100) == pytest.approx(0.025 ** (1 / 100))


def test_p_values_are_raised_as_holm_has_it() -> None:
    raised = corrected([Difference(0.1, (0.0, 0.2), p, 1) for p in (0.01, 0.04, 0.03, 0.9)])
    assert [one.p_value for one in raised] == pytest.approx([0.04, 0.09, 0.09, 0.9])


def test_what_was_chosen_stands_beside_each_baseline_of_its_split() -> None:
    chosen = [row("chosen", {0: 90, 1: 92})]
    baselines = [
        row("weak", {0: 30}, system="patterns"),
        row("strong", {0: 90}, system="untuned"),
        row("classifier", {0: 60, 1: 61}, system="token_classifier"),
        row("of other documents", {0: 30}, of=50),
        replace(row("of the other split", {0: 30}), split="template"),
    ]
    told = above_baselines(chosen, baselines)
    assert [(pair.second.setting, pair.differences["f1"].shown) for pair in told] == [
        ("weak", "higher"),
        ("strong", None),
        ("classifier", "higher"),
    ]
    assert told[0].differences["f1"].value == pytest.approx(fmean((0.9, 0.92)) - 0.3)
    assert told[0].differences["char_recall"].value == pytest.approx((fmean((0.9, 0.92)) - 0.3) / 2)
    lone = difference(chosen[0], baselines[0])
    assert lone
    assert told[0].differences["f1"].p_value == pytest.approx(3 * lone.p_value)
    table = against_baselines(told)
    assert "| `random` | weak | 30.0 % | +61.0 (" in table
    assert "| classifier, trained on 8 documents, 2 seeds | 60.5 % | +30.5 (" in table
    assert table.endswith("Its F1 is not shown to be higher than that of: strong on `random`.")


def test_peers_that_vary_less_do_not_hide_how_two_settings_vary() -> None:
    first, second = row("first", {0: 95, 1: 80, 2: 88}), row("second", {0: 80, 1: 84, 2: 79})
    peers = [row(f"calm {number}", {0: 50 + number, 1: 50 + number, 2: 51 + number}) for number in range(4)]
    alone, beside = difference(first, second), difference(first, second, peers=[first, second, *peers])
    assert alone
    assert beside
    own = noise_beside([first.by_seed("f1"), second.by_seed("f1")])
    assert noise_beside([one.by_seed("f1") for one in (first, second, *peers)]).variance < own.variance / 3
    assert alone.interval[0] < beside.interval[0] < beside.value - replace(own, freedom=10).half_width(3 / 2)


def test_contrasts_are_corrected_for_their_number_and_know_of_their_peers() -> None:
    low, mid, high, other = (row(name, dict(enumerate(right))) for name, right in CONTRASTED.items())
    pairs = paired([(high, low), (mid, low)], [low, mid, high, other])
    for pair in pairs:
        alone = difference(pair.first, pair.second, peers=[low, mid, high, other])
        assert alone
        found = pair.differences["f1"]
        assert (found.value, found.interval, found.seeds) == (alone.value, alone.interval, 3)
        assert found.interval != difference(pair.first, pair.second).interval  # type: ignore[union-attr]
    lone = [difference(*pair, peers=[low, mid, high, other]) for pair in ((high, low), (mid, low))]
    assert [pair.differences["f1"].p_value for pair in pairs] == [one.p_value for one in corrected([one for one in lone if one])]
    assert pairs[0].differences["f1"].p_value == 2 * lone[0].p_value < lone[1].p_value  # type: ignore[union-attr]


def test_what_is_shown_has_a_direction() -> None:
    high, low = row("high", {0: 90, 1: 91}), row("low", {0: 60, 1: 61})
    assert [found.shown for pair in ((high, low), (low, high), (high, high)) if (found := difference(*pair))] == ["higher", "lower", None]


def test_times_of_a_cell_that_waited_for_its_cores_do_not_count() -> None:
    def one(seed: int, seconds: float, waited: float) -> Found:
        cost = {"seconds_per_document": seconds, "passes_per_document": 4.0 + seed, "waited_share": waited}
        return replace(found("a", seed, 80), metrics={"f1": 0.8, "cost": cost})

    calm, disturbed = one(0, 1.0, 0.01), one(1, 3.0, 0.4)
    both = Row("a", "random", (calm, disturbed))
    assert (both.cost("seconds_per_document"), both.cost("passes_per_document"), both.cost("training_seconds")) == (1.0, 4.5, None)
    assert Row("a", "random", (disturbed,)).cost("seconds_per_document") is None
