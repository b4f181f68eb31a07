"""The audit manifest: what a run did, in counts and digests; never a value of a text, nor a path of this machine."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from piispan.core import SAFE_HARBOR_CATEGORIES, LabelSet
from piispan.runs.corpora.digests import Digests
from piispan.runs.corpora.parts.records import Columns
from piispan.runs.corpora.tally import Tally
from piispan.runs.machine import installed_versions
from piispan.tagger import NOT_A_DETERMINATION, Policy, categories_unseen

__all__ = ["MANIFEST_VERSION", "coverage", "make_manifest", "safe_harbor_report", "utc_now"]

MANIFEST_VERSION = 1


def make_manifest(
    *,
    started: str,
    policy: Policy,
    reference_year: int | None,
    keyed: bool,
    model: Mapping[str, Any],
    labels: LabelSet,
    columns: Columns | None = None,
    copied: Collection[str] = (),
    tally: Tally,
    files: Digests,
    identity: str | None = None,
) -> dict[str, Any]:
    """The manifest of a run that is over.

    Args:
        started: Time in ISO 8601, UTC; of a run that was interrupted, that of its first start.
        policy: As it was given.
        reference_year: By which years showed an age over 89.
        keyed: Whether a key of the user's was given.
        model: What the tagger's source says of it.
        labels: Those that were asked for.
        columns: Of rows; ``None`` for one text.
        copied: Columns copied as they are.
        tally: Counts.
        files: What was read and written.
        identity: SHA-256 of what must be the same when the run goes on, or ``None``.
    """
    return {
        "piispan_redaction": MANIFEST_VERSION,
        "statement": NOT_A_DETERMINATION,
        "started": started,
        "finished": utc_now(),
        "policy": {"name": policy.name, "sha256": policy.hash, "reference_year": reference_year, "key": "given" if keyed else "drawn"},
        "model": dict(model),
        "versions": installed_versions(),
        "columns": {
            "redacted": list(columns.texts) if columns else [],
            "copied": sorted(copied),
            "group": columns.group if columns else None,
        },
        "identity": identity,
        "tally": tally.to_dict(),
        "coverage": coverage(tally),
        "safe_harbor": safe_harbor_report(labels, policy),
        **files.to_dict(),
    }


def coverage(tally: Tally) -> dict[str, Any]:
    """The proof that every character was read and none outside a span was touched.

    A text whose windows did not hold every character, or whose redaction, put back, was not the text again, is not written but
    quarantined. So each of ``texts`` was put back, and ``characters`` are ``characters_replaced`` and ``characters_kept`` together.
    """
    return {
        "texts": tally.texts,
        "windows": tally.windows,
        "characters": tally.characters,
        "characters_replaced": tally.replaced_characters,
        "characters_kept": tally.characters - tally.replaced_characters,
    }


def safe_harbor_report(labels: LabelSet, policy: Policy) -> dict[str, Any]:
    """What of the 18 categories the labels cannot see, and what of them the policy lets stay."""
    rules = policy.rules(labels)
    kept = {label.safe_harbor for label in labels if label.safe_harbor and rules[label.name].keeps}
    return {"unseen": categories_unseen(labels), "kept": {letter: SAFE_HARBOR_CATEGORIES[letter] for letter in sorted(kept)}}


def utc_now() -> str:
    """The time in ISO 8601, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")
