"""Real server in a thread, on a migrated database, without a broker."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from muscope.backend.api.app import create_app
from muscope.backend.api.deps import Runtime
from muscope.backend.db import migrate
from muscope.backend.settings import Settings
from tests.servers.databases import address_of_new_database

UPLOAD_LIMIT = 100_000
ROWS = "".join(f"{i},{i % 7},{'yes' if (i * 7919) % 13 > 5 else 'no'}\n" for i in range(60))
TABLE = f"size,colour,sold\n{ROWS}".encode()
CSV = {"Content-Type": "text/csv"}


@dataclass(frozen=True)
class Server:
    """Running server, its address, and its open resources."""

    app: FastAPI
    port: int
    settings: Settings

    @property
    def runtime(self) -> Runtime:
        runtime: Runtime = self.app.state.runtime
        return runtime

    @property
    def scratch(self) -> list[Path]:
        """List the files in the scratch folder."""
        folder = self.settings.scratch_folder
        return list(folder.iterdir()) if folder.exists() else []

    def send(self, raw: bytes) -> bytes:
        """Send raw bytes and return the answer until the server closes or 5 s have passed."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            connection.sendall(raw)
            connection.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: connection.recv(65536), b""))


@contextmanager
def serving(settings: Settings) -> Iterator[Server]:
    """Run a server in a thread on a free port for the duration of the block."""
    migrate.upgrade(settings)
    app = create_app(settings)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(
            uvicorn.Config(app, log_level="warning", ws="none", timeout_graceful_shutdown=3, lifespan="on")
        )
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        deadline = time.monotonic() + 10
        while not server.started and thread.is_alive() and time.monotonic() < deadline:
            time.sleep(0.01)
        try:
            yield Server(app, listener.getsockname()[1], settings)
        finally:
            server.should_exit = True
            thread.join(10)


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("api")
    with address_of_new_database(request) as database_url:
        settings = Settings(
            data=folder,
            database_url=database_url,
            broker_url=f"unix://{folder}/no-broker.sock",
            upload_limit_bytes=UPLOAD_LIMIT,
            max_runs=2000,
            worker_slots=2,
        )
        with serving(settings) as server:
            yield server


@pytest.fixture(scope="session")
def client(server: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"http://127.0.0.1:{server.port}", timeout=20) as client:
        yield client


@pytest.fixture(scope="session")
def dataset(client: httpx.Client) -> dict[str, Any]:
    """A table of 60 rows, uploaded once."""
    reply = client.post("/api/v1/datasets", params={"name": "sales"}, content=TABLE, headers=CSV)
    assert reply.status_code == 201, reply.text
    stored: dict[str, Any] = reply.json()
    return stored


@pytest.fixture
def plan(dataset: dict[str, Any]) -> dict[str, Any]:
    """A small plan: two arms, two widths, two LRs, two seeds, 20 steps."""
    return {
        "dataset_id": dataset["id"],
        "arms": [{"parametrization": name, "lrs": [0.1, 0.2]} for name in ("mup", "sp")],
        "widths": [8, 16],
        "depths": [2],
        "seeds": [0, 1],
        "num_steps": 20,
        "measure_every": 5,
    }


@pytest.fixture
def experiment(client: httpx.Client, plan: dict[str, Any]) -> dict[str, Any]:
    """A queued experiment."""
    reply = client.post("/api/v1/experiments", json=plan)
    assert reply.status_code == 201, reply.text
    created: dict[str, Any] = reply.json()
    return created
