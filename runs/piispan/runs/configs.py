"""Settings from YAML: the recipes that come with the package, and one's own files."""

from contextlib import suppress
from dataclasses import fields
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from types import NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints

import yaml

from piispan.core import FormatError, read_yaml
from piispan.runs.settings import TrainSettings

__all__ = ["load_settings", "recipes", "settings_of"]

_TRL_NAMES = {
    "model_name_or_path": "model",
    "model_revision": "revision",
    "num_train_epochs": "epochs",
    "per_device_train_batch_size": "batch_size",
    "lora_r": "lora_rank",
    "warmup_ratio": "warmup_steps",
}


def recipes() -> tuple[str, ...]:
    """Names of the recipes that come with the package, sorted."""
    return tuple(sorted(x.name.removesuffix(".yaml") for x in (files("piispan.runs") / "recipes").iterdir() if x.name.endswith(".yaml")))


def load_settings(name_or_path: str | Path) -> TrainSettings:
    """The settings of a recipe by name, or of a YAML file: fields of ``TrainSettings``, or TRL's names for them.

    Raises:
        FormatError: If there is no such recipe or file, it is not a mapping, or a field is unknown or of the wrong type.
    """
    path = Path(name_or_path)
    shipped = files("piispan.runs") / "recipes" / f"{name_or_path}.yaml"
    if path.suffix not in {".yaml", ".yml"} and not shipped.is_file():
        raise FormatError(f"no recipe named {str(name_or_path)!r}; shipped: {', '.join(recipes())}; or pass a .yaml file")
    given = read_yaml(path, FormatError) if path.suffix in {".yaml", ".yml"} else yaml.safe_load(shipped.read_text("utf-8"))
    return settings_of(given, str(path))


def settings_of(given: object, where: str) -> TrainSettings:
    """The settings of a mapping: fields of ``TrainSettings``, or TRL's names for them.

    Raises:
        FormatError: If it is not a mapping, or a field is unknown or of the wrong type; the message begins with ``where``.
    """
    if not isinstance(given, dict):
        raise FormatError(f"{where}: needs fields of settings, one per line")
    known = {field.name for field in fields(TrainSettings)}
    kinds = get_type_hints(TrainSettings)
    values: dict[str, Any] = {}
    for key, value in given.items():
        name = _TRL_NAMES.get(key, key)
        if name not in known:
            near = get_close_matches(str(key), [*known, *_TRL_NAMES], n=1)
            hint = f"; did you mean {near[0]}?" if near else f"; known: {', '.join(sorted(known))}"
            raise FormatError(f"{where}: no setting named {str(key)!r}{hint}")
        if key == "warmup_ratio" and not (isinstance(value, float) and 0 <= value < 1):
            raise FormatError(f"{where}: warmup_ratio must be at least 0 and below 1, was: {value!r}; warmup_steps counts steps")
        if name in values:
            raise FormatError(f"{where}: {name} is given twice")
        values[name] = _of_kind(value, kinds[name], f"{where}: {key}")
    try:
        return TrainSettings(**values)
    except FormatError as error:
        raise FormatError(f"{where}: {error}") from None


def _of_kind(value: Any, kind: Any, where: str) -> Any:
    """``value``, if it is of a field's type; YAML reads ``1e-4`` as a string, and ``3`` where a fraction may stand."""
    parts = (kind,) if get_origin(kind) in (None, Literal) else get_args(kind)
    plain = {str if get_origin(part) is Literal else part for part in parts}
    if float in plain and isinstance(value, str | int) and not isinstance(value, bool):
        with suppress(ValueError):
            return float(value)
    if type(value) not in plain:
        names = " or ".join(sorted("nothing" if one is NoneType else one.__name__ for one in plain))
        raise FormatError(f"{where}: needs {names}, was: {value!r}")
    return value
