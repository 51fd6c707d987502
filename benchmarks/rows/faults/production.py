"""A department's server on this machine: PostgreSQL, Valkey over TCP, a bucket, two of the others."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.peer import ROOT
from benchmarks.stack import POLL_SECONDS, START_SECONDS, STOP_SECONDS, Stack

# The system test of the production path, as a program that starts again whatever ends.
PROGRAM = (sys.executable, "-m", "tests.system.production.serve")


class ProductionStack(Stack):
    """Running services, and the network between them."""

    def __init__(self, folder: Path, process: subprocess.Popen[str]) -> None:
        described = json.loads((folder / "stack.json").read_text())
        super().__init__(described["url"], folder, process.pid)
        assert process.stdin is not None
        self._orders = process.stdin

    def disturb(self, service: str, fault: str, seconds: float) -> None:
        """Disturb the network between a service and all who use it."""
        self._order(service, fault, str(seconds))

    def back_up(self, file: Path) -> None:
        """Write a backup, by a command beside the web process; raise RuntimeError if it fails."""
        status = file.with_name(f"{file.name}.status")
        self._order("backup", str(file), str(status))
        give_up = time.monotonic() + START_SECONDS
        while not status.exists():
            if time.monotonic() > give_up:
                raise RuntimeError("the backup does not end")
            time.sleep(POLL_SECONDS)
        if (text := status.read_text()) != "0":
            raise RuntimeError(f"the backup ended with {text}: {(self.data / 'web-backup.out').read_text()}")

    def _order(self, *words: str) -> None:
        self._orders.write(f"{' '.join(words)}\n")
        self._orders.flush()


@contextlib.contextmanager
def running_production(folder: Path) -> Iterator[ProductionStack]:
    """Start the services with their data below a folder, lend them once the page is ready, and stop them."""
    with (folder / "services.out").open("wb") as output:
        process = subprocess.Popen(
            (*PROGRAM, str(folder)), cwd=ROOT, stdin=subprocess.PIPE, stdout=output, stderr=output, text=True
        )
    assert process.stdin is not None
    described = folder / "stack.json"
    try:
        give_up = time.monotonic() + START_SECONDS
        while not described.exists():
            if process.poll() is not None or time.monotonic() > give_up:
                raise RuntimeError(f"the services did not start: {(folder / 'services.out').read_text()}")
            time.sleep(POLL_SECONDS)
        stack = ProductionStack(folder, process)
        yield stack
        stack.close()
    finally:
        process.stdin.close()
        process.wait(timeout=STOP_SECONDS)
