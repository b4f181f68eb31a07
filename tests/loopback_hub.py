"""A Hub on this machine, over real HTTP: enough of it for ``huggingface_hub`` and ``datasets`` to read repositories.

It shows that files, revisions, configs and byte ranges are asked for and come back as the clients expect. It cannot show what the
real server adds: its checks of a card's YAML, permissions and tokens, xet storage, the parquet conversion and the viewer, limits and
outages. Every file is served as a plain one, none as LFS.

A route is a pattern and a method of ``_Answers``; a request that no route answers gets 404 and stands in ``LoopbackHub.unanswered``.
"""

import hashlib
import json
import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from urllib.parse import unquote, urlsplit

_WHEN = "2024-01-01T00:00:00.000Z"


def _oid(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


@dataclass(frozen=True)
class Commit:
    """All files of a repository at one revision."""

    sha: str
    files: dict[str, bytes]

    def entries(self, below: str = "", *, recursive: bool = True) -> list[dict[str, object]]:
        """Folders and files under a path, as the tree and paths-info routes tell them."""
        prefix = f"{below}/" if below else ""
        names = [name for name in self.files if name.startswith(prefix)]
        folders = {"/".join(name.split("/")[:depth]) for name in names for depth in range(1, name.count("/") + 1)}
        found = [{"type": "directory", "path": name, "oid": _oid(name.encode()), "size": 0} for name in folders if name.startswith(prefix)]
        found += [{"type": "file", "path": name, "oid": _oid(self.files[name]), "size": len(self.files[name])} for name in names]
        return sorted((x for x in found if recursive or "/" not in str(x["path"])[len(prefix) :]), key=lambda x: str(x["path"]))


@dataclass
class LoopbackHub:
    """A server for the length of a ``with`` block; ``endpoint`` goes into ``HF_ENDPOINT``, before ``huggingface_hub`` is imported."""

    repos: dict[str, list[Commit]] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)

    def put(self, repo: str, folder: Path) -> str:
        """Add a commit that holds a folder's files and no others; its SHA. ``repo``: ``datasets/you/name``, or ``you/name`` for a model."""
        files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
        commits = self.repos.setdefault(repo, [])
        tree = json.dumps([len(commits), *((name, _oid(content)) for name, content in files.items())])
        commits.append(Commit(hashlib.sha1(tree.encode()).hexdigest(), files))
        return commits[-1].sha

    def commit(self, repo: str, revision: str) -> Commit | None:
        """The commit of a SHA, or the last one for ``main``."""
        commits = self.repos.get(repo, [])
        return commits[-1] if commits and revision == "main" else next((x for x in commits if x.sha == revision), None)

    def __enter__(self) -> "LoopbackHub":
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Answers,), {"hub": self}))
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Answers(BaseHTTPRequestHandler):
    hub: LoopbackHub
    protocol_version = "HTTP/1.1"

    def info(self, repo: str, revision: str = "main") -> None:
        commit = self._commit(repo, revision)
        if commit:
            names = [{"rfilename": name} for name in commit.files]
            about = {"id": repo.removeprefix("datasets/"), "sha": commit.sha, "private": False, "gated": False, "disabled": False}
            self._json({**about, "lastModified": _WHEN, "createdAt": _WHEN, "tags": [], "downloads": 0, "likes": 0, "siblings": names})

    def tree(self, repo: str, revision: str, below: str = "") -> None:
        commit = self._commit(repo, revision)
        if commit:
            found = commit.entries(unquote(below), recursive="recursive=true" in self.path.lower())
            self._json(found) if found else self._missing("EntryNotFound")

    def paths_info(self, repo: str, revision: str) -> None:
        commit = self._commit(repo, revision)
        if commit:
            asked = json.loads(self.body)["paths"]
            self._json([entry for entry in commit.entries() if entry["path"] in asked])

    def refs(self, repo: str) -> None:
        commit = self._commit(repo, "main")
        if commit:
            self._json({"branches": [{"name": "main", "ref": "refs/heads/main", "targetCommit": commit.sha}], "tags": [], "converts": []})

    def resolve(self, repo: str, revision: str, name: str) -> None:
        commit = self._commit(repo, revision)
        if not commit:
            return
        content = commit.files.get(unquote(name))
        if content is None:
            self._missing("EntryNotFound", commit.sha)
            return
        headers = {"X-Repo-Commit": commit.sha, "ETag": f'"{_oid(content)}"', "Accept-Ranges": "bytes"}
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if not wanted:
            self._send(200, content, headers)
            return
        first, last = int(wanted[1]), min(int(wanted[2] or len(content)), len(content) - 1)
        self._send(206, content[first : last + 1], {**headers, "Content-Range": f"bytes {first}-{last}/{len(content)}"})

    # The real Hub's repositories of models have no prefix in a download's address, those of data sets have one.
    routes = (
        ("GET", r"/api/(datasets|models)/([\w.-]+/[\w.-]+)", info),
        ("GET", r"/api/(datasets|models)/([\w.-]+/[\w.-]+)/revision/([^/]+)", info),
        ("GET", r"/api/(datasets|models)/([\w.-]+/[\w.-]+)/tree/([^/]+)(?:/(.+))?", tree),
        ("POST", r"/api/(datasets|models)/([\w.-]+/[\w.-]+)/paths-info/([^/]+)", paths_info),
        ("GET", r"/api/(datasets|models)/([\w.-]+/[\w.-]+)/refs", refs),
        ("GET", r"/(?:(datasets)/)?([\w.-]+/[\w.-]+)/resolve/([^/]+)/(.+)", resolve),
    )

    def _route(self) -> None:
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.hub.requests.append(f"{self.command} {self.path}")
        method = "GET" if self.command == "HEAD" else self.command
        for known, pattern, answer in self.routes:
            if known == method and (match := re.fullmatch(pattern, urlsplit(self.path).path)):
                kind, repo, *rest = match.groups()
                answer(self, f"datasets/{repo}" if kind == "datasets" else repo, *(unquote(part) for part in rest if part is not None))
                return
        self.hub.unanswered.append(f"{self.command} {self.path}")
        self._missing("RepoNotFound")

    do_GET = do_HEAD = do_POST = _route

    def _commit(self, repo: str, revision: str) -> Commit | None:
        commit = self.hub.commit(repo, unquote(revision))
        if commit is None:
            self._missing("RevisionNotFound" if repo in self.hub.repos else "RepoNotFound")
        return commit

    def _missing(self, code: str, sha: str | None = None) -> None:
        self._send(404, b"{}", {"X-Error-Code": code, **({"X-Repo-Commit": sha} if sha else {})})

    def _json(self, content: object) -> None:
        self._send(200, json.dumps(content).encode(), {"Content-Type": "application/json"})

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing on standard error."""
