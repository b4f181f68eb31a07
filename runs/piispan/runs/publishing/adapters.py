"""An adapter checked, and pushed to the Hub."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from piispan.core import ADAPTER_CONFIG, SIDECAR_NAME, ModelError, Sidecar, SidecarError, hub_errors, hub_reason
from piispan.model_card import (
    CardError,
    Fault,
    HubError,
    Pushed,
    Secrets,
    Target,
    check_folder,
    is_published,
    patiently,
    published_files,
    push_files,
    read_facts,
    write_card,
)
from piispan.runs.publishing.staging import AS_IT_IS, Publication, stage
from piispan.runs.training_origin import training_documents

__all__ = ["CardCheck", "PushResult", "check_card", "push_adapter", "refuse", "rewrite_card", "secrets_here"]


@dataclass(frozen=True, slots=True)
class CardCheck:
    """What a check of a card found.

    Args:
        faults: What keeps the folder from being published.
        compared: Whether the training documents were at hand to be compared.
    """

    faults: Sequence[Fault]
    compared: bool


@dataclass(frozen=True, slots=True)
class PushResult:
    """What was pushed, or would be.

    Args:
        sizes: Bytes of each file, by its name in the repository.
        left_out: Files of the folder that are not published.
        pushed: The version on the Hub; ``None`` for a dry run.
    """

    sizes: Mapping[str, int]
    left_out: Sequence[str]
    pushed: Pushed | None


def check_card(folder: str | Path, *, publication: Publication = AS_IT_IS, data: str | Path | None = None) -> CardCheck:
    """Check whether an adapter's folder may be published; see ``piispan.model_card.check_folder``.

    Args:
        folder: The adapter's folder, or a copy of its repository.
        publication: Check it as it would be pushed with this; as it is by default.
        data: The documents trained on; by default those that the run left a note of beside the folder.

    Raises:
        DataError: If the documents cannot be read, or are others than those trained on.
    """
    if publication == AS_IT_IS:
        return _check(Path(folder), Path(folder), data)
    try:
        with _staged(folder, publication) as staged:
            return _check(staged, Path(folder), data)
    except SidecarError as error:
        return CardCheck([Fault(SIDECAR_NAME, str(error), "give the folder as training left it")], compared=False)


def _check(staged: Path, adapter: Path, data: str | Path | None) -> CardCheck:
    given = None if data is None else Path(data)
    try:
        documents = training_documents(adapter, Sidecar.load(adapter), given)
    except SidecarError:  # check_folder says so
        documents = None
    texts = None if documents is None else [document.text for document in documents]
    return CardCheck(check_folder(staged, training_texts=texts, secrets=secrets_here()), texts is not None)


def push_adapter(
    adapter: str | Path,
    target: Target,
    *,
    publication: Publication = AS_IT_IS,
    data: str | Path | None = None,
    dry_run: bool = False,
) -> PushResult:
    """Publish an adapter with its card, after every check; private unless ``target`` says otherwise.

    Args:
        adapter: The adapter's folder.
        target: Where to.
        publication: What is said of it, and what goes with it; the name is that of ``target``.
        data: The documents trained on, which are compared and never uploaded; by default those that the run left a note of.
        dry_run: Check, and say what would be pushed, without a word to the Hub.

    Raises:
        CardError: If the folder may not be published; says all that is wrong and what mends it.
        DataError: If the documents cannot be read, or are others than those trained on.
        HubError: If the Hub refuses or cannot be reached.
        ModelError: If there is no such adapter, or merged weights are asked for and cannot be made.
    """
    place = Path(adapter)
    if not place.is_dir():
        raise ModelError(f"{adapter}: no such folder")
    with _staged(place, publication) as staged:
        found = _check(staged, place, data)
        refuse(str(adapter), found.faults)
        if not found.compared:
            raise CardError(f"{adapter}: nothing says where the training documents are, which must not be published; say it: --data FILE")
        files = published_files(staged)
        left_out = sorted(path.name for path in place.iterdir() if path.name not in files)
        sizes = {name: path.stat().st_size for name, path in files.items()}
        if dry_run:
            return PushResult(sizes, left_out, None)
        sidecar = Sidecar.load(staged)
        _check_there(sidecar.base_model, sidecar.base_revision, "model", "--base-model")
        if publication.dataset:
            _check_there(publication.dataset, None, "dataset", "--dataset")
        what = "Merged weights" if sidecar.merged else "Adapter"
        message = f"{what} of {sidecar.base_model} for personal data, with its card"
        foreign = [ADAPTER_CONFIG] if sidecar.merged else ["config.json"]
        return PushResult(sizes, left_out, push_files(files, target, owned=is_published, message=message, foreign=foreign))


def rewrite_card(folder: str | Path) -> Path:
    """Write an adapter's card anew from its facts; what its owner added is lost.

    Raises:
        CardError: If the facts cannot be read.
        SidecarError: If ``piispan.json`` cannot be read.
    """
    return write_card(folder, read_facts(folder))


def refuse(what: str, faults: Sequence[Fault]) -> None:
    """Refuse to publish what has faults.

    Raises:
        CardError: With a line for each fault.
    """
    if faults:
        raise CardError("\n  ".join([f"{what}: not pushed, because", *map(str, faults)]))


def secrets_here() -> Secrets:
    """What is known of this machine and its user, and must not be published."""
    from huggingface_hub import get_token

    return Secrets.here(get_token())


@contextmanager
def _staged(adapter: str | Path, publication: Publication) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="piispan-push-") as folder:
        stage(adapter, Path(folder), publication)
        yield Path(folder)


def _check_there(name: str, revision: str | None, kind: str, flag: str) -> None:
    """Check that the Hub has what the card names.

    Raises:
        CardError: If it has no such repository or commit.
        HubError: If it cannot be asked.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError, RevisionNotFoundError

    try:
        patiently(lambda: HfApi().repo_info(name, repo_type=kind, revision=revision))
    except GatedRepoError:  # it is there, for those who accept its terms
        return
    except RevisionNotFoundError:
        raise CardError(f"{name} at {revision}: the Hub has no such revision; mend --base-revision") from None
    except RepositoryNotFoundError:
        raise CardError(f"{name}: the Hub shows no such {kind} to this token; mend {flag}") from None
    except hub_errors() as error:
        raise HubError(f"{name}: {hub_reason(error)}") from None
