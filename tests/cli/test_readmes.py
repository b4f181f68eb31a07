"""What the READMEs tell people to type can be typed, and what they say of the Chinese labels is so."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import typer

from piispan.cli.main import app
from piispan.core import LabelSet
from piispan.runs import load_grid
from piispan.runs.settings import OPTIONS, TrainSettings
from piispan.runs.study.choosing import check_choice
from tests.doc_blocks import code_blocks

ROOT = Path(__file__).parents[2]
PAGES = (
    "README.md",
    "README.zh-CN.md",
    "docs/data.md",
    "docs/prompts.md",
    "docs/results.md",
    "docs/decoding.md",
    "docs/publishing.md",
    "docs/redaction.md",
    "docs/studies.md",
)
COMMANDS = [
    (page, line)
    for page in PAGES
    for block in code_blocks(ROOT / page)
    if block.language in ("", "bash")
    for line in block.code.splitlines()
    if line.startswith("piispan ") and "|" not in line.split("#")[0]
]


def test_the_pages_hold_commands() -> None:
    assert {page for page, _ in COMMANDS} >= {"README.md", "README.zh-CN.md", "docs/data.md", "docs/results.md"}


def parse(words: list[str]) -> None:
    """Parse the words behind ``piispan``; stops like the command does, with exit code 2, if it has no such options."""
    command = typer.main.get_command(app)
    context = command.context_class(command, info_name="piispan")
    while hasattr(command, "commands"):
        command = command.commands[words.pop(0)]
        context = command.context_class(command, parent=context)
    command.parse_args(context, words)


@pytest.mark.parametrize(("page", "line"), COMMANDS)
def test_a_command_of_a_page_has_these_arguments_and_options(page: str, line: str) -> None:
    parse(shlex.split(line, comments=True)[1:])


def test_the_page_of_studies_has_grids_that_go_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    labels = [block.code for block in code_blocks(ROOT / "README.md") if block.code.startswith("name: my-labels")]
    (tmp_path / "my-labels.yaml").write_text(*labels)
    blocks = [block.code for block in code_blocks(ROOT / "docs" / "studies.md") if block.language == "yaml"]
    assert [block.split(".yaml")[0] for block in blocks] == ["# ward", "# ward-test"]
    for block in blocks:
        (tmp_path / block.splitlines()[0].split()[1].rstrip(":")).write_text(block)
    assert len(load_grid(tmp_path / "ward.yaml").cells) == 9
    check_choice(load_grid(tmp_path / "ward-test.yaml"))


def commands(command: Any, called: str = "piispan") -> Iterator[tuple[str, Any]]:
    """A command and those under it, each with what is typed for it."""
    yield called, command
    for name, under in getattr(command, "commands", {}).items():
        yield from commands(under, f"{called} {name}")


def test_no_help_is_cut_at_eighty_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    for called, command in commands(typer.main.get_command(app)):
        context = command.context_class(command, info_name=called, terminal_width=80)
        shown = command.get_help(context)
        assert not re.search(r"\w(\.\.\.|…)$", shown, re.MULTILINE), called
        flags = [flag for option in command.params for flag in option.opts if flag.startswith("-")]
        assert all(flag in shown for flag in flags), called


def test_each_setting_is_an_option_of_train_in_a_section_of_its_own() -> None:
    train = dict(commands(typer.main.get_command(app)))["piispan train"]
    shown = train.get_help(train.context_class(train, info_name="train"))
    options, *sections = re.split(r"^(?=\w[\w ]*:$)", shown.partition("\nOptions:\n")[2], flags=re.MULTILINE)
    settings = [f"--{OPTIONS.get(field.name, field.name.replace('_', '-'))}" for field in fields(TrainSettings)]
    listed = [flag for section in sections for flag in re.findall(r"^  (--[\w-]+)", section, re.MULTILINE)]
    assert sorted(listed) == sorted(settings)
    assert not set(settings) & set(re.findall(r"^  (--[\w-]+)", options, re.MULTILINE))


@pytest.mark.parametrize(
    ("words", "said"), [("train x.jsonl --wrong", "No such option"), ("data synth", "Missing parameter"), ("score a", "Missing parameter")]
)
def test_a_command_that_is_wrong_would_be_found(words: str, said: str) -> None:
    with pytest.raises(Exception, match=said) as refused:
        parse(words.split())
    assert refused.value.exit_code == 2


def test_the_chinese_page_runs_and_lists_the_labels(capsys: pytest.CaptureFixture[str]) -> None:
    page = ROOT / "README.zh-CN.md"
    (block,) = [block for block in code_blocks(page) if block.language == "python"]
    exec(compile(block.code, "README.zh-CN.md", "exec"), {})
    assert re.search(r"[\u4e00-\u9fff].*\[.*\]", capsys.readouterr().out)
    rows = re.findall(r"^\| `([A-Z_]+)` \| (.*) \|$", page.read_text("utf-8"), re.MULTILINE)
    assert rows == [(label.name, label.description) for label in LabelSet.load("zh_pii")]
