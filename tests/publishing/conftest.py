"""An adapter that was trained for a moment on a tiny model, and a Hub that has its base."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from huggingface_hub import constants

from piispan.core import Document, Span
from piispan.dataset_builder import synthesise, write_jsonl
from piispan.model_card.hub import patience
from piispan.runs import TrainSettings, train
from tests.loopback.conftest import naps, no_session
from tests.loopback_hub import LoopbackHub
from tests.tiny import tiny_llama, tiny_tokenizer

__all__ = ["naps", "no_session"]

BASE = "base-owner/tiny"
TOKEN = "hf" + "_" + "pLaNtEd" * 5
PLANTED = "The kestrel hovered over the ninth ward while nurse Wilhelmina Ptarmigan counted the beds."
REPO = "you/pii-tiny"


@dataclass(frozen=True)
class Trained:
    """What a training left: ``out/adapter`` and what lies beside it."""

    out: Path
    base: Path
    data: Path

    @property
    def adapter(self) -> Path:
        return self.out / "adapter"


@pytest.fixture(scope="session")
def once_trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    folder = tmp_path_factory.mktemp("trained")
    base, data = folder / "tiny-base", folder / "documents.jsonl"
    tiny_llama().float().save_pretrained(base)
    tiny_tokenizer().save_pretrained(base)
    start = PLANTED.index("Wilhelmina")
    planted = Document("planted", PLANTED, (Span(start, start + len("Wilhelmina Ptarmigan"), "PERSON"),))
    write_jsonl([planted, *synthesise(23, seed=5)], data)
    settings = TrainSettings(model=str(base), epochs=1, batch_size=4, lora_rank=2, lora_alpha=4, base_licence="apache-2.0")
    write_jsonl(synthesise(6, seed=6), folder / "test.jsonl")
    train(data, folder / "out", test=folder / "test.jsonl", settings=settings)
    return Trained(folder / "out", base, data)


@pytest.fixture
def trained(once_trained: Trained, tmp_path: Path) -> Trained:
    """A copy that a test may spoil."""
    shutil.copytree(once_trained.out, tmp_path / "out")
    return Trained(tmp_path / "out", once_trained.base, once_trained.data)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, naps: list[float], no_session: None, tmp_path: Path) -> Iterator[LoopbackHub]:
    """A Hub that the clients in this process take for the only one."""
    monkeypatch.setattr(patience, "sleep", naps.append)
    for switch in ("HF_HUB_DISABLE_XET", "HF_HUB_DISABLE_TELEMETRY"):
        monkeypatch.setattr(constants, switch, True)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)  # the Hub is on this machine
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "127.0.0.1,localhost")
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    with LoopbackHub(token=TOKEN) as running:
        monkeypatch.setattr(constants, "ENDPOINT", running.endpoint)
        template = running.endpoint + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hf-cache"))
        yield running


@pytest.fixture
def base_revision(hub: LoopbackHub, once_trained: Trained) -> str:
    """The commit of the base on the Hub."""
    return hub.put(BASE, once_trained.base)
