"""The redaction of a corpus: what is asked is checked, then the work goes to files or to standard output."""

import sys
from pathlib import Path

from piispan.core import DataError
from piispan.runs.corpora.asked import Asked
from piispan.runs.corpora.choices import FileFormat
from piispan.runs.corpora.corpus_run import CorpusRun
from piispan.runs.corpora.digests import HashedStream
from piispan.runs.corpora.engines import Engine, LocalEngine
from piispan.runs.corpora.models import TaggerSource
from piispan.runs.corpora.outputs import Outputs
from piispan.runs.corpora.parts.finding import STANDARD_INPUT, format_named, parts_of
from piispan.runs.corpora.parts.records import ChunkSize, Columns
from piispan.runs.corpora.to_files import write_files
from piispan.runs.corpora.to_stream import write_stream
from piispan.runs.progress import Progress, Silent
from piispan.tagger import Policy, RedactionKey

__all__ = ["redact_corpus"]


def redact_corpus(
    tagger: TaggerSource,
    source: str | Path,
    outputs: Outputs | None = None,
    *,
    policy: Policy | str | Path = "replace",
    key: RedactionKey | None = None,
    columns: Columns | None = None,
    file_format: FileFormat | None = None,
    engine: Engine | None = None,
    resume: bool = False,
    force: bool = False,
    chunk_size: ChunkSize | None = None,
    progress: Progress | None = None,
) -> CorpusRun:
    """Redact a file, a folder or standard input, in memory that does not grow with it.

    What is written takes its place in one piece when all of it is done. Until then it lies in ``OUT.partial``, and a run that was
    interrupted goes on there. A record that cannot be redacted is not written; the quarantine tells which and why.

    Args:
        tagger: Loads the tagger.
        source: See ``parts_of``; ``-`` is standard input.
        outputs: Where to write; standard output without it, as it comes and without manifest and vault.
        policy: What replaces the spans.
        key: Your key, for surrogates and hashes that are alike in everything redacted with it, for ``encrypt`` and for a vault.
        columns: Of rows; ``text`` without it.
        file_format: What the files are, whatever their names.
        engine: Does the work; this process without it.
        resume: Go on with a run that was interrupted, or begin; of one that is over, say what it said.
        force: Write over files that are there.
        chunk_size: How many records are read, tagged and written together.
        progress: Shows how far the work has come.

    Raises:
        DataError: If the source cannot be read, the output cannot be written or is there, or the run that was interrupted is another.
        RedactionError: If there is no such policy, or a key is missing.
        LabelError: If the policy has a rule for a label that the tagger does not know.
        ModelError: If the model cannot be loaded, or its memory runs out.
    """
    chosen = policy if isinstance(policy, Policy) else Policy.load(policy)
    asked = Asked(tagger, chosen, key, columns or Columns(), engine or LocalEngine(), chunk_size or ChunkSize(), progress or Silent())
    if str(source) == STANDARD_INPUT:
        if resume:
            raise DataError("--resume reads the source again, which standard input cannot be; name a file")
        stream, path = HashedStream(sys.stdin.buffer), None
    else:
        stream, path = None, Path(source)
        if outputs:
            outputs.check(path)
    parts = parts_of(source, asked.columns, file_format, stream)
    if asked.columns != Columns() and all(part.unit == "file" for part in parts):
        raise DataError(f"{source}: is read as plain text, which has no columns; name its format if it has")
    if outputs and path and path.is_file() and (named := format_named(outputs.out)) not in (None, file_format or format_named(path)):
        raise DataError(f"{outputs.out}: is named as {named}, and what is read is not; a redacted file has the format of its source")
    if outputs:
        return write_files(asked, parts, outputs, path or stream, resume=resume, force=force)
    if resume:
        raise DataError("--resume goes on with a file; name one to write to")
    return write_stream(asked, parts, path or stream, sys.stdout.buffer)
