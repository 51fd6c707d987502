"""`muscope run` as a user starts it: every real process, from the first line to the last."""

from __future__ import annotations

import http.client
import json
import os
import resource
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
DEAD_PROXY = "http://127.0.0.1:9"
# Of other people's machines, all at once; None is a variable that is not there.
ODD = {
    "HOME": None,
    "LANG": None,
    "LC_ALL": "C",
    "PYTHONUTF8": "0",
    "PYTHONCOERCECLOCALE": "0",
    "TZ": ":no/such/place",
    "TMPDIR": "/no/such/folder",
    **dict.fromkeys(("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "ALL_PROXY"), DEAD_PROXY),
    "no_proxy": None,
    "NO_PROXY": None,
}
OTHERS, MOST_FILES = 0o077, 256


def _limited() -> None:
    """Give the process that will be the stack few open files."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (MOST_FILES, MOST_FILES))


@pytest.fixture
def stack(tmp_path, request):
    is_odd = request.param
    data = tmp_path / ('it\'s "実験" data, 50% ?#&' if is_odd else "data")
    asked = {**os.environ, **(ODD if is_odd else {}), "MUSCOPE_DATA": str(data)}
    environment = {name: value for name, value in asked.items() if value is not None}
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    output = tmp_path / "output.txt"
    with output.open("wb") as file:
        process = subprocess.Popen(
            (sys.executable, "-m", "muscope.backend.cli", "run"),
            cwd=ROOT,
            env={**environment, "PORT": str(port)},
            stdout=file,
            stderr=subprocess.STDOUT,
            umask=OTHERS if is_odd else -1,
            preexec_fn=_limited if is_odd else None,
        )
    ready = b"Scope is ready"  # without its first letter where the terminal knows ASCII only
    wait_until(lambda: ready in output.read_bytes() or process.poll() is not None, START_SECONDS)
    assert process.poll() is None, output.read_bytes()
    yield process, port, data
    process.kill()
    process.wait()


@pytest.mark.parametrize(
    ("number", "stack"),
    [(signal.SIGTERM, True), (signal.SIGKILL, False)],
    indirect=["stack"],
    ids=["SIGTERM in an odd environment", "SIGKILL"],
)
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
