"""The two files in the adapter's folder."""

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import pytest

from piispan.core import Sidecar
from piispan.model_card import CARD_NAME, FACTS_NAME, CardError, CardFacts, generate_card, read_facts, write_card


def test_card_and_facts_lie_beside_each_other(facts: CardFacts, tmp_path: Path) -> None:
    (tmp_path / CARD_NAME).write_text("what PEFT left")
    path = write_card(tmp_path, facts)
    assert path == tmp_path / CARD_NAME
    assert path.read_text("utf-8") == str(generate_card(facts))
    assert sorted(x.name for x in tmp_path.iterdir()) == [CARD_NAME, FACTS_NAME]


def test_facts_are_whole_and_the_same_each_time(facts: CardFacts, tmp_path: Path) -> None:
    write_card(tmp_path, facts)
    first = (tmp_path / FACTS_NAME).read_bytes()
    write_card(tmp_path, dataclasses.replace(facts, after=dict(reversed(facts.after.items()))))
    assert (tmp_path / FACTS_NAME).read_bytes() == first
    content = json.loads(first)
    assert content == json.loads(json.dumps(facts.to_dict()))
    assert content["after"] == facts.after
    assert content["training"]["seconds"] == facts.training.seconds
    assert set(content) >= {field.name for field in dataclasses.fields(CardFacts)}


def test_the_adapter_must_be_that_of_the_facts(facts: CardFacts, sidecar: Sidecar, tmp_path: Path) -> None:
    sidecar.save(tmp_path)
    write_card(tmp_path, facts)
    dataclasses.replace(sidecar, prompt_style="few_shot").save(tmp_path)
    with pytest.raises(CardError, match="another adapter"):
        write_card(tmp_path, facts)


def test_a_missing_folder_is_said_to_be(facts: CardFacts, tmp_path: Path) -> None:
    with pytest.raises(CardError, match="no such folder"):
        write_card(tmp_path / "nowhere", facts)


def test_nothing_is_left_behind_when_writing_fails(facts: CardFacts, tmp_path: Path) -> None:
    (tmp_path / CARD_NAME).mkdir()
    with pytest.raises(CardError, match="cannot be written"):
        write_card(tmp_path, facts)
    assert not [x for x in tmp_path.iterdir() if x.name.startswith(".")]


def test_the_room_imports_neither_torch_nor_transformers() -> None:
    code = "import sys, piispan.model_card; print(sorted({'torch', 'transformers', 'peft'} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_facts_come_back_with_the_sidecar_that_is_there_now(facts: CardFacts, sidecar: Sidecar, tmp_path: Path) -> None:
    sidecar.save(tmp_path)
    write_card(tmp_path, facts)
    assert read_facts(tmp_path) == facts
    calibrated = dataclasses.replace(sidecar, operating_point={"tag_bias": 1.5})
    calibrated.save(tmp_path)
    assert read_facts(tmp_path) == dataclasses.replace(facts, sidecar=calibrated)


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"piispan_card": 2}', '{"piispan_card": 2, "data": {"x": 1}, "training": {}}', '{"piispan_card": 9}']
)
def test_facts_that_are_none_are_refused(sidecar: Sidecar, tmp_path: Path, content: str) -> None:
    sidecar.save(tmp_path)
    (tmp_path / FACTS_NAME).write_text(content, "utf-8")
    with pytest.raises(CardError, match="facts"):
        read_facts(tmp_path)
