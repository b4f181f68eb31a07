"""The controlled list of labels: what the model may write, and nothing else."""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path

import yaml

from piispan.core.errors import LabelError
from piispan.core.yaml_files import read_yaml

__all__ = ["SAFE_HARBOR_CATEGORIES", "Label", "LabelSet"]

SAFE_HARBOR_CATEGORIES: Mapping[str, str] = {
    "A": "Names",
    "B": "Geographic subdivisions smaller than a state",
    "C": "Dates (except year) and ages over 89",
    "D": "Telephone numbers",
    "E": "Fax numbers",
    "F": "Email addresses",
    "G": "Social security numbers",
    "H": "Medical record numbers",
    "I": "Health plan beneficiary numbers",
    "J": "Account numbers",
    "K": "Certificate or license numbers",
    "L": "Vehicle identifiers and serial numbers, including license plates",
    "M": "Device identifiers and serial numbers",
    "N": "Web URLs",
    "O": "IP addresses",
    "P": "Biometric identifiers, including finger and voice prints",
    "Q": "Full-face photographs and comparable images",
    "R": "Any other unique identifying number, characteristic or code",
}
"""The 18 kinds of identifier of 45 CFR 164.514(b)(2)(i), by the letter of their paragraph."""

_NAME = re.compile(r"[A-Z][A-Z0-9_]*")


@dataclass(frozen=True, slots=True)
class Label:
    """One entry of a label set.

    Args:
        name: Upper-case ASCII name, as it stands in tags: ``PERSON``.
        description: One line for the prompt.
        safe_harbor: Letter of the HIPAA Safe Harbor category (a key of
            ``SAFE_HARBOR_CATEGORIES``), or ``None`` when it belongs to none of the 18.

    Raises:
        LabelError: If the name or the category is not of this form.
    """

    name: str
    description: str
    safe_harbor: str | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not _NAME.fullmatch(self.name):
            raise LabelError(f"a label's name must match [A-Z][A-Z0-9_]*, was: {self.name!r}")
        if not isinstance(self.description, str) or not self.description.strip() or len(self.description.splitlines()) > 1:
            raise LabelError(f"label {self.name}: description must be one non-empty line")
        if self.safe_harbor is not None and self.safe_harbor not in tuple(SAFE_HARBOR_CATEGORIES):
            raise LabelError(f"label {self.name}: safe_harbor must be a letter from A to R, was: {self.safe_harbor!r}")


@dataclass(frozen=True, slots=True)
class LabelSet:
    """An ordered set of labels; the order is that of the prompt.

    Raises:
        LabelError: If it is empty or a name occurs twice.
    """

    name: str
    labels: tuple[Label, ...]
    _known: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        names = [label.name for label in self.labels]
        object.__setattr__(self, "_known", frozenset(names))
        if not names:
            raise LabelError(f"label set {self.name!r} is empty")
        doubles = sorted({name for name in names if names.count(name) > 1})
        if doubles:
            raise LabelError(f"label set {self.name!r}: labels given twice: {', '.join(doubles)}")

    def __iter__(self) -> Iterator[Label]:
        return iter(self.labels)

    def __len__(self) -> int:
        return len(self.labels)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name in self._known

    @property
    def names(self) -> tuple[str, ...]:
        """The label names, in order."""
        return tuple(label.name for label in self.labels)

    @property
    def hash(self) -> str:
        """First 12 hex digits of the SHA-256 of names, descriptions and categories."""
        rows = [[label.name, label.description, label.safe_harbor] for label in self.labels]
        return hashlib.sha256(json.dumps(rows, ensure_ascii=False).encode()).hexdigest()[:12]

    def require(self, name: str, where: str = "") -> None:
        """Check that ``name`` is in the set.

        Raises:
            LabelError: If it is not; the message names the nearest label, and ``name`` only where it looks like a label: where columns were
                mixed up it may be a value.
        """
        if name in self:
            return
        near = get_close_matches(name.upper(), self.names, n=1)
        hint = f"; did you mean {near[0]}?" if near else f"; known: {', '.join(self.names)}"
        shown = repr(name) if near or _NAME.fullmatch(name) else f"of {len(name)} characters"
        raise LabelError(f"{where}unknown label {shown} for label set {self.name!r}{hint}")

    def to_dict(self) -> dict[str, object]:
        """The set as it stands in YAML and in ``piispan.json``."""
        rows = [{"name": x.name, "description": x.description, "safe_harbor": x.safe_harbor} for x in self.labels]
        return {"name": self.name, "labels": rows}

    @classmethod
    def from_dict(cls, data: object, where: str = "label set") -> "LabelSet":
        """The set of ``{"name": str, "labels": [{"name", "description", "safe_harbor"}]}``.

        Raises:
            LabelError: If the shape is wrong; the message begins with ``where``.
        """
        if not isinstance(data, Mapping) or not isinstance(data.get("name"), str) or not isinstance(data.get("labels"), list):
            raise LabelError(f"{where}: needs a name and a list of labels")
        _refuse_other_keys(data, {"name", "labels"}, where)
        for number, row in enumerate(data["labels"], start=1):
            its_place = f"{where}: label {number} of {len(data['labels'])}"
            if isinstance(row, Mapping):
                _refuse_other_keys(row, {"name", "description", "safe_harbor"}, its_place)
            if not isinstance(row, Mapping) or not {"name", "description"} <= row.keys():
                raise LabelError(f"{its_place}: needs name and description, and may have safe_harbor")
        try:
            labels = [Label(row["name"], row["description"], row.get("safe_harbor")) for row in data["labels"]]
            return cls(data["name"], tuple(labels))
        except LabelError as error:
            raise LabelError(f"{where}: {error}") from None

    @classmethod
    def load(cls, name_or_path: str | Path) -> "LabelSet":
        """A shipped set by name (``presidio``, ``safe_harbor``), or one from a YAML file.

        Raises:
            LabelError: If there is no such set or file, or the file is not a label set.
        """
        shipped = files("piispan.core") / "label_sets" / f"{name_or_path}.yaml"
        path = Path(name_or_path)
        if path.suffix not in {".yaml", ".yml"}:
            if str(name_or_path) not in cls.shipped():
                raise LabelError(f"no label set named {str(name_or_path)!r}; shipped: {', '.join(cls.shipped())}; or pass a .yaml file")
            return cls.from_dict(yaml.safe_load(shipped.read_text("utf-8")), f"label set {str(name_or_path)!r}")
        return cls.from_dict(read_yaml(path, LabelError), str(path))

    @staticmethod
    def shipped() -> tuple[str, ...]:
        """Names of the sets that come with the package, sorted."""
        folder = files("piispan.core") / "label_sets"
        return tuple(sorted(x.name.removesuffix(".yaml") for x in folder.iterdir() if x.name.endswith(".yaml")))

    def subset(self, names: Iterable[str]) -> "LabelSet":
        """The labels of ``names`` in this set's order.

        Raises:
            LabelError: If a name is not in the set.
        """
        wanted = set(names)
        for name in sorted(wanted):
            self.require(name)
        return LabelSet(self.name, tuple(label for label in self.labels if label.name in wanted))


def _refuse_other_keys(given: Mapping[str, object], known: set[str], where: str) -> None:
    if unknown := sorted(map(str, given.keys() - known)):
        raise LabelError(f"{where}: keys that mean nothing here: {', '.join(unknown)}")
