"""The folders are what the design and the configuration say."""

import re
import subprocess
from importlib.metadata import version

import pytest

from tests.house.rooms import PYPROJECT, ROOMS, ROOT, sources

TOKEN = re.compile(r"hf_[A-Za-z0-9]{20,}")
MACHINE_PATH = re.compile(r"""(?<![\w.~$}-])/(?:work|root|home/\w+|Users/\w+|mnt/\w+)/[\w.-]+""")
PLANTED = {"tests/model_card/test_facts.py", "tests/house/test_layout.py"}
"""Files that plant a made-up path or token to see it refused."""


def test_rooms_are_found():
    assert {"core", "dataset_builder", "trainer_ext", "tagger", "metric", "model_card", "runs", "cli"} <= set(ROOMS)


@pytest.mark.parametrize("name", ["dataset_builder", "metric", "trainer_ext", "model_card", "tests"])
def test_root_folder_exists(name):
    assert (ROOT / name).is_dir()


def test_namespace_has_no_init():
    assert sorted(ROOT.glob("*/piispan/__init__.py")) == []


@pytest.mark.parametrize("room", ROOMS)
def test_room_holds_one_typed_package_of_its_name(room):
    packages = [path.name for path in (ROOT / room / "piispan").iterdir() if path.name != "__pycache__"]
    assert packages == [room]
    assert (ROOT / room / "piispan" / room / "__init__.py").is_file()
    assert (ROOT / room / "piispan" / room / "py.typed").is_file()


def test_configured_roots_are_those_on_disk():
    tool = PYPROJECT["tool"]
    build = tool["hatch"]["build"]
    assert sorted(build["dev-mode-dirs"]) == list(ROOMS)
    assert sorted(build["targets"]["wheel"]["packages"]) == [f"{room}/piispan" for room in ROOMS]
    assert sorted(tool["mypy"]["files"]) == sorted(tool["mypy"]["mypy_path"]) == list(ROOMS)
    assert sorted(tool["pyright"]["include"]) == sorted(tool["pyright"]["extraPaths"]) == list(ROOMS)
    assert set(ROOMS) <= set(tool["ruff"]["src"])


def test_data_folder_is_no_loading_script():
    assert not (ROOT / "dataset_builder" / "dataset_builder.py").exists()


def test_modules_have_a_docstring_and_a_telling_name():
    for room in ROOMS:
        for path in sources(room):
            text = path.read_text("utf-8")
            assert text.startswith(('"""', 'r"""')), path.relative_to(ROOT)
            assert path.stem not in {"utils", "common", "helpers"}, path.relative_to(ROOT)


def test_newest_version_of_the_changelog_is_that_of_the_package():
    headings = re.findall(r"^## \[([^\]]+)\]", (ROOT / "CHANGELOG.md").read_text("utf-8"), flags=re.MULTILINE)
    versions = [heading for heading in headings if heading != "Unreleased"]
    assert versions[0] == PYPROJECT["project"]["version"]


def test_installed_version_is_that_of_the_checkout():
    assert version("piispan") == PYPROJECT["project"]["version"]


def tracked_texts() -> dict[str, str]:
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    contents = {name: (ROOT / name).read_bytes() for name in names if name and (ROOT / name).is_file()}
    return {name: content.decode("utf-8", "replace") for name, content in contents.items() if b"\0" not in content}


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="needs the git checkout")
def test_no_machine_path_or_token_is_tracked():
    texts = tracked_texts()
    assert "pyproject.toml" in texts
    found = [name for name, text in texts.items() if name not in PLANTED and (TOKEN.search(text) or MACHINE_PATH.search(text))]
    assert found == []


def test_patterns_see_what_they_should():
    assert TOKEN.search("hf" + "_" + "aB3" * 10)
    for path in ("/mnt/data/x", "'/home/ada/notes.jsonl'", "=/root/.cache", "/Users/ada/x"):
        assert MACHINE_PATH.search(path), path
    assert not MACHINE_PATH.search("docs/work/page and https://example.org/home/page and ~/work/x")
