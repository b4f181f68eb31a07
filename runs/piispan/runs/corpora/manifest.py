"""The audit manifest: what a run did, in counts and digests; never a value of a text, nor a path of this machine."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from piispan.core import SAFE_HARBOR_CATEGORIES, LabelSet
from piispan.runs.corpora.digests import Digest
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
    columns: Sequence[str],
    group: str | None = None,
    identity: str | None = None,
    copied: Sequence[str],
    tally: Tally,
    inputs: Digest | None,
    outputs: Digest,
    vault: Digest | None,
    quarantine: Digest | None,
) -> dict[str, Any]:
    """The manifest of a run that is over.

    Args:
        started: Time in ISO 8601, UTC; of a run that was interrupted, that of its first start.
        policy: As it was given.
        reference_year: By which years showed an age over 89.
        keyed: Whether a key of the user's was given.
        model: What the tagger's source says of it.
        labels: Those that were asked for.
        columns: Redacted.
        group: The column that told whose dates move together, or ``None``.
        identity: SHA-256 of what must be the same when the run goes on, or ``None``.
        copied: Copied as they are.
        tally: Counts.
        inputs: What was read.
        outputs: What was written.
        vault: Of its file, where there is one.
        quarantine: Of its file, where there is one.
    """
    return {
        "piispan_redaction": MANIFEST_VERSION,
        "statement": NOT_A_DETERMINATION,
        "started": started,
        "finished": utc_now(),
        "policy": {"name": policy.name, "sha256": policy.hash, "reference_year": reference_year, "key": "given" if keyed else "drawn"},
        "model": dict(model),
        "versions": installed_versions(),
        "columns": {"redacted": list(columns), "copied": list(copied), "group": group},
        "identity": identity,
        "tally": tally.to_dict(),
        "coverage": coverage(tally),
        "safe_harbor": safe_harbor_report(labels, policy),
        "inputs": None if inputs is None else inputs.to_dict(),
        "outputs": outputs.to_dict(),
        "vault": None if vault is None else {**vault.to_dict(), "entries": tally.sealed},
        "quarantine": None if quarantine is None else quarantine.to_dict(),
    }


def coverage(tally: Tally) -> dict[str, Any]:
    """The proof that every character was read and none outside a span was touched.

    A text whose windows did not hold every character, or whose redaction, put back, was not the text again, is not written but quarantined;
    so ``texts`` equals ``texts_restored``, and ``characters`` are ``characters_replaced`` and ``characters_kept`` together.
    """
    return {
        "texts": tally.texts,
        "texts_restored": tally.restored,
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
