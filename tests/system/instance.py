"""Separate µScope instance for system tests: started as by a user, accessed over REST."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import psutil

from tests.ports import free_port
from tests.system.command_line import running_with
from tests.waiting import wait_until

# Short leases, so that a lost worker is detected in seconds instead of half a minute.
SHORT_LEASES = {
    "MUSCOPE_HEARTBEAT_SECONDS": "0.5",
    "MUSCOPE_HEARTBEAT_GIVE_UP_SECONDS": "2",
    "MUSCOPE_LEASE_SECONDS": "3",
    "MUSCOPE_RING_AGAIN_SECONDS": "2",
    "MUSCOPE_CONDUCTOR_SECONDS": "0.5",
    "MUSCOPE_RETRY_DELAY_SECONDS": "0.2",
    "MUSCOPE_CANCEL_GRACE_SECONDS": "1",
    "MUSCOPE_WORKER_SLOTS": "2",
}
PROGRAM = (sys.executable, "-m", "muscope.backend.cli")
OPEN_STATES = ("queued", "running")


class Instance:
    """Running stack on its own data folder and port."""

    def __init__(self, data: Path, program: Sequence[str] = PROGRAM, **environment: str) -> None:
        self.data = data
        self._program = program
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.client = httpx.Client(base_url=f"{self.url}/api/v1", timeout=30)
        self._environment = SHORT_LEASES | environment | {"MUSCOPE_DATA": str(data), "PORT": str(self.port)}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the stack and wait until the page answers."""
        with (self.data.parent / f"{self.data.name}.out").open("ab") as terminal:
            self._process = subprocess.Popen(
                (*self._program, "run"),
                env=os.environ | self._environment,
                stdout=terminal,
                stderr=subprocess.STDOUT,
            )
        wait_until(self._is_up, seconds=60)

    def stop(self) -> None:
        """Stop the stack as Ctrl-C does."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(timeout=60)
            self._process = None
        self.client.close()

    def children(self) -> dict[str, int]:
        """Return the process id of each service."""
        pids: dict[str, int] = json.loads((self.data / "stack.json").read_text())["children"]
        return pids

    def training_children(self) -> list[psutil.Process]:
        """List the training processes."""
        return self._below_worker("muscope.worker.child")

    def pool_processes(self) -> list[psutil.Process]:
        """List the supervisors: the pool processes of the Celery node."""
        node = psutil.Process(self.children()["worker"])
        return running_with(node.children(), "celery")

    def kill(self, service: str) -> None:
        """SIGKILL one service's process and wait until the stack has replaced it."""
        pid = self.children()[service]
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: self.children().get(service, pid) != pid, seconds=60)
        wait_until(self._is_up, seconds=60)

    def post(self, path: str, **kwargs: Any) -> dict[str, Any]:
        """POST and return the body; fails on an error."""
        body: dict[str, Any] = self._body(self.client.post(path, **kwargs))
        return body

    def get(self, path: str, **kwargs: Any) -> Any:
        """GET and return the body; fails on an error."""
        return self._body(self.client.get(path, **kwargs))

    def finished(self, experiment_id: str, seconds: float) -> dict[str, Any]:
        """Wait for an experiment to end and return it."""

        def ended() -> dict[str, Any] | None:
            experiment: dict[str, Any] = self.get(f"/experiments/{experiment_id}")
            return None if experiment["state"] in OPEN_STATES else experiment

        found = wait_until(ended, seconds)
        assert found is not None
        return found

    def steps(self, experiment_id: str) -> int:
        """Sum the committed steps of the cells."""
        return sum(cell["committed_step"] + 1 for cell in self.get(f"/experiments/{experiment_id}/cells"))

    def _below_worker(self, module: str) -> list[psutil.Process]:
        node = psutil.Process(self.children()["worker"])
        return running_with(node.children(recursive=True), module)

    def _is_up(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, "the stack ended while starting"
        with contextlib.suppress(httpx.TransportError):
            return bool(httpx.get(f"{self.url}/healthz").status_code == 200)
        return False

    @staticmethod
    def _body(response: httpx.Response) -> Any:
        assert response.is_success, f"{response.request.url}: {response.status_code} {response.text}"
        return response.json()


@contextlib.contextmanager
def running(data: Path, program: Sequence[str] = PROGRAM, **environment: str) -> Iterator[Instance]:
    """Lend a started instance and stop it at the end."""
    instance = Instance(data, program, **environment)
    try:
        instance.start()  # one that is too slow is stopped as well
        yield instance
    finally:
        instance.stop()
