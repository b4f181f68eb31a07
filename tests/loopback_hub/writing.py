"""Routes that write: repositories, their settings, commits and tags; and those that a writer asks first."""

import json
from collections.abc import Mapping

from tests.loopback_hub.commits import is_large
from tests.loopback_hub.drafts import Draft
from tests.loopback_hub.messages import Answer, Refused, Request, json_answer
from tests.loopback_hub.store import Store

USER = "you"


def whoami(store: Store, request: Request) -> Answer:
    """The one account there is; nobody is without a token."""
    if "Authorization" not in request.headers:
        raise Refused(401, "Invalid username or password.")
    token = {"type": "access_token", "accessToken": {"displayName": "loopback", "role": "write"}}
    return json_answer({"type": "user", "id": "0" * 24, "name": USER, "fullname": "You", "orgs": [], "auth": token})


def validate_yaml(store: Store, request: Request) -> Answer:
    """No card is wrong here."""
    return json_answer({"errors": [], "warnings": []})


def create(store: Store, request: Request) -> Answer:
    """A new repository; one that exists is told with its address, which a client reads as success if it may exist."""
    asked = request.json()
    kind, name = str(asked.get("type") or "model"), f"{asked.get('organization') or USER}/{asked['name']}"
    repo = name if kind == "model" else f"{kind}s/{name}"
    if repo in store.repos:
        raise Refused(409, f"You already created this {kind} repo", url=store.address(repo), name=name)
    sdk = asked.get("sdk")
    if kind == "space" and sdk is None:
        raise Refused(400, "a Space needs an sdk")
    store.create(repo, private=_is_private(asked) or False, sdk=str(sdk) if kind == "space" else None)
    return json_answer({"url": store.address(repo), "name": name})


def settings(store: Store, request: Request, repo: str) -> Answer:
    """Make a repository private or public."""
    store.known(repo)
    private = _is_private(request.json())
    if private is not None:
        store.private[repo] = private
    return json_answer({"private": store.private.get(repo, False)})


def _is_private(asked: Mapping[str, object]) -> bool | None:
    """Clients of 1.x say ``private``, those of 2.x ``visibility``; None if they say nothing."""
    if "visibility" in asked:
        return asked["visibility"] == "private"
    return bool(asked["private"]) if "private" in asked else None


def preupload(store: Store, request: Request, repo: str, revision: str) -> Answer:
    """How each file has to come, and the name of its present content: the client leaves out a file that has the same."""
    commit = store.found(repo, revision)
    answers = []
    for file in request.json()["files"]:
        name, mode = file["path"], "lfs" if is_large(file["path"], file["size"]) else "regular"
        known = {"oid": commit.etag(name)} if name in commit.files else {}
        answers.append({"path": name, "uploadMode": mode, "shouldIgnore": False, **known})
    return json_answer({"files": answers})


def commit(store: Store, request: Request, repo: str, revision: str) -> Answer:
    """Build a commit aside from the lines of the body, then append it as a whole."""
    head = store.found(repo)
    if revision != "main":
        raise Refused(404, f"Invalid rev id: {revision}", "RevisionNotFound")
    if "create_pr" in request.query:
        raise Refused(400, "there are no pull requests on this Hub")
    first, *lines = [json.loads(line) for line in request.body.split(b"\n") if line]
    header = first["value"]
    if header.get("parentCommit") not in (None, head.sha):
        raise Refused(412, "A commit has happened since. Please refresh and try again.")
    draft = Draft.of(head, store.objects.get(repo, {}))
    for line in lines:
        draft.do(line["key"], line["value"])
    made = store.append(repo, draft.files, draft.large, header["summary"], header.get("description", ""))
    return json_answer({"success": True, "commitOid": made.sha, "commitUrl": f"{store.address(repo)}/commit/{made.sha}", "hookOutput": ""})


def tag(store: Store, request: Request, repo: str, revision: str) -> Answer:
    """Give a commit a name; a name is given once."""
    commit, tags, name = store.found(repo, revision), store.tags.setdefault(repo, {}), str(request.json()["tag"])
    if name in tags:
        raise Refused(409, f"Tag reference exists already: {name}")
    tags[name] = commit.sha
    return json_answer({"ref": f"refs/tags/{name}"})


def untag(store: Store, request: Request, repo: str, name: str) -> Answer:
    """Take a name back."""
    store.known(repo)
    if store.tags.get(repo, {}).pop(name, None) is None:
        raise Refused(404, f"Invalid rev id: {name}", "RevisionNotFound")
    return json_answer({})
