"""A push under each fault of the network and the server: the old version or the whole new one is there, and a second push completes it."""

import json
import subprocess
import sys

import pytest

from tests.loopback_hub import Fault
from tests.publishing.conftest import BASE, REPO, TOKEN, Trained
from tests.publishing.pushes import push

# The client's own use of its HTTP library; python shows such warnings to its developers alone, and so does pytest.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content:DeprecationWarning")

CALLS = {
    "info": ("GET", f"/api/models/{REPO}$"),
    "create": ("POST", "/api/repos/create"),
    "validate": ("POST", "/api/validate-yaml"),
    "preupload": ("POST", "/preupload/main"),
    "batch": ("POST", "/objects/batch"),
    "upload": ("PUT", "/lfs/"),
    "verify": ("POST", "/objects/verify"),
    "commit": ("POST", "/commit/main"),
    "refs": ("GET", "/refs$"),
    "tag": ("POST", "/tag/"),
}
STATUSES = {
    401: "log in again (hf auth login), or set HF_TOKEN",
    403: "the token may not do that",
    404: "log in (hf auth login), or set HF_TOKEN",
    409: "somebody else is changing the repository",
    412: "the repository has changed meanwhile",
    429: "the Hub asks to wait",
    500: "the Hub failed (HTTP 500)",
}
WHOLE = {"README.md", "adapter_config.json", "adapter_model.safetensors", "card_facts.json", "chat_template.jinja", "confusion.png"}
WHOLE |= {"labels.png", "piispan.json", "tokenizer.json", "tokenizer_config.json"}


def versions(hub) -> list[set[str]]:
    """The files of each commit."""
    return [set(commit.files) - {".gitattributes"} for commit in hub.repos.get(REPO, [])]


def completes(hub, monkeypatch, capsys, trained, revision) -> None:
    """Nothing half is there, nobody's token was shown, and a second push completes the version."""
    shown = capsys.readouterr()
    assert TOKEN not in shown.out + shown.err
    assert "Traceback" not in shown.err
    found = versions(hub)
    assert all(files in (set(), WHOLE) for files in found)
    hub.faults.clear()
    assert push(monkeypatch, trained.adapter, revision) == 0
    assert versions(hub)[-1] == WHOLE
    assert len(versions(hub)) == 2
    assert hub.tags[REPO] == {"v1": hub.repos[REPO][-1].sha}
    assert hub.private[REPO] is True


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("name", CALLS)
def test_a_refusal(hub, base_revision, trained: Trained, monkeypatch, capsys, name: str, status: int) -> None:
    method, path = CALLS[name]
    hub.faults.append(Fault(method, path, status=status, headers={"Retry-After": "3"} if status == 429 else {}, times=None))
    assert push(monkeypatch, trained.adapter, base_revision) == 2
    shown = capsys.readouterr().err
    said = STATUSES[404 if (name, status) == ("create", 409) else status]  # it is said to be there, and is not
    assert said in shown
    assert shown.count("\n") == 1, shown
    assert "push again" in shown
    completes(hub, monkeypatch, capsys, trained, base_revision)


@pytest.mark.parametrize("name", [name for name in CALLS if CALLS[name][0] != "GET"])
def test_a_connection_that_is_cut(hub, base_revision, trained: Trained, monkeypatch, capsys, name: str) -> None:
    method, path = CALLS[name]
    hub.faults.append(Fault(method, path, cut_after=20, times=None))
    assert push(monkeypatch, trained.adapter, base_revision) == 2
    shown = capsys.readouterr().err
    assert "the connection to the Hub was lost or never made" in shown
    assert "push again: what was uploaded is kept" in shown
    completes(hub, monkeypatch, capsys, trained, base_revision)


@pytest.mark.parametrize("name", ["create", "commit", "tag"])
def test_an_answer_that_is_lost(hub, base_revision, trained: Trained, monkeypatch, capsys, name: str) -> None:
    method, path = CALLS[name]
    hub.faults.append(Fault(method, path, after=True))
    assert push(monkeypatch, trained.adapter, base_revision) == 2
    completes(hub, monkeypatch, capsys, trained, base_revision)


@pytest.mark.parametrize("name", CALLS)
def test_a_busy_hub_is_waited_for(hub, base_revision, trained: Trained, monkeypatch, capsys, naps: list[float], name: str) -> None:
    method, path = CALLS[name]
    fault = Fault(method, path, status=429, headers={"Retry-After": "3"}, times=2)
    hub.faults.append(fault)
    assert push(monkeypatch, trained.adapter, base_revision) == 0
    assert fault.fired == 2
    assert len([nap for nap in naps if 3 <= nap <= 4]) >= 2
    completes(hub, monkeypatch, capsys, trained, base_revision)


def test_a_hub_that_asks_to_wait_too_long_is_not_waited_for(hub, base_revision, trained, monkeypatch, capsys, naps) -> None:
    hub.faults.append(Fault("POST", "/commit/main", status=429, headers={"Retry-After": "3600"}, times=None))
    assert push(monkeypatch, trained.adapter, base_revision) == 2
    assert 3600 not in naps
    completes(hub, monkeypatch, capsys, trained, base_revision)


@pytest.mark.parametrize("name", ["info", "preupload", "upload", "commit"])
def test_slow_answers_are_waited_for(hub, base_revision, trained: Trained, monkeypatch, capsys, name: str) -> None:
    method, path = CALLS[name]
    hub.faults.append(Fault(method, path, delay=1.0))
    assert push(monkeypatch, trained.adapter, base_revision) == 0
    completes(hub, monkeypatch, capsys, trained, base_revision)


@pytest.mark.parametrize("name", ["upload", "commit", "tag"])
def test_a_version_that_cannot_be_replaced_stays(hub, base_revision, trained: Trained, monkeypatch, capsys, name: str) -> None:
    assert push(monkeypatch, trained.adapter, base_revision) == 0
    old = hub.repos[REPO][-1]
    (trained.adapter / "chat_template.jinja").unlink()
    method, path = CALLS[name]
    hub.faults.append(Fault(method, path, status=500, times=None))
    assert push(monkeypatch, trained.adapter, base_revision) == (0 if name == "upload" else 2)  # no large file is new
    if name == "commit":
        assert hub.repos[REPO][-1] is old
    hub.faults.clear()
    assert push(monkeypatch, trained.adapter, base_revision) == 0
    assert versions(hub)[-1] == WHOLE - {"chat_template.jinja"}
    assert hub.tags[REPO] == {"v1": old.sha, "v2": hub.repos[REPO][-1].sha}
    assert len(hub.repos[REPO]) == 3


def test_what_was_uploaded_is_not_sent_again(hub, base_revision, trained: Trained, monkeypatch, capsys) -> None:
    hub.faults.append(Fault("POST", "/commit/main", cut_after=20))
    assert push(monkeypatch, trained.adapter, base_revision) == 2
    sent = [request for request in hub.requests if request.startswith("PUT /lfs/")]
    assert len(sent) == 3  # weights and two pictures
    assert push(monkeypatch, trained.adapter, base_revision) == 0
    assert [request for request in hub.requests if request.startswith("PUT /lfs/")] == sent


def test_a_repository_that_changes_meanwhile_is_not_written_over(hub, base_revision, trained: Trained, monkeypatch, capsys) -> None:
    from huggingface_hub import HfApi

    assert push(monkeypatch, trained.adapter, base_revision) == 0
    api, send = HfApi(endpoint=hub.endpoint, token=TOKEN), HfApi.create_commit

    def meanwhile(self: HfApi, *arguments: object, **options: object) -> object:
        monkeypatch.setattr(HfApi, "create_commit", send)
        api.upload_file(path_or_fileobj=b"Thanks.", path_in_repo="THANKS.txt", repo_id=REPO)
        return send(self, *arguments, **options)

    monkeypatch.setattr(HfApi, "create_commit", meanwhile)
    (trained.adapter / "chat_template.jinja").unlink()
    capsys.readouterr()
    assert push(monkeypatch, trained.adapter, base_revision) == 2
    assert "the repository has changed meanwhile (HTTP 412); push again" in capsys.readouterr().err
    assert "chat_template.jinja" in hub.repos[REPO][-1].files
    assert push(monkeypatch, trained.adapter, base_revision) == 0
    assert "chat_template.jinja" not in hub.repos[REPO][-1].files
    assert "THANKS.txt" in hub.repos[REPO][-1].files


def test_a_failed_upload_says_one_line_and_no_signed_address(hub, base_revision, trained: Trained, tmp_path) -> None:
    """In a process of its own: the client logs to the standard error that it found when it was imported."""
    hub.faults.append(Fault("PUT", "/lfs/", status=400, times=None))
    command = [sys.executable, "-c", "from piispan.cli.main import main; main()", "push", str(trained.adapter), "--to", REPO]
    command += ["--base-model", BASE, "--base-revision", base_revision]
    done = subprocess.run(command, env=hub.environment(tmp_path / "home", TOKEN), capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith(f"piispan: {REPO}: the Hub refused (HTTP 400); push again")
    assert "signature" not in done.stderr


def test_a_wrong_token_and_none_are_told_apart_from_a_missing_repository(hub, base_revision, trained, monkeypatch, capsys) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf" + "_" + "wRong" * 6)
    assert push(monkeypatch, trained.adapter, base_revision) == 2
    assert "hf auth login" in capsys.readouterr().err
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    hub.__exit__(None, None, None)
    assert push(monkeypatch, trained.adapter, base_revision) == 2
    assert "the connection to the Hub was lost or never made" in capsys.readouterr().err
    hub.__enter__()


@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [
        ({"errors": [{"message": "license is unknown"}], "warnings": []}, 2, "the Hub does not take the metadata"),
        (b"<html>busy</html>", 2, "what is no JSON"),
    ],
)
def test_what_the_hub_says_of_the_card(hub, base_revision, trained: Trained, monkeypatch, capsys, answer, code, said) -> None:
    import httpx2

    content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    send = httpx2.Client.send

    def answered(self: httpx2.Client, request: httpx2.Request, **options: object) -> httpx2.Response:
        if "validate-yaml" in str(request.url):
            return httpx2.Response(400 if isinstance(answer, dict) else 502, content=content, request=request)
        return send(self, request, **options)

    with monkeypatch.context() as patched:
        patched.setattr(httpx2.Client, "send", answered)
        assert push(monkeypatch, trained.adapter, base_revision) == code
    assert said in capsys.readouterr().err
    completes(hub, monkeypatch, capsys, trained, base_revision)
