"""A data folder and the metric, pushed to the Hub."""

import re
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from piispan.core import DataError
from piispan.dataset_builder import changed_configs, export_card_faults, export_files, not_synthesised, read_documents
from piispan.metric import export_space
from piispan.model_card import CARD_NAME, Target, check_files, push_files
from piispan.runs.publishing.adapters import PushResult, refuse, secrets_here

__all__ = ["push_data", "push_metric"]

_LOADED = re.compile(r'load_dataset\("[^"\n]*"')
_DATA_FILE = re.compile(r"README\.md|\w+/(?:train|validation|test)-\d{5}-of-\d{5}\.parquet")


def push_data(folder: str | Path, target: Target, *, may_publish: bool = False, dry_run: bool = False) -> PushResult:
    """Publish a data folder of ``export_folder`` with its dataset card.

    Args:
        folder: The data folder.
        target: Where to.
        may_publish: Publish documents that the synthesis did not make. Without it each document is made again from what it says of itself,
            and compared.
        dry_run: Check, and say what would be pushed, without a word to the Hub.

    Raises:
        DataError: If the folder is no export, its card says other things than its files, or its documents are others than the synthesis
            makes and ``may_publish`` was not said.
        CardError: If the card holds what must not be published.
        HubError: If the Hub refuses or cannot be reached.
    """
    place = Path(folder)
    files: dict[str, Path | bytes] = dict(export_files(place))
    if changed := changed_configs(place):
        raise DataError(f"{folder}: rows of {', '.join(changed)} are not those that the card was written for; export anew")
    if faults := export_card_faults(place):
        raise DataError(f"{folder}: the card does not say what the files hold ({', '.join(faults)}); export anew")
    if not may_publish:
        _check_synthetic(place)
    with tempfile.TemporaryDirectory(prefix="piispan-push-") as draft:
        card = Path(draft) / CARD_NAME
        card.write_text(_LOADED.sub(f'load_dataset("{target.repo_id}"', (place / CARD_NAME).read_text("utf-8")), "utf-8")
        refuse(str(folder), check_files({CARD_NAME: card}, secrets=secrets_here(), public=(target.repo_id,)))
        files[CARD_NAME] = card.read_bytes()
    chosen = replace(target, repo_type="dataset")
    pushed = None if dry_run else push_files(files, chosen, owned=_named(_DATA_FILE), message="Labelled documents, with their card")
    return PushResult(_sizes(files), (), pushed)


def push_metric(target: Target, *, dry_run: bool = False) -> PushResult:
    """Publish the metric as a Space: a page, and ``evaluate.load("owner/name")``, which works without piispan.

    Args:
        target: Where to; the name must be that of a Python module.
        dry_run: Say what would be pushed, without a word to the Hub.

    Raises:
        DataError: If the name is none of a module.
        HubError: If the Hub refuses or cannot be reached.
    """
    with tempfile.TemporaryDirectory(prefix="piispan-push-") as draft:
        space = export_space(Path(draft) / "space", target.repo_id)
        found = {path.relative_to(space).as_posix(): path for path in sorted(space.rglob("*")) if path.is_file()}
        refuse("the Space", check_files(found, secrets=secrets_here(), public=(target.repo_id,)))
        files: dict[str, Path | bytes] = {name: found[name] for name in sorted(found, key=lambda name: (name == CARD_NAME, name))}
        chosen = replace(target, repo_type="space", space_sdk="gradio")
        pushed = None if dry_run else push_files(files, chosen, owned=_named(_space_file(target)), message="Scores for PII taggers")
        return PushResult(_sizes(files), (), pushed)


def _space_file(target: Target) -> re.Pattern[str]:
    module = re.escape(target.repo_id.partition("/")[2])
    return re.compile(rf"README\.md|app\.py|{module}\.py|requirements\.txt|pyproject\.toml|piispan/.+")


def _named(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda name: pattern.fullmatch(name) is not None


def _sizes(files: Mapping[str, Path | bytes]) -> dict[str, int]:
    return {name: len(content) if isinstance(content, bytes) else content.stat().st_size for name, content in files.items()}


def _check_synthetic(folder: Path) -> None:
    strange = sorted(name for path in (folder / "spans").glob("*.parquet") for name in not_synthesised(read_documents(path)[0]))
    if strange:
        named = ", ".join(strange[:5]) + (", ..." if len(strange) > 5 else "")
        raise DataError(
            f"{folder}: {len(strange)} documents ({named}) are not what this version's synthesis makes; if you may publish them, and "
            "they hold nobody's data, say --i-may-publish-this-data"
        )
