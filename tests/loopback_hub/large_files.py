"""Routes of LFS: objects are stored by SHA-256 before the commit that names them, and stay if there is none.

As on the real Hub, the address that an object is PUT to is signed and the client sends no token with it.
"""

import secrets

from tests.loopback_hub.commits import sha256
from tests.loopback_hub.messages import Answer, Refused, Request, json_answer
from tests.loopback_hub.store import Store

_SIGNATURE = secrets.token_hex(8)


def batch(store: Store, request: Request, repo: str) -> Answer:
    """Where to upload each object; one that is stored already needs no action."""
    store.known(repo)
    asked = request.json()
    if asked["operation"] != "upload" or "basic" not in asked["transfers"]:
        raise Refused(400, "this Hub knows no operation but upload, and no transfer but basic")
    stored = store.objects.setdefault(repo, {})
    objects = [{**x, **({} if x["oid"] in stored else _actions(store, repo, x["oid"]))} for x in asked["objects"]]
    return json_answer({"transfer": "basic", "objects": objects})


def _actions(store: Store, repo: str, oid: str) -> dict[str, object]:
    upload = {"href": f"{store.endpoint}/lfs/{repo}/{oid}?signature={_SIGNATURE}"}
    return {"actions": {"upload": upload, "verify": {"href": f"{store.address(repo)}.git/info/lfs/objects/verify"}}}


def upload(store: Store, request: Request, repo: str, oid: str) -> Answer:
    """Store an object, if it is what its name says."""
    if request.query.get("signature") != [_SIGNATURE]:
        raise Refused(403, "The address has no signature")
    if sha256(request.body) != oid:
        raise Refused(400, "The content is not that of the object")
    store.objects.setdefault(repo, {})[oid] = request.body
    return Answer(200, headers={"ETag": f'"{oid}"'})


def verify(store: Store, request: Request, repo: str) -> Answer:
    """Whether an object is stored in full."""
    asked = request.json()
    if len(store.objects.get(repo, {}).get(str(asked["oid"]), b"")) != asked["size"]:
        raise Refused(404, "The object is not stored")
    return json_answer({})
