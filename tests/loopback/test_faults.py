"""What the real client makes of each fault: which requests it repeats, what it raises, and what has happened on the Hub."""

import socket
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import httpx2
import pytest
from huggingface_hub import CommitOperationAdd, HfApi, close_session
from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError, RepositoryNotFoundError

from tests.loopback.pushes import FILES, LARGE, TOKEN, asked, push
from tests.loopback_hub import Fault, LoopbackHub

BROKEN = (httpx2.RemoteProtocolError, httpx2.NetworkError)
"""A connection that is closed is seen as the one or the other, as the client was reading or still writing."""


PUSHED = {name: FILES[name] for name in ("README.md", "model.safetensors")}
"""One large file: of several, the uploads go on for a while when one has failed."""


class Call(NamedTuple):
    """A request that a call of the client makes, and whether the client repeats it."""

    method: str
    path: str
    repeats: bool


CALLS = {
    "create": Call("POST", "/api/repos/create", False),
    "validate": Call("POST", "/api/validate-yaml", False),
    "preupload": Call("POST", "/preupload/main", True),
    "batch": Call("POST", "/objects/batch", True),
    "upload": Call("PUT", "/lfs/", True),
    "verify": Call("POST", "/objects/verify", True),
    "commit": Call("POST", "/commit/main", False),
    "tag": Call("POST", "/tag/main", False),
    "info": Call("GET", "/api/models/you/model$", False),
}


def do(api: HfApi, name: str) -> object:
    if name == "create":
        return api.create_repo("you/new")
    if name == "tag":
        return api.create_tag("you/model", tag="v1")
    return api.repo_info("you/model") if name == "info" else push(api, PUSHED)


@pytest.mark.parametrize("status", [401, 403, 404, 409, 412, 429, 500, 503])
@pytest.mark.parametrize("name", CALLS)
def test_a_status(hub: LoopbackHub, api: HfApi, naps: list[float], name: str, status: int) -> None:
    call = CALLS[name]
    fault = Fault(call.method, call.path, status=status, headers={"Retry-After": "7"} if status == 429 else {}, times=None)
    hub.faults.append(fault)
    with pytest.raises((HfHubHTTPError, RuntimeError)) as failed:
        do(api, name)
    # Only the uploads hide what went wrong behind another error.
    error = failed.value.__cause__ if name in ("upload", "verify") else failed.value
    assert isinstance(error, HfHubHTTPError)
    assert error.response.status_code == status
    again = call.repeats and status in (429, 500, 503)
    assert fault.fired == (6 if again else 1)
    assert set(naps) == (({8.0} if status == 429 else {1, 2, 4, 8}) if again else set())
    assert (len(hub.repos["you/model"]), "you/new" in hub.repos, hub.tags) == (1, False, {})
    fault.times = fault.fired
    do(api, name)


@pytest.mark.parametrize("name", CALLS)
def test_a_lost_answer(hub: LoopbackHub, api: HfApi, name: str) -> None:
    call = CALLS[name]
    hub.faults.append(Fault(call.method, call.path, after=True, times=1))
    if call.repeats:
        do(api, name)
    else:
        with pytest.raises(BROKEN):
            do(api, name)
    assert len(hub.repos["you/model"]) == 1 + (call.repeats or name == "commit")
    assert ("you/new" in hub.repos, "v1" in hub.tags.get("you/model", {})) == (name == "create", name == "tag")
    assert hub.faults[0].fired == 1


def test_a_lost_commit_is_found_by_the_next_try(hub: LoopbackHub, api: HfApi) -> None:
    hub.faults.append(Fault("POST", "/commit/", after=True, status=504))
    with pytest.raises(HfHubHTTPError) as failed:
        push(api, FILES)
    assert (failed.value.response.status_code, len(hub.repos["you/model"])) == (504, 2)
    assert push(api, FILES).oid == hub.repos["you/model"][-1].sha
    assert len(hub.repos["you/model"]) == 2


def test_a_lost_commit_is_made_again_by_the_same_operations(hub: LoopbackHub, api: HfApi) -> None:
    operations = [CommitOperationAdd(name, content) for name, content in FILES.items()]
    hub.faults.append(Fault("POST", "/commit/", after=True))
    with pytest.raises(BROKEN):
        api.create_commit("you/model", operations, commit_message="m")
    # They remember what they were told before the first try: that the Hub has other contents.
    api.create_commit("you/model", operations, commit_message="m")
    assert len(hub.repos["you/model"]) == 3
    assert hub.repos["you/model"][1].files == hub.repos["you/model"][2].files


def test_a_lost_creation_is_no_error_to_the_next_try(hub: LoopbackHub, api: HfApi) -> None:
    hub.faults += [Fault("POST", "/repos/create", after=True), Fault("POST", "/tag/", after=True)]
    with pytest.raises(BROKEN):
        api.create_repo("you/new", private=True, exist_ok=True)
    with pytest.raises(BROKEN):
        api.create_tag("you/model", tag="v1", exist_ok=True)
    api.create_repo("you/new", private=True, exist_ok=True)
    api.create_tag("you/model", tag="v1", exist_ok=True)
    assert (hub.private["you/new"], len(hub.repos["you/new"]), len(hub.tags["you/model"])) == (True, 1, 1)


@pytest.mark.parametrize("name", ["upload", "commit"])
@pytest.mark.parametrize("size", [3_000, 3_000_000])
def test_a_cut_in_an_upload_leaves_no_commit(hub: LoopbackHub, api: HfApi, name: str, size: int) -> None:
    call = CALLS[name]
    hub.faults.append(Fault(call.method, call.path, cut_after=1_000, times=None))
    content = bytes(range(250)) * (size // 250)
    with pytest.raises((RuntimeError, *BROKEN)) as failed:
        push(api, {"w.bin" if name == "upload" else "w.txt": content, "a": b"a"})
    assert isinstance(failed.value.__cause__ if name == "upload" else failed.value, BROKEN)
    assert hub.faults[0].fired == (6 if name == "upload" else 1)
    assert (len(hub.repos["you/model"]), hub.objects.get("you/model", {})) == (1, {})
    received = [body for body in hub.uploads if len(body) == 1_000]
    assert received == ([content[:1_000]] * 6 if name == "upload" else received[:1])
    if name == "commit":  # what its base64 held is known, more than the sample that preupload is shown
        assert any(len(body) > 512 and content.startswith(body) for body in hub.uploads if body not in received)


def test_a_cut_after_all_of_the_body_is_a_cut_too(hub: LoopbackHub, api: HfApi, tmp_path: Path) -> None:
    hub.faults += [Fault("POST", "/commit/", cut_after=10**9), Fault("HEAD", "/resolve/", cut_after=10**9)]
    with pytest.raises(BROKEN):
        push(api, {"a": b"a"})
    assert (len(hub.repos["you/model"]), b"a" in hub.uploads) == (1, True)
    with pytest.raises(BROKEN):
        api.hf_hub_download("you/model", ".gitattributes", cache_dir=tmp_path)


def test_a_client_that_dies_in_a_commit_makes_none(hub: LoopbackHub, api: HfApi) -> None:
    body = b'{"key": "header", "value": {"summary": "m"}}\n'
    head = f"POST /api/models/you/model/commit/main HTTP/1.1\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: {{}}\r\n\r\n"
    port = int(hub.endpoint.rpartition(":")[2])
    for missing, answered in ((1, b""), (0, b"HTTP/1.1 200")):
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(head.format(len(body) + missing).encode() + body)
            connection.shutdown(socket.SHUT_WR)
            assert connection.recv(12) == answered
        assert len(hub.repos["you/model"]) == 2 - missing


def test_an_upload_that_is_cut_once_is_repeated(hub: LoopbackHub, api: HfApi, naps: list[float]) -> None:
    hub.faults.append(Fault("PUT", "/lfs/.*/" + "[0-9a-f]" * 64 + "$", cut_after=10))
    push(api, FILES)
    assert hub.repos["you/model"][-1].large == LARGE
    assert (len(asked(hub, "PUT /lfs/")), naps) == (len(LARGE) + 1, [1])


@pytest.mark.parametrize(("status", "after", "slept"), [(429, "5", 6.0), (503, "0", 1.0), (500, "Wed, 21 Oct 2015 07:28:00 GMT", 1)])
def test_a_server_may_say_how_long_to_wait(hub: LoopbackHub, api: HfApi, naps: list[float], status: int, after: str, slept: float) -> None:
    hub.faults.append(Fault("POST", "/preupload/", status=status, headers={"Retry-After": after}))
    push(api, {"a": b"a"})
    assert (naps, len(hub.repos["you/model"])) == ([slept], 2)


def test_codes_and_messages_are_the_faults_own(hub: LoopbackHub, api: HfApi) -> None:
    hub.faults.append(Fault("GET", "/api/models/", status=401, headers={"X-Error-Code": "RepoNotFound", "X-Error-Message": "Away"}))
    with pytest.raises(RepositoryNotFoundError, match="Away"):
        api.repo_info("you/model")
    hub.faults.append(Fault("GET", "/api/models/", status=401))
    with pytest.raises(HfHubHTTPError, match="Invalid credentials") as failed:
        api.repo_info("you/model")
    assert not isinstance(failed.value, RepositoryNotFoundError)


def test_a_late_answer(hub: LoopbackHub, api: HfApi) -> None:
    hub.faults.append(Fault("GET", "/api/models/", delay=0.5, times=2))
    with pytest.raises(httpx2.ReadTimeout):
        api.repo_info("you/model", timeout=0.05)
    assert api.repo_info("you/model", timeout=5).sha == hub.repos["you/model"][-1].sha


@pytest.mark.parametrize(("fault", "error"), [
    (Fault("GET", "/revision/", status=500), LocalEntryNotFoundError),
    (Fault("GET", "/tree/", status=403), LocalEntryNotFoundError),
    (Fault("GET", "/revision/", status=401), HfHubHTTPError),
    (Fault("HEAD", "model.safetensors", status=503, times=None), LocalEntryNotFoundError),
    (Fault("GET", "model.safetensors", status=500), HfHubHTTPError),
    (Fault("GET", "model.safetensors", cut_after=100, times=None), httpx2.RemoteProtocolError),
    (Fault("GET", "/revision/", cut_after=10), httpx2.RemoteProtocolError),
])  # fmt: skip
def test_a_download_that_fails(hub: LoopbackHub, api: HfApi, tmp_path: Path, fault: Fault, error: type[Exception]) -> None:
    push(api, FILES)
    fault = replace(fault)
    hub.faults.append(fault)
    with pytest.raises(error):
        api.snapshot_download("you/model", cache_dir=tmp_path)
    assert fault.fired
    assert list(tmp_path.rglob("*.safetensors")) == []


def test_a_download_that_is_cut_once_is_repeated(hub: LoopbackHub, api: HfApi, tmp_path: Path, naps: list[float]) -> None:
    push(api, FILES)
    fault = Fault("GET", "/resolve/.*/model.safetensors", cut_after=1_000)
    hub.faults.append(fault)
    path = api.hf_hub_download("you/model", "model.safetensors", cache_dir=tmp_path)
    assert Path(path).read_bytes() == FILES["model.safetensors"]
    assert (fault.fired, naps) == (1, [1])


def test_a_fault_strikes_what_it_is_meant_for_as_often_as_it_says(hub: LoopbackHub, api: HfApi) -> None:
    twice, other = Fault("GET", "/refs$", status=403, times=2), Fault("POST", "/refs$", status=403)
    hub.faults += [twice, other]
    assert api.repo_info("you/model").sha
    for _ in range(2):
        with pytest.raises(HfHubHTTPError):
            api.list_repo_refs("you/model")
    assert api.list_repo_refs("you/model").tags == []
    assert (twice.fired, other.fired) == (2, 0)
    with pytest.raises(ValueError, match="cut off"):
        Fault("GET", "/", status=500, cut_after=1)


def test_a_hub_that_is_gone_answers_nobody(api: HfApi, naps: list[float]) -> None:
    with LoopbackHub() as other:
        gone = HfApi(endpoint=other.endpoint, token=False)
        gone.create_repo("you/model")
        gone.repo_info("you/model")
    with pytest.raises(BROKEN):  # the connection that the client has kept
        gone.repo_info("you/model")
    close_session()
    with pytest.raises(httpx2.ConnectError):
        gone.repo_info("you/model")
