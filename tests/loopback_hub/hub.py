"""The Hub: a store and the server in front of it."""

import os
import threading
from pathlib import Path
from types import TracebackType

from tests.loopback_hub.server import Handler, Server
from tests.loopback_hub.store import Store


class LoopbackHub(Store):
    """A server for the length of a ``with`` block.

    Most clients take its ``endpoint`` from ``HF_ENDPOINT`` when they are imported: run them in a process of their own, in ``environment``.
    ``HfApi(endpoint=hub.endpoint, token=...)`` works in any process.
    """

    def environment(self, home: Path, token: str | None = None) -> dict[str, str]:
        """The variables for a process whose clients know no Hub but this one, and keep their caches and tokens in ``home``."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "HUGGING"))}
        switches = ("HF_HUB_DISABLE_TELEMETRY", "HF_HUB_DISABLE_XET", "HF_HUB_DISABLE_PROGRESS_BARS")
        here = {"HF_ENDPOINT": self.endpoint, "HF_HOME": str(home), **dict.fromkeys(switches, "1")}
        here |= dict.fromkeys(("no_proxy", "NO_PROXY"), "127.0.0.1,localhost")
        return {**inherited, **here, **({"HF_TOKEN": token} if token is not None else {})}

    def __enter__(self) -> "LoopbackHub":
        self._closing = threading.Event()
        self._server = Server(type("Handler", (Handler,), {"store": self, "closing": self._closing}))
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
