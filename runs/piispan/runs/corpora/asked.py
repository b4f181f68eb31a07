"""What a run is asked to do, and what of it must be the same when an interrupted one goes on."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from secrets import token_hex
from typing import Any

from piispan.core import RedactionError
from piispan.runs.corpora.digests import Digest
from piispan.runs.corpora.engines import Engine, Job
from piispan.runs.corpora.manifest import utc_now
from piispan.runs.corpora.models import TaggerSource
from piispan.runs.corpora.outputs import Outputs
from piispan.runs.corpora.parts.records import ChunkSize, Columns, Part
from piispan.runs.progress import Progress
from piispan.tagger import Policy, RedactionKey, Vault

__all__ = ["Asked", "Begun", "identity_sha256"]


@dataclass(frozen=True, slots=True)
class Begun:
    """What is drawn when a run begins, for it to go on with.

    Args:
        started: Time in ISO 8601, UTC.
        year: The reference year of a policy that names none.
        vault: The vault's name for itself, or ``None``.
        secret: Hexadecimal key of a run that was given none. Kept as long as the run lasts.
    """

    started: str
    year: int
    vault: str | None
    secret: str | None

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a run is asked to do.

    Args:
        tagger: Loads the tagger.
        policy: What replaces the spans.
        key: Of the user's, or ``None``.
        columns: Of rows.
        engine: Does the work.
        size: Of chunks.
        progress: Shows how far the work has come.

    Raises:
        RedactionError: If the policy encrypts and there is no key.
        LabelError: If the policy has a rule for a label that the tagger does not know.
    """

    tagger: TaggerSource
    policy: Policy
    key: RedactionKey | None
    columns: Columns
    engine: Engine
    size: ChunkSize
    progress: Progress

    def __post_init__(self) -> None:
        self.policy.rules(self.tagger.labels)
        if self.policy.needs_key and self.key is None:
            raise RedactionError(f"policy {self.policy.name}: encrypts, so it needs a key of yours: give --key-file or --key-env")

    def begin(self, *, vault: bool) -> Begun:
        """What a run draws.

        Raises:
            RedactionError: If it has a vault and no key.
        """
        if vault and self.key is None:
            raise RedactionError("a vault needs a key of yours, or nobody could open it: give --key-file or --key-env")
        secret = None if self.key else token_hex(32)
        return Begun(utc_now(), date.today().year, token_hex(16) if vault else None, secret)

    def job(self, parts: Sequence[Part], begun: Begun) -> Job:
        """What its workers have to know."""
        key = self.key or RedactionKey.drawn(bytes.fromhex(begun.secret or ""))
        return Job(
            self.tagger, self.policy.dated(begun.year), key, parts, Vault(key, begun.vault, self.columns.texts) if begun.vault else None
        )

    def identity(self, inputs: Digest | None, parts: Sequence[Part], outputs: Outputs) -> dict[str, Any]:
        """What must be the same when the run goes on; in words for a person. Holds paths of this machine: it stays in the work folder."""
        return {
            "input": inputs.to_dict() if inputs else token_hex(16),
            "format": [[type(part).__name__, part.name] for part in parts],
            "policy": self.policy.hash,
            "key": self.key.derive("identity").hex() if self.key else None,
            "model": dict(self.tagger.facts()),
            "columns": list(self.columns.texts),
            "id column": self.columns.id,
            "group column": self.columns.group,
            "chunk size": [self.size.records, self.size.bytes],
            "places": [str(place and place.resolve()) for place in (outputs.vault, outputs.quarantine, outputs.manifest)],
        }


def identity_sha256(identity: Mapping[str, Any]) -> str:
    """SHA-256 of a run's identity, by which its manifest is known again."""
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()
