"""Arrows point one way: core <- the five rooms <- runs <- cli."""

import ast

import pytest

from tests.house.rooms import ROOMS, ROOT, sources

FIVE = ("dataset_builder", "trainer_ext", "tagger", "metric", "model_card")
MAY_IMPORT = {"core": (), **dict.fromkeys(FIVE, ("core",)), "runs": ("core", *FIVE), "cli": ("core", *FIVE, "runs")}
HEAVY = {"torch", "transformers", "peft", "trl", "accelerate", "tokenizers", "safetensors"}
WITHOUT_HEAVY = ("core", "metric", "dataset_builder", "model_card", "cli")


def imported(source: str) -> set[str]:
    """Every module that a file imports, at its top or inside functions; ``TYPE_CHECKING`` blocks count as well."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide the arrow"
            names.add(node.module)
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def rooms_of(names: set[str]) -> set[str]:
    return {name.split(".")[1] for name in names if name.startswith("piispan.")}


def test_every_room_has_its_arrows():
    assert set(ROOMS) == set(MAY_IMPORT)


@pytest.mark.parametrize("room", ROOMS)
def test_imports_follow_the_arrows(room):
    allowed = {room, *MAY_IMPORT[room]}
    for path in sources(room):
        assert rooms_of(imported(path.read_text("utf-8"))) <= allowed, path.relative_to(ROOT)


@pytest.mark.parametrize("room", ROOMS)
def test_no_private_name_of_another_room_is_imported(room):
    names = {name for path in sources(room) for name in imported(path.read_text("utf-8")) if name.startswith("piispan.")}
    private = [name for name in names if any(part.startswith("_") for part in name.split("."))]
    assert [name for name in private if not name.startswith(f"piispan.{room}.")] == []


@pytest.mark.parametrize("room", WITHOUT_HEAVY)
def test_light_rooms_import_nothing_heavy_anywhere(room):
    names = {name.split(".")[0] for path in sources(room) for name in imported(path.read_text("utf-8"))}
    assert not names & HEAVY


def test_imports_are_seen_wherever_they_stand():
    source = "import a.b\ndef f():\n    from piispan.cli import x\nif 1:\n    from piispan import runs\n"
    assert rooms_of(imported(source)) == {"cli", "runs"}
    assert "a.b" in imported(source)
