"""Grids are read strictly, and those that ship are whole."""

import json
from pathlib import Path

import pytest

from piispan.core import FormatError, LabelError
from piispan.runs import grids, load_grid
from piispan.runs.experiment import prompt_of
from piispan.runs.study.grid_files import grid_of


@pytest.mark.parametrize("name", grids())
def test_a_grid_that_ships_can_be_asked(name: str) -> None:
    grid = load_grid(name)
    places = [cell.place for cell in grid.cells]
    assert len(set(places)) == len(places)
    for cell in grid.cells:
        prompt_of(cell.settings)
        assert json.dumps(cell.to_dict()).find("/piispan/") == -1
        assert cell.source_place is None or places.index(cell.source_place) < places.index(cell.place)
        assert "/" not in str(cell.to_dict()["settings"].get("prompt_style"))


def test_the_questions_have_their_grids() -> None:
    assert {"baselines", "data", "dialogue", "formats", "masking", "prompts", "size"} <= set(grids())
    assert len({prompt_of(cell.settings).fingerprint for cell in load_grid("prompts").cells}) == 10
    assert {cell.settings.prompt_loss_weight for cell in load_grid("masking").cells} == {0, 0.01, 0.1, 1}
    assert {cell.settings.format for cell in load_grid("formats").cells} == {"tagged", "json", "json_values", "bio"}


def test_only_the_grid_of_sizes_downloads_models() -> None:
    assert {name for name in grids() if load_grid(name).downloads} == {"size"}


def test_axes_go_each_with_each() -> None:
    grid = grid_of(
        {"question": "?", "splits": ["random"], "seeds": [0, 1], "axes": {"format": ["json", "bio"], "lora_rank": [4, 8]}}, "mine"
    )
    assert [cell.setting for cell in grid.cells[::2]] == [
        "format json, lora_rank 4",
        "format json, lora_rank 8",
        "format bio, lora_rank 4",
        "format bio, lora_rank 8",
    ]
    assert [cell.place for cell in grid.cells[:2]] == [
        "mine/format-json-lora-rank-4/random-seed0",
        "mine/format-json-lora-rank-4/random-seed1",
    ]


def test_combinations_of_axes_that_do_not_go_together_are_left_out_and_counted() -> None:
    grid = grid_of(
        {"question": "?", "splits": ["random"], "axes": {"format": ["tagged", "json"], "tag_tokens": ["text", "special"]}}, "mine"
    )
    assert [cell.setting for cell in grid.cells] == [
        "format tagged, tag_tokens text",
        "format tagged, tag_tokens special",
        "format json, tag_tokens text",
    ]
    assert grid.left_out == 1


def test_a_prompt_of_ones_own_is_not_taken_for_one_that_ships(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    mine = tmp_path / "mine.yaml"
    mine.write_text("question: Which?\nsplits: [random]\nsettings: {a: {prompt_style: colon.jinja}}\n")
    (shipped,) = load_grid(mine).cells
    assert shipped.to_dict()["prompt_sha256"] == load_grid("prompts").cells[0].to_dict()["prompt_sha256"]
    (tmp_path / "colon.jinja").write_text("{% call user() %}Find.\n{{ text }}{% endcall %}")
    (own,) = load_grid(mine).cells
    assert own.to_dict()["prompt_sha256"] != shipped.to_dict()["prompt_sha256"]
    assert load_grid("prompts").cells[0].to_dict()["prompt_sha256"] == shipped.to_dict()["prompt_sha256"]


def test_what_measures_anothers_adapter_is_trained_as_it_is_and_seeds_may_be_a_settings_own() -> None:
    settings = {
        "a": {"loss": "answer", "tag_tokens": "text", "documents": 9, "seeds": [3, 4]},
        "b": {"adapter_of": "a", "decoder": "generate"},
    }
    grid = grid_of({"question": "?", "splits": ["random"], "settings": settings}, "mine")
    first, _, second, _ = grid.cells
    assert second.source_place == first.place
    assert (second.settings, second.documents, second.decoder) == (first.settings, 9, "generate")
    assert [cell.settings.seed for cell in grid.cells] == [3, 4, 3, 4]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([], "needs a question"),
        ({"question": "?"}, "needs settings"),
        ({"question": "?", "settings": {"a": {}}, "axes": {"seed": [1]}}, "needs settings"),
        ({"question": "?", "settings": {"a": {}}, "cells": 3}, "keys that mean nothing here: cells"),
        ({"question": "?", "settings": {"a": {"lora_ranks": 3}}}, "grid mine, a: no setting named 'lora_ranks'; did you mean lora_rank"),
        ({"question": "?", "settings": {"a": {"system": "gpt"}}}, "grid mine, a: system: must be one of tuned"),
        ({"question": "?", "settings": {"a": {"decoder": "beam"}}}, "decoder: must be one of verbatim"),
        ({"question": "?", "part": "train", "settings": {"a": {}}}, "part: must be one of validation, test"),
        ({"question": "?", "splits": ["time"], "settings": {"a": {}}}, "splits: must be one of random, template"),
        ({"question": "?", "settings": {"a b": {}, "a, b": {}}}, "two cells have the same place"),
        ({"question": "?", "seeds": 3, "settings": {"a": {}}}, "seeds: needs a list, was: 3"),
        ({"question": "?", "common": [1], "settings": {"a": {}}}, "common needs settings"),
        ({"question": "?", "settings": {"a": 3}}, "needs settings, a mapping"),
        ({"question": "?", "settings": {}}, "has no cell"),
        ({"question": "?", "settings": {"a": {"documents": -5}}}, "documents must be a number greater than 0, was: -5"),
        ({"question": "?", "settings": {"a": {"held_out": "AGE"}}}, "held_out: needs a list, was: 'AGE'"),
        ({"question": "?", "settings": {"a": {"held_out": ["EMAIL"]}}}, "grid mine, a: held_out: "),
        (
            {"question": "?", "settings": {"a": {"held_out": ["AGE"], "tag_tokens": "text", "early_stopping_patience": 1}}},
            "early stopping watches the whole",
        ),
        ({"question": "?", "settings": {"a": {"held_out": ["AGE"]}}}, "grid mine, a: held_out labels have no special tag token"),
        ({"question": "?", "settings": {"a": {"format": "json", "decoder": "verbatim"}}}, "only the format 'tagged' can be decoded"),
        ({"question": "?", "settings": {"a": {}, "b": {"adapter_of": "a", "decoder": "generate"}}}, "cannot write special tag tokens"),
        ({"question": "?", "settings": {"b": {"adapter_of": "a"}, "a": {}}}, "grid mine, b: adapter_of must name a setting above it"),
        ({"question": "?", "settings": {"a": {}}, "contrasts": ["a"]}, "grid mine: contrasts: needs a mapping of words to two settings"),
        ({"question": "?", "settings": {"a": {}}, "contrasts": {"x": "a"}}, "grid mine: contrasts: x: needs a list of two settings"),
        ({"question": "?", "settings": {"a": {}}, "contrasts": {"x": ["a", "a"]}}, "contrasts: x: needs a list of two settings"),
        ({"question": "?", "settings": {"a, b": {}}, "contrasts": {"x": ["a, b", "a", "b"]}}, "quote a name that holds a comma"),
        ({"question": "?", "settings": {"a": {}}, "contrasts": {"x": ["a", "b"]}}, "contrasts: x: must be one of a, was: 'b'"),
        (
            {"question": "?", "settings": {"a": {}, "b": {}}, "contrasts": {"x": ["a", "b"], "y": ["b", "a"]}},
            "contrasts: y: has the two settings of 'x'",
        ),
        ({"question": "?", "chosen_from": "choosing", "part": "test"}, "chosen_from brings the settings; leave out part"),
        ({"question": "?", "chosen_from": "choosing", "refit": "yes"}, "refit: must be one of True, False, was: 'yes'"),
        ({"question": "?", "part": "validation", "settings": {"a": {"refit": True}}}, "refit trains on all training and validation"),
        (
            {"question": "?", "common": {"mention_replacement": 0.5}, "settings": {"a": {"system": "token_classifier"}}},
            "a token classifier has neither",
        ),
        (
            {"question": "?", "settings": {"a": {"system": "token_classifier", "save_steps": 5, "format": "bio"}}},
            "grid mine, a: means nothing to a token classifier: format, save_steps",
        ),
        ({"question": "?", "common": {"system": "token_classifier", "loss": "answer"}, "settings": {"a": {}}}, "classifier: loss"),
        ({"question": "?", "settings": {"a": {"seed": 1}}}, "grid mine, a: seeds are a list, of the grid or of a setting"),
        ({"question": "?", "axes": {"seed": [0, 1, 2]}}, "seeds are a list, of the grid or of a setting"),
        ({"question": "?", "axes": {"format": ["tagged", "jsno"], "lora_rank": [4]}}, "no format named 'jsno'"),
        ({"question": "?", "settings": {"a": {"prompt_style": "few_shot", "examples": "none.jsonl"}}}, "grid mine, a: none.jsonl"),
        ({"question": "?", "settings": {"b": {"adapter_of": ["a"]}}}, "grid mine, b: adapter_of must name a setting above it"),
        (
            {"question": "?", "settings": {"a": {}, "b": {"adapter_of": "a", "epochs": 6}}},
            "the settings; leave out epochs",
        ),
        (
            {"question": "?", "settings": {"a": {"system": "patterns"}, "b": {"adapter_of": "a"}}},
            "must name a setting that trains an adapter",
        ),
        (
            {"question": "?", "settings": {"a": {"tag_tokens": "text", "held_out": ["AGE"]}, "b": {"adapter_of": "a"}}},
            "must name a setting that trains an adapter for all labels",
        ),
        (
            {"question": "?", "settings": {"a": {}, "b": {"adapter_of": "a"}, "c": {"adapter_of": "b"}}},
            "grid mine, c: adapter_of must name a setting that trains",
        ),
        ({"question": "?", "refit": True, "settings": {"a": {}}}, "refit is a setting's own, or goes with chosen_from"),
        ({"question": "?", "axes": {"lora_rank": [0], "format": ["json"]}}, "lora_rank must be greater than 0"),
    ],
)
def test_a_mistake_in_a_grid_is_told(given: object, said: str) -> None:
    with pytest.raises((FormatError, LabelError), match=said):
        grid_of(given, "mine")


def test_a_contrast_names_settings_as_yaml_has_them() -> None:
    given = {"question": "?", "settings": {3: {"epochs": 3}, 6: {"epochs": 6}}, "contrasts": {"6 epochs, not 3": [6, 3]}}
    assert grid_of(given, "mine").contrasts == {"6 epochs, not 3": ("6", "3")}


def test_a_grid_that_is_not_there_is_told() -> None:
    with pytest.raises(FormatError, match="no grid named 'sizes'; shipped: baselines"):
        load_grid("sizes")
