"""A Hub with a token, and the real client in this process, which does not really wait between its tries."""

from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from huggingface_hub import HfApi, close_session, constants, file_download
from huggingface_hub.utils import _http

from tests.loopback.pushes import TOKEN
from tests.loopback_hub import LoopbackHub


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long the client would have slept."""
    slept: list[float] = []
    for module in (_http, file_download):
        monkeypatch.setattr(module, "time", SimpleNamespace(sleep=slept.append))
    return slept


@pytest.fixture(scope="session")
def no_session() -> Iterator[None]:
    """Make the client read the proxies of ``hub``: it reads them once, and keeps what it connects with, which is slow to make."""
    close_session()
    yield
    close_session()


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, naps: list[float], no_session: None) -> Iterator[LoopbackHub]:
    # With telemetry on, the client would first ask the real Hub for a list of agents.
    for switch in ("HF_HUB_DISABLE_XET", "HF_HUB_DISABLE_TELEMETRY"):
        monkeypatch.setattr(constants, switch, True)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)  # the Hub is on this machine
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "127.0.0.1,localhost")
    with LoopbackHub(token=TOKEN) as running:
        yield running


@pytest.fixture
def api(hub: LoopbackHub) -> HfApi:
    """The owner of ``you/model``, which holds nothing yet."""
    api = HfApi(endpoint=hub.endpoint, token=TOKEN)
    api.create_repo("you/model", private=True)
    return api
