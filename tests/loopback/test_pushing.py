"""The real client pushes to the loopback Hub, and pulls what it pushed."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from huggingface_hub import CommitOperationAdd, CommitOperationCopy, CommitOperationDelete, HfApi
from huggingface_hub.errors import BadRequestError, HfHubHTTPError, RemoteEntryNotFoundError, RevisionNotFoundError

from tests.loopback.pushes import FILES, LARGE, TOKEN, asked, push
from tests.loopback_hub import Fault, LoopbackHub


@pytest.fixture
def often_switched() -> Iterator[None]:
    """Threads interrupt each other in the middle of what they do."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


def contents(folder: str) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in Path(folder).rglob("*") if path.is_file()}


@pytest.mark.parametrize(("kind", "key"), [("model", "you/it"), ("dataset", "datasets/you/it"), ("space", "spaces/you/it")])
def test_what_is_pushed_comes_back(hub: LoopbackHub, tmp_path: Path, kind: str, key: str) -> None:
    api = HfApi(endpoint=hub.endpoint, token=TOKEN)
    url = api.create_repo("you/it", repo_type=kind, private=True, space_sdk="gradio" if kind == "space" else None)
    assert (url.repo_type, url.repo_id, hub.private) == (kind, "you/it", {key: True})
    assert hub.sdks == ({key: "gradio"} if kind == "space" else {})
    info = push(api, FILES, "you/it", repo_type=kind)
    api.create_tag("you/it", tag="v1/a", repo_type=kind)
    push(api, {"config.json": b"later"}, "you/it", repo_type=kind)
    first, second, last = hub.repos[key]
    assert (info.oid, info.repo_url.repo_type) == (second.sha, kind)
    assert (list(first.files), first.large, second.large) == ([".gitattributes"], frozenset(), LARGE)
    for revision, commit in (("v1/a", second), ("main", last), (None, last), (second.sha, second)):
        folder = api.snapshot_download("you/it", repo_type=kind, revision=revision, cache_dir=tmp_path / str(revision))
        assert contents(folder) == commit.files
        assert api.repo_info("you/it", repo_type=kind, revision=revision).sha == commit.sha
    assert {**last.files, "config.json": b""} == {**first.files, **FILES, "config.json": b""}
    for name, content in FILES.items():
        path = api.hf_hub_download("you/it", name, repo_type=kind, revision="v1/a", cache_dir=tmp_path / "single")
        assert Path(path).read_bytes() == content
    assert hub.unanswered == []


def test_files_are_told_with_sizes_and_names_of_their_content(hub: LoopbackHub, api: HfApi) -> None:
    push(api, FILES)
    siblings = {sibling.rfilename: sibling for sibling in api.repo_info("you/model", files_metadata=True).siblings}
    entries = {entry.path: entry for entry in api.list_repo_tree("you/model", recursive=True)}
    assert {"sub", "sub/deep"} == set(entries) - set(siblings)
    assert {entry.path for entry in api.get_paths_info("you/model", ["sub", "config.json", "nothing"])} == {"sub", "config.json"}
    assert {entry.path for entry in api.list_repo_tree("you/model", "sub")} == {"sub/deep", "sub/weights.bin"}
    for name, content in FILES.items():
        (info,) = api.get_paths_info("you/model", name)
        for told in (siblings[name], entries[name], info):
            assert told.size == len(content)
            assert (told.lfs is not None) == (name in LARGE)
            if told.lfs:
                assert (told.lfs.sha256, told.lfs.size) == (sha256(content).hexdigest(), len(content))
                assert told.lfs.pointer_size < 200
        assert siblings[name].blob_id == entries[name].blob_id == info.blob_id
    # git's own name of an empty file
    assert siblings["empty.bin"].blob_id == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
    assert api.repo_info("you/model").siblings[0].size is None
    with pytest.raises(RemoteEntryNotFoundError):
        list(api.list_repo_tree("you/model", "nothing"))


def test_a_file_of_any_name_is_large_from_ten_megabytes(hub: LoopbackHub, api: HfApi) -> None:
    push(api, {"big.txt": bytes(10_000_001), "small.txt": bytes(10_000)})
    assert hub.repos["you/model"][-1].large == {"big.txt"}


def test_a_repository_is_created_once(hub: LoopbackHub, api: HfApi) -> None:
    with pytest.raises(HfHubHTTPError) as refused:
        api.create_repo("you/model", private=False)
    assert refused.value.response.status_code == 409
    assert api.create_repo("you/model", private=False, exist_ok=True).repo_id == "you/model"
    assert (hub.private, len(hub.repos["you/model"])) == ({"you/model": True}, 1)
    assert api.repo_info("you/model").private is True
    api.update_repo_settings("you/model", private=False)
    assert (hub.private["you/model"], api.repo_info("you/model").private) == (False, False)
    api.create_repo("mine")
    assert hub.private["you/mine"] is False
    assert api.whoami()["name"] == "you"


def test_files_and_folders_are_deleted(hub: LoopbackHub, api: HfApi) -> None:
    push(api, FILES)
    api.delete_file("model.safetensors", "you/model")
    api.delete_folder("sub", "you/model")
    last = hub.repos["you/model"][-1]
    assert (set(last.files), last.large) == ({".gitattributes", "README.md", "config.json", "empty.bin"}, frozenset())
    for gone in ("nothing", "nothing/", "sub/"):
        both = [CommitOperationAdd("new", b"x"), CommitOperationDelete(gone)]
        with pytest.raises(RemoteEntryNotFoundError):
            api.create_commit("you/model", both, commit_message="m")
    assert hub.repos["you/model"][-1] is last


def test_files_are_copied(hub: LoopbackHub, api: HfApi) -> None:
    push(api, FILES)
    copies = [CommitOperationCopy(name, f"copy/{name}") for name in ("config.json", "model.safetensors")]
    api.create_commit("you/model", copies, commit_message="m")
    last = hub.repos["you/model"][-1]
    assert all(last.files[copy.path_in_repo] == FILES[copy.src_path_in_repo] for copy in copies)
    assert last.large == {*LARGE, "copy/model.safetensors"}


def test_what_is_unchanged_is_not_committed(hub: LoopbackHub, api: HfApi) -> None:
    first = push(api, FILES)
    assert push(api, FILES, message="again").oid == first.oid
    assert len(hub.repos["you/model"]) == 2
    del hub.uploads[:]
    push(api, {**FILES, "config.json": b"new", "sub/weights.bin": b"new weights"})
    assert {b"new", b"new weights"} <= set(hub.uploads)
    assert not {FILES["README.md"][:-1], FILES["model.safetensors"]} & set(hub.uploads)
    assert b"model.safetensors" not in next(body for body in hub.uploads if b'"header"' in body)


def test_an_object_that_is_stored_is_not_uploaded_again(hub: LoopbackHub, api: HfApi) -> None:
    hub.faults.append(Fault("POST", "/commit/", status=500))
    with pytest.raises(HfHubHTTPError):
        push(api, FILES)
    assert len(asked(hub, "PUT /lfs/")) == len(asked(hub, "objects/verify")) == len(LARGE)
    assert len(hub.repos["you/model"]) == 1
    push(api, FILES)
    assert len(asked(hub, "PUT /lfs/")) == len(LARGE)
    assert hub.repos["you/model"][-1].large == LARGE


def test_a_commit_whose_object_is_missing_does_not_happen(hub: LoopbackHub, api: HfApi) -> None:
    operations = [CommitOperationAdd("a.txt", b"a"), CommitOperationAdd("w.bin", b"w")]
    api.preupload_lfs_files("you/model", operations, free_memory=False)
    hub.objects.clear()
    with pytest.raises(BadRequestError, match="never uploaded"):
        api.create_commit("you/model", operations, commit_message="m")
    assert len(hub.repos["you/model"]) == 1


def test_an_object_has_to_be_what_it_is_called(hub: LoopbackHub, api: HfApi) -> None:
    push(api, {"w.bin": b"w"})
    (target,) = (request.removeprefix("PUT ") for request in asked(hub, "PUT /lfs/"))
    other = target.replace(sha256(b"w").hexdigest(), sha256(b"v").hexdigest())
    for path, content, status in ((other, b"w", 400), (other.partition("?")[0], b"v", 403), (other, b"v", 200)):
        try:
            found = urlopen(Request(hub.endpoint + path, content, method="PUT")).status
        except HTTPError as refused:
            found = refused.code
        assert found == status
    assert set(hub.objects["you/model"].values()) == {b"w", b"v"}


def test_a_commit_may_name_the_one_it_follows(hub: LoopbackHub, api: HfApi) -> None:
    first = push(api, {"a": b"1"}, parent_commit=hub.repos["you/model"][-1].sha)
    push(api, {"a": b"2"})
    with pytest.raises(HfHubHTTPError, match="A commit has happened since") as refused:
        push(api, {"a": b"3"}, parent_commit=first.oid)
    assert refused.value.response.status_code == 412
    assert [commit.files.get("a") for commit in hub.repos["you/model"]] == [None, b"1", b"2"]


def test_a_tag_is_a_revision(hub: LoopbackHub, api: HfApi) -> None:
    shas = [push(api, {"a": number}).oid for number in (b"1", b"2")]
    api.create_tag("you/model", tag="old", revision=shas[0])
    api.create_tag("you/model", tag="new", revision="main")
    refs = api.list_repo_refs("you/model")
    assert ({tag.name: tag.target_commit for tag in refs.tags}, refs.branches[0].target_commit) == (hub.tags["you/model"], shas[1])
    assert hub.tags == {"you/model": {"old": shas[0], "new": shas[1]}}
    with pytest.raises(HfHubHTTPError) as refused:
        api.create_tag("you/model", tag="old")
    assert refused.value.response.status_code == 409
    api.create_tag("you/model", tag="old", exist_ok=True)
    assert api.repo_info("you/model", revision="old").sha == shas[0]
    api.delete_tag("you/model", tag="old")
    for missing in (
        lambda: api.repo_info("you/model", revision="old"),
        lambda: api.delete_tag("you/model", tag="old"),
        lambda: api.create_tag("you/model", tag="x", revision="old"),
        lambda: push(api, {"a": b"3"}, revision="new"),
    ):
        with pytest.raises(RevisionNotFoundError):
            missing()
    assert hub.tags == {"you/model": {"new": shas[1]}}


def test_commits_are_listed_newest_first(hub: LoopbackHub, api: HfApi) -> None:
    first = push(api, {"a": b"1"}, message="first", commit_description="why")
    push(api, {"a": b"2"}, message="second")
    assert [commit.title for commit in api.list_repo_commits("you/model")] == ["second", "first", "initial commit"]
    listed = api.list_repo_commits("you/model", revision=first.oid)
    assert [(commit.title, commit.message) for commit in listed] == [("first", "why"), ("initial commit", "")]
    assert listed[0].commit_id == first.oid


def test_commits_made_at_once_all_happen(hub: LoopbackHub, api: HfApi, often_switched: None) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda number: push(api, {f"{number}.txt": b"%d" % number * 9000}).oid, range(40)))
    commits = hub.repos["you/model"]
    assert {commit.sha for commit in commits[1:]} == set(made)
    assert [len(commit.files) for commit in commits] == list(range(1, 42))


def test_a_folder_that_was_put_is_like_one_that_was_pushed(hub: LoopbackHub, api: HfApi, tmp_path: Path) -> None:
    for name, content in FILES.items():
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    sha = hub.put("you/model", tmp_path / "in")
    last = hub.repos["you/model"][-1]
    assert (last.sha, last.files, last.large) == (sha, FILES, LARGE)
    assert contents(api.snapshot_download("you/model", cache_dir=tmp_path / "cache")) == FILES
    assert push(api, FILES).oid == sha
    push(api, {"copy.bin": FILES["sub/weights.bin"]})
    assert asked(hub, "PUT /lfs/") == []


def test_ranges_of_a_large_file(hub: LoopbackHub, api: HfApi) -> None:
    content = FILES["sub/weights.bin"]
    push(api, FILES)
    for asked_for, status, expected in [
        ("bytes=10-19", 206, content[10:20]),
        ("bytes=-5", 206, content[-5:]),
        ("bytes=10239-99999", 206, content[-1:]),
        ("bytes=10240-", 416, None),
        ("lines=1-2", 200, content),
    ]:
        headers = {"Authorization": f"Bearer {TOKEN}", "Range": asked_for}
        request = Request(f"{hub.endpoint}/you/model/resolve/main/sub/weights.bin", headers=headers)
        if expected is None:
            with pytest.raises(HTTPError) as refused:
                urlopen(request)
            assert (refused.value.code, refused.value.headers["Content-Range"]) == (status, "bytes */10240")
        else:
            answer = urlopen(request)
            assert (answer.status, answer.read()) == (status, expected)
            assert answer.headers["X-Linked-Etag"] == answer.headers["ETag"] == f'"{sha256(content).hexdigest()}"'
            assert answer.headers["X-Linked-Size"] == "10240"
