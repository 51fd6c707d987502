"""A bucket behind a network that delays, cuts, loses and refuses connections."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from muscope.backend.errors import Unavailable
from muscope.backend.settings import Settings
from muscope.backend.storage.blobs import place
from muscope.backend.storage.blobs.place import open_blobs
from tests.servers.proxy import Fault, FaultProxy, fault_proxy
from tests.waiting import wait_until

FAULT_SECONDS = 0.3
SHA256 = "a" * 64


class _Bucket(BaseHTTPRequestHandler):
    """Answers the one question that is asked here: whether there is such an object."""

    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "7")
        self.send_header("Last-Modified", "Mon, 04 May 2026 12:00:00 GMT")
        self.send_header("ETag", '"1"')
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Stay silent."""


@pytest.fixture
def proxy() -> Iterator[FaultProxy]:
    bucket = ThreadingHTTPServer(("127.0.0.1", 0), _Bucket)
    bucket.daemon_threads = True
    thread = threading.Thread(target=bucket.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    with fault_proxy(bucket.server_port) as started:
        yield started
    bucket.shutdown()
    bucket.server_close()
    thread.join()


def _settings(data: Path, proxy: FaultProxy) -> Settings:
    return Settings(
        data=data,
        blobs="s3://bucket/blobs",
        blobs_endpoint=f"http://127.0.0.1:{proxy.port}",
        blobs_key_id="key",
        blobs_secret="secret",
    )


@pytest.mark.parametrize("fault", Fault)
def test_the_bucket_is_reached_again_after_every_fault_and_not_waited_for_for_ever(
    fault: Fault, proxy: FaultProxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(place, "SILENT_SECONDS", 0.4)
    blobs = open_blobs(_settings(tmp_path, proxy))
    assert blobs.exists(SHA256)
    proxy.disturb(fault, FAULT_SECONDS)

    def is_reached() -> bool:
        try:
            return blobs.exists(SHA256)
        except Unavailable:
            return False

    wait_until(is_reached, seconds=20)


def test_storage_on_this_machine_is_asked_past_every_proxy_of_the_environment(
    proxy: FaultProxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
        monkeypatch.setenv(name.upper(), "http://127.0.0.1:9")

    assert open_blobs(_settings(tmp_path, proxy)).exists(SHA256)
