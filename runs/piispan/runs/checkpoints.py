"""Checkpoints of a run that may be killed, and the check that a later run goes on with the same work."""

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from piispan.core import DataError, Document, LabelSet
from piispan.runs.artifacts import documents_sha256, write_json
from piispan.runs.settings import TrainSettings

__all__ = ["drop_checkpoints", "identity", "last_checkpoint", "open_checkpoints"]

_RUN = "run.json"
_MAY_DIFFER = {"save_steps", "report_to", "language", "base_licence", "model", "prompt_style", "examples", "start"}


def open_checkpoints(folder: Path, this_run: Mapping[str, object], *, resume: bool) -> str | None:
    """Make a folder for checkpoints, or find the one to go on from.

    Args:
        folder: The folder. What a killed run leaves there is the adapter so far and the state of its training, no text.
        this_run: What must be the same for one run to go on with another's work; see ``identity``.
        resume: Go on with the run that left the checkpoints there.

    Returns:
        The checkpoint to go on from, or ``None``.

    Raises:
        DataError: If there is nothing to go on from, it is of another run (says in what), there is and was not asked for, or the folder
            holds other files.
    """
    place, found = folder / _RUN, last_checkpoint(folder)
    if resume:
        try:
            before = json.loads(place.read_text("utf-8"))
        except (OSError, ValueError):
            raise DataError(f"{folder}: no run to go on with; train without --resume") from None
        before = {**asdict(TrainSettings()), **before}  # of settings that there were not yet, the default
        differing = sorted(name for name in this_run if this_run[name] != before.get(name))
        if differing:
            raise DataError(f"{folder}: checkpoints of another run, which differs in {', '.join(differing)}; choose another --out")
        return found
    if found:
        raise DataError(f"{folder}: holds a run that did not end; go on with it by --resume, or remove the folder")
    if folder.exists() and not place.exists() and any(folder.iterdir()):
        raise DataError(f"{folder}: holds other files than a run's checkpoints; choose another --out")
    if int(os.environ.get("RANK", "0")) == 0:  # of several processes, the first
        write_json(place, this_run)
    return None


def identity(
    settings: TrainSettings, labels: LabelSet, base_sha256: str | None, training: Sequence[Document], validation: Sequence[Document]
) -> dict[str, object]:
    """What makes a run the run it is; no text, and no path."""
    kept = {name: value for name, value in asdict(settings).items() if name not in _MAY_DIFFER}
    return {
        **kept,
        "labels": labels.hash,
        "base": base_sha256 or settings.model,
        "documents": documents_sha256(training),
        "validation": documents_sha256(validation),
        "processes": int(os.environ.get("WORLD_SIZE", "1")),
    }


def last_checkpoint(folder: Path) -> str | None:
    """The last whole checkpoint in a folder; one that was being written when the run was killed has no trainer state yet, or half of it."""
    whole = [path.parent for path in folder.glob("checkpoint-*/trainer_state.json") if _is_whole(path)]
    return str(max(whole, key=lambda path: int(path.name.removeprefix("checkpoint-")))) if whole else None


def _is_whole(path: Path) -> bool:
    try:
        json.loads(path.read_text("utf-8"))
    except ValueError:
        return False
    return True


def drop_checkpoints(folder: Path) -> None:
    """Remove what a run that ended needs no more, and nothing else."""
    (folder / _RUN).unlink(missing_ok=True)
    for checkpoint in folder.glob("checkpoint-*"):
        shutil.rmtree(checkpoint, ignore_errors=True)
    with suppress(OSError):  # other files may be there
        folder.rmdir()
