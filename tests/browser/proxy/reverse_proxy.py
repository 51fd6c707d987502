"""Reverse proxy of a few lines: one path leads to the product, everything else is refused and remembered."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import NamedTuple

REFUSED = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Proxy(NamedTuple):
    """A proxy that runs; `outside` are the paths that were asked for beside the prefix."""

    port: int
    outside: list[str]


class _Server(ThreadingTCPServer):
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, port: int, target_port: int, prefix: str, *, strips: bool) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.target, self.prefix, self.strips = ("127.0.0.1", target_port), prefix, strips
        self.outside: list[str] = []


class _Handler(StreamRequestHandler):
    """One connection, which carries one request, so that its first line is the only one to be changed."""

    server: _Server

    def handle(self) -> None:
        with suppress(ConnectionError):
            first, *lines = iter(lambda: self.rfile.readline().decode("latin-1").rstrip("\r\n"), "")
            method, path, version = first.split(" ")
            prefix = self.server.prefix
            if not f"{path.split('?')[0]}/".startswith(f"{prefix}/"):
                self.server.outside.append(path)
                self.wfile.write(REFUSED)
                return
            path = (path.removeprefix(prefix) or "/") if self.server.strips else path
            kept = [line for line in lines if not line.lower().startswith("connection:")]
            head = "\r\n".join((f"{method} {path} {version}", "Connection: close", *kept, "", ""))
            self._forward(head.encode("latin-1"))

    def _forward(self, head: bytes) -> None:
        with socket.create_connection(self.server.target) as target:
            target.sendall(head)
            body = threading.Thread(target=self._send_body, args=(target,))
            body.start()
            while chunk := target.recv(65536):
                self.wfile.write(chunk)
            with suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)  # ends the other direction
            body.join()

    def _send_body(self, target: socket.socket) -> None:
        """Pass on what the browser sends; once it has left, end the answer too, which may be a stream."""
        with suppress(OSError):
            while chunk := self.rfile.read1(65536):
                target.sendall(chunk)
        with suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)


@contextmanager
def proxying(port: int, target_port: int, prefix: str, *, strips: bool) -> Iterator[Proxy]:
    """Run a proxy on a port in a thread of its own."""
    with _Server(port, target_port, prefix, strips=strips) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield Proxy(port, server.outside)
        server.shutdown()
        thread.join()
