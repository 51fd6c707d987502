"""The product as a user has it: the whole stack on a data folder of its own, and a page in a browser."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser, Page, sync_playwright

from scripts.browser import HOW, find_browser

PROGRAM = (sys.executable, "-m", "muscope.backend.cli", "run")
START_SECONDS, STOP_SECONDS, POLL_SECONDS = 360.0, 60.0, 0.5
UPLOAD_SECONDS = 600.0
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")


class Stack:
    """Running stack, spoken to over REST.

    Attributes:
        data: its data folder.
        pid: its first process, from which all others descend.
    """

    def __init__(self, url: str, data: Path, pid: int) -> None:
        self.url, self.data, self.pid = url, data, pid
        self._client = httpx.Client(base_url=f"{url}/api/v1", timeout=60)

    def get(self, path: str) -> Any:
        """Return the answer to a GET."""
        return self._client.get(path).raise_for_status().json()

    def post(self, path: str, **request: Any) -> Any:
        """Return the answer to a POST."""
        return self._client.post(path, **request).raise_for_status().json()

    def delete(self, path: str) -> None:
        """Delete what is at a path."""
        self._client.delete(path).raise_for_status()

    def upload(self, name: str, content: bytes) -> httpx.Response:
        """Upload a file as a dataset; the answer may be a refusal."""
        headers = {"Content-Type": "application/octet-stream"}
        return self._client.post(
            "/datasets", params={"name": name}, content=content, headers=headers, timeout=UPLOAD_SECONDS
        )

    def close(self) -> None:
        """Close the connections to it."""
        self._client.close()

    def has_worker(self) -> bool:
        """Return whether a worker has measured its speed and is listed."""
        with contextlib.suppress(httpx.HTTPError):
            return bool(self.get("/workers"))
        return False


@contextlib.contextmanager
def running(data: Path, **settings: str) -> Iterator[Stack]:
    """Start the stack on a data folder, lend it once a worker is there, and stop it at the end.

    Args:
        settings: variables of its environment.
    """
    data.parent.mkdir(parents=True, exist_ok=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    environment = os.environ | {"MUSCOPE_DATA": str(data), "PORT": str(port)} | settings
    with (data.parent / "stack.out").open("ab") as terminal:
        process = subprocess.Popen(PROGRAM, env=environment, stdout=terminal, stderr=subprocess.STDOUT)
    stack = Stack(f"http://127.0.0.1:{port}", data, process.pid)
    try:
        give_up = time.monotonic() + START_SECONDS
        while not stack.has_worker():
            if process.poll() is not None or time.monotonic() > give_up:
                raise RuntimeError(f"the stack did not start; see {data.parent / 'stack.out'}")
            time.sleep(POLL_SECONDS)
        yield stack
    finally:
        stack.close()
        process.send_signal(signal.SIGINT)
        process.wait(timeout=STOP_SECONDS)


@contextlib.contextmanager
def open_page() -> Iterator[Page]:
    """Lend a page of a headless browser."""
    with open_browser() as browser:
        yield browser.new_page()


@contextlib.contextmanager
def open_browser() -> Iterator[Browser]:
    """Lend a headless browser."""
    path = find_browser()
    if path is None:
        raise RuntimeError(HOW)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, headless=True, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()
