"""Commits: all files of a repository at one revision, and what the Hub tells of them."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

WHEN = "2024-01-01T00:00:00.000Z"

_LARGE_SUFFIXES = ("safetensors", "bin", "parquet", "png", "msgpack")
GITATTRIBUTES = "".join(f"*.{suffix} filter=lfs diff=lfs merge=lfs -text\n" for suffix in _LARGE_SUFFIXES).encode()
_MOST_REGULAR = 10_000_000


def git_oid(content: bytes) -> str:
    """The name git gives to a file's content."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def sha256(content: bytes) -> str:
    """The name LFS gives to a file's content."""
    return hashlib.sha256(content).hexdigest()


def is_large(name: str, size: int) -> bool:
    """Whether a file has to come by way of LFS."""
    return size > 0 and (size > _MOST_REGULAR or name.rpartition(".")[2] in _LARGE_SUFFIXES)


def _pointer(content: bytes) -> bytes:
    """What git holds of a large file."""
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256(content)}\nsize {len(content)}\n".encode()


@dataclass(frozen=True)
class Commit:
    """All files of a repository at one revision; ``large`` names those that are stored as LFS objects."""

    sha: str
    files: dict[str, bytes]
    large: frozenset[str] = frozenset()
    title: str = ""
    message: str = ""

    @classmethod
    def after(cls, parent: "Commit | None", files: Mapping[str, bytes], large: frozenset[str], title: str, message: str = "") -> "Commit":
        """The commit that follows another; the same content after another parent has another SHA, as in git."""
        tree = [(name, sha256(content), name in large) for name, content in sorted(files.items())]
        known = json.dumps([parent.sha if parent else None, tree, title, message])
        return cls(hashlib.sha1(known.encode()).hexdigest(), dict(files), large, title, message)

    def etag(self, name: str) -> str:
        """What names a file's content to a client: the SHA-256 of a large file, git's name for another."""
        return sha256(self.files[name]) if name in self.large else git_oid(self.files[name])

    def _about(self, name: str, sha256_key: str) -> tuple[str, dict[str, object]]:
        """Git's name for what it holds of a file, and what LFS knows of a large one: the routes name the SHA-256 differently."""
        content = self.files[name]
        if name not in self.large:
            return git_oid(content), {}
        pointer = _pointer(content)
        return git_oid(pointer), {"lfs": {sha256_key: sha256(content), "size": len(content), "pointerSize": len(pointer)}}

    def sibling(self, name: str) -> dict[str, object]:
        """A file in the words of a repository's info when the blobs are asked for."""
        blob, lfs = self._about(name, "sha256")
        return {"rfilename": name, "size": len(self.files[name]), "blobId": blob, **lfs}

    def _entry(self, name: str) -> dict[str, object]:
        blob, lfs = self._about(name, "oid")
        return {"type": "file", "path": name, "oid": blob, "size": len(self.files[name]), **lfs}

    def entries(self, below: str = "", *, recursive: bool = True) -> list[dict[str, object]]:
        """Folders and files under a path, as the tree and paths-info routes tell them."""
        prefix = f"{below}/" if below else ""
        names = [name for name in self.files if name.startswith(prefix)]
        folders = {"/".join(name.split("/")[:depth]) for name in names for depth in range(1, name.count("/") + 1)}
        found: list[dict[str, object]] = [self._entry(name) for name in names]
        inside = (name for name in folders if name.startswith(prefix))
        found += [{"type": "directory", "path": name, "oid": git_oid(name.encode()), "size": 0} for name in inside]
        return sorted((x for x in found if recursive or "/" not in str(x["path"])[len(prefix) :]), key=lambda x: str(x["path"]))
