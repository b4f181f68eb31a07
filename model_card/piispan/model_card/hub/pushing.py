"""``push_files``: a set of files becomes the next version of a repository on the Hub."""

import re
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from logging import CRITICAL, getLogger
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from piispan.core import HUB_ID, PiispanError, hub_errors, hub_reason
from piispan.model_card.errors import CardError, HubError
from piispan.model_card.hub.patience import patiently

if TYPE_CHECKING:
    from huggingface_hub import HfApi

__all__ = ["Pushed", "RepoType", "Target", "push_files"]

RepoType = Literal["model", "dataset", "space"]

_PLACES = {"model": "", "dataset": "datasets/", "space": "spaces/"}
_VERSION = re.compile(r"v(\d+)")
_TAG = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)*")
_NO_TAG = re.compile(r"main|HEAD|.*\.lock|[0-9a-f]{40}")
_WORTH_A_BAR = 50_000_000
"""Bytes from which on a push takes a while."""
_AGAIN = "push again: what was uploaded is kept, and nothing is half changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where files go.

    Args:
        repo_id: ``owner/name``.
        repo_type: What the repository is.
        public: Whether everybody may read it. A private repository is made public; a public one is never written to without this.
        tag: Name of the version; by default ``v1``, ``v2``, … as they come.
        space_sdk: What runs a Space.

    Raises:
        CardError: If the id or the tag is malformed.
    """

    repo_id: str
    repo_type: RepoType = "model"
    public: bool = False
    tag: str | None = None
    space_sdk: str | None = None

    def __post_init__(self) -> None:
        if not HUB_ID.fullmatch(self.repo_id) or "/" not in self.repo_id:
            raise CardError(f"--to must be owner/name on the Hub, was: {self.repo_id!r}")
        if self.tag is not None and not (_TAG.fullmatch(self.tag) and not _NO_TAG.fullmatch(self.tag)):
            raise CardError(
                "--tag must be a name that git takes, of letters, digits, dots, dashes and underscores, and no branch or commit"
            )

    @property
    def place(self) -> dict[str, Any]:
        """The repository, as the client's functions take it."""
        return {"repo_id": self.repo_id, "repo_type": self.repo_type}


@dataclass(frozen=True, slots=True)
class Pushed:
    """A version on the Hub.

    Args:
        url: Its repository.
        commit: Its commit, 40 hex digits.
        tag: Its tag.
        changed: Whether there was anything to change.
        public: Whether everybody may read it.
        opened: Whether it was private until now.
    """

    url: str
    commit: str
    tag: str
    changed: bool
    public: bool
    opened: bool


def push_files(
    files: Mapping[str, Path | bytes],
    target: Target,
    *,
    owned: Callable[[str], bool],
    message: str,
    foreign: Collection[str] = (),
    token: str | None = None,
) -> Pushed:
    """Make ``files`` the newest version of a repository, in one commit, and tag it.

    Large files go first; until the commit nobody sees a change, and a push that was cut off goes on where it stopped, because what the
    Hub has is not sent again. The same files again make no commit.

    Args:
        files: Their contents by their names in the repository, the card last.
        target: The repository; it is made if need be.
        owned: Whether a file of this name is a version's; those that the new version lacks are deleted, others stay.
        message: Title of the commit.
        foreign: Files by which a repository is known to hold something of another kind, which the new version would take away.
        token: Of the Hub; by default that of ``hf auth login`` or ``HF_TOKEN``.

    Raises:
        CardError: If the repository is public and ``target`` is not, or holds something of another kind, or the tag is another version's.
        HubError: If the Hub refuses or cannot be reached. The old version or the whole new one is there, and the same call completes it.
    """
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi

    api = HfApi(token=token)
    with _talking(target), _bars(files):
        before = _open(api, target)
        _check_tag(api, target, before.sha)
        there = patiently(lambda: api.list_repo_files(**target.place, revision=before.sha))
        if found := sorted({*foreign}.intersection(there)):
            raise CardError(f"{target.repo_id}: holds something of another kind ({', '.join(found)}); give this a repository of its own")

        def commit() -> Any:
            # Made anew for each try: they remember what the Hub had before the first.
            stale = [CommitOperationDelete(name) for name in there if owned(name) and name not in files]
            added = [CommitOperationAdd(name, content if isinstance(content, bytes) else str(content)) for name, content in files.items()]
            return api.create_commit(**target.place, operations=[*stale, *added], commit_message=message, parent_commit=before.sha)

        done = patiently(commit)
        if target.public and before.private:
            patiently(lambda: api.update_repo_settings(**target.place, private=False))
        tag = _tagged(api, target, done.oid)
    url = f"{api.endpoint}/{_PLACES[target.repo_type]}{target.repo_id}"
    return Pushed(url, done.oid, tag, changed=done.oid != before.sha, public=target.public, opened=target.public and before.private)


@contextmanager
def _talking(target: Target) -> Iterator[None]:
    """The Hub's errors as one of this room, in words that say what to do; the client's own log, which tells signed addresses, is silent."""
    log = getLogger("huggingface_hub")
    level = log.level
    log.setLevel(CRITICAL)
    try:
        yield
    except PiispanError:
        raise
    except hub_errors() as error:
        raise HubError(f"{target.repo_id}: {hub_reason(error)}; {_AGAIN}") from None
    except ValueError:  # what the client makes of the Hub's word on a card; everything else that it says is one of the above
        raise CardError(f"{target.repo_id}: the Hub does not take the metadata at the head of the card; nothing was changed") from None
    finally:
        log.setLevel(level)


@contextmanager
def _bars(files: Mapping[str, Path | bytes]) -> Iterator[None]:
    """The client's progress bars where there is something to wait for, and somebody who sees them."""
    from huggingface_hub.utils.tqdm import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

    size = sum(len(content) if isinstance(content, bytes) else content.stat().st_size for content in files.values())
    if are_progress_bars_disabled() or (size > _WORTH_A_BAR and sys.stderr.isatty()):
        yield
        return
    disable_progress_bars()
    try:
        yield
    finally:
        enable_progress_bars()


def _open(api: "HfApi", target: Target) -> Any:
    """What the Hub says of the repository, made if it was not there."""
    from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError

    try:
        found = patiently(lambda: api.repo_info(**target.place))
    except RepositoryNotFoundError:
        try:
            patiently(lambda: api.create_repo(**target.place, private=not target.public, space_sdk=target.space_sdk))
        except HfHubHTTPError as error:
            if error.response.status_code != 409:  # somebody has made it meanwhile
                raise
        found = patiently(lambda: api.repo_info(**target.place))
    if not found.private and not target.public:
        raise CardError(f"{target.repo_id}: is public; say --public to publish there, or give another --to")
    return found


def _check_tag(api: "HfApi", target: Target, head: str) -> None:
    """Check that the tag that is asked for is free, or that of the newest version, before anything is changed."""
    if target.tag is None or target.tag not in {tag.name for tag in patiently(lambda: api.list_repo_refs(**target.place)).tags}:
        return
    if patiently(lambda: api.repo_info(**target.place, revision=target.tag)).sha != head:
        raise CardError(f"{target.repo_id}: the tag {target.tag} is that of an older version; give another --tag")


def _tagged(api: "HfApi", target: Target, commit: str) -> str:
    """The tag of a commit, made if it has none."""
    names = {tag.name for tag in patiently(lambda: api.list_repo_refs(**target.place)).tags}
    numbers = sorted(int(match[1]) for name in names if (match := _VERSION.fullmatch(name)))
    newest = f"v{numbers[-1]}" if numbers else None
    wanted = target.tag or newest
    if wanted in names:
        if patiently(lambda: api.repo_info(**target.place, revision=wanted)).sha == commit:
            return str(wanted)
        if target.tag is not None:
            raise CardError(
                f"{target.repo_id}: the tag {wanted} is that of the version before; the files are there, give them another --tag"
            )
    tag = target.tag or f"v{numbers[-1] + 1 if numbers else 1}"
    patiently(lambda: api.create_tag(**target.place, tag=tag, revision=commit))
    return tag
