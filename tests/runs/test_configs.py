"""Recipes and settings from YAML."""

import re
from pathlib import Path

import pytest

from piispan.core import FormatError
from piispan.runs import TrainSettings, load_settings, recipes


def test_every_recipe_is_one() -> None:
    assert {"smollm2-135m-cpu", "qwen3-0.6b", "mistral-7b-instruct-v0.2", "llama-3.1-8b", "13b-34b"} <= set(recipes())
    for name in recipes():
        assert load_settings(name).epochs == 3
    assert load_settings("smollm2-135m-cpu") == TrainSettings(learning_rate=TrainSettings(start="pretuned-en").highest_learning_rate)
    assert TrainSettings(model="some/model").highest_learning_rate == 2e-4
    assert load_settings("mistral-7b-instruct-v0.2-qlora").adapter == "qlora"


def test_a_file_has_our_names_or_those_of_trl(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        "model_name_or_path: some/model\nlora_r: 8\nnum_train_epochs: 2\nlearning_rate: 1e-4\nloss: answer\nmax_length: null\n"
        "warmup_ratio: 0.1\n"
    )
    expected = TrainSettings(model="some/model", lora_rank=8, epochs=2.0, learning_rate=1e-4, loss="answer", warmup_steps=0.1)
    assert load_settings(path) == expected
    assert isinstance(load_settings(path).epochs, float)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("lora_rnk: 8", "no setting named 'lora_rnk'; did you mean lora_rank?"),
        ("lora_r: 8\nlora_rank: 8", "lora_rank is given twice"),
        ("lora_r: 8\nlora_r: 9", "line 2, column 1: the key lora_r is given twice"),
        ("warmup_ratio: 3", "warmup_ratio must be at least 0 and below 1, was: 3"),
        ("zzz: 8", "no setting named 'zzz'; known: adapter, base_licence, "),
        ("lora_r: eight", "lora_r: needs int, was: 'eight'"),
        ("lora_r: true", "lora_r: needs int, was: True"),
        ("max_length: 1.5", "max_length: needs int or nothing, was: 1.5"),
        ("learning_rate: fast", "learning_rate: needs float or nothing, was: 'fast'"),
        ("loss: all", "no loss named 'all'; known: answer, decisions"),
        ("train_on: everything", "go with loss on answers"),
        ("- lora_r", "needs fields of settings"),
        ("{", "cannot be read as YAML"),
    ],
)
def test_a_wrong_file_is_named(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(content)
    with pytest.raises(FormatError, match=f"^{re.escape(str(path))}[:,] .*{re.escape(said)}"):
        load_settings(path)


def test_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"absent\.yaml: no such file"):
        load_settings(tmp_path / "absent.yaml")
    with pytest.raises(FormatError, match="no recipe named 'mistral'; shipped: 13b-34b, "):
        load_settings("mistral")
