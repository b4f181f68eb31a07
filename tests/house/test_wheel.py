"""The built wheel holds every room, its data and the licence, and nothing else."""

import subprocess
import sys
import zipfile

import pytest

from tests.house.rooms import PYPROJECT, ROOMS, ROOT


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> dict[str, bytes]:
    """Content of the wheel by name."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = folder.glob("*.whl")
    assert path.name == f"piispan-{PYPROJECT['project']['version']}-py3-none-any.whl"
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def dist_info() -> str:
    return f"piispan-{PYPROJECT['project']['version']}.dist-info"


def test_top_level_is_piispan_alone(wheel):
    assert {name.split("/")[0] for name in wheel} == {"piispan", dist_info()}
    assert {name.split("/")[1] for name in wheel if name.startswith("piispan/")} == set(ROOMS)


@pytest.mark.parametrize("room", ROOMS)
def test_room_is_whole(wheel, room):
    folder = ROOT / room
    files = [path for path in (folder / "piispan").rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    on_disk = {str(path.relative_to(folder)): path.read_bytes() for path in files}
    packed = {name: content for name, content in wheel.items() if name.startswith(f"piispan/{room}/")}
    assert packed.keys() == on_disk.keys()
    assert [name for name in packed if packed[name] != on_disk[name]] == []
    assert f"piispan/{room}/py.typed" in packed


def test_package_data_is_there(wheel):
    for name in (
        "core/label_sets/presidio.yaml",
        "core/label_sets/safe_harbor.yaml",
        "core/label_sets/zh_pii.yaml",
        "core/examples/presidio.yaml",
        "core/examples/zh_pii.yaml",
        "dataset_builder/synthesis/vocabulary/zh/people.yaml",
        "dataset_builder/publishing/data_card.md.jinja",
        "model_card/template.md.jinja",
        "metric/space/hub_module.py",
        "metric/space/pii_span.py",
    ):
        assert wheel.get(f"piispan/{name}"), name
    assert [name for name in wheel if name.startswith("piispan/dataset_builder/synthesis/frames/") and name.endswith(".yaml")]


def test_licence_and_command_are_there(wheel):
    assert wheel[f"{dist_info()}/licenses/LICENSE"] == (ROOT / "LICENSE").read_bytes()
    assert b"piispan = piispan.cli.main:main" in wheel[f"{dist_info()}/entry_points.txt"]
    assert b"License-Expression: Apache-2.0" in wheel[f"{dist_info()}/METADATA"]
