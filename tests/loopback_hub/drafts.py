"""Drafts: a commit that is built aside, operation by operation, and of which nothing is seen unless all of them can be done."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass

from tests.loopback_hub.commits import Commit
from tests.loopback_hub.messages import Refused


@dataclass
class Draft:
    """The files after the operations so far; ``objects`` are the LFS objects that have been stored."""

    files: dict[str, bytes]
    large: set[str]
    objects: Mapping[str, bytes]

    @classmethod
    def of(cls, commit: Commit, objects: Mapping[str, bytes]) -> "Draft":
        """Nothing has been done to a commit yet."""
        return cls(dict(commit.files), set(commit.large), objects)

    def do(self, key: str, value: Mapping[str, object]) -> None:
        """One line of a commit's body."""
        if key not in _OPERATIONS:
            raise Refused(400, f"Unknown operation: {key}")
        _OPERATIONS[key](self, str(value["path"]), value)

    def _add_file(self, path: str, value: Mapping[str, object]) -> None:
        content = str(value["content"])
        self.files[path] = base64.b64decode(content) if value.get("encoding") == "base64" else content.encode()
        self.large.discard(path)

    def _add_large_file(self, path: str, value: Mapping[str, object]) -> None:
        oid = str(value["oid"])
        if oid not in self.objects:
            raise Refused(400, f"LFS object {oid} of {path} was never uploaded")
        self.files[path] = self.objects[oid]
        self.large.add(path)

    def _delete_file(self, path: str, value: Mapping[str, object]) -> None:
        if path not in self.files:
            raise Refused(404, f"A file with this name doesn't exist: {path}", "EntryNotFound")
        del self.files[path]
        self.large.discard(path)

    def _delete_folder(self, path: str, value: Mapping[str, object]) -> None:
        inside = [name for name in self.files if name.startswith(path.rstrip("/") + "/")]
        if not inside:
            raise Refused(404, f"A folder with this name doesn't exist: {path}", "EntryNotFound")
        for name in inside:
            self._delete_file(name, value)


# A client copies a file by adding it anew under another name.
_OPERATIONS = {
    "file": Draft._add_file,
    "lfsFile": Draft._add_large_file,
    "deletedFile": Draft._delete_file,
    "deletedFolder": Draft._delete_folder,
}
