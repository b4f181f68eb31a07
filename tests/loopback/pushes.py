"""What the tests of the loopback Hub push."""

from huggingface_hub import CommitOperationAdd, HfApi
from huggingface_hub.hf_api import CommitInfo

from tests.loopback_hub import LoopbackHub

TOKEN = "loopback-token"
FILES = {
    "README.md": "# Über\n".encode(),
    "config.json": b'{"a": 1}\n',
    "empty.bin": b"",
    "sub/deep/notes a.txt": b"notes\r\n\0",
    "sub/weights.bin": bytes(range(256)) * 40,
    "model.safetensors": b"\0weights" * 3000,
}
LARGE = {"sub/weights.bin", "model.safetensors"}


def push(api: HfApi, files: dict[str, bytes], repo: str = "you/model", message: str = "push", **options: object) -> CommitInfo:
    additions = [CommitOperationAdd(name, content) for name, content in files.items()]
    return api.create_commit(repo, additions, commit_message=message, **options)


def asked(hub: LoopbackHub, part: str) -> list[str]:
    """The requests with a part in them."""
    return [request for request in hub.requests if part in request]
