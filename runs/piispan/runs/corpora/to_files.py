"""A corpus redacted to files, so that a run that was interrupted can go on."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from piispan.core import DataError, replacing
from piispan.runs.corpora.asked import Asked, identity_sha256
from piispan.runs.corpora.corpus_run import FAULTS_SHOWN, CorpusRun, fault_row, manifest_of
from piispan.runs.corpora.digests import Digest, Digests, HashedStream, digest_of
from piispan.runs.corpora.engines import Job
from piispan.runs.corpora.journal import Journal
from piispan.runs.corpora.outputs import Outputs, take_place, work_folder
from piispan.runs.corpora.pace import Pace
from piispan.runs.corpora.parts.records import Part
from piispan.runs.corpora.tally import Tally

__all__ = ["write_files"]

_VAULT, _QUARANTINE, _DONE = "vault", "quarantine", "done"


def write_files(
    asked: Asked, parts: Sequence[Part], outputs: Outputs, source: Path | HashedStream | None, *, resume: bool, force: bool
) -> CorpusRun:
    """Redact parts to files; see ``redact_corpus``."""
    inputs = _digest(parts, source) if isinstance(source, Path) else None
    folder = work_folder(outputs.out)
    identity = asked.identity(inputs, parts, outputs)
    if not (resume and folder.exists()):
        if resume and (over := _over(identity, outputs)):
            return over
        outputs.refuse_existing(force=force)
    begun = asked.begin(vault=outputs.vault is not None)
    with _told(outputs), Journal(folder, identity, begun, resume=resume) as journal:
        if journal.part < len(parts):  # else some of these have taken their places
            outputs.refuse_existing(force=force)
        job = asked.job(parts, journal.begun)
        _work(asked, job, journal)
        if isinstance(source, Path) and _digest(parts, source) != inputs:
            raise DataError(f"{source}: was changed while it was read; delete {folder} and begin anew")
        if isinstance(source, HashedStream):
            inputs = source.digest()
        return _finished(asked, job, journal, outputs, inputs, identity, of_folder=isinstance(source, Path) and source.is_dir())


def _work(asked: Asked, job: Job, journal: Journal) -> None:
    """Bring every part to its end."""
    parts = job.parts
    (journal.folder / _DONE).mkdir(exist_ok=True)
    if journal.part == len(parts):
        return
    if job.vault and not journal.length(_VAULT):
        journal.append(_VAULT, job.vault.head)
    if journal.closing:
        _close_part(parts, journal)
    else:
        _open_part(parts, journal)
    with Pace(asked.progress, parts, journal.tally.documents + journal.tally.quarantined) as pace:
        for result in asked.engine.results(job, asked.size, journal.part, journal.chunk):
            while journal.part < result.part:
                _close_part(parts, journal)
            journal.append(str(result.part), result.content)
            for fault in result.faults:
                row = fault_row(parts, result.part, fault)
                journal.append(_QUARANTINE, json.dumps(row).encode() + b"\n")
            for line in result.sealed:
                journal.append(_VAULT, line)
            journal.chunk = result.chunk
            journal.tally.add(result.tally)
            journal.copied |= result.copied
            journal.commit()
            pace.advance(result.tally.documents + result.tally.quarantined)
    while journal.part < len(parts):
        _close_part(parts, journal)
    if job.vault:
        journal.append(_VAULT, job.vault.end(journal.tally.sealed))
    journal.commit(force=True)


def _open_part(parts: Sequence[Part], journal: Journal) -> None:
    name = str(journal.part)
    if journal.part < len(parts) and not journal.length(name):
        journal.append(name, parts[journal.part].head())


def _close_part(parts: Sequence[Part], journal: Journal) -> None:
    part = parts[journal.part]
    journal.closing = True
    grown = journal.whole(str(journal.part))
    target = journal.folder / _DONE / part.name
    target.parent.mkdir(parents=True, exist_ok=True)
    if grown.exists():  # else it has taken its place, just before the run was interrupted
        part.finish(grown, target)
    journal.part, journal.chunk, journal.closing = journal.part + 1, None, False
    _open_part(parts, journal)


def _finished(
    asked: Asked, job: Job, journal: Journal, outputs: Outputs, inputs: Digest | None, identity: Mapping[str, Any], *, of_folder: bool
) -> CorpusRun:
    """Let everything take its place; begun again, it goes on."""
    tally = journal.tally
    if tally.quarantined:
        take_place(journal.growing(_QUARANTINE), outputs.quarantine)
    else:
        outputs.quarantine.unlink(missing_ok=True)
    if outputs.vault:
        take_place(journal.growing(_VAULT), outputs.vault)
        outputs.vault.chmod(0o600)
    take_place(journal.folder / _DONE if of_folder else journal.folder / _DONE / job.parts[0].name, outputs.out)
    written = Digests(
        inputs,
        _digest_of_output(outputs.out),
        digest_of([outputs.vault], outputs.vault) if outputs.vault else None,
        digest_of([outputs.quarantine], outputs.quarantine) if tally.quarantined else None,
    )
    content = manifest_of(asked, job, journal.begun, tally, journal.copied, written, identity_sha256(identity))
    with replacing(outputs.manifest) as file:
        file.write(json.dumps(content, indent=2, ensure_ascii=False) + "\n")
    journal.remove()
    return CorpusRun(tally, content, _first_faults(outputs), outputs)


def _over(identity: Mapping[str, Any], outputs: Outputs) -> CorpusRun | None:
    """What a run that is over said, if it was this one and its output still is what it was."""
    if not outputs.manifest.is_file() or not outputs.out.exists():
        return None
    try:
        manifest = json.loads(outputs.manifest.read_text("utf-8"))
    except ValueError:
        return None
    if not isinstance(manifest, dict) or manifest.get("identity") != identity_sha256(identity):
        return None
    if manifest.get("outputs") != _digest_of_output(outputs.out).to_dict():
        return None
    return CorpusRun(Tally.from_dict(manifest["tally"]), manifest, _first_faults(outputs), outputs)


def _digest(parts: Sequence[Part], source: Path) -> Digest:
    return digest_of((path for part in parts for path in part.inputs()), source)


def _digest_of_output(out: Path) -> Digest:
    return digest_of([path for path in out.rglob("*") if path.is_file()] if out.is_dir() else [out], out)


def _first_faults(outputs: Outputs) -> list[dict[str, Any]]:
    if not outputs.quarantine.exists():
        return []
    with outputs.quarantine.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in islice(lines, FAULTS_SHOWN)]


@contextmanager
def _told(outputs: Outputs) -> Iterator[None]:
    """A disk that is full, or a place that cannot be written, told in one line; what has been done stays."""
    try:
        yield
    except OSError as error:
        if error.errno is None:  # ours (ModelError), or a library's, that is no failure of a disk
            raise
        place = error.filename or outputs.out
        raise DataError(f"{place}: {error.strerror or type(error).__name__}; what is done is kept, and --resume goes on") from None
