"""The server: it finds the route of a request, lets it in or not, and carries the answer, or the fault that the request meets."""

import re
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

from tests.loopback_hub import large_files, reading, writing
from tests.loopback_hub.faults import Fault
from tests.loopback_hub.messages import Answer, Refused, Request
from tests.loopback_hub.store import Store

_API = r"/api/(models|datasets|spaces)/([\w.-]+/[\w.-]+)"
# A download's address has no prefix for a model; the same for LFS.
_GIT = r"/(?:(datasets|spaces)/)?([\w.-]+/[\w.-]+)"
_LFS = _GIT + r"\.git/info/lfs/objects"


class Route(NamedTuple):
    """``access``: whom a Hub with a token lets in. ``read``: anyone, unless the repository is private; ``write``: the token's bearer;
    ``free``: anyone. The pattern's groups are a repository's kind and name, then what else the function needs.
    """

    method: str
    pattern: str
    function: Callable[..., Answer]
    access: str


ROUTES = (
    Route("GET", r"/api/whoami-v2", writing.whoami, "write"),
    Route("POST", r"/api/validate-yaml", writing.validate_yaml, "free"),
    Route("POST", r"/api/repos/create", writing.create, "write"),
    Route("PUT", _API + r"/settings", writing.settings, "write"),
    Route("POST", _API + r"/preupload/([^/]+)", writing.preupload, "write"),
    Route("POST", _API + r"/commit/([^/]+)", writing.commit, "write"),
    Route("POST", _API + r"/tag/([^/]+)", writing.tag, "write"),
    Route("DELETE", _API + r"/tag/([^/]+)", writing.untag, "write"),
    Route("POST", _LFS + r"/batch", large_files.batch, "write"),
    Route("POST", _LFS + r"/verify", large_files.verify, "write"),
    Route("PUT", "/lfs" + _GIT + r"/([0-9a-f]{64})", large_files.upload, "free"),
    Route("GET", _API, reading.info, "read"),
    Route("GET", _API + r"/revision/([^/]+)", reading.info, "read"),
    Route("GET", _API + r"/tree/([^/]+)(?:/(.+))?", reading.tree, "read"),
    Route("POST", _API + r"/paths-info/([^/]+)", reading.paths_info, "read"),
    Route("GET", _API + r"/refs", reading.refs, "read"),
    Route("GET", _API + r"/commits/([^/]+)", reading.commits, "read"),
    Route("GET", _GIT + r"/resolve/([^/]+)/(.+)", reading.resolve, "read"),
)


def _let_in(store: Store, request: Request, access: str, repo: str | None) -> None:
    """Refuse a stranger. As on the real Hub, a wrong token is refused even where none is needed, and a private repository is one there
    is not.
    """
    given = request.headers.get("Authorization")
    if store.token is None or given == f"Bearer {store.token}":
        return
    if given is not None:
        raise Refused(401, "Invalid credentials in Authorization header")
    hidden = access == "read" and (repo not in store.repos or store.private.get(repo, False))
    if access == "write" or hidden:
        raise Refused(401, "Invalid username or password.", None if repo is None else "RepoNotFound")


class Server(ThreadingHTTPServer):
    """When it closes, so do the connections that clients keep: a Hub that is gone answers nobody."""

    def __init__(self, handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self._open: set[socket.socket] = set()

    def get_request(self) -> tuple[socket.socket, object]:
        connection, address = super().get_request()
        self._open.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        super().server_close()
        for connection in list(self._open):
            with suppress(OSError):  # the client was faster
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):  # a connection that breaks is no news here
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """One connection, which may carry many requests."""

    store: Store
    closing: threading.Event
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else headers and body, sent one after the other, cost 40 ms

    def _serve(self) -> None:
        fault = self.store.saw(self.command, self.path, self.headers)
        length = int(self.headers.get("Content-Length") or 0)
        cut = fault.cut_after if fault and self.command != "GET" else None
        body = self.rfile.read(length if cut is None else min(cut, length))
        self.store.received(body, self.headers.get("Content-Type", ""))
        if cut is not None or len(body) < length:  # cut off here, or the client has gone
            self._hang_up()
            return
        answer = self._answer(body, fault)
        if fault:
            self.closing.wait(fault.delay)
        if answer is None:
            self._hang_up()
        else:
            self._send(answer, fault.cut_after if fault else None)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _serve

    def _answer(self, body: bytes, fault: Fault | None) -> Answer | None:
        """What is to be sent; None for an answer that is lost."""
        planted, lost = (fault.answer(), fault.after) if fault else (None, False)
        if planted and not lost:
            return planted
        try:
            answer = self._route(body)
        except Refused as refused:
            answer = refused.answer
        return planted if lost else answer

    def _route(self, body: bytes) -> Answer:
        target = urlsplit(self.path)
        request = Request(parse_qs(target.query), self.headers, body)
        method = "GET" if self.command == "HEAD" else self.command
        for route in ROUTES:
            if route.method == method and (match := re.fullmatch(route.pattern, target.path)):
                kind, repo, *rest = match.groups() or (None, None)
                name = f"{kind}/{repo}" if kind in ("datasets", "spaces") else repo
                parts = [unquote(part) for part in rest if part is not None]
                with self.store.lock:
                    _let_in(self.store, request, route.access, name)
                    return route.function(self.store, request, *([] if name is None else [name]), *parts)
        self.store.unanswered.append(f"{self.command} {self.path}")
        raise Refused(404, "Not found", "RepoNotFound")

    def _send(self, answer: Answer, cut_after: int | None) -> None:
        self.send_response(answer.status)
        for name, value in {**answer.headers, "Content-Length": str(len(answer.body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body[:cut_after])
        if cut_after is not None:
            self._hang_up()

    def _hang_up(self) -> None:
        self.close_connection = True
        with suppress(OSError):  # the client was faster
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing on standard error."""
