"""Gates: URLs at which a scripted trigger waits until a test lets it go on."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Gates:
    """A server on loopback. `GET /NAME` answers 200 when the gate is open, else 404."""

    def __init__(self) -> None:
        self._open: set[str] = set()
        self._asked: dict[str, str | None] = {}
        gates = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                name = self.path.strip("/")
                gates._asked[name] = self.headers["Authorization"]
                self.send_response(200 if name in gates._open else 404)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """Return where they are."""
        return f"http://127.0.0.1:{self.port}"

    def open(self, name: str) -> None:
        """Let everybody through."""
        self._open.add(name)

    @property
    def port(self) -> int:
        """Return the port that they are on."""
        return self._server.server_port

    def credential(self, name: str) -> str | None:
        """Return the `Authorization` of who stood before it last."""
        return self._asked[name]

    def was_asked(self, name: str) -> bool:
        """Whether anybody stood before it: its trigger runs in a host."""
        return name in self._asked

    def close(self) -> None:
        """End the server."""
        self._server.shutdown()
        self._server.server_close()
