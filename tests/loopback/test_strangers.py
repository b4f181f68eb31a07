"""Who is let in, and what is remembered of those who came."""

from pathlib import Path
from tempfile import mkdtemp

import pytest
from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError

from tests.loopback.pushes import FILES, TOKEN, push
from tests.loopback_hub import LoopbackHub

WRITES = {
    "whoami": lambda api: api.whoami(),
    "create": lambda api: api.create_repo("you/new"),
    "settings": lambda api: api.update_repo_settings("you/model", private=False),
    "preupload": lambda api: push(api, {"a": b"1"}),
    "commit": lambda api: api.delete_file("config.json", "you/model"),
    "tag": lambda api: api.create_tag("you/model", tag="v1"),
    "untag": lambda api: api.delete_tag("you/model", tag="v0"),
}


STRANGERS = [(name, token) for name in WRITES for token in ("wrong-token", False) if (name, token) != ("whoami", False)]
"""The client does not even ask who it is without a token."""


@pytest.mark.parametrize("private", [True, False])
@pytest.mark.parametrize(("name", "token"), STRANGERS)
def test_a_stranger_writes_nothing(hub: LoopbackHub, api: HfApi, name: str, token: str | bool, private: bool) -> None:
    push(api, FILES)
    api.create_tag("you/model", tag="v0")
    api.update_repo_settings("you/model", private=private)
    before = (len(hub.repos["you/model"]), dict(hub.tags["you/model"]), dict(hub.private))
    with pytest.raises(HfHubHTTPError) as refused:
        WRITES[name](HfApi(endpoint=hub.endpoint, token=token))
    assert refused.value.response.status_code == 401
    assert (len(hub.repos["you/model"]), hub.tags["you/model"], hub.private) == before
    WRITES[name](api)


def test_a_private_repository_is_one_there_is_not(hub: LoopbackHub, api: HfApi, tmp_path: Path) -> None:
    push(api, FILES)
    stranger, impostor = HfApi(endpoint=hub.endpoint, token=False), HfApi(endpoint=hub.endpoint, token="wrong-token")
    reads = {
        "info": lambda api, repo: api.repo_info(repo),
        "tree": lambda api, repo: list(api.list_repo_tree(repo)),
        "paths": lambda api, repo: api.get_paths_info(repo, "config.json"),
        "refs": lambda api, repo: api.list_repo_refs(repo),
        "commits": lambda api, repo: api.list_repo_commits(repo),
        # Each time another cache: the client would rather take a file from it than fail.
        "file": lambda api, repo: api.hf_hub_download(repo, "config.json", cache_dir=mkdtemp(dir=tmp_path)),
        "snapshot": lambda api, repo: api.snapshot_download(repo, cache_dir=mkdtemp(dir=tmp_path)),
    }
    for read in reads.values():
        for repo in ("you/model", "you/nothing"):
            with pytest.raises(RepositoryNotFoundError) as refused:
                read(stranger, repo)
            assert refused.value.response.status_code == 401
        with pytest.raises(RepositoryNotFoundError) as refused:
            read(api, "you/nothing")
        assert refused.value.response.status_code == 404
    assert not stranger.repo_exists("you/model")
    hub.private["you/model"] = False
    for read in reads.values():
        read(stranger, "you/model")
        with pytest.raises(HfHubHTTPError, match="Invalid credentials"):
            read(impostor, "you/model")


def test_without_a_token_anyone_is_let_in(hub: LoopbackHub) -> None:
    hub.token = None
    stranger = HfApi(endpoint=hub.endpoint, token=False)
    stranger.create_repo("you/model", private=True)
    push(stranger, FILES)
    assert stranger.file_exists("you/model", "config.json")
    with pytest.raises(RepositoryNotFoundError) as refused:
        stranger.repo_info("you/nothing")
    assert refused.value.response.status_code == 404


def test_all_that_was_sent_is_kept_but_the_token(hub: LoopbackHub) -> None:
    api = HfApi(endpoint=hub.endpoint, token=TOKEN, library_name="piispan", user_agent="on/some-host")
    api.create_repo("you/model")
    del hub.uploads[:]
    push(api, FILES, message="größer", commit_description="a\nb")
    assert {content for content in FILES.values() if content} <= set(hub.uploads)
    assert {"größer".encode(), b"a\nb", b"sub/deep/notes a.txt"} <= set(hub.uploads)
    assert FILES["model.safetensors"][:512] in hub.uploads  # the sample that preupload is shown
    assert any("on/some-host" in header for header in hub.headers if header.lower().startswith("user-agent: piispan/"))
    seen = b"\n".join([*hub.uploads, *(line.encode() for line in hub.headers + hub.requests)])
    assert TOKEN.encode() not in seen
    assert hub.unanswered == []
