"""A µScope server of this process: started when none is named, stopped when the process ends.

Settings are those of the environment, as for `muscope run`, apart from the port, which is a free one.
"""

from __future__ import annotations

import atexit
import json
import socket
import subprocess
import sys
import tempfile
import time
from functools import cache
from pathlib import Path
from typing import IO
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

from muscope.backend.child_processes import child_environment
from muscope.backend.errors import Unavailable

START_SECONDS = 120.0
STOP_SECONDS = 30.0
_PAUSE_SECONDS = 0.1
_LOOPBACK = "127.0.0.1"


def local_server(data: Path | None = None) -> str:
    """Return the address of the server of a data folder: the one that runs, or a new one of this process.

    Args:
        data: the folder; `MUSCOPE_DATA` if left out, else `data` here.

    Raises Unavailable with what the server said when it does not start.
    """
    folder = data or Path(child_environment().get("MUSCOPE_DATA") or "data")
    return _server_of(folder.expanduser().resolve())


@cache
def _server_of(folder: Path) -> str:
    running = _running(folder)
    return running if running is not None else _start(folder)


def _running(folder: Path) -> str | None:
    """Return the address of a server that somebody started on this folder, if it answers."""
    try:
        status = json.loads((folder / "stack.json").read_text(encoding="utf-8"))
        address = str(status["address"]).rstrip("/")
    except (OSError, ValueError, KeyError):
        return None
    return address if _is_ready(address) else None


def _start(folder: Path) -> str:
    address = f"http://{_LOOPBACK}:{_free_port()}"
    with tempfile.TemporaryFile() as output:
        process = _run(folder, address, output)
        atexit.register(_stop, process)
        end = time.monotonic() + START_SECONDS
        while not _is_ready(address):
            if process.poll() is not None or time.monotonic() > end:
                _stop(process)
                raise Unavailable("client.own_server", reason=_last_line(output), folder=str(folder))
            time.sleep(_PAUSE_SECONDS)
    return address


def _run(folder: Path, address: str, output: IO[bytes]) -> subprocess.Popen[bytes]:
    port = address.rpartition(":")[2]
    return subprocess.Popen(
        (sys.executable, "-m", "muscope.backend.cli", "run"),
        env=child_environment(MUSCOPE_DATA=str(folder), PORT=port, MUSCOPE_HOST=_LOOPBACK),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,  # an interrupted cell of a notebook must not stop it
    )


def _is_ready(address: str) -> bool:
    """Tell whether a server answers and can do its work."""
    try:
        with build_opener(ProxyHandler({})).open(f"{address}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Stop the server as Ctrl-C does; running cells are trained again at the next start."""
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind((_LOOPBACK, 0))
        port: int = listener.getsockname()[1]
        return port


def _last_line(output: IO[bytes]) -> str:
    output.seek(0)
    lines = output.read().decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else ""
