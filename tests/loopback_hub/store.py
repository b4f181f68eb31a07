"""What the Hub holds and what it has seen, behind one lock: the server answers in as many threads as it has connections."""

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path

from tests.loopback_hub.commits import GITATTRIBUTES, Commit, is_large, sha256
from tests.loopback_hub.faults import Fault
from tests.loopback_hub.messages import Refused, undone


@dataclass
class Store:
    """Repositories are named ``you/name`` for a model, ``datasets/you/name`` and ``spaces/you/name``.

    - ``repos``: their commits, oldest first. ``tags``: the SHA of each tag. ``private``: who was made private; a repository that is not in
      it is public. ``sdks``: what a Space runs on. ``objects``: the LFS objects of a repository by SHA-256, committed or not.
    - ``token``: with one, writers and the readers of private repositories have to give it. Without, anyone is let in.
    - ``requests``, ``unanswered``: methods and paths in the order they came. ``headers``: ``name: value`` of each request's headers, but
      for ``Authorization``. ``uploads``: each request's body, as far as it came, and what it holds behind base64 and JSON's escapes.
    """

    repos: dict[str, list[Commit]] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)
    tags: dict[str, dict[str, str]] = field(default_factory=dict)
    private: dict[str, bool] = field(default_factory=dict)
    sdks: dict[str, str] = field(default_factory=dict)
    objects: dict[str, dict[str, bytes]] = field(default_factory=dict)
    token: str | None = None
    faults: list[Fault] = field(default_factory=list)
    headers: list[str] = field(default_factory=list)
    uploads: list[bytes] = field(default_factory=list)
    endpoint: str = field(default="", init=False)
    lock: threading.RLock = field(default_factory=threading.RLock, init=False, repr=False)

    def put(self, repo: str, folder: Path) -> str:
        """Add a commit that holds a folder's files and no others; its SHA. ``repo``: ``datasets/you/name``, or ``you/name`` for a model."""
        files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
        large = frozenset(name for name, content in files.items() if is_large(name, len(content)))
        with self.lock:
            self.objects.setdefault(repo, {}).update({sha256(files[name]): files[name] for name in large})
            return self.append(repo, files, large, "put").sha

    def create(self, repo: str, *, private: bool = False, sdk: str | None = None) -> None:
        """A new repository with the first commit that the real Hub makes."""
        with self.lock:
            self.private[repo] = private
            if sdk is not None:
                self.sdks[repo] = sdk
            self.append(repo, {".gitattributes": GITATTRIBUTES}, frozenset(), "initial commit")

    def append(self, repo: str, files: Mapping[str, bytes], large: Iterable[str], title: str, message: str = "") -> Commit:
        """Add a commit to a repository, which comes to be if there is none."""
        with self.lock:
            commits = self.repos.setdefault(repo, [])
            commits.append(Commit.after(commits[-1] if commits else None, files, frozenset(large), title, message))
            return commits[-1]

    def commit(self, repo: str, revision: str) -> Commit | None:
        """The commit of a SHA or of a tag, or the last one for ``main``."""
        with self.lock:
            commits = self.repos.get(repo, [])
            if revision == "main":
                return commits[-1] if commits else None
            sha = self.tags.get(repo, {}).get(revision, revision)
            return next((x for x in commits if x.sha == sha), None)

    def found(self, repo: str, revision: str = "main") -> Commit:
        """The commit of a revision, or the refusal that says what is missing."""
        commit = self.commit(repo, revision)
        if commit is None:
            self.known(repo)
            raise Refused(404, f"Invalid rev id: {revision}", "RevisionNotFound")
        return commit

    def known(self, repo: str) -> None:
        """Refuse a repository that there is not."""
        if repo not in self.repos:
            raise Refused(404, "Repository not found", "RepoNotFound")

    def address(self, repo: str) -> str:
        """Where a repository's page would be."""
        return f"{self.endpoint}/{repo}"

    def saw(self, method: str, target: str, headers: Message) -> Fault | None:
        """Note a request's beginning; the fault that it meets, of which one of its times is used up."""
        with self.lock:
            self.requests.append(f"{method} {target}")
            self.headers += [f"{name}: {value}" for name, value in headers.items() if name.lower() != "authorization"]
            fault = next((x for x in self.faults if x.meets(method, target.partition("?")[0])), None)
            if fault is not None:
                fault.fired += 1
            return fault

    def received(self, body: bytes, content_type: str) -> None:
        """Note what a request brought, be it all of its body or not."""
        if body:
            found = undone(body) if "json" in content_type else []
            with self.lock:
                self.uploads += [body, *found]
