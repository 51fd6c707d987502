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


@contextlib.contextmanager
def running_production(folder: Path) -> Iterator[Stack]:
    """Start the services with their data below a folder, lend them once the page is ready, and stop them."""
    with (folder / "services.out").open("wb") as output:
        process = subprocess.Popen(
            (*PROGRAM, str(folder)), cwd=ROOT, stdin=subprocess.PIPE, stdout=output, stderr=output
        )
    assert process.stdin is not None
    described = folder / "stack.json"
    try:
        give_up = time.monotonic() + START_SECONDS
        while not described.exists():
            if process.poll() is not None or time.monotonic() > give_up:
                raise RuntimeError(f"the services did not start: {(folder / 'services.out').read_text()}")
            time.sleep(POLL_SECONDS)
        stack = Stack(json.loads(described.read_text())["url"], folder, process.pid)
        yield stack
        stack.close()
    finally:
        process.stdin.close()
        process.wait(timeout=STOP_SECONDS)
