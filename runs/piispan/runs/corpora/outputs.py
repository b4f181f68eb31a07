"""Where a run writes, and how each file takes its place."""

import errno
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from piispan.core import DataError

__all__ = ["Outputs", "take_place", "work_folder"]


@dataclass(frozen=True, slots=True)
class Outputs:
    """The places of a run.

    Args:
        out: The redacted file or folder.
        quarantine: Which records failed and why; written if any did.
        manifest: The audit manifest.
        vault: What was replaced, encrypted; none without it.

    Raises:
        DataError: If two of them are the same.
    """

    out: Path
    quarantine: Path
    manifest: Path
    vault: Path | None = None

    @classmethod
    def beside(cls, out: Path, *, quarantine: Path | None = None, manifest: Path | None = None, vault: Path | None = None) -> "Outputs":
        """The usual places: ``OUT.quarantine.jsonl`` and ``OUT.manifest.json``, where no others are given."""
        usual = {ending: out.with_name(f"{out.name}.{ending}") for ending in ("quarantine.jsonl", "manifest.json")}
        return cls(out, quarantine or usual["quarantine.jsonl"], manifest or usual["manifest.json"], vault)

    def __post_init__(self) -> None:
        places = [place.resolve() for place in (self.out, self.vault, self.quarantine, self.manifest) if place is not None]
        if len(set(places)) < len(places):
            raise DataError("output, vault, quarantine and manifest need a place each; two are the same")

    def check(self, source: Path) -> None:
        """Check that nothing is written where the source lies.

        Raises:
            DataError: If something is.
        """
        root = source.resolve()
        work = work_folder(self.out)
        if work.resolve() in (root, *root.parents):
            raise DataError(f"{source}: lies where the work for {self.out} would; name another output")
        for place in (self.out, self.vault, self.quarantine, self.manifest, work):
            if place is not None and place.resolve() == root:
                raise DataError(f"{place}: is the file that is read; write to another")
            if place is not None and root.is_dir() and root in place.resolve().parents:
                raise DataError(f"{place}: lies in the folder that is read; write elsewhere")
        if root.is_dir() and self.out.is_file():
            raise DataError(f"{self.out}: is a file, and a folder is read; name a folder to write to")
        if root.is_file() and self.out.is_dir():
            raise DataError(f"{self.out}: cannot be written (it is a folder)")

    def refuse_existing(self, *, force: bool) -> None:
        """Check that nothing is written over, but files when it is asked for.

        Raises:
            DataError: If something would be.
        """
        self.refuse_existing_output(force=force)
        for place in (self.vault, self.quarantine, self.manifest):
            if place is not None and place.exists() and not place.is_file():
                raise DataError(f"{place}: is no file; name another place")
            _refuse_file(place, force=force)

    def refuse_existing_output(self, *, force: bool) -> None:
        """The same of the redacted file or folder alone.

        Raises:
            DataError: If it would be written over, or could not be replaced in one piece.
        """
        out = self.out
        if out.is_dir() and any(out.iterdir()):
            raise DataError(f"{out}: is a folder with files in it; name a new one")
        if out.is_dir() and out.is_symlink():
            raise DataError(f"{out}: is a link to a folder, which cannot be replaced in one piece; name the folder itself")
        if out.is_dir() and os.path.ismount(out):
            raise DataError(f"{out}: another disk begins here, so it cannot be replaced in one piece; name a folder in it")
        if out.exists() and not out.is_file() and not out.is_dir():
            raise DataError(f"{out}: is no file and no folder; name another place, or - for standard output")
        _refuse_file(out, force=force)


def _refuse_file(place: Path | None, *, force: bool) -> None:
    if place is not None and place.is_file() and not force:
        raise DataError(f"{place}: exists; --force writes over it")


def work_folder(out: Path) -> Path:
    """Where a run that writes ``out`` keeps what it has done so far."""
    return out.with_name(f"{out.name}.partial")


def take_place(source: Path, target: Path) -> None:
    """Rename, or copy beside and rename where the target is on another disk. What is gone already has taken its place before."""
    if not source.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        source.replace(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        beside = target.with_name(f".{target.name}.{os.getpid()}")
        shutil.copyfile(source, beside)
        beside.replace(target)
        source.unlink()
