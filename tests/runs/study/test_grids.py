"""Grids are read strictly, and those that ship are whole."""

import pytest

from piispan.core import FormatError
from piispan.runs import grids, load_grid
from piispan.runs.experiment import prompt_of
from piispan.runs.study.grid import grid_of


@pytest.mark.parametrize("name", grids())
def test_a_grid_that_ships_can_be_asked(name: str) -> None:
    grid = load_grid(name)
    places = [cell.place for cell in grid.cells]
    assert len(set(places)) == len(places)
    for cell in grid.cells:
        prompt_of(cell.settings)
        assert cell.source_place is None or places.index(cell.source_place) < places.index(cell.place)
        assert "/" not in str(cell.to_dict()["settings"]["prompt_style"])


def test_the_questions_have_their_grids() -> None:
    assert {"baselines", "data", "dialogue", "formats", "masking", "prompts", "size"} <= set(grids())
    assert len({cell.setting for cell in load_grid("prompts").cells}) == 10
    assert {cell.settings.prompt_loss_weight for cell in load_grid("masking").cells} == {0, 0.01, 0.1, 1}
    assert {cell.settings.format for cell in load_grid("formats").cells} == {"tagged", "json", "json_values", "bio"}


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
    ],
)
def test_a_mistake_in_a_grid_is_told(given: object, said: str) -> None:
    with pytest.raises(FormatError, match=said):
        grid_of(given, "mine")


def test_a_grid_that_is_not_there_is_told() -> None:
    with pytest.raises(FormatError, match="no grid named 'sizes'; shipped: baselines"):
        load_grid("sizes")
