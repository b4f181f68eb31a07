"""Grids read from YAML, strictly: those that ship, and one's own."""

from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from itertools import product
from pathlib import Path
from typing import Any, get_args

import yaml

from piispan.core import DataError, FormatError, read_yaml
from piispan.dataset_builder import SplitKind
from piispan.runs.configs import settings_of
from piispan.runs.experiment import prompt_of
from piispan.runs.study.grid import Cell, Grid, Part, System
from piispan.tagger import DecoderName, decoder_name

__all__ = ["grid_of", "grids", "load_grid"]

_OF_A_GRID = {"question", "note", "part", "splits", "seeds", "common", "axes", "settings", "contrasts", "chosen_from", "refit"}
_OF_A_CELL = {"system", "decoder", "documents", "held_out", "adapter_of", "refit"}
_OF_A_TOKEN_CLASSIFIER = {
    *("model", "model_name_or_path", "revision", "model_revision", "labels", "language"),
    *("epochs", "num_train_epochs", "batch_size", "per_device_train_batch_size", "gradient_accumulation_steps"),
    *("learning_rate", "lr_scheduler_type", "warmup_steps", "warmup_ratio", "weight_decay"),
    *("lora_rank", "lora_r", "lora_alpha", "lora_dropout"),
}
_BESIDE_ADAPTER_OF = {"adapter_of", "decoder", "seeds"}
_OF_A_CHOICE = {"question", "note", "chosen_from", "splits", "seeds", "refit"}
_PROMPTS = files("piispan.runs.study") / "prompts"


def grids() -> tuple[str, ...]:
    """Names of the grids that come with the package, sorted."""
    folder = files("piispan.runs.study") / "grids"
    return tuple(sorted(x.name.removesuffix(".yaml") for x in folder.iterdir() if x.name.endswith(".yaml")))


def load_grid(name_or_path: str | Path) -> Grid:
    """A grid that comes with the package by its name, or one of a YAML file.

    The keys: ``question``; ``note``, printed with the answer; ``part`` (``test`` without it); ``splits`` and ``seeds``, lists;
    ``common``, settings of every cell; then ``settings``, a mapping of names to what is tried, or ``axes``, a mapping of names of settings
    to lists of values, each of which goes with each, but for those that do not go together; and ``contrasts``, a mapping of words to two
    settings each, which are compared with each other. A setting's own keys are those of ``TrainSettings`` and of ``Cell``: ``system``,
    ``decoder``, ``documents``, ``held_out``, ``adapter_of`` and ``refit``, and ``seeds`` in the place of the grid's. A grid of
    ``chosen_from``, ``splits``, ``seeds`` and ``refit`` measures the best setting of another grid.

    Raises:
        FormatError: If there is no such grid, it is not well formed, or a file bears the name of a grid that ships.
        LabelError: If a label that is held out is none of the label set.
    """
    path = Path(name_or_path)
    if path.suffix in {".yaml", ".yml"}:
        if path.stem in grids():
            raise FormatError(f"{path}: a grid of that name ships with the package; give yours another")
        return grid_of(read_yaml(path, FormatError), path.stem, path)
    if str(name_or_path) not in grids():
        raise FormatError(f"no grid named {str(name_or_path)!r}; shipped: {', '.join(grids())}; or pass a .yaml file")
    shipped = files("piispan.runs.study") / "grids" / f"{name_or_path}.yaml"
    return grid_of(yaml.safe_load(shipped.read_text("utf-8")), str(name_or_path))


def grid_of(given: object, name: str, path: Path | None = None) -> Grid:
    """The grid of a mapping; see ``load_grid``.

    Raises:
        FormatError: If it is not well formed.
        LabelError: If a label that is held out is none of the label set.
    """
    where = f"grid {name}"
    source = path.name if path else name
    if not isinstance(given, dict) or not isinstance(given.get("question"), str):
        raise FormatError(f"{where}: needs a question, and settings or axes")
    note = given.get("note", "")
    if not isinstance(note, str):
        raise FormatError(f"{where}: note must be text, was: {note!r}")
    if unknown := sorted(map(str, given.keys() - _OF_A_GRID)):
        raise FormatError(f"{where}: keys that mean nothing here: {', '.join(unknown)}; known: {', '.join(sorted(_OF_A_GRID))}")
    seeds = _list(given.get("seeds", [0]), int, f"{where}: seeds")
    splits = _list(given.get("splits", ["random", "template"]), str, f"{where}: splits")
    for split in splits:
        _check_choice(split, get_args(SplitKind), f"{where}: splits")
    if "chosen_from" in given:
        if more := sorted(given.keys() - _OF_A_CHOICE):
            raise FormatError(f"{where}: chosen_from brings the settings; leave out {', '.join(more)}")
        trials = str(given["chosen_from"])
        beside = path and path.parent / trials
        chosen_from = str(beside.resolve()) if beside and beside.suffix in {".yaml", ".yml"} else trials
        refit = given.get("refit", False)
        _check_choice(refit, (True, False), f"{where}: refit")
        return Grid(name, given["question"], source, (), 0, chosen_from, tuple(splits), tuple(seeds), refit, note)
    if "refit" in given:
        raise FormatError(f"{where}: refit is a setting's own, or goes with chosen_from")
    part = given.get("part", "test")
    _check_choice(part, get_args(Part), f"{where}: part")
    common = given.get("common", {})
    if not isinstance(common, dict):
        raise FormatError(f"{where}: common needs settings")
    cells, refused, accepted = list[Cell](), list[tuple[dict[str, Any], FormatError]](), list[dict[str, Any]]()
    for setting, own in _tried(given, common, where):
        try:
            of_setting = [
                _cell(name, setting, {**common, **own}, seed, split, part, f"{where}, {setting}", is_own=path is not None)
                for split, seed in product(splits, _list(own.pop("seeds", seeds), int, f"{where}, {setting}: seeds"))
            ]
            for cell in of_setting[:1]:  # the others ask alike
                _check_prompt(cell, f"{where}, {setting}")
            cells += of_setting
            accepted.append(own)
        except FormatError as error:
            if "axes" not in given:
                raise
            refused.append((own, error))
    for own, why in refused:  # a value that goes with no other is a mistake
        if any(all(value != other[key] for other in accepted) for key, value in own.items()):
            raise why
    if not cells:
        raise FormatError(f"{where}: has no cell")
    _check_places(cells, where)
    contrasts = _contrasts(given.get("contrasts", {}), list(dict.fromkeys(cell.setting for cell in cells)), f"{where}: contrasts")
    return Grid(name, given["question"], source, tuple(cells), len(refused), note=note, contrasts=contrasts)


def _tried(given: Mapping[str, Any], common: Mapping[str, Any], where: str) -> Iterator[tuple[str, dict[str, Any]]]:
    settings, axes = given.get("settings"), given.get("axes")
    if isinstance(settings, dict) and axes is None and all(own is None or isinstance(own, dict) for own in settings.values()):
        named = {str(name): own or {} for name, own in settings.items()}
        for name, own in named.items():
            _check_keys({**(common if "system" in common else {}), **own}, f"{where}, {name}")
            yield name, {**_source_of(own, common, named, f"{where}, {name}"), **own}
    elif isinstance(axes, dict) and settings is None and all(isinstance(values, list) for values in axes.values()):
        for values in product(*axes.values()):
            yield ", ".join(f"{key} {value}" for key, value in zip(axes, values, strict=True)), dict(zip(axes, values, strict=True))
    else:
        raise FormatError(f"{where}: needs settings, a mapping of names to settings, or axes, a mapping of settings to lists of values")


def _check_keys(own: Mapping[str, Any], where: str) -> None:
    if own.get("system") == "token_classifier" and (more := sorted(map(str, own.keys() - _OF_A_TOKEN_CLASSIFIER - _OF_A_CELL - {"seeds"}))):
        raise FormatError(f"{where}: means nothing to a token classifier: {', '.join(more)}")


def _source_of(own: Mapping[str, Any], common: Mapping[str, Any], named: Mapping[str, Any], where: str) -> Mapping[str, Any]:
    """How the setting is trained whose adapter another measures; nothing where it measures its own."""
    if "adapter_of" not in own:
        return {}
    if more := sorted(map(str, own.keys() - _BESIDE_ADAPTER_OF)):
        raise FormatError(f"{where}: adapter_of brings the settings; leave out {', '.join(more)}")
    if not isinstance(own["adapter_of"], str) or own["adapter_of"] not in named:
        raise FormatError(f"{where}: adapter_of must name a setting above it")
    source: Mapping[str, Any] = named[own["adapter_of"]]
    trained = {**common, **source}
    if trained.get("system", "tuned") != "tuned" or trained.keys() & {"adapter_of", "held_out"}:
        raise FormatError(f"{where}: adapter_of must name a setting that trains an adapter for all labels")
    return source


def _cell(grid: str, setting: str, given: Mapping[str, Any], seed: int, split: Any, part: Any, where: str, *, is_own: bool) -> Cell:
    if "seed" in given:
        raise FormatError(f"{where}: seeds are a list, of the grid or of a setting (seeds: [0, 1, 2]), over which figures are means")
    own = {key: value for key, value in given.items() if key in _OF_A_CELL}
    trained = {**{key: value for key, value in given.items() if key not in _OF_A_CELL}, "seed": seed}
    template = trained.get("prompt_style")
    is_here = is_own and isinstance(template, str) and Path(template).is_file()
    if isinstance(template, str) and template.endswith(".jinja") and not is_here and (_PROMPTS / template).is_file():
        trained["prompt_style"] = str(_PROMPTS / template)
    settings = settings_of(trained, where)
    _check_choice(own.get("system", "tuned"), get_args(System), f"{where}: system")
    _check_choice(own.get("decoder"), (None, *get_args(DecoderName)), f"{where}: decoder")
    documents = own.get("documents")
    if documents is not None and (type(documents) is not int or documents < 1):
        raise FormatError(f"{where}: documents must be a number greater than 0, was: {documents!r}")
    own["held_out"] = tuple(_list(own.get("held_out", []), str, f"{where}: held_out"))
    for label in own["held_out"]:
        settings.label_set.require(label, f"{where}: held_out: ")
    _check_choice(own.get("refit", False), (True, False), f"{where}: refit")
    if own["held_out"] and settings.spelling.tag_tokens == "special":
        raise FormatError(f"{where}: held_out labels have no special tag token when they are asked for; it goes with tag_tokens: text")
    if own.get("system", "tuned") == "tuned":
        written = settings if own.get("adapter_of") else settings.decodable_by(own.get("decoder"))
        decoder_name(own.get("decoder"), written.format, tag_tokens=written.spelling.tag_tokens, loss=written.spelling.loss)
    if own.get("refit") and (part != "test" or documents or settings.early_stopping_patience):
        raise FormatError(f"{where}: refit trains on all training and validation documents; it goes with part: test alone")
    if own.get("system") == "token_classifier" and (settings.mention_replacement or settings.label_sampling != "all"):
        raise FormatError(f"{where}: a token classifier has neither mention_replacement nor label_sampling")
    if settings.early_stopping_patience and (own["held_out"] or documents):
        raise FormatError(f"{where}: early stopping watches the whole validation part; it goes with neither held_out nor documents")
    return Cell(grid=grid, setting=setting, split=split, part=part, settings=settings, **own)


def _check_prompt(cell: Cell, where: str) -> None:
    try:
        prompt_of(cell.settings)
    except DataError as error:
        raise FormatError(f"{where}: {error}") from None


def _check_places(cells: Sequence[Cell], where: str) -> None:
    seen = set[str]()
    for cell in cells:
        if cell.place in seen:
            raise FormatError(f"{where}: two cells have the same place; name their settings apart")
        if cell.source_place and cell.source_place not in seen:
            raise FormatError(f"{where}, {cell.setting}: adapter_of must name a setting above it")
        seen.add(cell.place)


def _contrasts(given: object, settings: Sequence[str], where: str) -> Mapping[str, tuple[str, str]]:
    if not isinstance(given, dict):
        raise FormatError(f"{where}: needs a mapping of words to two settings, was: {given!r}")
    contrasts = dict[str, tuple[str, str]]()
    for words, pair in given.items():
        named = [str(setting) for setting in pair] if isinstance(pair, list) else []
        if len(named) != 2 or named[0] == named[1]:
            raise FormatError(f"{where}: {words}: needs a list of two settings (quote a name that holds a comma), was: {pair!r}")
        for setting in named:
            _check_choice(setting, settings, f"{where}: {words}")
        if same := next((other for other, both in contrasts.items() if set(both) == set(named)), None):
            raise FormatError(f"{where}: {words}: has the two settings of {same!r}")
        contrasts[str(words)] = named[0], named[1]
    return contrasts


def _check_choice(value: object, known: Sequence[object], where: str) -> None:
    if value not in known:
        raise FormatError(f"{where}: must be one of {', '.join(str(one) for one in known if one is not None)}, was: {value!r}")


def _list(value: object, kind: type, where: str) -> list[Any]:
    if not isinstance(value, list) or not all(type(one) is kind for one in value):
        raise FormatError(f"{where}: needs a list, was: {value!r}")
    return value
