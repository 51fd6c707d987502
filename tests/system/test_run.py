"""`muscope run` as a user starts it: every real process, from the first line to the last."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.system.command_line import running_with
from tests.waiting import wait_until

pytestmark = pytest.mark.system
ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60  # two busy cores import torch twice meanwhile


@pytest.fixture
def stack(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    output = tmp_path / "output.txt"
    with output.open("wb") as file:
        process = subprocess.Popen(
            (sys.executable, "-m", "muscope.backend.cli", "run"),
            cwd=ROOT,
            env={**os.environ, "MUSCOPE_DATA": str(tmp_path / "data"), "PORT": str(port)},
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    wait_until(lambda: "µScope is ready" in output.read_text() or process.poll() is not None, START_SECONDS)
    assert process.poll() is None, output.read_text()
    yield process, port, tmp_path / "data"
    process.kill()
    process.wait()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_the_real_stack_serves_and_leaves_nothing_behind(stack, number):
    process, port, data = stack
    family = wait_until(lambda: family_with_training_child(process.pid), START_SECONDS)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/readyz")
    status = connection.getresponse().status
    connection.close()
    children = json.loads((data / "stack.json").read_text())["children"]

    process.send_signal(number)
    process.wait(40)

    assert status == 200
    assert set(children) == {"broker", "web", "conductor", "worker"}
    wait_until(lambda: not any(is_running(member) for member in family), 20)


def family_with_training_child(pid: int) -> list[psutil.Process]:
    family: list[psutil.Process] = psutil.Process(pid).children(recursive=True)
    return family if running_with(family, "muscope.worker.child") else []


def is_running(process: psutil.Process) -> bool:
    return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
