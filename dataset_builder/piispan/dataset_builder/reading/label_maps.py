"""Label maps: what the labels of someone's files are called here."""

from pathlib import Path

from piispan.core import DataError, read_yaml

__all__ = ["load_label_map"]


def load_label_map(path: str | Path) -> dict[str, str | None]:
    """The map of a YAML file: the file's labels with those wanted, or with nothing for spans to leave out.

    ::

        PER: PERSON
        LOC: GPE
        MISC:          # left out

    Raises:
        DataError: If the file is no such map; names the place.
    """
    found = read_yaml(path, DataError)
    if not isinstance(found, dict) or not found:
        raise DataError(f"{path}: needs a map of labels, such as 'PER: PERSON'")
    for name, wanted in found.items():
        if not isinstance(name, str) or not name or not (wanted is None or (isinstance(wanted, str) and wanted)):
            raise DataError(f"{path}: needs a label or nothing for each label; quote names that YAML takes for something else")
    return found
