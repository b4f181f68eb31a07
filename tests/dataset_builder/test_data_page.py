"""Every block of ``docs/data.md`` runs: here, or in the tests of the Hub and of TRL's command."""

import shlex
import sys
from pathlib import Path

import datasets
import pytest
from datasets import load, packaged_modules

from piispan.cli.main import main
from tests.doc_blocks import code_blocks

BLOCKS = code_blocks(Path(__file__).parents[2] / "docs" / "data.md")
ELSEWHERE = [block for block in BLOCKS if block.code.startswith("trl ") or "you/pii-data" in block.code]


@pytest.fixture
def _as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    monkeypatch.chdir(tmp_path)
    original = load.PackagedDatasetModuleFactory.get_module
    yield
    load.PackagedDatasetModuleFactory.get_module = original
    packaged_modules._PACKAGED_DATASETS_MODULES.pop("piispan", None)


def shell(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    words = shlex.split(line)
    assert words[0] == "piispan"
    monkeypatch.setattr(sys, "argv", words)
    with pytest.raises(SystemExit) as stopped:
        main()
    assert not stopped.value.code, line


@pytest.mark.usefixtures("_as_it_was")
def test_the_page_runs_from_top_to_bottom(monkeypatch: pytest.MonkeyPatch) -> None:
    assert {block.language for block in BLOCKS} == {"bash", "python"}
    assert len(ELSEWHERE) == 2
    names: dict[str, object] = {}
    results = []
    for block in BLOCKS:
        if block in ELSEWHERE:
            continue
        if block.language == "bash":
            for line in block.code.splitlines():
                shell(line, monkeypatch)
            continue
        exec(compile(block.code, "docs/data.md", "exec"), names)
        results.append({name: names.pop(name, None) for name in ("data", "rows", "builder")})
    folder, split, builder, several, by_name = results
    columns = ["prompt", "completion", "id", "text", "spans", "group", "provenance"]
    assert folder["data"]["train"].column_names == builder["data"]["test"].column_names == by_name["data"]["train"].column_names == columns
    assert sum(part.num_rows for part in folder["data"].values()) == 60
    assert len(list(folder["rows"])) == folder["data"]["train"].num_rows
    assert split == {"data": None, "rows": None, "builder": None}
    assert [row["id"] for row in builder["rows"]] == builder["data"]["train"]["id"][:]
    assert several["builder"].as_dataset(split="train").num_rows == by_name["data"]["train"].num_rows == 120
    assert len(list(by_name["rows"])) == 60
