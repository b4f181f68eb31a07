"""The cells of a study, and the grids that name them."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from piispan.core import FormatError
from piispan.dataset_builder import SplitKind
from piispan.runs.experiment import prompt_of
from piispan.runs.settings import TrainSettings
from piispan.runs.starting import start_of, start_sha256
from piispan.tagger import DecoderName, pretuned_adapters, weights_sha256

__all__ = ["Cell", "Grid", "Part", "System"]

System = Literal["tuned", "untuned", "token_classifier", "patterns", "presidio"]
"""What is measured: a model tuned here; the model, or the adapter that is its ``start``, as it is; a token classifier over the same
backbone; regular expressions; or Presidio."""
Part = Literal["validation", "test"]
"""What it is measured on. Settings are chosen on validation."""


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
        documents: How many documents it trains on, drawn by its seed from the training part (and from validation where that is not
            measured); all of the training part without it.
        held_out: Labels that are left out of the training and asked for by their description when it is measured.
        adapter_of: Another setting of the grid, whose adapter is measured instead of one of its own.
        refit: Whether it trains on the validation part as well, once settings are chosen.
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
    refit: bool = False

    @property
    def place(self) -> str:
        """Its folder under that of the study."""
        return self._place_of(self.setting)

    @property
    def source_place(self) -> str | None:
        """The folder of the cell whose adapter it measures."""
        return self._place_of(self.adapter_of) if self.adapter_of else None

    @property
    def start(self) -> str | None:
        """The adapter that it begins from, or that is measured as it is."""
        if self.system == "tuned":
            return start_of(self._decodable)
        return start_of(self.settings) if self.system == "untuned" and self.settings.start else None

    @property
    def _decodable(self) -> TrainSettings:
        return self.settings.decodable_by(self.decoder)

    @property
    def trains(self) -> bool:
        """Whether something is trained for it."""
        return self.is_seeded and self.adapter_of is None

    @property
    def is_seeded(self) -> bool:
        """Whether its seed takes part in what is found."""
        return self.system in ("tuned", "token_classifier")

    @property
    def is_asked(self) -> bool:
        """Whether a prompt is put to what is measured."""
        return self.system in ("tuned", "untuned")

    @property
    def local(self) -> dict[str, str]:
        """Settings that are paths of this machine, each with its last part, which is all that is told of it."""
        given = asdict(self.settings).items()
        return {name: Path(value).name for name, value in given if isinstance(value, str) and _is_path(value)}

    def holds(self, words: str) -> bool:
        """Whether its place or setting holds these words."""
        return words in self.place or words in self.setting

    @property
    def chosen_settings(self) -> dict[str, Any]:
        """The settings that are not the default, and the seed, without a path of this machine."""
        usual = asdict(TrainSettings())
        given = {**asdict(self.settings), **self.local}
        return {name: value for name, value in given.items() if value != usual[name] or name == "seed"}

    def to_dict(self) -> dict[str, Any]:
        """As JSON: all that makes it the cell it is, without a path of this machine. Files that it names are told by their hashes: the
        labels with their descriptions, all that the prompt asks, a base that is a folder, and the adapter that it begins from.
        """
        row = asdict(self)
        row["settings"].update(self.local, language=self.settings.document_language)
        begun = replace(self._decodable, start=self.start)
        row["came_to"] = {"learning_rate": begun.highest_learning_rate, **begun.spelling._asdict()}
        row["labels_hash"] = self.settings.label_set.hash
        if self.is_asked:
            row["prompt_sha256"] = prompt_of(self.settings).fingerprint
        if self.start and (Path(self.start).is_dir() or self.start in pretuned_adapters()):
            row["start_sha256"] = start_sha256(self.start)
        if (base := Path(self.settings.model)).is_dir() and (self.is_seeded or (self.is_asked and not self.start)):
            row["base_sha256"] = weights_sha256(base)
        content: dict[str, Any] = json.loads(json.dumps(row))
        return content

    def _place_of(self, setting: str) -> str:
        return f"{_slug(self.grid)}/{_slug(setting)}/{self.split}-seed{self.settings.seed}"


@dataclass(frozen=True, slots=True)
class Grid:
    """A question, and the cells that answer it.

    Args:
        name: Of the grid.
        question: What is asked.
        source: What names it on a command line: its name, or that of its file.
        cells: Every measurement, those first that others need; of a grid that is chosen, none before it is.
        left_out: How many combinations of axes do not go together.
        chosen_from: Name or file of another grid, measured on validation, whose best setting this one measures.
        splits: For the cells that are chosen.
        seeds: For the cells that are chosen.
        refit: Whether these train on the training and the validation part together, which are all the documents there are once settings
            are chosen.
        note: What its figures are to be read with.
        contrasts: Pairs of settings that are compared with each other, by what tells the first from the second, in words.
    """

    name: str
    question: str
    source: str
    cells: tuple[Cell, ...] = field(repr=False)
    left_out: int = 0
    chosen_from: str | None = None
    splits: tuple[SplitKind, ...] = ()
    seeds: tuple[int, ...] = ()
    refit: bool = False
    note: str = ""
    contrasts: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def downloads(self) -> bool:
        """Whether a model is downloaded for one of its cells."""
        return any(cell.settings.model != "embedded" for cell in self.cells)

    def with_chosen(self, best: Sequence[Cell]) -> "Grid":
        """The grid with the cells of the best setting.

        Args:
            best: The other grid's cells of that setting, one for each split.

        Raises:
            FormatError: If a split is missing, or they measure another setting's adapter.
        """
        missing = sorted(set(self.splits) - {cell.split for cell in best})
        if missing:
            raise FormatError(f"grid {self.name}: chosen from a grid that does not measure the split {', '.join(missing)}")
        if any(cell.adapter_of for cell in best):
            raise FormatError(f"grid {self.name}: the best setting measures the adapter of another, which cannot be chosen alone")
        cells = [
            replace(cell, grid=self.name, part="test", settings=replace(cell.settings, seed=seed), refit=self.refit and cell.trains)
            for cell in best
            for seed in self.seeds
            if cell.split in self.splits
        ]
        return replace(self, cells=tuple(cells))


def _is_path(value: str) -> bool:
    return Path(value).is_absolute() or value.startswith((".", "~"))


def _slug(words: str) -> str:
    """The words as the name of a folder."""
    return re.sub(r"[^a-z0-9.]+", "-", words.lower()).strip("-")
