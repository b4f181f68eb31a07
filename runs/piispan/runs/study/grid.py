"""Grids: YAML files that name the cells of a study."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from importlib.resources import files
from itertools import product
from pathlib import Path
from typing import Any, Literal, get_args

import yaml

from piispan.core import FormatError, read_yaml
from piispan.dataset_builder import SplitKind
from piispan.runs.configs import settings_of
from piispan.runs.settings import TrainSettings
from piispan.tagger import DecoderName

__all__ = ["Cell", "Grid", "Part", "System", "grids", "load_grid"]

System = Literal["tuned", "untuned", "token_classifier", "patterns", "presidio"]
"""What is measured: a model tuned here; the model, or the adapter that is its ``start``, as it is; a token classifier over the same
backbone; regular expressions; or Presidio."""
Part = Literal["validation", "test"]
"""What it is measured on. Settings are chosen on validation."""

_OF_A_GRID = {"question", "part", "splits", "seeds", "common", "axes", "settings", "chosen_from"}
_OF_A_CELL = {"system", "decoder", "documents", "held_out", "adapter_of"}
_PROMPTS = files("piispan.runs.study") / "prompts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One measurement.

    Args:
        grid: Name of its grid.
        setting: What it tries, in words; a row of the report.
        split: Which split of the data it trains and is measured on.
        part: What it is measured on.
        settings: How it trains, or what is asked of a model that does not.
        system: What is measured.
        decoder: How answers are decoded; see ``make_decoder``.
        documents: How many documents it trains on: the first of the training part, then of validation; all of training without it.
        held_out: Labels that are left out of the training and asked for by their description when it is measured.
        adapter_of: Another setting of the grid whose adapter is measured instead of one of its own.
    """

    grid: str
    setting: str
    split: SplitKind
    part: Part
    settings: TrainSettings
    system: System = "tuned"
    decoder: DecoderName | None = None
    documents: int | None = None
    held_out: tuple[str, ...] = ()
    adapter_of: str | None = None

    @property
    def place(self) -> str:
        """Its folder under that of the study."""
        return f"{self.grid}/{slug(self.setting)}/{self.split}-seed{self.settings.seed}"

    @property
    def source_place(self) -> str | None:
        """The folder of the cell whose adapter it measures."""
        return f"{self.grid}/{slug(self.adapter_of)}/{self.split}-seed{self.settings.seed}" if self.adapter_of else None

    def to_dict(self) -> dict[str, Any]:
        """As JSON, without a path of this machine."""
        row = asdict(self)
        row["settings"] = {
            name: Path(value).name if name in ("prompt_style", "start", "labels", "examples", "model") and value else value
            for name, value in row["settings"].items()
        }
        return row


@dataclass(frozen=True, slots=True)
class Grid:
    """A question, and the cells that answer it.

    Args:
        name: Of the grid.
        question: What is asked.
        source: Its name or file, for ``load_grid``.
        cells: Every measurement, those first that others need; of a grid that is chosen, none before it is.
        chosen_from: Another grid, measured on validation, whose best setting this one measures.
        splits: For the cells that are chosen.
        seeds: For the cells that are chosen.
    """

    name: str
    question: str
    source: str
    cells: tuple[Cell, ...] = field(repr=False)
    chosen_from: str | None = None
    splits: tuple[SplitKind, ...] = ()
    seeds: tuple[int, ...] = ()

    def with_chosen(self, best: Sequence[Cell]) -> "Grid":
        """The grid with the cells of the best setting: those of the other grid, one for each split, on the test and for each seed."""
        cells = [
            replace(cell, grid=self.name, part="test", settings=replace(cell.settings, seed=seed))
            for cell in best
            for seed in self.seeds
            if cell.split in self.splits
        ]
        return replace(self, cells=tuple(cells))


def grids() -> tuple[str, ...]:
    """Names of the grids that come with the package, sorted."""
    folder = files("piispan.runs.study") / "grids"
    return tuple(sorted(x.name.removesuffix(".yaml") for x in folder.iterdir() if x.name.endswith(".yaml")))


def load_grid(name_or_path: str | Path) -> Grid:
    """A grid that comes with the package by its name, or one of a YAML file.

    The keys: ``question``; ``part`` (``test`` without it); ``splits`` and ``seeds``, lists; ``common``, settings of every cell; then
    ``settings``, a mapping of names to what is tried, or ``axes``, a mapping of names of settings to lists of values, each of which goes
    with each. A setting's own keys are those of ``TrainSettings`` and of ``Cell``: ``system``, ``decoder``, ``documents``,
    ``held_out`` and ``adapter_of``. A grid of ``chosen_from``, ``splits`` and ``seeds`` measures the best setting of another grid.

    Raises:
        FormatError: If there is no such grid, or it is not well formed.
    """
    path = Path(name_or_path)
    if path.suffix in {".yaml", ".yml"}:
        return grid_of(read_yaml(path, FormatError), path.stem, str(path.resolve()))
    if str(name_or_path) not in grids():
        raise FormatError(f"no grid named {str(name_or_path)!r}; shipped: {', '.join(grids())}; or pass a .yaml file")
    shipped = files("piispan.runs.study") / "grids" / f"{name_or_path}.yaml"
    return grid_of(yaml.safe_load(shipped.read_text("utf-8")), str(name_or_path))


def grid_of(given: object, name: str, source: str = "") -> Grid:
    """The grid of a mapping; see ``load_grid``.

    Raises:
        FormatError: If it is not well formed.
    """
    where = f"grid {name}"
    if not isinstance(given, dict) or not isinstance(given.get("question"), str):
        raise FormatError(f"{where}: needs a question, and settings or axes")
    if unknown := sorted(map(str, given.keys() - _OF_A_GRID)):
        raise FormatError(f"{where}: keys that mean nothing here: {', '.join(unknown)}; known: {', '.join(sorted(_OF_A_GRID))}")
    seeds = given.get("seeds", [0])
    splits = [_one_of(split, get_args(SplitKind), f"{where}: splits") for split in given.get("splits", ["random", "template"])]
    if "chosen_from" in given:
        if more := sorted(given.keys() - {"question", "chosen_from", "splits", "seeds"}):
            raise FormatError(f"{where}: chosen_from brings the settings; leave out {', '.join(more)}")
        return Grid(name, given["question"], source or name, (), str(given["chosen_from"]), tuple(splits), tuple(seeds))
    part = _one_of(given.get("part", "test"), get_args(Part), f"{where}: part")
    common = given.get("common", {})
    cells = [
        _cell(name, setting, {**common, **own, "seed": seed}, split, part, f"{where}, {setting}")
        for setting, own in _tried(given, where)
        for split in splits
        for seed in seeds
    ]
    if len({cell.place for cell in cells}) < len(cells):
        raise FormatError(f"{where}: two cells have the same place; name their settings apart")
    return Grid(name, given["question"], source or name, tuple(cells))


def _tried(given: Mapping[str, Any], where: str) -> Iterator[tuple[str, dict[str, Any]]]:
    settings, axes = given.get("settings"), given.get("axes")
    if isinstance(settings, dict) and axes is None:
        for name, own in settings.items():
            yield str(name), dict(own or {})
    elif isinstance(axes, dict) and settings is None and all(isinstance(values, list) for values in axes.values()):
        for values in product(*axes.values()):
            yield ", ".join(f"{key} {value}" for key, value in zip(axes, values, strict=True)), dict(zip(axes, values, strict=True))
    else:
        raise FormatError(f"{where}: needs settings, a mapping of names to settings, or axes, a mapping of settings to lists of values")


def _cell(grid: str, setting: str, given: Mapping[str, Any], split: SplitKind, part: Part, where: str) -> Cell:
    own = {key: value for key, value in given.items() if key in _OF_A_CELL}
    trained = {key: value for key, value in given.items() if key not in _OF_A_CELL}
    template = trained.get("prompt_style")
    if isinstance(template, str) and template.endswith(".jinja") and (_PROMPTS / template).is_file():
        trained["prompt_style"] = str(_PROMPTS / template)
    if "system" in own:
        _one_of(own["system"], get_args(System), f"{where}: system")
    if own.get("decoder") is not None:
        _one_of(own["decoder"], get_args(DecoderName), f"{where}: decoder")
    own["held_out"] = tuple(own.get("held_out", ()))
    return Cell(grid=grid, setting=setting, split=split, part=part, settings=settings_of(trained, where), **own)


def _one_of(value: Any, known: Sequence[str], where: str) -> Any:
    if value not in known:
        raise FormatError(f"{where}: must be one of {', '.join(known)}, was: {value!r}")
    return value


def slug(words: str) -> str:
    """The words as the name of a folder."""
    return re.sub(r"[^a-z0-9.]+", "-", words.lower()).strip("-")
