"""What the slots of frames are called in a label set.

Frames carry labels of their own, finer than those of any one set. A YAML file of ``labellings/<language>/<label set>.yaml`` gives
each slot, by label or by label and kind, its label in the set, or nothing where the value bears none::

    PHONE_NUMBER: PHONE
    PHONE_NUMBER.fax: FAX
    GPE.country:                                # stays in the text, without a span
    AGE: {label: DATE, only: "9\\d|1\\d\\d"}      # a span for some values alone

A frame with a slot that the file does not name is not used for the set, nor is one that it names under ``without``.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import yaml

from piispan.core import DataError, LabelSet
from piispan.dataset_builder.synthesis.frames import Frame, Slot, load_frames, settings

__all__ = [
    "Labelling",
    "Rule",
    "default_labels",
    "default_language",
    "fitting_frames",
    "fitting_settings",
    "known_labels",
    "load_labelling",
]

_DEFAULTS = {"en": "presidio", "zh": "zh_pii"}


@dataclass(frozen=True, slots=True)
class Rule:
    """What values of a slot are called."""

    label: str | None
    only: re.Pattern[str] | None = None
    """Values that bear the label must match as a whole; without it, all do."""

    def __call__(self, value: str) -> str | None:
        """The label of ``value``, or ``None``."""
        return self.label if self.only is None or self.only.fullmatch(value) else None


class Labelling:
    """The labels of one set for the slots of one language.

    Args:
        rules: By ``LABEL`` and ``LABEL.kind``; the latter goes first.
        without: Fillers whose values the set might count as identifiers or not, depending on what the text says, and frames by
            group; neither these nor frames with those are used.
    """

    def __init__(self, rules: Mapping[str, Rule], without: Collection[str] = ()) -> None:
        self._rules, self._without = rules, frozenset(without)
        kinded = {name.split(".")[0] for name in rules if "." in name}
        self._whatever_kind = {name: rule for name, rule in rules.items() if name not in kinded}

    def label(self, slot: Slot, value: str) -> str | None:
        """The label of ``value`` in ``slot``, or ``None`` if it bears none."""
        rule = self._whatever_kind.get(slot.label) or self._rule(slot)
        return rule(value) if rule else None

    def fits(self, frame: Frame) -> bool:
        """Whether every slot of the frame has a label in the set, or is known to have none."""
        if frame.group in self._without:
            return False
        return all(slot.label not in self._without if slot.is_filler else self._rule(slot) for slot in frame.slots)

    def _rule(self, slot: Slot) -> Rule | None:
        if slot.is_filler:
            return None
        return self._rules.get(f"{slot.label}.{slot.kind}") or self._rules.get(slot.label)


def default_labels(language: str) -> str:
    """The label set that documents of a language bear unless told otherwise, whatever its region (``zh-CN``)."""
    return _DEFAULTS.get(language.partition("-")[0], "presidio")


def default_language(labels: str | None) -> str:
    """The language of documents that bear a label set, unless told otherwise: that of which it is the default, else English."""
    return next((language for language, default in _DEFAULTS.items() if default == labels), "en")


def known_labels(language: str) -> tuple[str, ...]:
    """The label sets that frames of a language can be labelled with, in alphabetical order."""
    folder = files("piispan.dataset_builder.synthesis") / "labellings" / language
    return tuple(sorted(file.name.removesuffix(".yaml") for file in folder.iterdir())) if folder.is_dir() else ()


@lru_cache
def load_labelling(labels: str, language: str = "en") -> Labelling:
    """The labels of a set for the slots of a language.

    Raises:
        DataError: If frames of that language cannot be labelled with that set, or a rule cannot be read.
    """
    if labels not in known_labels(language):
        raise DataError(f"no frames of language {language!r} for labels {labels!r}; there are: {', '.join(known_labels(language))}")
    file = files("piispan.dataset_builder.synthesis") / "labellings" / language / f"{labels}.yaml"
    found, known = yaml.safe_load(file.read_text("utf-8")), LabelSet.load(labels)
    rules = {slot: _rule_of(row, f"{file.name}, {slot}") for slot, row in found["slots"].items()}
    for slot, rule in rules.items():
        if rule.label is not None:
            known.require(rule.label, f"{file.name}, {slot}")
    return Labelling(rules, found.get("without", ()))


def _rule_of(row: object, where: str) -> Rule:
    if row is None or isinstance(row, str):
        return Rule(row)
    if not isinstance(row, dict) or row.keys() != {"label", "only"}:
        raise DataError(f"{where}: needs a label, nothing, or a map with the keys label and only")
    return Rule(row["label"], re.compile(row["only"], re.IGNORECASE))


def fitting_settings(language: str = "en", labels: str | None = None) -> tuple[str, ...]:
    """The settings that documents are drawn from by default: those at least half of whose frames can be labelled with the set.

    Args:
        language: Language of the frames.
        labels: The label set; by default that of the language.

    Raises:
        DataError: If the language or the label set is unknown.
    """
    chosen = labels or default_labels(language)
    return tuple(name for name in settings(language) if 2 * len(fitting_frames(name, language, chosen)) >= len(load_frames(name, language)))


@lru_cache
def fitting_frames(setting: str, language: str, labels: str) -> tuple[Frame, ...]:
    """The frames of a setting that can be labelled with a set; there may be none.

    Raises:
        DataError: If the setting, the language or the label set is unknown.
    """
    labelling = load_labelling(labels, language)
    return tuple(frame for frame in load_frames(setting, language) if labelling.fits(frame))
