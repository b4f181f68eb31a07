"""The server of the page: on the loopback address only, for requests that name it, without a log of them."""

import socket
from contextlib import suppress
from types import TracebackType

from piispan.core import DataError, require_extra
from piispan.runs.app.session import Session

__all__ = ["HOST", "Listener", "serve"]

HOST = "127.0.0.1"


class Listener:
    """A port of the loopback address, taken before the model is loaded, so that a port in use is told of at once.

    Args:
        port: From 1 to 65535; a free one without it.

    Raises:
        DataError: If the port cannot be taken.
        MissingExtraError: If the ``app`` extra is not installed.
    """

    def __init__(self, port: int | None = None) -> None:
        require_extra("app", "gradio")
        try:
            self.socket = socket.create_server((HOST, port or 0))
        except OSError as error:
            raise DataError(f"port {port}: cannot be taken ({error.strerror or type(error).__name__})") from None

    def __enter__(self) -> "Listener":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.socket.close()

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://{HOST}:{self.socket.getsockname()[1]}/"


def serve(session: Session, listener: Listener) -> None:
    """Serve the page until the process is interrupted."""
    import uvicorn
    from fastapi import FastAPI
    from starlette.middleware.trustedhost import TrustedHostMiddleware

    from piispan.runs.app.page import mount_page

    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    # A page of another host whose name is made to point here (DNS rebinding) cannot use this one.
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=[HOST, "localhost"])
    mount_page(session, app)
    config = uvicorn.Config(app, log_level="error", access_log=False, timeout_graceful_shutdown=1)
    with suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[listener.socket])
