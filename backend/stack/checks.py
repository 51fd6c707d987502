"""Checks before the embedded stack starts: a private data folder, its lock, a free port."""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from errno import EADDRINUSE
from pathlib import Path

from muscope.backend.errors import Conflict, InvalidInput

# A killed stack's reaper holds the lock until it has cleaned up, which takes milliseconds.
CLEANUP_SECONDS = 3.0


def prepare_data_folder(folder: Path, log_folder: Path) -> None:
    """Create the data folder and its logs, readable by their owner only."""
    try:
        for path in (folder, log_folder):
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.chmod(0o700)
        os.close(os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        reason = error.strerror or str(error)
        raise InvalidInput("data_folder_unusable", path=str(folder), reason=reason) from error


@contextmanager
def hold_lock(path: Path) -> Iterator[int]:
    """Hold the data folder for one stack; yields the descriptor that carries the lock."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        deadline = time.monotonic() + CLEANUP_SECONDS
        while not _try_lock(descriptor):
            pid = _recorded_pid(descriptor)
            if _is_alive(pid) or time.monotonic() > deadline:
                raise Conflict("stack_already_running", path=str(path.parent), pid=pid)
            time.sleep(0.05)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield descriptor
    finally:
        os.close(descriptor)


def check_port(host: str, port: int) -> None:
    """Refuse a port that Uvicorn could not take, before anything is started."""
    if port == 0:
        raise InvalidInput("port_zero")
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen()
    except OSError as error:
        if error.errno == EADDRINUSE:
            raise Conflict("port_in_use", port=port, other=port % 65535 + 1) from error
        reason = error.strerror or str(error)
        raise InvalidInput("address_unusable", host=host, port=port, reason=reason) from error


def _try_lock(descriptor: int) -> bool:
    with contextlib.suppress(BlockingIOError):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


def _recorded_pid(descriptor: int) -> int:
    text = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip()
    return int(text) if text.isdigit() else 0


def _is_alive(pid: int) -> bool:
    if pid == 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
