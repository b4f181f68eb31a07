"""Checkpoints of a run that may be killed, and the check that a later run goes on with the same work."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from piispan.core import DataError, Document, LabelSet
from piispan.runs.artifacts import documents_sha256, write_json
from piispan.runs.settings import TrainSettings

__all__ = ["drop_checkpoints", "last_checkpoint", "open_checkpoints"]

_RUN = "run.json"
_MAY_DIFFER = {"save_steps", "report_to", "language", "base_licence"}


def open_checkpoints(folder: Path, settings: TrainSettings, labels: LabelSet, documents: Sequence[Document], *, resume: bool) -> str | None:
    """Make a folder for checkpoints, or find the one to go on from.

    Args:
        folder: The folder; it holds no text and no path.
        settings: Those of this run.
        labels: Its label set.
        documents: What it trains on.
        resume: Go on with the run that left the checkpoints there.

    Returns:
        The checkpoint to go on from, or ``None``.

    Raises:
        DataError: If there is nothing to go on from, it is of another run (says in what), or there is and was not asked for.
    """
    this = {**asdict(settings), "labels": labels.hash, "documents": documents_sha256(documents)}
    place = folder / _RUN
    if not resume:
        if place.exists():
            raise DataError(f"{folder}: holds a run that did not end; go on with it by --resume, or remove the folder")
        write_json(place, this)
        return None
    try:
        before = json.loads(place.read_text("utf-8"))
    except (OSError, ValueError):
        raise DataError(f"{folder}: no run to go on with; train without --resume") from None
    differing = sorted(name for name in this.keys() - _MAY_DIFFER if this[name] != before.get(name))
    if differing:
        raise DataError(f"{folder}: checkpoints of another run, which differs in {', '.join(differing)}; train without --resume elsewhere")
    return last_checkpoint(folder)


def last_checkpoint(folder: Path) -> str | None:
    """The last whole checkpoint in a folder; one that was being written when the run was killed has no trainer state yet."""
    whole = [path.parent for path in folder.glob("checkpoint-*/trainer_state.json")]
    return str(max(whole, key=lambda path: int(path.name.removeprefix("checkpoint-")))) if whole else None


def drop_checkpoints(folder: Path) -> None:
    """Remove what a run that ended needs no more."""
    shutil.rmtree(folder, ignore_errors=True)
