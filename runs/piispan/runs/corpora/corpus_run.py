"""What a run that is over says."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from piispan.runs.corpora.asked import Asked, Begun
from piispan.runs.corpora.digests import Digests
from piispan.runs.corpora.engines import Job
from piispan.runs.corpora.manifest import make_manifest
from piispan.runs.corpora.outputs import Outputs
from piispan.runs.corpora.parts.records import Fault, Part
from piispan.runs.corpora.tally import Tally

__all__ = ["FAULTS_SHOWN", "CorpusRun", "fault_row", "manifest_of"]

FAULTS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class CorpusRun:
    """A run that is over.

    Args:
        tally: Counts.
        manifest: What was written as the manifest, if it was.
        faults: Which records failed and why: the first ``FAULTS_SHOWN`` lines of the quarantine.
        outputs: Where everything lies; ``None`` when it went to standard output.
    """

    tally: Tally
    manifest: Mapping[str, Any]
    faults: Sequence[Mapping[str, Any]] = field(default=())
    outputs: Outputs | None = None


def fault_row(parts: Sequence[Part], number: int, fault: Fault) -> dict[str, Any]:
    """A line of the quarantine: where the record stands, its id, and why it failed."""
    part = parts[number]
    if part.unit == "file":
        return {"file": fault.id, "id": fault.id, "reason": fault.reason}
    file = {"file": part.name} if len(parts) > 1 else {}
    return {**file, part.unit: fault.number, "id": fault.id, "reason": fault.reason}


def manifest_of(
    asked: Asked, job: Job, begun: Begun, tally: Tally, copied: Collection[str], files: Digests, identity: str | None = None
) -> dict[str, Any]:
    """The manifest of a run; see ``make_manifest``."""
    return make_manifest(
        started=begun.started,
        policy=asked.policy,
        reference_year=job.policy.reference_year,
        keyed=job.key.given,
        model=asked.tagger.facts(),
        labels=asked.tagger.labels,
        columns=asked.columns,
        copied=copied,
        tally=tally,
        files=files,
        identity=identity,
    )
