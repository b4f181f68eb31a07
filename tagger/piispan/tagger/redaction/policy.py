"""Policies: which operator replaces the spans of which label. YAML that people write, checked before any work."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import yaml

from piispan.core import SAFE_HARBOR_CATEGORIES, LabelSet, RedactionError, read_yaml
from piispan.tagger.redaction.rules import Rule

if TYPE_CHECKING:
    from presidio_anonymizer.entities import OperatorConfig

__all__ = ["DateOrder", "Policy"]

DateOrder = Literal["mdy", "dmy"]
_KEYS = ("name", "default", "labels", "categories", "locale", "date_order", "reference_year")


@dataclass(frozen=True, slots=True)
class Policy:
    """One operator per label.

    Args:
        name: Of the policy.
        default: For labels that have no rule of their own.
        labels: Rule by a label's name.
        categories: Rule by the letter of a label's Safe Harbor category, for labels without a rule by name.
        locale: Faker's locale of surrogates; by the script of each value without it.
        date_order: How surrogates read dates such as 3/4/2019 where the document does not tell.
        reference_year: The year by which ``safe_harbor`` tells whether a year shows an age over 89; this year without it.

    Raises:
        RedactionError: If a name of a category is no letter from A to R, or a setting is out of its range.
    """

    name: str
    default: Rule = field(default_factory=lambda: Rule("replace"))
    labels: Mapping[str, Rule] = field(default_factory=dict)
    categories: Mapping[str, Rule] = field(default_factory=dict)
    locale: str | None = None
    date_order: DateOrder = "mdy"
    reference_year: int | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name:
            raise RedactionError("a policy needs a name, a non-empty string")
        for letter in self.categories:
            if letter not in SAFE_HARBOR_CATEGORIES:
                raise RedactionError(f"policy {self.name}: categories are letters from A to R, was: {letter!r}")
        if self.locale is not None and not isinstance(self.locale, str):
            raise RedactionError(f"policy {self.name}: locale must be a string such as de_DE")
        if self.date_order not in ("mdy", "dmy"):
            raise RedactionError(f"policy {self.name}: date_order must be mdy or dmy, was: {self.date_order!r}")
        year = self.reference_year
        if year is not None and (not isinstance(year, int) or isinstance(year, bool) or not 1900 <= year <= 2199):
            raise RedactionError(f"policy {self.name}: reference_year must be a year from 1900 to 2199")

    @classmethod
    def load(cls, name_or_path: str | Path) -> "Policy":
        """A policy that ships (``Policy.shipped()``), by its name, or one from a YAML file.

        Raises:
            RedactionError: If there is none, or it is not well formed.
        """
        path = Path(name_or_path)
        if path.suffix in {".yaml", ".yml"}:
            own = cls.from_dict(read_yaml(path, RedactionError), str(path))
            if own.name in cls.shipped():
                raise RedactionError(f"{path}: a policy of the name {own.name} ships with the package; give yours another")
            return own
        if str(name_or_path) not in cls.shipped():
            raise RedactionError(f"no policy named {str(name_or_path)!r}; shipped: {', '.join(cls.shipped())}; or a .yaml file")
        shipped = files("piispan.tagger.redaction") / "policies" / f"{name_or_path}.yaml"
        return cls.from_dict(yaml.safe_load(shipped.read_text("utf-8")), f"policy {name_or_path}")

    @staticmethod
    def shipped() -> tuple[str, ...]:
        """Names of the policies that come with the package, sorted."""
        folder = files("piispan.tagger.redaction") / "policies"
        return tuple(sorted(x.name.removesuffix(".yaml") for x in folder.iterdir() if x.name.endswith(".yaml")))

    @classmethod
    def from_dict(cls, data: object, where: str = "policy") -> "Policy":
        """The policy of ``{"name", "default", "labels", "categories", "locale", "date_order", "reference_year"}``; all but the name
        may be missing.

        Raises:
            RedactionError: If a key or an operator is unknown, or a parameter is wrong; the message begins with ``where``.
        """
        if not isinstance(data, Mapping):
            raise RedactionError(f"{where}: needs keys such as name, default and labels")
        if unknown := sorted(map(str, data.keys() - set(_KEYS))):
            raise RedactionError(f"{where}: keys that mean nothing here: {', '.join(unknown)}; known: {', '.join(_KEYS)}")
        settings: dict[str, Any] = {key: data[key] for key in ("locale", "date_order", "reference_year") if key in data}
        try:
            if "default" in data:
                settings["default"] = Rule.from_dict(data["default"], "default")
            for table in ("labels", "categories"):
                rows = data.get(table, {})
                if not isinstance(rows, Mapping):
                    raise RedactionError(f"{table} must be a mapping of names to operators")
                settings[table] = {str(name): Rule.from_dict(row, f"{table}, {name}") for name, row in rows.items()}
            return cls(data.get("name", ""), **settings)
        except RedactionError as error:
            raise RedactionError(f"{where}: {error}") from None

    @classmethod
    def from_operators(cls, operators: "Mapping[str, OperatorConfig] | None" = None) -> "Policy":
        """The policy of presidio-anonymizer's ``OperatorConfig`` by label; ``DEFAULT`` serves every other label (``replace``).

        Raises:
            RedactionError: If one is no ``OperatorConfig``, or its operator or parameters are unknown.
        """
        rules = {label: Rule.of_presidio(operator, label) for label, operator in (operators or {}).items()}
        default = rules.pop("DEFAULT", Rule("replace"))
        return cls("operators", default, rules)

    def dated(self, year: int) -> "Policy":
        """The policy with ``year`` as its reference year, unless it names one."""
        return self if self.reference_year else replace(self, reference_year=year)

    def rules(self, labels: LabelSet) -> dict[str, Rule]:
        """The rule of each label of a set, by its name.

        Raises:
            LabelError: If the policy has a rule for a label that the set lacks, unless the policy is one that ships.
        """
        if not self._ships():
            for name in self.labels:
                labels.require(name, f"policy {self.name}: ")
        by_category = {letter: self.categories.get(letter, self.default) for letter in SAFE_HARBOR_CATEGORIES}
        return {
            label.name: self.labels.get(label.name) or (by_category[label.safe_harbor] if label.safe_harbor else self.default)
            for label in labels
        }

    def _ships(self) -> bool:
        if self.name not in self.shipped():
            return False
        shipped = Policy.load(self.name)
        return (self.default, self.labels, self.categories) == (shipped.default, shipped.labels, shipped.categories)

    @property
    def needs_key(self) -> bool:
        """Whether what it writes is lost without a key of the user's."""
        return any(rule.lacks_key for rule in (self.default, *self.labels.values(), *self.categories.values()))

    def to_dict(self) -> dict[str, object]:
        """The policy as it stands in YAML."""
        tables = {name: {key: rule.to_dict() for key, rule in sorted(getattr(self, name).items())} for name in ("labels", "categories")}
        settings = {"locale": self.locale, "date_order": self.date_order, "reference_year": self.reference_year}
        return {"name": self.name, "default": self.default.to_dict(), **tables, **settings}

    @property
    def hash(self) -> str:
        """SHA-256 of all that the policy says, whatever the layout of its file."""
        return hashlib.sha256(json.dumps(self.to_dict(), sort_keys=True, ensure_ascii=False, default=repr).encode()).hexdigest()
