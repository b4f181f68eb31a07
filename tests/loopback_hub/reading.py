"""Routes that read: what is in a repository, and the files themselves."""

import re

from tests.loopback_hub.commits import WHEN, Commit
from tests.loopback_hub.messages import Answer, Refused, Request, json_answer
from tests.loopback_hub.store import Store


def info(store: Store, request: Request, repo: str, revision: str = "main") -> Answer:
    """A repository at a revision, with the names of its files, and their sizes if the blobs are asked for."""
    commit = store.found(repo, revision)
    blobs = request.query.get("blobs", ["false"])[0].lower() == "true"
    siblings = [commit.sibling(name) if blobs else {"rfilename": name} for name in commit.files]
    name = repo.removeprefix("datasets/").removeprefix("spaces/")
    about = {"id": name, "author": name.split("/")[0], "sha": commit.sha, "private": store.private.get(repo, False), "gated": False}
    about |= {"disabled": False, "lastModified": WHEN, "createdAt": WHEN, "tags": [], "downloads": 0, "likes": 0, "siblings": siblings}
    return json_answer({**about, "sdk": store.sdks[repo]} if repo in store.sdks else about)


def tree(store: Store, request: Request, repo: str, revision: str, below: str = "") -> Answer:
    """The entries of a folder, or of all below it."""
    commit = store.found(repo, revision)
    found = commit.entries(below, recursive=request.query.get("recursive", ["false"])[0].lower() == "true")
    if below and not found:
        raise _no_entry(commit, below)
    return json_answer(found)


def paths_info(store: Store, request: Request, repo: str, revision: str) -> Answer:
    """The entries of the paths asked for that there are."""
    asked = request.form().get("paths", [])
    return json_answer([entry for entry in store.found(repo, revision).entries() if entry["path"] in asked])


def refs(store: Store, request: Request, repo: str) -> Answer:
    """The one branch, and the tags."""
    branch = {"name": "main", "ref": "refs/heads/main", "targetCommit": store.found(repo).sha}
    tags = [{"name": name, "ref": f"refs/tags/{name}", "targetCommit": sha} for name, sha in store.tags.get(repo, {}).items()]
    return json_answer({"branches": [branch], "tags": tags, "converts": [], "pullRequests": []})


def commits(store: Store, request: Request, repo: str, revision: str) -> Answer:
    """The commits up to a revision, newest first."""
    last = store.found(repo, revision)
    known = store.repos[repo]
    told = [{"id": x.sha, "title": x.title, "message": x.message, "authors": [{"user": "you"}], "date": WHEN} for x in known]
    return json_answer(told[known.index(last) :: -1])


def resolve(store: Store, request: Request, repo: str, revision: str, name: str) -> Answer:
    """A file, or a range of its bytes."""
    commit = store.found(repo, revision)
    if name not in commit.files:
        raise _no_entry(commit, name)
    content, etag = commit.files[name], f'"{commit.etag(name)}"'
    headers = {"X-Repo-Commit": commit.sha, "ETag": etag, "Accept-Ranges": "bytes", "Content-Type": "application/octet-stream"}
    if name in commit.large:
        headers |= {"X-Linked-Etag": etag, "X-Linked-Size": str(len(content))}
    wanted = re.fullmatch(r"bytes=(\d*)-(\d*)", request.headers.get("Range", ""))
    if not wanted or not any(wanted.groups()):
        return Answer(200, content, headers)
    first, end = _limits(wanted[1], wanted[2], len(content))
    if first >= end:
        raise Refused(416, "The range is not satisfiable", headers={"Content-Range": f"bytes */{len(content)}"})
    return Answer(206, content[first:end], {**headers, "Content-Range": f"bytes {first}-{end - 1}/{len(content)}"})


def _limits(first: str, last: str, size: int) -> tuple[int, int]:
    """Where a range starts and ends: ``10-19``, ``95-`` or ``-5``, the last five bytes."""
    if not first:
        return max(0, size - int(last)), size
    return int(first), min(int(last) + 1 if last else size, size)


def _no_entry(commit: Commit, name: str) -> Refused:
    # The client remembers that the file is not in this commit.
    return Refused(404, f"Entry not found: {name}", "EntryNotFound", headers={"X-Repo-Commit": commit.sha})
