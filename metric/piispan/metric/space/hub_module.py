"""The ``evaluate`` module of a Space, with or without an installed piispan.

``evaluate`` fetches this file alone, and runs a copy of it. The metric itself is ``piispan.metric.space.pii_span``: that of an installed
piispan, else that of the Space, whose code is looked for near this file and then on the Hub; it must be the very code that
``export_space`` wrote this file with. The Space's copy of this file says which, in its last lines.
"""

import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path

_COMMITS = 20
"""How many commits of the Space are tried, newest first, for the code that goes with this file."""


def metric_class(space: str, version: str, digest: str) -> type[object]:
    """The metric's class, of an installed piispan or of the Space's own code.

    Args:
        space: ``owner/name`` on the Hub.
        version: ``METRIC_VERSION`` of the Space's code.
        digest: ``tree_digest`` of the Space's code.

    Raises:
        ImportError: If piispan is there with another version of the metric, or the Space's code is neither here nor can be fetched;
            says what to do instead.
    """
    try:
        import piispan.metric
    except ModuleNotFoundError as error:
        if error.name not in ("piispan", "piispan.metric"):
            raise
        folder = str(_code(space, digest))
        # Only while it is imported: modules of a package are found through the package from then on.
        sys.path.insert(0, folder)
        try:
            import piispan.metric
        finally:
            sys.path.remove(folder)
    found = piispan.metric.METRIC_VERSION
    if found != version:
        raise ImportError(
            f"{space} scores as piispan.metric {version}, and {found} is installed or was imported before: "
            f"load that by evaluate.load(piispan.metric.path()), or {space} where it is not installed"
        )
    from piispan.metric.space.pii_span import PiiSpan

    return PiiSpan


def tree_digest(folder: Path) -> str:
    """SHA-256 of what ``sha256sum`` says of the files in ``piispan/``, sorted by path; compiled and hidden files are left out."""
    names = [path.relative_to(folder) for path in (folder / "piispan").rglob("*") if path.is_file()]
    kept = sorted(name.as_posix() for name in names if not any(part.startswith((".", "__pycache__")) for part in name.parts))
    lines = [f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in kept]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _code(space: str, digest: str) -> Path:
    """The folder with the Space's ``piispan/`` of this digest."""
    from huggingface_hub.errors import HTTPError  # type: ignore[attr-defined]  # httpx's or its successor's, as the client has it

    install = f'pip install "git+https://huggingface.co/spaces/{space}@REVISION"'
    try:
        for folder in _places(space):
            if tree_digest(folder) == digest:
                return folder
    except (HTTPError, OSError) as error:
        reason = f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
        raise ImportError(f"{space}: its code is not on this machine and cannot be fetched ({reason}); connect, or {install}") from error
    raise ImportError(f"{space}: its piispan/ is of another revision than this module; install the revision that you load: {install}")


def _places(space: str) -> Iterator[Path]:
    """Folders that may hold it, nearest first: where ``evaluate`` copied this file from, the cache of downloads, the Hub."""
    from huggingface_hub import HfApi, snapshot_download
    from huggingface_hub.constants import HF_HUB_CACHE

    record = Path(__file__).with_suffix(".json")  # evaluate writes it
    if record.is_file():
        yield Path(json.loads(record.read_text("utf-8"))["original file path"]).resolve().parent
    yield from Path(HF_HUB_CACHE, f"spaces--{space.replace('/', '--')}", "snapshots").glob("*")

    def download(revision: str) -> Path:
        return Path(snapshot_download(space, repo_type="space", revision=revision, allow_patterns="piispan/*"))

    yield download("main")
    # evaluate does not tell this file of which revision it is.
    for commit in HfApi().list_repo_commits(space, repo_type="space")[:_COMMITS]:
        yield download(commit.commit_id)
