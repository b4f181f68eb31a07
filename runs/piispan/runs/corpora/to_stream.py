"""A corpus redacted to standard output, as it comes."""

from pathlib import Path
from typing import IO, Any

from piispan.core import DataError
from piispan.runs.corpora.asked import Asked
from piispan.runs.corpora.corpus_run import FAULTS_SHOWN, CorpusRun, fault_row, manifest_of
from piispan.runs.corpora.digests import Digests, HashedStream, digest_of
from piispan.runs.corpora.pace import Pace
from piispan.runs.corpora.parts.records import Part
from piispan.runs.corpora.tally import Tally

__all__ = ["write_stream"]


def write_stream(asked: Asked, parts: list[Part], source: Path | HashedStream | None, stream: IO[bytes]) -> CorpusRun:
    """Redact one file or stream to another stream. The manifest is made, but nothing is written besides.

    Raises:
        DataError: If there are several files, or the format is Parquet.
    """
    if len(parts) > 1 or not parts[0].name:
        raise DataError("a folder cannot go to standard output; name a folder to write to")
    if not parts[0].streams:
        raise DataError("Parquet cannot go to standard output, because its table of contents comes last; name a file to write to")
    begun = asked.begin(vault=False)
    job, tally, out = asked.job(parts, begun), Tally(), HashedStream(stream)
    inputs = digest_of([source], source) if isinstance(source, Path) else None
    faults: list[dict[str, Any]] = []
    copied = set[str]()
    out.write(parts[0].head())
    with Pace(asked.progress, parts) as pace:
        for result in asked.engine.results(job, asked.size, 0, None):
            out.write(result.content)
            tally.add(result.tally)
            copied |= result.copied
            faults += [fault_row(parts, 0, fault) for fault in result.faults][: FAULTS_SHOWN - len(faults)]
            pace.advance(result.tally.documents + result.tally.quarantined)
    if isinstance(source, HashedStream):
        inputs = source.digest()
    return CorpusRun(tally, manifest_of(asked, job, begun, tally, copied, Digests(inputs, out.digest())), faults)
