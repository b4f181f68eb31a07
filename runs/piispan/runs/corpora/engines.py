"""What does the work: this process, or Ray's actors."""

import logging
import os
import pickle
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, cast

from piispan.core import DataError, ModelError, PiispanError, require_extra
from piispan.runs.corpora.models import TaggerSource
from piispan.runs.corpora.parts.records import Chunk, ChunkSize, Part
from piispan.runs.corpora.working import RedactedChunk, Worker
from piispan.tagger import Policy, RedactionKey, Redactor, Vault

__all__ = ["Engine", "Job", "LocalEngine", "RayEngine"]


@dataclass(frozen=True)
class Job:
    """All that a worker has to know, fit to be sent to another process. Holds the key: never log it.

    Args:
        tagger: Loads the tagger.
        policy: What replaces spans.
        key: Of surrogates, hashes and encryption.
        parts: What is read.
        vault: Seals what was replaced, or ``None``.
    """

    tagger: TaggerSource
    policy: Policy
    key: RedactionKey
    parts: Sequence[Part]
    vault: Vault | None = None

    def worker(self) -> Worker:
        """A worker with the tagger loaded."""
        return Worker(Redactor(self.tagger.load(), self.policy, key=self.key), self.parts, self.vault)


class Engine(Protocol):
    """Redacts chunks."""

    def results(self, job: Job, size: ChunkSize, part: int, after: Chunk | None) -> Iterator[RedactedChunk]:
        """The chunks of all parts from ``part`` on, in their order, begun after ``after``."""
        ...


def _chunks(parts: Sequence[Part], size: ChunkSize, first: int, after: Chunk | None) -> Iterator[tuple[int, Chunk]]:
    for number in range(first, len(parts)):
        for chunk in parts[number].chunks(size, after if number == first else None):
            yield number, chunk


class LocalEngine:
    """Works in this process."""

    def results(self, job: Job, size: ChunkSize, part: int, after: Chunk | None) -> Iterator[RedactedChunk]:
        """See ``Engine``."""
        work: Worker | None = None
        for number, chunk in _chunks(job.parts, size, part, after):
            work = work or job.worker()
            yield work(number, chunk)


class RayEngine:
    """Works in Ray Data's actors: on this machine, or on the cluster that Ray's own setting names (``RAY_ADDRESS``).

    Each actor loads the model once and reads its chunks from the file, so workers on other machines need the file and the adapter under the
    same path. Chunks come back in order, so the output is that of one process.

    Args:
        workers: Actors.

    Raises:
        MissingExtraError: If the ``ray`` extra is not installed.
    """

    def __init__(self, workers: int = 2) -> None:
        require_extra("ray", "ray")
        self._workers = workers

    def results(self, job: Job, size: ChunkSize, part: int, after: Chunk | None) -> Iterator[RedactedChunk]:
        """See ``Engine``."""
        if any(not list(one.inputs()) for one in job.parts):
            raise DataError("--engine ray reads files: workers have no standard input")
        places = [{"part": number, "chunk": chunk.place} for number, chunk in _chunks(job.parts, size, part, after)]
        if places:
            yield from _over_ray(job, places, self._workers)


def _over_ray(job: Job, places: list[dict[str, Any]], workers: int) -> Iterator[RedactedChunk]:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    import ray
    from ray.exceptions import RayError

    class Actor:
        def __init__(self, make: Callable[[], Worker]) -> None:
            self._make = make
            self._work: Worker | None = None

        def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
            try:
                self._work = self._work or self._make()
                done: RedactedChunk | PiispanError = self._work(row["part"], Chunk(*row["chunk"]))
            except PiispanError as error:
                done = error.with_traceback(None)
            return {"done": pickle.dumps(done)}

    begun = not ray.is_initialized()
    if begun:
        ray.init(log_to_driver=False, logging_level=logging.ERROR)
    context = ray.data.DataContext.get_current()
    ordered, bars = context.execution_options.preserve_order, context.enable_progress_bars
    context.execution_options.preserve_order, context.enable_progress_bars = True, False
    try:
        cluster: Any = ray.cluster_resources  # no types in ray
        gpus = 1 if cluster().get("GPU") else 0
        rows = ray.data.from_items(places, override_num_blocks=len(places))
        actors = ray.data.ActorPoolStrategy(size=workers)
        done = rows.map(cast("Any", Actor), fn_constructor_args=(job.worker,), compute=actors, num_cpus=1, num_gpus=gpus)
        for row in done.iter_rows():
            result = pickle.loads(row["done"])  # noqa: S301 (of our own workers)
            if isinstance(result, PiispanError):
                raise result
            yield result
    except RayError as error:
        raise ModelError(f"a worker of Ray failed ({type(error).__name__}); its logs tell more") from None
    finally:
        context.execution_options.preserve_order, context.enable_progress_bars = ordered, bars
        if begun:
            ray.shutdown()
