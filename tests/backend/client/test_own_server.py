"""A server of one's own that does not start: said with its reason."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from muscope.backend.client import Client, own_server
from muscope.backend.client.exchange import Retries
from muscope.backend.client.own_server import local_server
from muscope.backend.errors import Unavailable


def test_a_server_that_does_not_start_says_why(tmp_path):
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(Unavailable) as failed:
        local_server(tmp_path / "file" / "data")

    assert str(tmp_path) in str(failed.value.params["folder"])
    assert str(tmp_path / "file") in str(failed.value.params["reason"])


class _Ready(BaseHTTPRequestHandler):
    """Answers that the server is ready, with an empty list."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(b"[]")

    def log_message(self, *_: object) -> None:
        """Stay silent."""


def test_a_server_on_this_machine_is_asked_past_every_proxy_of_the_environment(monkeypatch):
    for scheme in ("http", "https", "all"):
        monkeypatch.setenv(f"{scheme}_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    with HTTPServer(("127.0.0.1", 0), _Ready) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        address = f"http://127.0.0.1:{server.server_port}"
        with Client(address, retries=Retries(most=1)) as client:
            answers = (own_server._is_ready(address), client.list_models())
        server.shutdown()
        thread.join()

    assert answers == (True, [])
